"""The catalogue, the dataset's page, the desk and the command line tell the same totals: those of the lake now."""

import re

import pytest
from django.db.models import Sum
from tests.apps.exchange.licences import file, licences
from tests.apps.exchange.test_quarantine import LINES, MENDED

from mingcha.apps.accounts.services import unit_save, user_create
from mingcha.apps.exchange.models import LakeFile
from mingcha.apps.exchange.selectors import datasets_summary, exchange_totals
from mingcha.apps.exchange.services import batch_import, dataset_cluster, dataset_withdraw, quarantine_replay


@pytest.fixture
def desk(lake, client, settings):
    """desk(address) -> the page as the administrator reads it, in English."""
    bureau = unit_save(code="b", name="局")
    head = user_create(username="head", password="Cloud-Ting-2026", role="administrator", unit=bureau)
    client.force_login(head, backend=settings.AUTHENTICATION_BACKENDS[1])
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    return lambda address: client.get(address).content.decode()


def _told(desk) -> set[tuple[int, int, int]]:
    """(accepted, in quarantine, deliveries) as each place tells it; deliveries -1 where it doesn't."""
    (one,) = datasets_summary()
    page, home = desk("/data/licences/"), desk("/")
    kpis = [int(n.replace(",", "")) for n in re.findall(r'<div class="v">([\d,]+)</div>', page)]
    row = re.search(r"<tr.*?licences.*?</tr>", desk("/data/"), re.S)[0]
    cells = [int(n) for n in re.findall(r">(\d+)<", row)]
    total = exchange_totals()
    told = {int(n.replace(",", "")) for n in re.findall(r'class="v"[^>]*>(?:<a[^>]*>)?([\d,]+)', home)}
    assert {total["held"], total["rows"]} <= told
    assert cells[-3:] == kpis[:3] == [one["rows"], one["quarantined"], one["batches"]]
    return {(one["rows"], one["quarantined"]), (total["rows"], total["held"])}


def _lake() -> tuple[int, int]:
    live = LakeFile.objects.filter(retired_at=None).values("kind").annotate(n=Sum("rows")).order_by()
    rows = {row["kind"]: row["n"] for row in live}
    return rows.get("accepted", 0) + rows.get("clustered", 0), rows.get("quarantine", 0)


def test_replayed_changed_and_withdrawn_rows_count_once_or_not_at_all(desk, tmp_path):
    batch_import(contract=licences(), files=[file(tmp_path / "a.csv", *LINES)])
    assert _told(desk) == {_lake()} == {(1, 5)}
    quarantine_replay(dataset="licences", contract=licences(properties=MENDED, version="1.1.0"))
    batch_import(contract="licences", files=[file(tmp_path / "b.csv", "JY1,91440606748023528A,张三,12,2020-01-01")])
    assert _told(desk) == {_lake()} == {(3, 4)}
    dataset_cluster(name="licences")
    assert _told(desk) == {_lake()} == {(3, 4)}
    dataset_withdraw(name="licences")
    assert _told(desk) == {_lake()} == {(0, 0)}
    assert "withdrawn" in desk("/data/licences/")
    batch_import(contract="licences", files=[tmp_path / "a.csv"])
    assert _told(desk) == {_lake()}
