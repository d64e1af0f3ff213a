"""Keys become entities: against a brute-force rebuild of every moment, from nothing but what was known by then."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mingcha.engines.linkage.resolution import NONE, OPEN, resolve

A, B, C, U, V = range(5)  # three source keys, two USCCs


def run(first, anchors, joins):
    anchor = np.full(len(first), NONE)
    anchor[list(anchors)] = list(anchors)
    left, right, at = (
        np.array(column, dtype=np.int64) for column in (zip(*joins, strict=True) if joins else ([], [], []))
    )
    return resolve(np.array(first, dtype=np.int64), anchor, left, right, at)


def as_of(result, time):
    """key -> entity, as known at `time`."""
    return {
        int(k): int(e)
        for k, e, since, until in zip(result.key, result.entity, result.since, result.until, strict=True)
        if since <= time < until
    }


def rebuilt(first, anchors, joins, time):
    """The same, from the evidence known by then alone: for histories without contradictions."""
    group = {k: {k} for k in range(len(first)) if first[k] <= time}
    for left, right, at in joins:
        if at <= time:
            union = group[left] | group[right]
            for k in union:
                group[k] = union
    return {k: _name(g, first, anchors) for k, g in group.items()}


def _name(group, first, anchors):
    own = sorted(group & set(anchors))
    return own[0] if own else min(group, key=lambda k: (first[k], k))


def test_a_key_alone_is_an_entity_of_its_own():
    assert as_of(run([5], [], []), 5) == {A: A}
    assert as_of(run([5], [], []), 4) == {}


def test_a_uscc_learned_later_takes_over_from_that_moment_on():
    result = run([1, 9, 9, 4, 9], [U, V], [(A, U, 7)])
    assert as_of(result, 6)[A] == A
    assert as_of(result, 7)[A] == U
    spans = sorted((s, u) for k, s, u in zip(result.key, result.since, result.until, strict=True) if k == A)
    assert spans == [(1, 7), (7, OPEN)]


def test_provisional_keys_that_meet_go_by_the_one_known_first_until_a_uscc_comes():
    result = run([2, 1, 9, 5, 9], [U, V], [(A, B, 3), (A, U, 6)])
    assert as_of(result, 2) == {A: A, B: B}
    assert as_of(result, 3) == {A: B, B: B}
    assert as_of(result, 6) == {A: U, B: U, U: U}


def test_two_usccs_never_become_one_and_the_first_to_claim_a_key_keeps_it():
    result = run([1, 1, 1, 2, 2], [U, V], [(A, U, 3), (A, V, 4), (B, V, 5)])
    assert as_of(result, 9) == {A: U, B: V, C: C, U: U, V: V}
    assert result.refused.tolist() == [1]
    assert (result.kept.tolist(), result.claimed.tolist()) == ([U], [V])


def test_a_join_of_two_usccs_on_one_row_is_refused():
    result = run([0, 0, 0, 1, 1], [U, V], [(U, V, 2)])
    assert as_of(result, 9)[V] == V
    assert len(result.refused) == 1


def test_a_person_s_decision_holds_against_later_rows():
    # node 5 stands for the entity to which a person moved A; a row that joins A to U again is refused
    first = np.array([1, 1, 1, 2, 2, 1])
    anchor = np.array([5, NONE, NONE, U, V, 5])
    result = resolve(first, anchor, np.array([A, A]), np.array([U, B]), np.array([3, 4]))
    assert as_of(result, 9)[A] == 5
    assert as_of(result, 9)[B] == 5  # a new key that is seen with A goes where A went
    assert result.refused.tolist() == [0]


keys = st.integers(0, 5)
joins = st.lists(st.tuples(keys, keys, st.integers(0, 6)).filter(lambda j: j[0] != j[1]), max_size=9)


@given(st.lists(st.integers(0, 8), min_size=6, max_size=6), st.sampled_from([(), (2,)]), joins)
@settings(max_examples=200, deadline=None)
def test_every_moment_is_what_could_be_told_then(first, anchors, drawn):
    known = [(a, b, max(t, first[a], first[b])) for a, b, t in drawn]
    result = run(first, anchors, known)
    for time in range(-1, 10):
        assert as_of(result, time) == rebuilt(first, anchors, known, time)


@given(st.lists(st.integers(0, 8), min_size=6, max_size=6), joins, joins)
@settings(max_examples=200, deadline=None)
def test_what_is_learned_later_moves_nothing_of_the_past(first, past, future):
    """With contradictions too: two anchors, joins known from 9 on added or not."""
    past = [(a, b, max(t, first[a], first[b])) for a, b, t in past]
    future = [(a, b, 9 + t) for a, b, t in future]
    before, after = run(first, (2, 3), past), run(first, (2, 3), past + future)
    for time in range(9):
        assert as_of(before, time) == as_of(after, time)
    last = as_of(after, OPEN - 1)
    assert last[2] == 2 and last[3] == 3
    assert sorted(last) == list(range(6))


@given(st.lists(st.integers(0, 8), min_size=6, max_size=6), joins, st.randoms())
@settings(max_examples=200, deadline=None)
def test_the_order_of_the_rows_says_nothing(first, drawn, random):
    known = [(a, b, max(t, first[a], first[b])) for a, b, t in drawn]
    shuffled = random.sample([(b, a, t) if random.random() < 0.5 else (a, b, t) for a, b, t in known], len(known))
    one, other = run(first, (2,), known), run(first, (2,), shuffled)
    for time in range(10):
        assert as_of(one, time) == as_of(other, time)


def test_a_million_keys_take_seconds():
    import time

    n = 300_000
    rng = np.random.default_rng(1)
    first = rng.integers(0, 1000, 3 * n)
    anchor = np.full(3 * n, NONE)
    anchor[:n] = np.arange(n)
    left = np.concatenate((np.arange(n), np.arange(n)))
    right = np.concatenate((np.arange(n, 2 * n), np.arange(2 * n, 3 * n)))
    at = np.maximum(np.maximum(first[left], first[right]), rng.integers(0, 2000, 2 * n))
    begun = time.perf_counter()
    result = resolve(first, anchor, left, right, at)
    assert time.perf_counter() - begun < 20
    assert (result.entity[result.until == OPEN] < n).all()
