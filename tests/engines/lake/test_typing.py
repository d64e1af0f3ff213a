"""Texts become typed values, or a fault that names the field: against Python's own reading of the same text."""

import datetime as dt
import re

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mingcha.engines.lake.checks import quote, type_holds, typed_sql
from mingcha.engines.lake.contract import Field

CONNECTION = duckdb.connect()
CONNECTION.execute("SET TimeZone = 'UTC'")
BAD = "bad"


def typed(kind, texts, *, formats=(), separator=" ", zone="Asia/Shanghai", iso=False):
    """The values of `texts`, BAD where one is none."""
    field = Field("f", "f", kind, formats=formats, separator=separator)
    value = typed_sql(field, '"f#"', zone, iso)
    good = type_holds(field, '"f#"', quote("f"))
    sql = f'SELECT CASE WHEN {good} THEN [f] END FROM (SELECT "f#", {value} AS f FROM (SELECT unnest(?) AS "f#"))'
    return [row[0][0] if row[0] is not None else BAD for row in CONNECTION.execute(sql, [texts]).fetchall()]


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (
            "integer",
            {"12": 12, "-3": -3, "+5": 5, "007": 7, "1006.0": 1006, "9223372036854775807": 2**63 - 1},
            ["12.7", "1e3", "0x1F", "1_000", "1,000", "abc", "9223372036854775808", "12a", "."],
        ),
        (
            "number",
            {"1.5": 1.5, "-.5": -0.5, "1e3": 1000.0, "2.": 2.0, "+3": 3.0},
            ["nan", "inf", "-Infinity", "1_0.5", "1,5", "一", "0x1F"],
        ),
        ("boolean", {"true": True, "N": False, "1": True, "0.0": False, "是": True, "否": False}, ["maybe", "2"]),
        (
            "date",
            {
                "2014-03-05": dt.date(2014, 3, 5),
                "2014-3-5": dt.date(2014, 3, 5),
                "2014-03-05 00:00:00": dt.date(2014, 3, 5),
            },
            [
                "2014-02-30",
                "14-03-05",
                "2014/03/05",
                "epoch",
                "infinity",
                "2014-03-05 10:00:00",
                "20140305",
                "0014-03-05",
            ],
        ),
        (
            "timestamp",
            {
                "2014-03-05 10:30": dt.datetime(2014, 3, 5, 10, 30),
                "2014-03-05T10:30:15.25": dt.datetime(2014, 3, 5, 10, 30, 15, 250_000),
                "2014-03-05": dt.datetime(2014, 3, 5),
                "2014-03-05T02:30:00Z": dt.datetime(2014, 3, 5, 10, 30),
                "2014-03-05 02:30:00-01:00": dt.datetime(2014, 3, 5, 11, 30),
            },
            ["2014-03-05 25:00", "10:30", "now", "epoch"],
        ),
    ],
)
def test_what_is_a_value_and_what_is_not(kind, good, bad):
    assert dict(zip(good, typed(kind, list(good)), strict=True)) == good
    assert dict(zip(bad, typed(kind, bad), strict=True)) == dict.fromkeys(bad, BAD)


def test_dates_in_declared_formats_and_no_others():
    formats = ("%Y%m%d", "%Y年%m月%d日")
    day = dt.date(2017, 12, 11)
    assert typed("date", ["20171211", "2017年12月11日"], formats=formats) == [day, day]
    assert typed("date", ["2017-12-11", "epoch", "20171311", "201712"], formats=formats) == [BAD] * 4
    assert typed("date", ["2017-12-11 00:00:00"], formats=formats, iso=True) == [day]  # a spreadsheet's date cell
    moment = dt.datetime(2014, 1, 5, 15, 4, 5)
    assert typed("timestamp", ["1/5/2014 03:04:05 PM"], formats=("%m/%d/%Y %I:%M:%S %p",)) == [moment]


def test_a_time_with_an_offset_is_moved_to_the_zone():
    zoned = typed("timestamp", ["2014-07-01T12:00:00+00:00", "2014-01-01T12:00:00Z"], zone="America/Chicago")
    assert zoned == [dt.datetime(2014, 7, 1, 7), dt.datetime(2014, 1, 1, 6)]


def test_lists():
    assert typed("array", ["3 12", "3", " 3  12 "]) == [["3", "12"], ["3"], ["3", "12"]]
    assert typed("array", ["a、 b、"], separator="、") == [["a", "b"]]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(alphabet="0123456789+-.eE_x ,一", min_size=1, max_size=12), min_size=1, max_size=20))
def test_numbers_are_what_python_says(texts):
    def whole(text):
        if not re.fullmatch(r"[+-]?[0-9]{1,19}(\.0*)?", text):
            return BAD
        value = int(text.split(".")[0])
        return value if -(2**63) <= value < 2**63 else BAD

    def decimal(text):
        try:
            value = float(text)
        except ValueError:
            return BAD
        return BAD if "_" in text or abs(value) == float("inf") or not text.isascii() else value

    texts = [t.strip() or "0" for t in texts]  # blanks at the ends are cut before
    assert typed("integer", texts) == [whole(t) for t in texts]
    assert typed("number", texts) == [decimal(t) for t in texts]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.dates(min_value=dt.date(1000, 1, 1)), min_size=1, max_size=20))
def test_every_date_is_read_back(days):
    assert typed("date", [d.isoformat() for d in days]) == days
    assert typed("date", [d.strftime("%Y").zfill(4) + d.strftime("%m%d") for d in days], formats=("%Y%m%d",)) == days
