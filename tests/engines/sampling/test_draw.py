import math
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mingcha.engines.sampling import rows
from mingcha.engines.sampling.draw import first, opened, q_values, run, seal
from mingcha.engines.sampling.encoding import digest
from mingcha.problems import Problem


def sealed(n, strata=None):
    s, t = (b"".join(digest("test", name, i) for i in range(n)) for name in "st")
    strata = strata or ["x"] * n
    return seal("D", [f"u{i}" for i in range(n)], strata, np.arange(1, n + 1) * 1000, s, t)


@given(st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(1, 900_000)), min_size=1, max_size=20))
def test_q_is_the_same_in_plain_python(cases):
    tickets = b"".join(k.to_bytes(8, "big") + bytes(24) for k, _ in cases)
    expected = []
    for k, P in cases:
        u, pi = (2 * (k >> 12) + 1) / 2**53, P / 1_000_000
        expected.append((u * (1 - pi)) / ((1 - u) * pi))
    assert q_values(tickets, np.array([P for _, P in cases])).tolist() == expected


@pytest.mark.parametrize("k", [0, 2**64 - 1])
def test_q_at_the_ends_is_finite_and_positive(k):
    q = q_values(k.to_bytes(8, "big") + bytes(24), np.array([1]))[0]
    assert 0 < q < math.inf


def test_leaves_ascend_and_a_place_says_nothing():
    units = sealed(200)
    assert units.leaves == sorted(units.leaves)
    assert units.ids != sorted(units.ids)


def test_first_takes_ties_by_ticket():
    q = np.array([2.0, 1.0, 1.0, 1.0, 0.5])
    tickets = b"".join(bytes([x]) * 32 for x in (0, 9, 3, 5, 7))
    rows_of = np.arange(5)
    assert first(q, tickets, rows_of, 3) == [4, 2, 3]
    assert first(q, tickets, rows_of, 0) == []
    assert first(q, tickets, np.array([0, 1]), 1) == [1]


def test_each_stratum_has_its_visits_and_the_smallest_q():
    units = sealed(90, ["a", "b", "c"] * 30)
    strata = {"a": {"N": 30, "n": 1}, "b": {"N": 30, "n": 5}, "c": {"N": 30, "n": 30}}
    outcome = run(units, {"strata": strata}, bytes(32))
    for name, size in strata.items():
        mine = np.array(units.strata) == name
        assert outcome.drawn[mine].sum() == size["n"]
        if size["n"] < size["N"]:
            assert outcome.q[mine & outcome.drawn].max() < outcome.q[mine & ~outcome.drawn].min()


def test_every_input_of_the_draw_changes_the_result():
    base = sealed(8)
    strata = {"strata": {"x": {"N": 8, "n": 2}}}
    results = {run(base, strata, bytes(32)).result, run(base, strata, bytes(31) + b"\x01").result}
    for change in ({"draw": "E"}, {"ids": ["v", *base.ids[1:]]}, {"P": base.P + 1}, {"t": bytes(32) + base.t[32:]}):
        with_it = {"draw": "D", "ids": base.ids, "strata": base.strata, "P": base.P, "s": base.s, "t": base.t} | change
        results.add(run(seal(**with_it), strata, bytes(32)).result)
    assert len(results) == 6


def test_fresh_secrets_each_time():
    one, other = (seal("D", ["u", "v"], ["x", "x"], np.array([1, 2])) for _ in "12")
    assert one.root != other.root and one.s != other.s and one.t != other.t and one.s != one.t


def test_texts_are_sealed_in_nfc():
    composed = seal("D\u00e9", ["caf\u00e9"], ["\u00e9"], np.array([5]), bytes(32), bytes(32))
    decomposed = seal("De\u0301", ["cafe\u0301"], ["e\u0301"], np.array([5]), bytes(32), bytes(32))
    assert composed.root == decomposed.root and decomposed.ids == ["caf\u00e9"]


@pytest.mark.parametrize("ids", [[], ["a", "a"], ["a", ""], ["\u00e9", "e\u0301"]])
def test_ids_that_cant_be_sealed(ids):
    with pytest.raises(Problem):
        seal("D", ids, ["x"] * len(ids), np.full(len(ids), 5))


def test_opened_leaves_hang_on_the_seed():
    assert len(opened(bytes(32), 10_000)) == 300 == len(set(opened(bytes(32), 10_000)))
    assert opened(bytes(32), 10_000) != opened(b"\x01" * 32, 10_000)
    assert opened(bytes(32), 7) == list(range(7))


@given(st.integers(1, 40))
@settings(max_examples=10, deadline=None)
def test_parts_make_the_same_bytes_as_one(count):
    """Cut among processes or not: the same leaves, heads, tickets and lines."""
    names, strata = [f"店{i}" for i in range(count)], ["x", "y"] * count
    P, s, t = np.arange(1, count + 1).tobytes(), bytes(32 * count), bytes(range(32)) * count
    whole = rows.leaves("D", strata[:count], names, P, s, t)
    half = count // 2
    parts = [
        rows.leaves("D", strata[a:b], names[a:b], P[8 * a : 8 * b], s[32 * a : 32 * b], t[32 * a : 32 * b])
        for a, b in ((0, half), (half, count))
    ]
    assert whole == b"".join(parts)


def test_other_interpreters_do_their_part(monkeypatch):
    count = 3 * rows.CHUNK
    secret = bytes(32 * count)
    columns = ["x"] * count, [f"店{i}" for i in range(count)], np.arange(1, count + 1).tobytes(), secret, secret

    def spread():
        return rows.spread(rows.leaves, "D", *columns, rows=count)

    alone = spread()
    assert len(alone) == 3
    monkeypatch.setattr(rows, "ALONE", 1)
    monkeypatch.setattr(rows, "_cores", lambda: 2)
    shared = spread()
    assert len(shared) == 2 and b"".join(shared) == b"".join(alone)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")  # none can be started: the work is done all the same
    assert b"".join(spread()) == b"".join(alone)


@pytest.mark.parametrize("ending", ["exit 1", "kill -9 $$"])
def test_an_interpreter_that_fails_half_way_is_not_believed(monkeypatch, tmp_path, ending):
    count = 2 * rows.CHUNK
    blob = bytes(32 * count)
    alone = b"".join(rows.spread(rows.head, "", blob, rows=count))
    failing = tmp_path / "python"
    failing.write_text(f"#!/bin/sh\ncat > /dev/null\nprintf half\n{ending}\n")
    failing.chmod(0o755)
    monkeypatch.setattr(rows, "ALONE", 1)
    monkeypatch.setattr(rows, "_cores", lambda: 2)
    monkeypatch.setattr(sys, "executable", str(failing))
    assert b"".join(rows.spread(rows.head, "", blob, rows=count)) == alone
