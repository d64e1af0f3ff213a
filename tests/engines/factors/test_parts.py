"""Days, declarations, candidates and labels, by known answers."""

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from world import CONTRACTS, DAY0, World, random_world

from mingcha.engines.factors import DuckDBEngine, Factor, Signal, candidates, eligible, labels, matrix
from mingcha.engines.factors.days import day_date, day_number, local_day, local_days, start_of
from mingcha.engines.factors.labels import latest_visits
from mingcha.engines.factors.titles import named
from mingcha.engines.factors.topics import topics
from mingcha.engines.lake.contract import RiskPoint
from mingcha.engines.lake.view import LakeView, Source
from mingcha.problems import Problem


@given(st.integers(0, 2_000_000_000), st.sampled_from(["America/Chicago", "Asia/Shanghai", "Europe/London", "UTC"]))
def test_a_day_starts_when_it_starts(second, zone):
    day = int(local_days(np.array([second * 1_000_000]), zone)[0])
    assert start_of(day, zone).timestamp() <= second < start_of(day + 1, zone).timestamp()
    assert day_number(day_date(day)) == day


def test_engine_and_numpy_agree_on_days():
    instants = np.random.default_rng(1).integers(-(10**14), 2 * 10**15, 5_000)
    with DuckDBEngine(threads=1) as engine:
        table = engine.upload(pa.table({"i": np.arange(5_000), "t": pa.array(instants, pa.timestamp("us", tz="UTC"))}))
        for zone in ("America/Chicago", "Asia/Shanghai"):
            got = engine.fetch(table.select("i", day=local_day(engine.micros(table.t), zone)).order_by("i"))
            np.testing.assert_array_equal(got["day"].to_numpy(), local_days(instants, zone))


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    return random_world(11, zone="Asia/Shanghai", linked=False).write(tmp_path_factory.mktemp("lake"))


def test_candidates_are_named_titled_lawful_and_survive_json(lake):
    factors = candidates(lake, known_before=DAY0)
    names = [f.name for f in factors]
    assert len(set(names)) == len(names) > 150
    assert [Factor.from_json(json.loads(json.dumps(f.to_json()))) for f in factors] == factors
    for f in factors:
        assert f.title_zh and f.title_en and (f.basis or f.family == "calendar")
        assert "who" not in (f.signal.name, f.peer and f.peer.field)
    by_name = {f.name: f for f in factors}
    poor = by_name["visits.poor.rate.60d"]
    assert (poor.title_zh, poor.title_en) == (
        "近60天“检查”score不小于“5”比例",
        "Visits: share of score >= 5, last 60 days",
    )
    assert (poor.direction, by_name["visits.poor.days_since"].direction) == ("up", "down")
    assert by_name["register.same_address.others"].title_zh == "同地址的其他主体数量"


def test_nothing_is_derived_without_a_lawful_basis(lake):
    bare = {n: Source(replace(s.contract, factors=None), s.files) for n, s in lake.sources.items()}
    assert {f.family for f in candidates(LakeView(bare), known_before=DAY0)} == {"calendar"}


def test_a_factor_whose_dataset_is_gone_is_refused(lake):
    factor = Factor(name="x", dataset="gone", family="count", statistic="count")
    with pytest.raises(Problem, match="gone"):
        matrix(lake, [factor], pa.table({"entity": ["a"], "as_of": [DAY0]}))


def test_topics_are_words_that_come_together():
    texts = ["后厨发现鼠粪，地面油污", "鼠粪没有清理，地面油污"] * 30
    texts += ["健康证过期，员工未戴帽", "员工未戴帽、健康证过期"] * 30
    texts += ["Walls and ovens dirty", "Dirty ovens, greasy walls"] * 30
    found = topics(texts, 3)
    np.random.seed(5)  # whatever others did to numpy's own state
    assert found == topics(texts, 3)
    words = {" ".join(sorted(topic)) for topic, _ in found}
    assert "dirty greasy ovens walls" in words
    assert any("鼠粪" in w and "油污" in w and "健康证" not in w for w in words)
    assert any("健康证" in w and "戴" in w and "鼠" not in w for w in words)
    assert [round(share, 3) for _, share in found] == [0.333, 0.333, 0.333]


@pytest.mark.parametrize("texts", [[], ["同一句话"] * 100, ["a b c"], ["", " "], [str(i) for i in range(50)]])
def test_texts_that_say_nothing_have_no_topics(texts):
    assert topics(texts, 5) == []


