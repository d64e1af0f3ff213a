"""What a line of an entity's time line says: a day where the contract knows a day, fields with names and units."""

import datetime as dt

import pytest
from tests.engines.lake.deliveries import contract

from mingcha.apps.entities.selectors import Record
from mingcha.apps.entities.selectors.file import Cell, Version
from mingcha.apps.entities.timeline import _line, happened_of

AREA, FEE, PAID = "面积（㎡）", "罚款（元）", "是否缴清"


def _contract(kind: str):
    fields = [
        {"name": "id", "primaryKey": True},
        {"name": "at", "logicalType": kind},
        {"name": "area", "businessName": AREA, "logicalType": "number"},
        {"name": "fee", "businessName": FEE, "logicalType": "number"},
        {"name": "paid", "businessName": PAID, "logicalType": "boolean"},
    ]
    times = {"eventTime": {"field": "at", "zone": "America/Chicago"}, "knownTime": {"lag": "P1D"}}
    return contract(fields, custom=times)


def _record(at, instant: dt.datetime) -> Record:
    cells = (
        Cell("id", "编号", "1"),
        Cell("at", "日期", at),
        Cell("area", AREA, 315.31),
        Cell("fee", FEE, 65985.5),
        Cell("paid", PAID, False),
    )
    known = instant + dt.timedelta(days=1)
    return Record("things", "Things", "", "k", instant, True, False, Version(known, known, 1, 1, 1, cells))


def test_a_day_has_no_time_of_day_whatever_zone_it_began_in():
    instant = dt.datetime(2016, 5, 13, 5, 0, tzinfo=dt.UTC)  # midnight in Chicago, 13:00 in Shanghai
    assert happened_of(_record(dt.date(2016, 5, 13), instant), _contract("date")) == dt.date(2016, 5, 13)
    line = _line(_record(dt.date(2016, 5, 13), instant), _contract("date"), False)
    assert line["happened"] == dt.date(2016, 5, 13) and line["year"] == 2016 and line["later"]


def test_a_time_is_told_in_the_instance_s_zone():
    instant = dt.datetime(2016, 5, 13, 6, 30, tzinfo=dt.UTC)
    record = _record(dt.datetime(2016, 5, 13, 1, 30), instant)
    happened = happened_of(record, _contract("timestamp"))
    assert f"{happened:%Y-%m-%d %H:%M}" == "2016-05-13 14:30"


def test_each_value_has_its_field_s_name_and_unit():
    line = _line(_record(dt.date(2016, 5, 13), dt.datetime(2016, 5, 13, 5, tzinfo=dt.UTC)), _contract("date"), False)
    assert line["summary"][:2] == [("面积", "315.31 ㎡"), ("罚款", "65,985.5 元")]
    assert line["summary"][2][0] == PAID


def test_the_command_line_tells_a_day_as_a_day(monkeypatch, capsys):
    from types import SimpleNamespace

    from mingcha.apps.entities import commands, timeline

    monkeypatch.setattr(timeline, "contracts_of", lambda names: {"things": _contract("date")})
    monkeypatch.setenv("MINGCHA_LANG", "en")
    monkeypatch.setenv("COLUMNS", "160")
    entity = SimpleNamespace(name="甲店", key="k", provisional=False, simulated=False, kind="", district="", address="")
    entity.get_status_display = lambda: "active"
    record = _record(dt.date(2016, 5, 13), dt.datetime(2016, 5, 13, 5, tzinfo=dt.UTC))
    sources = [SimpleNamespace(name="things")]
    commands._print_file(SimpleNamespace(entity=entity, keys=[], records=[record], sources=sources, total=1))
    out = capsys.readouterr().out
    assert "2016-05-13  2016-05-14*" in out and "happened" in out and "发生" not in out


@pytest.mark.parametrize(
    ("lang", "head", "more"), [("en", "address", "The first 3; there are more"), ("zh", "住所", "前 3 个，还有更多")]
)
def test_find_speaks_one_language_and_says_where_there_are_more(town, monkeypatch, lang, head, more):
    from typer.testing import CliRunner

    from mingcha.apps.entities import commands

    monkeypatch.setattr(commands, "open_django", lambda: None)
    monkeypatch.setenv("MINGCHA_LANG", lang)
    said = CliRunner().invoke(commands.app, ["find", "有限公司", "--limit", "3"])
    assert said.exit_code == 0 and head in said.stdout and more in said.stderr
    assert len(said.stdout.splitlines()) == 5  # head, three rows, the notice
    every = CliRunner().invoke(commands.app, ["find", "有限公司", "--limit", "500"])
    assert more not in every.stderr
