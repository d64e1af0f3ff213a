"""Who may not see scores, take lists away, or read other districts' quarantined rows."""

import csv
import io

import pytest

from mingcha.apps.accounts.models import AuditRecord, Unit
from mingcha.apps.accounts.permissions import matrix
from mingcha.apps.accounts.services import user_create
from mingcha.apps.entities.models import Entity
from mingcha.apps.exchange.models import QuarantineReason


def _csv(response) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))


def test_whom_the_matrix_refuses_scores_sees_none(signed_in):
    assert "clerk" not in matrix()["risk.scores.view"]
    planner = signed_in("planner").get("/entities/").content.decode()
    assert "Probability of violation" in planner and "Classes C and D" in planner
    client = signed_in("clerk")
    first = client.get("/entities/").content.decode()
    for address in ("/entities/?sort=-risk", "/entities/?class=D", "/entities/?cols=risk,class"):
        page = client.get(address).content.decode()
        assert "Probability of violation" not in page and "Classes C and D" not in page
        assert f'data-item-count="{Entity.objects.count()}"' in page  # no filter by class: it would tell who is in it
    assert "Risk class" not in client.get("/entities/?part=filters").content.decode()
    rows = [line.split("mc-ell nm")[1] for line in first.splitlines() if "mc-ell nm" in line]
    again = client.get("/entities/?sort=-risk").content.decode()
    assert rows == [line.split("mc-ell nm")[1] for line in again.splitlines() if "mc-ell nm" in line]
    head = _csv(client.get("/entities/?as=csv"))[0]
    assert "Name / unified social credit code" in head and not {"Class", "Probability of violation"} & set(head)
    assert "Credit risk classes" not in client.get("/").content.decode()
    scored = Entity.objects.filter(risk__risk_class="D").first()
    page = client.get(f"/entities/{scored.key}/").content.decode()
    assert "mc-cls-" not in page and "Probability" not in page


@pytest.mark.parametrize(
    ("path", "action", "refused"),
    [
        ("/data/", "exchange.dataset.export", None),
        ("/data/quarantine/", "exchange.quarantine.export", None),
        ("/risk/models/", "risk.model.export", None),
        ("/plans/", "supervision.plan.export", None),
        ("/credit/listings/", "credit.listing.export", "officer"),
        ("/credit/interviews/", "credit.interview.export", "officer"),
        ("/credit/classes/", "credit.class.export", "officer"),
        ("/entities/", "entities.entity.export", "officer"),
    ],
)
def test_every_list_that_leaves_has_an_action_and_is_audited(signed_in, path, action, refused):
    lines = _csv(signed_in("administrator").get(path + "?as=csv&q=x"))
    assert lines
    record = AuditRecord.objects.get(action=action)
    assert record.user.username == "administrator" and record.after["search"] == "x"
    if refused:
        assert signed_in(refused).get(path + "?as=csv")["Content-Type"].startswith("text/html")
        assert AuditRecord.objects.filter(action=action).count() == 1


@pytest.fixture
def district_clerk(town):
    user_create(username="deer_clerk", password="Cloud-Ting-2026", role="clerk", unit=Unit.objects.get(code="980103"))


def test_quarantined_rows_without_a_division_are_for_the_bureau_itself(signed_in, district_clerk):
    reason = QuarantineReason.objects.filter(rule="uscc").first()
    bureau = signed_in("clerk")
    assert "92980102MA" in bureau.get(f"/data/quarantine/{reason.pk}/").content.decode()
    client = signed_in("deer_clerk")
    assert 'data-item-count="0"' in client.get("/data/quarantine/").content.decode()
    assert client.get(f"/data/quarantine/{reason.pk}/").status_code == 404
    assert client.get(f"/data/quarantine/{reason.pk}/?as=csv").status_code == 404
    assert f"/data/quarantine/{reason.pk}/" not in client.get(f"/data/{reason.batch.dataset.name}/").content.decode()


def test_reasons_on_a_dataset_s_page_need_the_right_to_see_quarantine(signed_in):
    reason = QuarantineReason.objects.filter(rule="uscc").first()
    address = f"/data/{reason.batch.dataset.name}/"
    assert f"/data/quarantine/{reason.pk}/" in signed_in("clerk").get(address).content.decode()
    assert f"/data/quarantine/{reason.pk}/" not in signed_in("planner").get(address).content.decode()
