"""Known answers by hand and by scikit-learn; intervals against their own resampling."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, roc_auc_score

from mingcha.engines.risk import evaluation as ev
from mingcha.engines.risk.sample import Inspectors


def sample(n=600, seed=1, signal=1.0):
    rng = np.random.default_rng(seed)
    score = rng.normal(size=n).round(1)
    y = (rng.random(n) < 1 / (1 + np.exp(1.5 - signal * score))).astype(float)
    return y, score, rng


def test_auc_is_scikit_learns_with_ties_and_weights():
    y, score, rng = sample()
    w = rng.random(len(y)) + 0.1
    assert ev.auc(y, score) == pytest.approx(roc_auc_score(y, score))
    assert ev.auc(y, score, w) == pytest.approx(roc_auc_score(y, score, sample_weight=w))


def test_auc_of_four_rows_by_hand():
    assert ev.auc(np.array([1, 0, 1, 0.0]), np.array([3, 2, 1, 1.0])) == pytest.approx((1 + 1 + 0 + 0.5) / 4)


def test_one_class_has_no_auc():
    assert np.isnan(ev.auc(np.ones(4), np.arange(4.0)))


def test_delong_covers():
    """The interval of 95% holds the true AUC in about 95% of samples: between 92% and 98% of 300."""
    from scipy.stats import norm

    truth = float(norm.cdf(1 / np.sqrt(2)))
    rng = np.random.default_rng(5)
    inside = 0
    for _ in range(300):
        y = np.r_[np.ones(40), np.zeros(120)]
        e = ev.auc_interval(y, rng.normal(size=160) + y)
        inside += e.low <= truth <= e.high
    assert 0.92 <= inside / 300 <= 0.98


def test_within_inspector_auc_knows_nothing_of_who_inspected():
    """A score that only tells strict from lenient inspectors is worth 0.5 within them."""
    rng = np.random.default_rng(2)
    who = rng.integers(0, 4, 4000)
    y = (rng.random(4000) < np.array([0.1, 0.2, 0.4, 0.6])[who]).astype(float)
    inspectors = Inspectors.of([f"i{w}" for w in who])
    score = who + 1e-6 * rng.random(4000)
    assert ev.auc(y, score) > 0.65
    assert ev.within_inspector_auc(y, score, inspectors) == pytest.approx(0.5, abs=0.03)


def test_days_earlier_by_hand():
    days = np.array(["2020-01-01", "2020-01-01", "2020-01-11", "2020-01-21"], "datetime64[D]")
    y = np.array([0, 0, 1, 1.0])
    # the two violations take the first day's two places: 10 and 20 days earlier
    assert ev.days_earlier(y, np.array([1, 2, 9, 8.0]), days).value == pytest.approx(15)


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=2, max_size=60))
@settings(max_examples=50, deadline=None)
def test_the_order_as_it_was_moves_nothing(rows):
    days = np.sort(np.array([d for d, _ in rows])).astype("datetime64[D]")
    moved = ev.days_forward(-np.arange(len(rows), dtype=float), days)
    assert not moved.any()
    assert ev.days_forward(np.random.default_rng(0).random(len(rows)), days).sum() == 0  # capacity is kept


def test_first_half_and_visits():
    y = np.array([1, 0, 1, 0, 0, 0, 0, 0, 0, 1.0])
    score = np.array([9, 8, 7, 6, 5, 4, 3, 2, 1, 0.0])
    assert ev.found_first_half(y, score) == pytest.approx(2 / 3)
    v = ev.visits(y, score, 0.3)
    assert (v.visits, v.compliant) == (3, 1)
    assert (v.hit_rate, v.lift, v.recall) == pytest.approx((2 / 3, 2 / 3 / 0.3, 2 / 3))


def test_brier_skill_and_calibration():
    y, score, _ = sample(5000)
    p = 1 / (1 + np.exp(1.5 - score))
    base = np.full(len(y), y.mean())
    assert ev.brier_skill(y, p) == pytest.approx(1 - brier_score_loss(y, p) / brier_score_loss(y, base))
    assert ev.brier_skill(y, base) == pytest.approx(0)
    assert ev.calibration_error(y, p) < 0.02
    assert ev.calibration_error(y, np.clip(p + 0.2, 0, 1)) > 0.15


def test_paired_gain_is_zero_against_oneself_and_excludes_zero_for_a_better_score():
    y, score, rng = sample(1500)
    same = ev.paired_auc_gain(y, score, score)
    assert (same.value, same.low, same.high) == (0, 0, 0)
    gain = ev.paired_auc_gain(y, score, rng.normal(size=len(y)))
    assert gain.low > 0 and gain.low < gain.value < gain.high


def test_bootstrap_blocks_do_not_change_the_result(monkeypatch):
    y, score, rng = sample(300)
    other = rng.normal(size=300)
    whole = ev.paired_auc_gain(y, score, other, resamples=50)
    assert whole.as_list() == ev.paired_auc_gain(y, score, other, resamples=50).as_list()


def test_overlap_and_overrides():
    a = np.arange(10.0)
    assert ev.top_overlap(a, a, 0.3) == 1
    assert ev.top_overlap(a, -a, 0.3) == 0
    o = ev.overrides(np.array([1, 0, 0, 0.0]), np.array([1, 1, 0, 0]))
    assert o == {"rate": 0.5, "hit_rate": 0.5, "hit_rate_of_others": 0.0}


def test_plots_start_and_end_where_they_must():
    y, score, _ = sample(237)
    for points in (ev.roc_points(y, score), ev.gain_points(y, score)):
        assert points[0] == [0, 0] and points[-1] == [1, 1]
    assert sum(row[2] for row in ev.histogram(np.linspace(0, 1, 50))) == 50
