"""Quarantined rows that tell a division are seen by the units of that division; others by the bureau itself."""

import json

import pytest
from tests.apps.exchange.licences import PROPERTIES, file, licences
from typer.testing import CliRunner

from mingcha.apps.accounts.services import unit_save, user_create
from mingcha.apps.exchange.selectors import contract_kept, quarantine_reasons, quarantine_rows, quarantine_visible
from mingcha.apps.exchange.services import batch_import, quarantine_export
from mingcha.problems import Problem

DIVISION = {
    "name": "division",
    "physicalName": '所属"区划"',
    "quality": [{"type": "custom", "engine": "mingcha", "implementation": "gb_t_2260"}],
}
ROWS = ("JY1,,甲,many,2020-01-01,440604", "JY2,,乙,many,2020-01-01,440606", "JY3,,丙,many,2020-01-01,", "JY4,,短")


@pytest.fixture
def people(lake, tmp_path):
    bureau = unit_save(code="4406", name="佛山", division="4406")
    below = unit_save(code="440604", name="禅城", division="440604", parent=bureau)
    head = '许可证号,统一社会信用代码,负责人,座位数,发证日期,"所属""区划"""'
    (tmp_path / "a.csv").write_text("\n".join([head, *ROWS]), encoding="utf-8")
    batch_import(contract=licences(properties=[*PROPERTIES, DIVISION]), files=[tmp_path / "a.csv"])

    def user(name, unit):
        return user_create(username=name, password="Cloud-Ting-2026", role="clerk", unit=unit)

    return {"bureau": user("b", bureau), "below": user("u", below), "nowhere": user("n", None)}


def test_each_sees_the_rows_of_its_division(people, tmp_path):
    def seen(who):
        return {r["row"] for r in quarantine_rows(dataset="licences", user=people[who])}

    assert seen("bureau") == {1, 2, 3, 4} == {r["row"] for r in quarantine_rows(dataset="licences")}
    assert seen("below") == {1}
    with pytest.raises(Problem, match="bureau's own staff"):
        seen("nowhere")
    assert quarantine_export(dataset="licences", path=tmp_path / "b.csv", user=people["bureau"]) == 4
    assert quarantine_export(dataset="licences", path=tmp_path / "u.csv", user=people["below"]) == 1
    assert "乙" not in (tmp_path / "u.csv").read_text("utf-8-sig")
    assert quarantine_visible(people["below"]).exists()
    assert not quarantine_visible(people["nowhere"]).exists()


def test_the_command_lists_what_the_page_shows(people, tmp_path, monkeypatch):
    """A unit's user sees no reason of a dataset that tells no division, and such a dataset doesn't end the list."""
    from mingcha.apps.exchange import commands

    whole = licences().replace("id: licences", "id: always")  # listed first, and without divisions
    batch_import(contract=whole, files=[file(tmp_path / "b.csv", "JY9,,丁,many,2020-01-01")])
    monkeypatch.setattr(commands, "open_django", lambda: None)
    run = lambda *words: CliRunner().invoke(commands.quarantine_app, ["list", *words, "--json"])  # noqa: E731
    told = json.loads(run("--rows", "9", "--by", "u").stdout)
    assert {r["dataset"] for r in told["reasons"]} == {"licences"}
    assert [(r["dataset"], r["row"]) for r in told["rows"]] == [("licences", 1)]
    for everything in (("--by", "b"), ()):
        told = json.loads(run("--rows", "9", *everything).stdout)
        assert {r["dataset"] for r in told["reasons"]} == {"always", "licences"} == {r["dataset"] for r in told["rows"]}
    refused = run("always", "--by", "u").exception
    assert isinstance(refused, Problem) and "bureau's own staff" in refused.text("en")
    assert json.loads(run("--by", "n").stdout)["reasons"] == []


def test_a_request_parses_no_contract_that_was_parsed_before(people, django_assert_num_queries):
    contract_kept.cache_clear()
    assert quarantine_reasons(user=people["below"])
    with django_assert_num_queries(2):  # the datasets' digests, and the reasons
        assert quarantine_reasons(user=people["below"])
    assert contract_kept.cache_info().misses == 1
