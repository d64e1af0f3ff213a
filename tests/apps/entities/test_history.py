"""Bitemporal links, end to end: in whatever order deliveries come, every past day's view is what was known by then."""

import random
from datetime import UTC

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.apps.entities.entity_deliveries import dataset, day, deliver

from mingcha.apps.entities.models import Entity, EntityKey, KeyConflict, Resolution, ResolvedBatch
from mingcha.apps.entities.services import entities_resolve
from mingcha.apps.exchange.models import Batch, Dataset, LakeFile
from mingcha.engines.linkage.evidence import provisional_key

U = "91440604193644872E"
pytestmark = pytest.mark.django_db(transaction=False)

some = st.sampled_from(["A", "B", "C", None])
rows = st.lists(
    st.fixed_dictionaries({"a": some, "b": some, "uscc": st.sampled_from([U, None, None]), "known": st.integers(0, 8)}),
    min_size=1,
    max_size=8,
)


def keys_of(row):
    keys = [f"a:{row['a']}" if row["a"] else None, f"b:{row['b']}" if row["b"] else None]
    return [k for k in [*keys, f"uscc:{row['uscc']}" if row["uscc"] else None] if k]


def rebuilt(rows, time):
    """key -> entity, from the rows known by `time` alone."""
    known = [row for row in rows if row["known"] <= time]
    first, group = {}, {}
    for row in known:
        for key in keys_of(row):
            first[key] = min(first.get(key, 99), row["known"])
            group.setdefault(key, {key})
    for row in known:
        union = set().union(*(group[k] for k in keys_of(row))) if keys_of(row) else set()
        for key in union:
            group[key] = union
    return {key: _name(keys, first) for key, keys in group.items()}


def _name(keys, first):
    return U if f"uscc:{U}" in keys else provisional_key(min(keys, key=lambda k: (first[k], k)))


def stored(time):
    live = EntityKey.objects.exclude(value__startswith="record:").filter(known_at__lte=_utc(time))
    live = [k for k in live.select_related("entity") if k.retracted_at is None or k.retracted_at > _utc(time)]
    assert len({k.value for k in live}) == len(live)
    return {k.value: k.entity.key for k in live}


def _utc(time):
    return day(time).replace(tzinfo=UTC)


@pytest.fixture
def sources():
    return dataset("one", {"a": "a", "b": "b", "uscc": "uscc"}, ("name",)), dataset(
        "two", {"b": "b", "a": "a", "uscc": "uscc"}
    )


@given(rows, st.integers(1, 4), st.randoms(use_true_random=False))
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_order_of_deliveries_gives_the_same_history(sources, drawn, pieces, chance):
    _forget()
    numbered = [{"id": str(i), **row} for i, row in enumerate(drawn)]
    shuffled = random.Random(chance.random()).sample(numbered, len(numbered))
    for i in range(pieces):
        if part := shuffled[i::pieces]:
            deliver(sources[i % 2], part)
            entities_resolve()
    for time in range(-1, 10):
        assert stored(time) == rebuilt(drawn, time)
    alive = set(rebuilt(drawn, 99).values())
    assert set(Entity.objects.exclude(keys__value__startswith="record:").values_list("key", flat=True)) == alive
    assert all(e.merged_into.key in alive for e in Entity.ever.exclude(merged_into=None))
    before = list(EntityKey.objects.order_by("pk").values())
    ResolvedBatch.objects.all().delete()  # all of it once more, at once
    report = entities_resolve()
    assert (report.entities_new, report.entities_changed, report.links_new, report.links_retracted) == (0, 0, 0, 0)
    assert list(EntityKey.objects.order_by("pk").values()) == before


def _forget():
    for model in (ResolvedBatch, Resolution, KeyConflict, EntityKey):
        model.objects.all().delete()
    Entity.ever.update(merged_into=None)
    Entity.ever.all().delete()
    LakeFile.objects.all().delete()
    Batch.objects.all().delete()
    assert Dataset.objects.count() == 2
