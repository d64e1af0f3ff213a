"""A licence that passes from firm to firm: before that day its records are the first one's, then the next's."""

import random
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.apps.entities.entity_deliveries import dataset, day, deliver

from mingcha.apps.accounts.models import Unit, User
from mingcha.apps.entities.models import Entity, EntityKey, KeyConflict, Resolution, ResolvedBatch
from mingcha.apps.entities.selectors import entity_file, entity_get, lake_view
from mingcha.apps.entities.services import entities_resolve, entity_merge, entity_split
from mingcha.apps.exchange.models import Batch, LakeFile
from mingcha.engines.linkage.evidence import provisional_key

U, V, W = "91440604193644872E", "914406048936207755", "91440606748023528A"
L = "licence:food:L1"
pytestmark = pytest.mark.django_db


@pytest.fixture
def licences():
    return dataset(
        "licences",
        {"uscc": "uscc", "licence": "licence:food"},
        ("name",),
        fields=("id", "known", "starts"),
        validTime={"from": "starts"},
    )


@pytest.fixture
def visits():
    return dataset("visits", {"licence": "licence:food"}, ("name",))


def licence(id, known, uscc, starts, licence="L1", **more):
    return {"id": id, "known": known, "uscc": uscc, "licence": licence, "starts": starts, **more}


def resolved(dataset, *rows):
    deliver(dataset, list(rows))
    return entities_resolve()


def at(moment):
    """key L as it was known at `moment`: (entity, valid from, valid to) in order."""
    moment = day(moment).replace(tzinfo=UTC)
    rows = EntityKey.objects.filter(value=L, known_at__lte=moment).select_related("entity")
    rows = [r for r in rows if r.retracted_at is None or r.retracted_at > moment]
    spans = [(r.entity.key, r.valid_from, r.valid_to) for r in rows]
    number = lambda time: None if time is None else (time.replace(tzinfo=None) - day(0)).days  # noqa: E731
    return sorted(((e, number(f), number(t)) for e, f, t in spans), key=lambda span: span[1] or -1)


def days(key, source="visits"):
    return [(r.event_at.replace(tzinfo=None) - day(0)).days for r in entity_file(key, datasets=[source]).records]


def test_records_before_the_day_stay_after_it_are_the_next_firm_s(licences, visits):
    resolved(visits, *({"id": str(n), "known": n, "licence": "L1"} for n in (5, 50, 99, 100, 150)))
    resolved(licences, licence("1", 10, U, 8), licence("2", 110, V, 100))
    assert not KeyConflict.objects.exists()
    assert at(109) == [(U, None, None)]
    assert at(110) == [(U, None, 100), (V, 100, None)] == at(9999)
    assert (days(U), days(V)) == ([5, 50, 99], [100, 150])
    assert entity_get("L1").key == V


def test_whose_it_was_is_known_later_than_whose_it_is(licences):
    resolved(licences, licence("2", 10, V, 100))
    assert at(10) == [(V, None, None)]
    resolved(licences, licence("1", 20, U, 8))
    assert at(19) == [(V, None, None)]
    assert at(20) == [(U, None, 100), (V, 100, None)]


def test_a_third_firm_and_renewals(licences, visits):
    resolved(licences, licence("1", 10, U, 8), licence("2", 110, V, 100))
    resolved(licences, licence("3", 150, V, 140), licence("4", 210, W, 200))
    assert EntityKey.objects.filter(value=L).count() == 1 + 2 + 2  # what hasn't changed is not written again
    resolved(visits, *({"id": str(n), "known": n, "licence": "L1"} for n in (5, 120, 199, 250)))
    assert at(209) == [(U, None, 100), (V, 100, None)]
    assert at(210) == [(U, None, 100), (V, 100, 200), (W, 200, None)]
    assert (days(U), days(V), days(W)) == ([5], [120, 199], [250])
    assert not KeyConflict.objects.exists()


@pytest.mark.parametrize(
    "rows",
    [
        [licence("1", 10, U, 8), licence("2", 110, V, 100), licence("3", 210, U, 200)],  # which is the error?
        [licence("1", 10, U, 8), licence("2", 110, V, 8)],
        [licence("1", 10, U, 8), licence("2", 110, V, None)],
        [licence("1", 10, U, None), licence("2", 110, V, 100)],
    ],
)
def test_what_does_not_tell_of_a_handover_is_a_conflict(licences, rows):
    for row in rows:
        resolved(licences, row)
    conflict = KeyConflict.objects.get(decided_at=None)
    assert (conflict.value, conflict.entity.key, conflict.claimant.key) == (L, U, V)
    assert conflict.known_at.replace(tzinfo=None) == day(110)
    assert at(9999) == [(U, None, None)]