def test_topics_are_of_what_was_known(lake):
    """Two topics of the visits' notes; words of rows that came later aren't among them."""
    told = {f.signal.value for f in candidates(lake, known_before=DAY0) if f.signal.kind == "topic"}
    assert told and len(told) <= 2
    early = candidates(lake, known_before=dt.date(2000, 1, 1))
    assert not [f for f in early if f.signal.kind == "topic"]


def visit(world: World, no: str, key: str, day: int, **more) -> dict:
    event = world.start(DAY0 + dt.timedelta(days=day))
    row = {"no": no, "result": "good", "score": 1.0, "codes": [], "who": ["ann"], "due": None, "note": None}
    row |= {
        "_key": key,
        "_event_at": event,
        "_known_at": event,
        "_received_at": event,
        "_batch": 1,
        "_row": int(no[1:]),
        "_id": no,
    }
    return row | more


def state(world: World, key: str, day: int, kind: str, stop: int | None) -> dict:
    event = world.start(DAY0 + dt.timedelta(days=day))
    row = dict.fromkeys(f.name for f in CONTRACTS["register"].fields)
    row |= {"no": key, "kind": kind, "start": DAY0 + dt.timedelta(days=day), "_key": key, "_id": f"{key}{day}"}
    row |= {"stop": None if stop is None else DAY0 + dt.timedelta(days=stop), "_batch": 1, "_row": day}
    return row | {"_event_at": event, "_known_at": event, "_received_at": event}


def test_labels_tell_outcome_population_people_and_maturity(tmp_path):
    world = World("America/Chicago")
    later = world.start(DAY0 + dt.timedelta(days=8))
    world.rows["visits"] = [
        visit(world, "v1", "a", 3, result="bad", who=["bob", "ann"]),
        visit(world, "v2", "b", 4, who=None),
        visit(world, "v3", "c", 5, result=None),
        visit(world, "v2", "b", 4, result="bad", _known_at=later, _row=9),  # corrected four days later
    ]
    world.rows["register"] = [
        state(world, "a", 3, "a", 3),
        state(world, "b", 0, "a", 3),
        state(world, "c", 0, "b", None),
    ]
    view = world.write(tmp_path)
    first = labels(view, "visits", "failed", known_before=DAY0 + dt.timedelta(days=8)).to_pylist()
    assert [(r["visit"], r["label"], r["eligible"]) for r in first] == [
        ("v1", 1.0, True),  # the licence began and ended that day
        ("v2", 0.0, False),  # it had ended the day before
        ("v3", None, False),  # another kind
    ]
    assert [r["inspectors"] for r in first] == [["ann", "bob"], [], ["ann"]]
    assert (first[0]["as_of"], first[0]["mature_on"]) == (DAY0 + dt.timedelta(days=3), DAY0 + dt.timedelta(days=14))
    assert [r["label"] for r in labels(view, "visits", "failed").to_pylist()] == [1.0, 1.0, None]
    assert eligible(view, "visits", "failed", DAY0 + dt.timedelta(days=2)).to_pylist() == ["b"]


def test_the_latest_visit_is_of_what_was_known_before_the_day(tmp_path):
    world = World("Asia/Shanghai")
    late = world.start(DAY0 + dt.timedelta(days=40))
    world.rows["visits"] = [
        visit(world, "v1", "a", 3),
        visit(world, "v2", "a", 5),
        visit(world, "v3", "a", 7, _known_at=late),
        visit(world, "v4", "b", 9),
    ]
    view = world.write(tmp_path)
    days = {n: DAY0 + dt.timedelta(days=n) for n in (3, 4, 5, 7, 8, 9, 60)}
    found = {n: latest_visits(view, "visits", days[n]).to_pydict() for n in (4, 8, 60)}
    assert {n: dict(zip(f["entity"], f["day"], strict=True)) for n, f in found.items()} == {
        4: {"a": days[3]},
        8: {"a": days[5]},
        60: {"a": days[7], "b": days[9]},
    }


def test_a_label_that_was_known_late_is_used_late(tmp_path):
    world = World("Asia/Tokyo")  # where the visits' days are not Shanghai's
    late = world.start(DAY0 + dt.timedelta(days=40))
    world.rows["visits"] = [visit(world, "v1", "a", 3), visit(world, "v2", "b", 4, _known_at=late)]
    world.rows["register"] = [state(world, "a", 3, "a", None)]
    found = labels(world.write(tmp_path), "visits", "failed").to_pylist()
    assert [r["as_of"] for r in found] == [DAY0 + dt.timedelta(days=d) for d in (3, 4)]
    assert [r["mature_on"] for r in found] == [DAY0 + dt.timedelta(days=d) for d in (3 + 10 + 1, 41)]


