"""No label that closed after the test began may teach; every test row comes after."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mingcha.engines.risk import selection, splits
from mingcha.engines.risk.sample import Sample
from mingcha.problems import Problem

days = st.lists(st.integers(0, 700), min_size=1, max_size=80)


def of(offsets, window):
    n = len(offsets)
    rng = np.random.default_rng(0)
    return Sample.build(
        factors=["a"],
        x=np.zeros((n, 1)),
        as_of=np.datetime64("2023-01-01") + np.array(offsets),
        y=rng.integers(0, 2, n),
        label_window=window,
    )


@given(days, st.integers(0, 120), st.integers(1, 5))
@settings(max_examples=80, deadline=None)
def test_the_purge_leaves_no_overlap(offsets, window, width):
    s = of(offsets, window)
    for split in splits.rolling(s, "2023-03", "2024-09", width):
        closed = s.as_of[split.train] + np.timedelta64(window, "D")
        assert (closed < split.first).all()
        assert ((s.as_of[split.test] >= split.first) & (s.as_of[split.test] <= split.last)).all()


@given(days, st.integers(0, 60), st.integers(2, 6))
@settings(max_examples=80, deadline=None)
def test_blocks_are_purged_on_both_sides(offsets, window, folds):
    s = of(offsets, window)
    for train, test in splits.blocks(s.as_of, s.known_from, folds):
        a, b = s.as_of[test].min(), s.as_of[test].max()
        before = s.as_of[train] < a
        assert (s.known_from[train][before] <= a).all()
        assert (s.as_of[train][~before] > b + np.timedelta64(window, "D")).all()


@given(days, st.integers(0, 60))
@settings(max_examples=40, deadline=None)
def test_origins_only_look_back(offsets, window):
    s = of(offsets, window)
    for train, test in splits.origins(s.as_of, s.known_from, 3):
        assert s.known_from[train].max() <= s.as_of[test].min()


def test_windows_of_months():
    found = [(str(a), str(b)) for a, b in splits.months("2013-07", "2014-06", 2)]
    assert found[0] == ("2013-07-01", "2013-08-31")
    assert found[-1] == ("2014-05-01", "2014-06-30")
    assert len(found) == 6
    assert [str(b) for _, b in splits.months("2024-01", "2024-03", 2)] == ["2024-02-29", "2024-03-31"]


@pytest.mark.parametrize(
    ("first", "last", "window"), [("July", "2014-06", 2), ("2014-06", "2014-01", 2), ("2014-01", "2014-06", 0)]
)
def test_bad_months_are_a_problem(first, last, window):
    with pytest.raises(Problem):
        list(splits.months(first, last, window))


def test_what_was_not_known_when_we_look_back_is_not_tested():
    s = of([0, 100, 110], 30)
    split = splits.at(s, "2023-04-01", "2023-05-01", known_at="2023-05-15")
    assert (split.train.tolist(), split.test.tolist()) == ([0], [1])


def test_weights_are_capped_and_visits_without_a_design_weigh_one():
    w = selection.weights(np.array([0.5, 0.01, np.nan]), 20)
    assert w.tolist() == [2, 20, 1]
    assert selection.effective_size(np.ones(7)) == 7
    assert selection.effective_size(np.array([1, 1, 2])) == pytest.approx(16 / 6)


@pytest.mark.parametrize(("pi", "claim"), [([0.5, 0.2], "design"), ([0.5, np.nan], "mixed"), ([np.nan], "none")])
def test_only_a_design_allows_a_design_based_claim(pi, claim):
    assert selection.weighting(np.array(pi), 20).claim == claim