def test_a_firm_s_own_number_never_passes_on():
    register = dataset(
        "register",
        {"uscc": "uscc", "number": "legacy15"},
        fields=("id", "known", "starts"),
        validTime={"from": "starts"},
    )
    number = "440600000000001"
    resolved(register, *(
        {"id": str(k), "known": k, "uscc": u, "number": number, "starts": k} for k, u in ((10, U), (110, V))
    ))  # fmt: skip
    assert KeyConflict.objects.get().claimant.key == V and not EntityKey.objects.exclude(valid_from=None).exists()


def test_a_corrected_record_counts_as_corrected(licences):
    resolved(licences, licence("1", 10, U, 8), licence("2", 110, V, 100))
    resolved(licences, licence("2", 120, V, 90))
    assert at(119) == [(U, None, 100), (V, 100, None)]
    assert at(120) == [(U, None, 90), (V, 90, None)]
    resolved(licences, licence("2", 130, U, 90))  # it never was V's
    assert at(129) == [(U, None, 90), (V, 90, None)]
    assert at(130) == [(U, None, None)]
    assert not KeyConflict.objects.exists() and entity_get("L1").key == U


def test_a_conflict_that_a_correction_settles_waits_no_more(licences):
    resolved(licences, licence("1", 10, U, 8), licence("2", 110, V, 100), licence("3", 210, U, 200))
    assert KeyConflict.objects.filter(decided_at=None).count() == 1
    resolved(licences, licence("3", 220, V, 200))
    assert not KeyConflict.objects.filter(decided_at=None).exists()
    assert at(219) == [(U, None, None)] and at(220) == [(U, None, 100), (V, 100, None)]


def test_the_day_begins_where_the_dataset_is():
    local = dataset(
        "local",
        {"uscc": "uscc", "licence": "licence:food"},
        fields=("id", "known", "issued"),
        validTime={"from": "issued"},
        eventTime={"field": "issued", "zone": "Asia/Shanghai"},
    )
    rows = [
        {"id": u, "known": 1, "uscc": u, "licence": "L1", "issued": d}
        for u, d in ((U, "2019-01-01"), (V, "2020-06-01"))
    ]
    resolved(local, *rows)
    assert EntityKey.objects.get(value=L, entity__key=V).valid_from == datetime(2020, 5, 31, 16, tzinfo=UTC)


def test_each_row_describes_the_firm_that_had_the_key_then(licences, visits):
    resolved(licences, licence("1", 10, U, 8), licence("2", 110, V, 100))
    resolved(visits, *({"id": n, "known": k, "licence": "L1", "name": n} for n, k in (("甲", 50), ("乙", 150))))
    assert (entity_get(U).name, entity_get(V).name) == ("甲", "乙")


def test_other_news_of_the_firms_leave_it_as_it_is(licences, visits):
    resolved(licences, licence("1", 10, U, 8), licence("2", 110, V, 100))
    before = list(EntityKey.objects.filter(value=L).order_by("pk").values())
    resolved(licences, licence("8", 120, U, 118, "L8"), licence("9", 120, V, 118, "L9"))
    resolved(licences, licence("10", 130, V, 125))  # a renewal
    resolved(visits, {"id": "1", "known": 105, "licence": "L1"}, {"id": "2", "known": 2, "licence": "L8"})
    plain = dataset("plain", {"uscc": "uscc", "licence": "licence:food"})
    resolved(plain, {"id": "1", "known": 140, "uscc": U, "licence": "L1"})  # of a visit before the licence passed on
    assert list(EntityKey.objects.filter(value=L).order_by("pk").values()) == before
    assert not KeyConflict.objects.exists()
    assert (entity_get("L8").key, entity_get("L9").key) == (U, V)


@pytest.fixture
def person():
    return User.objects.create(username="zhang", role="clerk", unit=Unit.objects.create(code="4406", name="佛山"))


def test_a_person_takes_a_handover_back(licences, visits, person):
    resolved(licences, licence("1", 10, U, 8), licence("2", 110, V, 100))
    resolved(visits, *({"id": str(n), "known": n, "licence": "L1"} for n in (50, 150)))
    entity_split(entity=entity_get(V), keys=[L], to=entity_get(U), reason="信用代码录入错误", user=person)
    assert (days(U), days(V)) == ([50, 150], [])
    assert entity_get("L1").key == U
    frozen = list(EntityKey.objects.filter(value=L).order_by("pk").values())
    resolved(licences, licence("3", 160, V, 155), licence("8", 160, U, 155, "L8"))
    resolved(visits, {"id": "200", "known": 200, "licence": "L1"})
    assert list(EntityKey.objects.filter(value=L).order_by("pk").values()) == frozen
    assert days(U) == [50, 150, 200]


