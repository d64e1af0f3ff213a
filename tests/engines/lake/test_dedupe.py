"""What is new, known, changed or in conflict: against a model in plain Python, delivery after delivery."""

import datetime as dt

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines.lake.deliveries import NOW, contract, deliver, write

from mingcha.engines.lake.view import Source, rows_sql

PROPERTIES = [
    {"name": "id", "logicalType": "string", "primaryKey": True},
    {"name": "size", "logicalType": "integer"},
    {"name": "said", "logicalType": "date"},
]
ASSUMED = contract(PROPERTIES, custom={"eventTime": {"field": "said", "zone": "UTC"}, "knownTime": {"lag": "P1D"}})
TOLD = contract(PROPERTIES, custom={"eventTime": {"field": "said", "zone": "UTC"}, "knownTime": {"field": "said"}})
KEYLESS = contract([{**PROPERTIES[0], "primaryKey": False}, *PROPERTIES[1:]])


def day(n) -> dt.date:
    return dt.date(2020, 1, 1) + dt.timedelta(days=n)


def at(n) -> dt.datetime:
    return dt.datetime(2020, 1, 1) + dt.timedelta(days=n)


class Lake:
    """Deliveries one after the other, a month apart."""

    def __init__(self, folder, said):
        self.folder, self.said, self.source, self.n = folder, said, Source(said, ()), 0

    def take(self, *files, **options):
        self.n += 1
        folder = self.folder / str(self.n)
        folder.mkdir(parents=True)
        paths = [
            write(folder / f"{i}.csv", "id,size,said\n" + "".join(f"{a},{b},{c}\n" for a, b, c in rows))
            for i, rows in enumerate(files)
        ]
        received = NOW + dt.timedelta(days=30 * self.n)
        done = deliver(
            folder / "lake", self.said, *paths, known=self.source, batch=self.n, received=received, **options
        )
        more = (done.fresh.superseded,) if done.fresh.superseded else ()
        self.source = Source(self.said, self.source.files + tuple(done.fresh.parts), self.source.superseded + more)
        self.received = received.replace(tzinfo=None)
        return done

    def as_of(self, moment=None):
        """{id: size} of what was known before `moment`."""
        sql = rows_sql(self.source, f"TIMESTAMP '{moment}'" if moment else None, "id, size")
        rows = duckdb.execute(sql).fetchall() if self.source.files else []
        assert len({r[0] for r in rows}) == len(rows), "two versions of one record at one moment"
        return dict(rows)


def verdicts(done):
    return done.fresh.rows_accepted, done.fresh.rows_changed, done.fresh.rows_duplicate, len(done.held())


def test_the_same_record_again_adds_nothing(tmp_path):
    lake = Lake(tmp_path, ASSUMED)
    assert verdicts(lake.take([("a", 1, day(0)), ("b", 2, day(0)), ("a", 1, day(0))])) == (2, 0, 1, 0)
    assert verdicts(lake.take([("b", 2, day(0)), ("c", 3, day(0))])) == (1, 0, 1, 0)
    assert lake.as_of() == {"a": 1, "b": 2, "c": 3}


def test_the_same_key_with_other_content_in_one_delivery_is_a_conflict_and_the_first_stands(tmp_path):
    lake = Lake(tmp_path, ASSUMED)
    done = lake.take([("a", 1, day(0)), ("b", 1, day(0)), ("a", 2, day(0))], [("b", 9, day(0)), ("a", 1, day(0))])
    assert verdicts(done) == (2, 0, 1, 2)
    assert lake.as_of() == {"a": 1, "b": 1}
    assert [(h["file"], h["row"], h["faults"][0]["value"]) for h in done.held()] == [
        (1, 3, "a (= 1:1)"),
        (2, 1, "b (= 1:2)"),
    ]
    assert done.held()[0]["cells"] == {"id": "a", "size": "2", "said": "2020-01-01"}


def test_a_changed_record_is_a_new_version_known_from_when_it_came(tmp_path):
    lake = Lake(tmp_path, ASSUMED)
    lake.take([("a", 1, day(0))])
    assert verdicts(lake.take([("a", 2, day(0))])) == (1, 1, 0, 0)
    received = lake.received
    assert lake.as_of() == {"a": 2}
    assert lake.as_of(received) == {"a": 1}  # the correction must not leak into what was known before it came
    assert lake.as_of(received + dt.timedelta(seconds=1)) == {"a": 2}
    assert lake.as_of(at(1)) == {}
    assert verdicts(lake.take([("a", 1, day(0))])) == (1, 1, 0, 0)  # back to what it was is a change, too
    assert lake.as_of() == {"a": 1}


def test_a_source_that_tells_when_it_knew_delivers_history_in_any_order(tmp_path):
    lake = Lake(tmp_path, TOLD)
    assert verdicts(lake.take([("a", 3, day(30)), ("a", 1, day(10))])) == (2, 0, 0, 0)
    assert verdicts(lake.take([("a", 2, day(20)), ("a", 3, day(30))])) == (1, 1, 1, 0)
    seen = {n: lake.as_of(at(n) + dt.timedelta(hours=1)).get("a") for n in (5, 10, 15, 20, 25, 30, 40)}
    assert seen == {5: None, 10: 1, 15: 1, 20: 2, 25: 2, 30: 3, 40: 3}


