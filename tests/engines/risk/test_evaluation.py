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


def test_overlap():
    a = np.arange(10.0)
    assert ev.top_overlap(a, a, 0.3) == 1
    assert ev.top_overlap(a, -a, 0.3) == 0


def test_plots_start_and_end_where_they_must():
    y, score, weight = sample(237)
    weight = np.random.default_rng(1).uniform(1, 9, len(y))
    for points in (ev.roc_points(y, score, weight), ev.gain_points(y, score, weight)):
        assert points[0] == [0, 0] and points[-1] == pytest.approx([1, 1])


def test_a_row_of_weight_three_counts_as_three_rows():
    rng = np.random.default_rng(3)
    y, score, weight = (rng.random(200) < 0.3).astype(float), rng.random(200), rng.integers(1, 4, 200)
    one, many = (np.repeat(a, weight) for a in (y, score))
    ours, plain = ev.visits(y, score, 0.25, weight.astype(float)), ev.visits(one, many, 0.25)
    assert ours.hit_rate == pytest.approx(plain.hit_rate, abs=0.02)
    assert (ours.base_rate, ours.recall) == pytest.approx((plain.base_rate, plain.recall), abs=0.02)
    assert ev.auc(y, score, weight.astype(float)) == pytest.approx(ev.auc(one, many))
    assert ev.auc_interval(y, score, weight=weight.astype(float)).value == pytest.approx(ev.auc(one, many))


def test_a_designed_sample_speaks_of_its_frame():
    """Of 20,000 firms the risky were drawn more often; weighted figures find the frame's, unweighted ones don't."""
    rng = np.random.default_rng(4)
    score = rng.beta(1, 6, 20_000)
    y = (rng.random(20_000) < score).astype(float)
    pi = np.clip(score, 0.02, 0.9)
    drawn = rng.random(20_000) < pi
    frame = ev.visits(y, score, 0.1)
    weighted = ev.visits(y[drawn], score[drawn], 0.1, 1 / pi[drawn])
    naive = ev.visits(y[drawn], score[drawn], 0.1)
    assert weighted.base_rate == pytest.approx(frame.base_rate, abs=0.02) != naive.base_rate
    assert weighted.lift == pytest.approx(frame.lift, rel=0.1)
    assert abs(naive.lift - frame.lift) > 0.5
