"""Estimators: by hand, and by full enumeration of every sample of a small design with its probability."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from mingcha.engines.sampling import estimators as est
from mingcha.engines.sampling.allocation import allocate
from mingcha.engines.sampling.draw import run, seal
from mingcha.engines.sampling.encoding import digest
from mingcha.engines.sampling.inclusion import design_probabilities, pareto
from mingcha.problems import Problem


def samples(P, n):
    """Every sample of n with its probability: all in it below t, none of the others, as t grows."""
    c = [(1e6 - p) / p for p in P]

    def rate(y, inside):
        t = math.exp(y)
        log = sum(math.log(t / (t + c[i])) if i in inside else math.log(c[i] / (t + c[i])) for i in range(len(c)))
        # the last one of the sample passes t: the sum of its hazards
        return math.exp(log) * sum(c[i] / (t + c[i]) for i in inside)

    for inside in itertools.combinations(range(len(P)), n):
        yield list(inside), quad(rate, -40, 40, args=(inside,), limit=300)[0]


P, N_VISITS = np.array([800_000, 400_000, 300_000, 250_000, 150_000, 100_000]), 2
Y = np.array([1.0, 0, 1, 1, 0, 0])
PI = pareto(P, N_VISITS)
DESIGN = list(samples(P, N_VISITS))


def test_the_enumerated_design_is_the_one_computed():
    assert sum(p for _, p in DESIGN) == pytest.approx(1)
    included = np.zeros(len(P))
    for inside, p in DESIGN:
        included[inside] += p
    assert included == pytest.approx(PI, abs=1e-8)


def test_horvitz_thompson_is_unbiased_over_all_samples():
    mean = sum(p * est.ht_total(Y[s], PI[s], ["x"] * 2).value for s, p in DESIGN)
    assert mean == pytest.approx(Y.sum(), abs=1e-7)


def test_with_the_given_pi_it_would_not_be():
    """Why the exact probabilities are computed for few visits."""
    mean = sum(p * est.ht_total(Y[s], P[s] / 1e6, ["x"] * 2).value for s, p in DESIGN)
    assert abs(mean - Y.sum()) > 0.01


def test_off_policy_value_is_unbiased_over_all_samples():
    other = np.array([0.1, 0.9, 0.2, 0.4, 0.3, 0.1])
    mean = sum(p * est.off_policy(Y[s], PI[s], other[s], ["x"] * 2, 6).value for s, p in DESIGN)
    assert mean == pytest.approx((other * Y).sum() / 6, abs=1e-7)


def test_hajek_by_hand():
    # two strata; 1/pi: 2, 4 | 5, 5, 10. sum(y/pi) = 2 + 5 = 7, sum(1/pi) = 26, mean 7/26
    y, pi = np.array([1.0, 0, 1, 0, 0]), np.array([0.5, 0.25, 0.2, 0.2, 0.1])
    strata = ["a", "a", "b", "b", "b"]
    got = est.hajek_mean(y, pi, strata, 26)
    mean = 7 / 26
    e = [(1 - mean) / 0.5, -mean / 0.25, (1 - mean) / 0.2, -mean / 0.2, -mean / 0.1]
    spread = 0.0
    for rows, weights in (((0, 1), (0.5, 0.75)), ((2, 3, 4), (0.8, 0.8, 0.9))):
        centre = sum(w * e[i] for i, w in zip(rows, weights, strict=True)) / sum(weights)
        n = len(rows)
        spread += n / (n - 1) * sum(w * (e[i] - centre) ** 2 for i, w in zip(rows, weights, strict=True))
    assert got.value == pytest.approx(mean)
    assert got.se == pytest.approx(math.sqrt(spread) / 26)
    assert (got.low + got.high) / 2 == pytest.approx(mean)


def test_equal_probabilities_give_the_textbook():
    """Simple random sampling: variance of the mean (1 - f) s^2 / n."""
    y = np.array([3.0, 5, 1, 7])
    got = est.hajek_mean(y, np.full(4, 0.2), ["x"] * 4, 20)
    assert got.value == 4
    assert got.se == pytest.approx(math.sqrt((1 - 0.2) * y.var(ddof=1) / 4))


def test_certain_units_add_nothing_and_lone_ones_are_collapsed():
    y, pi = np.array([1.0, 0, 1, 0]), np.array([0.5, 0.5, 0.25, 0.25])
    e = y / pi
    whole = est.variance(e, pi, ["a", "a", "b", "b"])
    certain = est.variance(np.append(e, 9.0), np.append(pi, 1.0), ["a", "a", "b", "b", "a"])
    assert certain == pytest.approx(whole)
    together = est.variance(e[:3], pi[:3], ["x"] * 3)
    assert est.variance(e[:3], pi[:3], ["a", "a", "b"]) == pytest.approx(together)  # last: with the one before
    assert est.variance(e[[2, 0, 1]], pi[[2, 0, 1]], ["a", "b", "b"]) == pytest.approx(together)  # first: with the next
    three = est.variance(e[[0, 2, 1]], pi[[0, 2, 1]], ["a", "b", "c"])
    assert three == pytest.approx(together)
    with pytest.raises(Problem, match="one uncertain result"):
        est.variance(e[:1], pi[:1], ["a"])


def test_proportion_stays_within_bounds_and_is_honest_about_rare_events():
    none = est.proportion(np.zeros(30), np.full(30, 0.1), ["x"] * 30, 300)
    assert (none.value, none.low) == (0, 0) and none.high == pytest.approx(1 - 0.025 ** (1 / 30), rel=1e-6)
    every = est.proportion(np.ones(30), np.full(30, 0.1), ["x"] * 30, 300)
    assert (every.value, every.high) == (1, 1) and every.low == pytest.approx(0.025 ** (1 / 30), rel=1e-6)
    some = est.proportion(np.array([1.0] * 3 + [0] * 27), np.full(30, 0.1), ["x"] * 30, 300)
    assert 0 < some.low < 0.1 < some.high < 0.4


def test_post_stratification_by_hand():
    y, pi = np.array([1.0, 0, 1, 1]), np.full(4, 0.1)
    got = est.post_stratified(y, pi, ["x"] * 4, ["m", "m", "k", "k"], {"m": 30, "k": 10})
    assert got.value == pytest.approx(0.75 * 0.5 + 0.25 * 1)
    with pytest.raises(Problem, match="other"):
        est.post_stratified(y, pi, ["x"] * 4, ["m", "m", "k", "k"], {"m": 30, "k": 10, "other": 1})


def test_weights_and_effective_size():
    assert est.label_weights(np.array([0.5, 0.01]), 20).tolist() == [2, 20]
    assert est.effective_size(np.ones(7)) == 7
    assert est.effective_size(np.array([3.0, 1])) == pytest.approx(16 / 10)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 1), st.sampled_from("abc")), min_size=4, max_size=40))
@settings(deadline=None)
def test_whatever_the_sample_the_mean_lies_within_the_results(rows):
    y, pi, strata = np.array([r[0] for r in rows]), np.array([r[1] for r in rows]), [r[2] for r in rows]
    if (pi < 1).sum() < 2:
        return
    got = est.hajek_mean(y, pi, strata, 1000)
    assert y.min() - 1e-9 <= got.value <= y.max() + 1e-9
    assert got.se >= 0 and got.low <= got.value <= got.high


@pytest.mark.parametrize(("y", "pi"), [([1.0], [0.0]), ([1.0, 0], [0.5]), ([np.nan], [0.5]), ([], []), ([1.0], [1.1])])
def test_what_cant_be_estimated(y, pi):
    with pytest.raises(Problem):
        est.ht_total(np.array(y), np.array(pi), ["x"] * len(y))


def test_intervals_cover_the_truth_over_many_draws():
    """600 draws by real tickets of 60 among 600 simulated firms, 95% intervals.

    The plain one is short for so few visits of such unequal weight (.90 in 4,000 draws); Korn and Graubard's holds.
    """
    rng = np.random.default_rng(5)
    risk = rng.beta(1, 6, 600)
    truth = (rng.random(600) < risk).astype(float)
    strata = [f"s{i % 3}" for i in range(600)]
    made = allocate(strata, 60, scores=risk, exploration=0.3, focus=2)
    s, t = (b"".join(digest("test", name, i) for i in range(600)) for name in "st")
    sealed = seal("simulated", [f"{i}" for i in range(600)], strata, made.P, s, t)
    y, names = truth[[int(i) for i in sealed.ids]], np.array(sealed.strata)
    pi = np.empty(600)
    for name, size in made.strata.items():
        pi[names == name] = design_probabilities(sealed.P[names == name], size["n"])
    covered = {"mean": 0, "proportion": 0}
    for k in range(600):
        drawn = run(sealed, {"strata": made.strata}, digest("test", k)).drawn
        for name, estimator in (("mean", est.hajek_mean), ("proportion", est.proportion)):
            got = estimator(y[drawn], pi[drawn], names[drawn].tolist(), 600)
            covered[name] += got.low <= truth.mean() <= got.high
    assert covered["proportion"] / 600 >= 0.93
    assert covered["mean"] / 600 >= 0.86