def test_told_times_that_did_not_move_do_not_hide_when_a_change_came(tmp_path):
    lake = Lake(tmp_path, TOLD)
    lake.take([("a", 1, day(10))])
    lake.take([("a", 2, day(10))])
    assert lake.as_of(at(20)) == {"a": 1}
    assert lake.as_of() == {"a": 2}


def test_one_known_time_and_two_contents_is_a_conflict(tmp_path):
    assert verdicts(Lake(tmp_path, TOLD).take([("a", 1, day(0)), ("a", 2, day(0)), ("a", 3, day(1))])) == (2, 0, 0, 1)


def test_without_a_key_the_whole_row_is_the_record(tmp_path):
    lake = Lake(tmp_path, KEYLESS)
    assert verdicts(lake.take([("a", 1, day(0)), ("a", 2, day(0)), ("a", 1, day(0))])) == (2, 0, 1, 0)
    assert verdicts(lake.take([("a", 2, day(0)), ("a", 3, day(0))])) == (1, 0, 1, 0)


def test_null_is_not_the_empty_text_nor_another_fields_value(tmp_path):
    said = contract([{"name": "id"}, {"name": "size"}, {"name": "said"}])
    lake = Lake(tmp_path, said)
    assert verdicts(lake.take([("a", "", "b"), ("a", "b", ""), ("", "a", "b"), ("a", "", "b")])) == (3, 0, 1, 0)


def test_a_unique_field_holds_over_the_whole_dataset(tmp_path):
    said = contract([PROPERTIES[0], {**PROPERTIES[1], "unique": True}, PROPERTIES[2]])
    lake = Lake(tmp_path, said)
    done = lake.take([("a", 1, day(0)), ("b", 1, day(0)), ("c", "", day(0)), ("d", "", day(0))])
    assert verdicts(done) == (3, 0, 0, 1)
    assert [
        (h["row"], h["faults"][0]["field"], h["faults"][0]["rule"], h["faults"][0]["value"]) for h in done.held()
    ] == [(2, "size", "unique", "1 (= 1:1)")]
    done = lake.take([("a", 5, day(0)), ("e", 5, day(0)), ("f", 6, day(0))])
    assert verdicts(done) == (2, 1, 0, 1)
    assert verdicts(lake.take([("g", 1, day(0)), ("h", 6, day(0))])) == (1, 0, 0, 1)  # 1 is free since a gave it up
    assert lake.as_of() == {"a": 5, "c": None, "d": None, "f": 6, "g": 1}


def test_a_replay_never_overrides_what_came_with_its_own_delivery_or_later(tmp_path):
    lake = Lake(tmp_path, ASSUMED)
    lake.take([("a", 1, day(0))])
    lake.take([("b", 1, day(0))])
    done = lake.take([("a", 2, day(0)), ("b", 2, day(0)), ("c", 2, day(0))], since=2)
    assert verdicts(done) == (2, 1, 0, 1)
    assert lake.as_of() == {"a": 2, "b": 1, "c": 2}


KEYS = st.sampled_from("abc")
DELIVERY = st.lists(st.tuples(KEYS, st.integers(0, 2), st.integers(0, 3).map(day)), max_size=8)


def model_assumed(versions, rows, received):
    """[(known, size, said)] by id after a delivery, and the counts (accepted, changed, duplicate, held)."""
    first, counts = {}, [0, 0, 0, 0]
    for key, size, said in rows:
        if key in first:
            counts[2 if first[key] == (size, said) else 3] += 1
            continue
        first[key] = (size, said)
        line = versions.setdefault(key, [])
        if line and line[-1][1:] == (size, said):
            counts[2] += 1
            continue
        known = received if line else min(dt.datetime.combine(said, dt.time()) + dt.timedelta(days=1), received)
        line.append((known, size, said))
        counts[0] += 1
        counts[1] += len(line) > 1
    return tuple(counts)


@settings(max_examples=25, deadline=None)
@given(st.lists(DELIVERY, min_size=1, max_size=4))
def test_any_deliveries_give_what_the_model_gives(tmp_path_factory, deliveries):
    lake, versions = Lake(tmp_path_factory.mktemp("lake"), ASSUMED), {}
    moments = [at(n) for n in (0, 1, 2, 3, 9)]
    for rows in deliveries:
        done = lake.take(rows)
        assert verdicts(done) == model_assumed(versions, rows, lake.received)
        moments += [lake.received, lake.received + dt.timedelta(seconds=1)]
    for moment in moments:
        expected = {
            key: [size for known, size, _ in line if known < moment][-1]
            for key, line in versions.items()
            if any(known < moment for known, *_ in line)
        }
        assert lake.as_of(moment) == expected


@pytest.mark.parametrize("said", [ASSUMED, TOLD], ids=["assumed", "told"])
def test_a_filter_too_small_to_know_anything_changes_nothing(tmp_path, monkeypatch, said):
    """Every record is doubted then; the verdicts must be the same."""
    from mingcha.engines.lake import seen

    rows = [("abc"[i % 3] + str(i % 40), i % 5, day(i % 7)) for i in range(300)]
    usual = Lake(tmp_path / "usual", said)
    first = [verdicts(usual.take(rows[:150])), verdicts(usual.take(rows[100:]))]
    monkeypatch.setattr(seen.Seen, "maybe", lambda self, hashes: hashes == hashes)
    doubting = Lake(tmp_path / "doubting", said)
    assert [verdicts(doubting.take(rows[:150])), verdicts(doubting.take(rows[100:]))] == first
    assert doubting.as_of() == usual.as_of()