def test_a_view_counts_days_as_the_inspectors_do(lake):
    moved = {n: replace(s, contract=replace(s.contract, zone="Asia/Tokyo")) for n, s in lake.sources.items()}
    moved["weather"] = lake.sources["weather"]
    assert LakeView(moved).zone == "Asia/Tokyo"
    assert LakeView({}).zone == "Asia/Shanghai"


@pytest.mark.parametrize(
    ("within", "expected"),
    [
        (0, [1.0, 0.0, 0.0, None]),  # the fourth visit is on a day of which the other dataset doesn't tell
        (2, [1.0, 1.0, 0.0, None]),
        (3, [1.0, 1.0, None, None]),  # nor does it yet of all the days after the third
    ],
)
def test_a_label_may_stand_in_another_dataset(tmp_path, within, expected):
    world = World("America/Chicago")
    world.rows["visits"] = [visit(world, f"v{i}", key, 3) for i, key in enumerate("abc")]
    world.rows["visits"].append(visit(world, "v3", "c", 6))
    world.rows["register"] = [
        state(world, "a", 3, "a", None),  # the day of the visit
        state(world, "b", 5, "a", None),  # two days later
        state(world, "b", 2, "a", None),  # the day before
        state(world, "c", 3, "b", None),  # of another kind
    ]
    view = world.write(tmp_path)
    source = view.sources["visits"]
    point = RiskPoint("a", "", "", "kind = 'a'", label_in="register", label_within=within)
    asked = replace(source.contract, inspections=replace(source.contract.inspections, risk_points=(point,)))
    view.sources["visits"] = replace(source, contract=asked)
    found = labels(view, "visits", "a")
    assert found["label"].to_pylist() == expected
    known = DAY0 + dt.timedelta(days=5 if within else 3)  # the row that tells of the second visit came two days later
    assert found["mature_on"][1].as_py() == max(DAY0 + dt.timedelta(days=3 + 60), known) + dt.timedelta(days=1)
    assert not any(f.signal.name == "a" for f in candidates(view, known_before=DAY0 + dt.timedelta(days=9)))


def test_a_key_that_passed_on_is_its_holders_of_the_day(tmp_path):
    """Visits by a licence: of firm A until it passed to B, then of B, and so are their histories."""
    world = World("Asia/Shanghai")
    turn, known = world.start(DAY0 + dt.timedelta(days=5)), world.start(DAY0 - dt.timedelta(days=30))
    held = {"key": "licence", "known_at": known, "retracted_at": None}
    world.links = [
        held | {"entity": "A", "valid_from": None, "valid_to": turn},
        held | {"entity": "B", "valid_from": turn, "valid_to": None},
    ]
    world.rows["visits"] = [visit(world, f"v{day}", "licence", day, score=day * 1.0) for day in (3, 5, 8)]
    world.rows["register"] = [state(world, "licence", 0, "a", None)]
    view = world.write(tmp_path)
    found = labels(view, "visits", "failed")
    assert found["entity"].to_pylist() == ["A", "B", "B"]
    declared = candidates(view, known_before=DAY0 + dt.timedelta(days=60))
    factor = next(f for f in declared if f.name == "visits.score.sum.all")
    assert matrix(view, [factor], found)[:, 0].tolist() == pytest.approx([0.0, 0.0, 5.0], nan_ok=True)


def test_labels_refuse_what_is_not_declared(lake):
    for dataset, point in (("nowhere", "failed"), ("weather", "failed"), ("visits", "smell")):
        with pytest.raises(Problem):
            labels(lake, dataset, point)


@pytest.mark.parametrize(
    ("expression", "zh", "en"),
    [
        ("result = 'bad'", "result为“bad”", "result = bad"),
        ("result <> '合格'", "result不为“合格”", "result not 合格"),
        ("result IN ('a', 'b')", "result为“a、b”", "result one of a, b"),
        ("score < 2.5", "score小于“2.5”", "score < 2.5"),
        ("score > 1 OR result = 'x'", "odd_one", "odd one"),
        ("other = 1", "odd_one", "odd one"),
    ],
)
def test_a_condition_is_titled_by_what_it_asks(expression, zh, en):
    signal = Signal("condition", "odd_one", expression)
    made = named(
        Factor(name="", dataset="visits", family="count", statistic="count", signal=signal), CONTRACTS["visits"]
    )
    assert made.title_zh == f"历来“检查”{zh}次数" and made.title_en == f"Visits: number of {en}, ever"