def test_firms_that_had_it_one_after_the_other_are_merged(licences, visits, person):
    resolved(licences, licence("1", 10, U, 8), licence("2", 110, W, 100), licence("3", 210, V, 200))
    resolved(visits, *({"id": str(n), "known": n, "licence": "L1"} for n in (50, 150, 250)))
    entity_merge(keep=entity_get(U), drop=entity_get(V), reason="换发执照，原代码注销", user=person)
    assert (days(U), days(W)) == ([50, 250], [150])
    resolved(licences, licence("4", 260, V, 255), licence("9", 260, V, 255, "L9"))
    assert (days(U), days(W)) == ([50, 250], [150])
    assert entity_get("L1").key == U == entity_get("L9").key
    other = entity_split(entity=entity_get(U), keys=[L], reason="另有其人", user=person)
    assert (days(U), days(W), days(other.key)) == ([], [150], [50, 250])


def test_the_engines_read_it(licences, visits):
    import duckdb

    resolved(licences, licence("1", 10, U, 8), licence("2", 110, V, 100))
    (links,) = lake_view().links
    rows = duckdb.sql(f"SELECT entity, valid_from, valid_to, known_at, retracted_at FROM '{links}' WHERE key = '{L}'")
    assert sorted(rows.fetchall(), key=str) == sorted([
        (U, None, None, day(10), day(110)), (U, None, day(100), day(110), None), (V, day(100), None, day(110), None),
    ], key=str)  # fmt: skip


# whatever comes in whatever order, the links are what the rows say

firm = st.sampled_from([U, U, V, V, W, None])
told = st.lists(
    st.fixed_dictionaries({
        "id": st.integers(1, 4),  # of a record; several rows of one are its versions
        "uscc": firm,
        "starts": st.one_of(st.none(), st.integers(0, 9), st.integers(0, 9)),
        "known": st.integers(0, 9),
    }),
    min_size=1,
    max_size=7,
    unique_by=lambda row: (row["id"], row["known"]),
)  # fmt: skip


def rebuilt(rows, time):
    """The same by the definition: (entity, valid from, valid to) of the key, as known at `time`."""
    known = sorted((r for r in rows if r["known"] <= time), key=lambda r: r["known"])
    if not known:
        return []
    firms = sorted((r["known"], r["uscc"]) for r in known if r["uscc"])
    first = firms[0][1] if firms else provisional_key(L)
    dated = [r for r in known if r["uscc"] and r["starts"] is not None]
    holders = []
    for moment in sorted({r["known"] for r in dated}):
        said = {r["id"]: (r["starts"], r["uscc"]) for r in dated if r["known"] <= moment}
        days = {u: [s for s, w in said.values() if w == u] for _, u in said.values()}
        spans = sorted((min(d), max(d), u) for u, d in days.items())
        clean = all(one[1] < other[0] for one, other in pairwise(spans))
        if (clean and len(spans) > 1) or holders:
            stem = min((r["known"], r["uscc"]) for r in dated)[1]
            holders = spans if clean else [(0, 0, stem)]
    if not holders:
        return [(first, None, None)]
    starts = [None, *(s for s, _, _ in holders[1:])]
    return [(u, f, t) for (_, _, u), f, t in zip(holders, starts, [*starts[1:], None], strict=True)]


@example(
    rows=[
        {"id": 1, "uscc": V, "starts": 0, "known": 4},
        {"id": 2, "uscc": U, "starts": 1, "known": 5},
        {"id": 1, "uscc": U, "starts": 0, "known": 5},  # where it comes last, what was a handover never was one
    ],
    pieces=3,
    chance=None,
)
@given(told, st.integers(1, 4), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_order_of_deliveries_gives_the_same_history(licences, rows, pieces, chance):
    for model in (ResolvedBatch, Resolution, KeyConflict, EntityKey):
        model.objects.all().delete()
    Entity.ever.update(merged_into=None)
    Entity.ever.all().delete()
    LakeFile.objects.all().delete()
    Batch.objects.all().delete()
    shuffled = random.Random(chance.random()).sample(rows, len(rows)) if chance else rows
    for i in range(pieces):
        if part := shuffled[i::pieces]:
            resolved(licences, *({**row, "id": str(row["id"]), "licence": "L1"} for row in part))
    for time in range(-1, 11):
        assert at(time) == rebuilt(rows, time), time
    before = list(EntityKey.objects.order_by("pk").values())
    ResolvedBatch.objects.all().delete()
    report = entities_resolve()
    assert (report.entities_new, report.entities_changed, report.links_new, report.links_retracted) == (0, 0, 0, 0)
    assert list(EntityKey.objects.order_by("pk").values()) == before
