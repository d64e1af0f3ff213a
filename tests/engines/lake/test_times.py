"""The system's columns: when a row happened, when it could be known, whose it is, and which it is."""

import datetime as dt
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines.lake.deliveries import NOW, contract, deliver, write

from mingcha.engines.lake.checks import _utc
from mingcha.engines.lake.contract import SYSTEM_COLUMNS

FIELDS = [
    {"name": "id", "primaryKey": True},
    {"name": "day", "logicalType": "date"},
    {"name": "entered", "logicalType": "timestamp"},
]


def stored(tmp_path, line, *, fields=FIELDS, **custom):
    done = deliver(
        tmp_path / "lake", contract(fields, custom=custom), write(tmp_path / "x.csv", f"id,day,entered\n{line}\n")
    )
    assert done.held() == []
    (row,) = done.rows(", ".join(SYSTEM_COLUMNS))
    return dict(zip(SYSTEM_COLUMNS, row, strict=True))


RECEIVED = NOW.replace(tzinfo=None)


@pytest.mark.parametrize(
    ("custom", "line", "event", "known"),
    [
        (  # a date is its local midnight; a told time is taken as it is
            {"eventTime": {"field": "day"}, "knownTime": {"field": "entered"}},
            "a,2020-03-05,2020-03-07 10:30:00",
            dt.datetime(2020, 3, 4, 16),
            dt.datetime(2020, 3, 7, 2, 30),
        ),
        (  # a lag counts from the event, over a change of the clock
            {"eventTime": {"field": "day", "zone": "America/Chicago"}, "knownTime": {"lag": "P2D"}},
            "a,2020-03-07,",
            dt.datetime(2020, 3, 7, 6),
            dt.datetime(2020, 3, 9, 5),
        ),
        (  # but never later than received
            {"eventTime": {"field": "day"}, "knownTime": {"lag": "P30D"}},
            "a,2026-04-20,",
            dt.datetime(2026, 4, 19, 16),
            RECEIVED,
        ),
        (  # a register without dates
            {"knownTime": {"since": "2013-01-01"}},
            "a,,",
            dt.datetime(2013, 1, 1),
            dt.datetime(2013, 1, 1),
        ),
        ({}, "a,2020-03-05,", RECEIVED, RECEIVED),  # nothing declared: we know it since it came
        (  # no event on this row: the known time stands in for it
            {"eventTime": {"field": "day"}, "knownTime": {"field": "entered"}},
            "a,,2020-03-07 10:30:00",
            dt.datetime(2020, 3, 7, 2, 30),
            dt.datetime(2020, 3, 7, 2, 30),
        ),
        (  # no known time on this row: when it came
            {"eventTime": {"field": "day"}, "knownTime": {"field": "entered"}},
            "a,2020-03-05,",
            dt.datetime(2020, 3, 4, 16),
            RECEIVED,
        ),
    ],
)
def test_when_it_happened_and_when_it_could_be_known(tmp_path, custom, line, event, known):
    row = stored(tmp_path, line, **custom)
    assert (row["_event_at"], row["_known_at"], row["_received_at"]) == (event, known, RECEIVED)
    assert (row["_batch"], row["_file"], row["_row"]) == (1, 1, 1)
    assert len(row["_id"]) == 16


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["Asia/Shanghai", "America/Chicago", "UTC", "Asia/Urumqi", "Europe/Moscow", "Africa/Cairo"]),
    st.datetimes(min_value=dt.datetime(1930, 1, 1), max_value=dt.datetime(2090, 1, 1)).map(
        lambda t: t.replace(microsecond=0)
    ),
)
def test_local_time_becomes_utc_as_the_time_zone_database_has_it(zone, local):
    said = contract(FIELDS, custom={"eventTime": {"field": "entered", "zone": zone}})
    sql = f"SELECT {_utc(said, 'entered')} FROM (SELECT TIMESTAMP '{local}' AS entered)"
    (found,) = duckdb.execute(sql).fetchone()
    zoned = local.replace(tzinfo=ZoneInfo(zone))
    either = {zoned.replace(fold=fold).astimezone(dt.UTC).replace(tzinfo=None) for fold in (0, 1)}
    assert found in either


def keys(tmp_path, lines, **custom):
    said = contract(
        [{"name": "uscc"}, {"name": "old"}, {"name": "licence"}],
        custom={
            "entityKeys": [
                {"scheme": "uscc", "field": "uscc"},
                {"scheme": "legacy15", "field": "old"},
                {"scheme": "licence:food", "field": "licence"},
            ],
            **custom,
        },
    )
    done = deliver(tmp_path / "lake", said, write(tmp_path / "x.csv", "uscc,old,licence\n" + "\n".join(lines) + "\n"))
    return [row[0] for row in sorted(done.rows("_key, _row"), key=lambda r: r[1])]


def test_the_first_key_present_keys_the_row_in_one_spelling(tmp_path):
    found = keys(
        tmp_path, ["91440606748023528a,,JY1", "N/A,110108000000016,JY1", ",,ｊｙ 1", "110108000000016,,", "无,,"]
    )
    assert found[:4] == [
        "uscc:91440606748023528A",
        "legacy15:110108000000016",
        "licence:food:JY1",
        "legacy15:110108000000016",
    ]
    assert found[4].startswith("record:things:")
    assert len(found[4]) == len("record:things:") + 32


def test_rows_of_a_date_have_no_key(tmp_path):
    assert (
        stored(tmp_path, "a,2020-01-01,", keyedBy="date", entityKeys=None, eventTime={"field": "day"})["_key"] is None
    )
