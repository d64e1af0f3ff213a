"""The entity file: every record once, in time order, with its versions, its gaps and what may not be shown."""

import json

import pytest
from tests.apps.entities.entity_deliveries import dataset, day, deliver
from typer.testing import CliRunner

from mingcha.apps.accounts.models import Unit, User
from mingcha.apps.entities.models import Entity
from mingcha.apps.entities.selectors import entity_file, entity_get, links_file
from mingcha.apps.entities.services import entities_resolve
from mingcha.problems import Problem

U, V = "91440604193644872E", "914406048936207755"
pytestmark = pytest.mark.django_db


@pytest.fixture
def city():
    register = dataset("register", {"uscc": "uscc", "legacy": "legacy15"}, ("name", "address"))
    licences = dataset("licences", {"licence": "licence:food", "uscc": "uscc"})
    visits = dataset("visits", {"licence": "licence:food"}, ("name",), ("id", "known", "result", "phone"), ("phone",))
    deliver(
        register,
        [
            {"id": "1", "known": 1, "uscc": U, "legacy": "110108000000016", "name": "粤鸿餐饮", "address": "莲花路3号"},
            {"id": "2", "known": 1, "uscc": V, "name": "别家"},
        ],
    )
    deliver(licences, [{"id": "1", "known": 5, "licence": "JY1", "uscc": U}])
    deliver(
        visits,
        [
            {"id": "b", "known": 9, "licence": "JY1", "result": "不合格", "phone": "13812345678", "name": "粤鸿小馆"},
            {"id": "a", "known": 3, "licence": "JY1", "result": "合格"},
            {"id": "c", "known": 4, "licence": "JY2", "result": "合格"},
        ],
    )
    entities_resolve()
    return visits


def told(file):
    return [(r.dataset, r.event_at.replace(tzinfo=None)) for r in file.records]


def test_every_record_of_every_source_in_time_order(city):
    file = entity_file(U)
    assert told(file) == [("register", day(1)), ("visits", day(3)), ("licences", day(5)), ("visits", day(9))]
    assert file.total == 4 and [(s.name, s.records) for s in file.sources] == [
        ("licences", 1),
        ("register", 1),
        ("visits", 2),
    ]
    assert file.records[0].department == "department of register"


@pytest.mark.parametrize("key", [U, U.lower(), f"uscc:{U}", "110108000000016", "licence:food:JY1", "jy1", "ＪＹ１"])
def test_any_key_opens_it(city, key):
    assert entity_get(key).key == U


def test_only_some_sources_or_the_latest_few(city):
    assert told(entity_file(U, datasets=["visits"])) == [("visits", day(3)), ("visits", day(9))]
    assert told(entity_file(U, limit=2)) == [("licences", day(5)), ("visits", day(9))]
    until = entity_file(U).records[2].event_at
    assert told(entity_file(U, until=until, limit=1)) == [("visits", day(3))]


def test_a_record_that_was_changed_shows_both_versions(city):
    deliver(
        city, [{"id": "b", "known": 12, "licence": "JY1", "result": "合格", "phone": "13812345678", "name": "粤鸿小馆"}]
    )
    entities_resolve()
    file = entity_file(U)
    assert file.total == 4
    record = file.records[-1]
    values = lambda version: {c.name: c.value for c in version.cells}  # noqa: E731
    assert values(record.latest)["result"] == "合格" and values(record.earlier[0])["result"] == "不合格"
    assert "result" in record.changed and "phone" not in record.changed


def test_restricted_fields_are_masked(city):
    cell = next(c for c in entity_file(U).records[-1].latest.cells if c.name == "phone")
    assert (cell.value, cell.masked) == ("138******78", True)
    cell = next(c for c in entity_file(U, unmask=True).records[-1].latest.cells if c.name == "phone")
    assert cell.value == "13812345678"


def test_sources_that_disagree_are_told(city):
    (name,) = entity_file(U).disagreements
    assert name.role == "name" and {text for text, _, _ in name.said} == {"粤鸿餐饮", "粤鸿小馆"}


def test_who_may_not_see_it(city):
    here = Unit.objects.create(code="4406", name="佛山", division="4406")
    there = Unit.objects.create(code="4401", name="广州", division="4401")
    insider = User.objects.create(username="a", unit=here)
    stranger = User.objects.create(username="b", unit=there)
    assert entity_file(U, user=insider).total == 4
    for user in (stranger, User.objects.create(username="c")):
        with pytest.raises(Problem, match="within the jurisdiction"):
            entity_file(U, user=user)
        with pytest.raises(Entity.DoesNotExist):
            entity_file(entity_get(U), user=user)


def test_a_key_that_is_not_there_gets_near_ones(city):
    with pytest.raises(Problem) as caught:
        entity_get(U[:-1] + "0")
    assert U in caught.value.text("zh") and "粤鸿餐饮" in caught.value.text("en")
    with pytest.raises(Problem) as caught:
        entity_get("粤鸿")
    assert U in caught.value.text("en")


def test_a_number_of_two_schemes_asks_which(city):
    other = dataset("permits", {"permit": "permit:fire"})
    deliver(other, [{"id": "1", "known": 1, "permit": "JY1"}])
    entities_resolve()
    with pytest.raises(Problem) as caught:
        entity_get("JY1")
    assert "permit:fire:JY1" in caught.value.text("zh") and entity_get("permit:fire:JY1").provisional


def test_without_any_entity_it_says_how_to_begin(db):
    with pytest.raises(Problem) as caught:
        entity_get("JY1")
    assert "mingcha import" in caught.value.text("en")


def test_the_links_are_copied_for_the_engines(city):
    import pyarrow.parquet as pq

    rows = pq.read_table(links_file()).to_pylist()
    assert {(r["key"], r["entity"]) for r in rows if r["retracted_at"] is None} >= {
        (f"uscc:{U}", U),
        ("licence:food:JY1", U),
        ("legacy15:110108000000016", U),
    }
    # before its licence was known to be the firm's, a visit belonged to a provisional entity
    (before,) = [r for r in rows if r["key"] == "licence:food:JY1" and r["retracted_at"]]
    assert (before["known_at"], before["retracted_at"]) == (day(3), day(5)) and before["entity"].startswith("P-")
    assert links_file() == links_file()


def test_the_command_prints_it(city, monkeypatch):
    from mingcha.apps.entities import commands

    monkeypatch.setattr(commands, "open_django", lambda: None)
    run = CliRunner().invoke
    shown = run(commands.app, ["show", U, "--timing"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0, shown.output
    assert "粤鸿餐饮" in shown.output and "13812345678" not in shown.output and "ms" in shown.output
    data = json.loads(run(commands.app, ["show", "jy1", "--json"]).stdout)
    assert [r["dataset"] for r in data["records"]] == ["register", "visits", "licences", "visits"]
    assert data["milliseconds"] > 0 and data["entity"]["key"] == U
    found = run(commands.app, ["find", "粤鸿", "--json"])
    assert [e["key"] for e in json.loads(found.stdout)] == [U]
    listed = run(commands.app, ["list", "--provisional", "--json"])
    assert [e["name"] for e in json.loads(listed.stdout)] == [""]
