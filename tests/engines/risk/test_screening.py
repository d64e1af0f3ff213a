import numpy as np
import pytest
from scipy.stats import spearmanr

from mingcha.engines.risk import clusters, elimination, stability
from mingcha.engines.risk.config import Config, Screening
from mingcha.engines.risk.sample import Sample
from mingcha.engines.risk.screening import REASONS, screen
from mingcha.problems import Problem


def planted(n=5000, noise=40, seed=0):
    """Three true factors with two proxies each, noise in pairs, one that moves with time, one that hardly varies."""
    rng = np.random.default_rng(seed)
    true = rng.standard_normal((n, 3))
    proxies = np.repeat(true, 2, axis=1) * 0.9 + np.sqrt(0.19) * rng.standard_normal((n, 6))
    other = np.repeat(rng.standard_normal((n, noise // 2)), 2, axis=1) + 0.4 * rng.standard_normal((n, noise))
    moving = rng.standard_normal(n) + 3 * np.arange(n) / n
    still = (np.arange(n) == 7).astype(float)
    x = np.column_stack([true, proxies, other, moving, still]).astype(np.float32)
    odds = 0.5 * true[:, 0] - 0.4 * true[:, 1] + 0.6 * (true[:, 2] > 0.5) - 1.6
    y = (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(float)
    x[:, :-1][rng.random((n, x.shape[1] - 1)) < 0.1] = np.nan
    names = ["a", "b", "c", "a1", "a2", "b1", "b2", "c1", "c2", *[f"n{j}" for j in range(noise)], "moving", "still"]
    day = np.datetime64("2023-01-01") + np.sort(rng.integers(0, 500, n))
    return Sample.build(factors=names, x=x, as_of=day, y=y, label_window=10)


CONFIG = Config(screening=Screening(shadows=40, trees=40, refit_trees=100, at_least=1))


@pytest.fixture(scope="module")
def proposal():
    return screen(planted(), config=CONFIG, allowed=[f for f in planted().factors if f != "n3"], prior={"b": -1})


def test_the_planted_clusters_are_found_and_nothing_else(proposal):
    assert sorted({name[0] for name in proposal.names}) == ["a", "b", "c"]
    assert len(proposal.names) == 3
    assert not any(f.weak for f in proposal.factors)


def test_each_dropped_candidate_has_its_reason(proposal):
    assert proposal.dropped["n3"] == "unlawful"
    assert proposal.dropped["moving"] == "unstable"
    assert proposal.dropped["still"] == "constant"
    assert set(proposal.dropped.values()) <= set(REASONS)
    assert len(proposal.dropped) + len(proposal.names) == proposal.candidates
    first = next(f for f in proposal.factors if f.name[0] == "a")
    assert {name[0] for name, _ in first.cluster} == {"a"}
    assert all(abs(rho) > 0.7 for _, rho in first.cluster)


def test_directions_are_the_planted_ones(proposal):
    pull = {f.name[0]: f.direction for f in proposal.factors}
    assert pull["a"] in (0, 1) and pull["b"] in (0, -1)
    assert 1 in pull.values() or -1 in pull.values()


def test_what_is_the_same_for_everyone_on_a_day_is_not_proposed(proposal):
    s = planted()
    strongest = proposal.names[0]
    others = screen(s, config=CONFIG, allowed=s.factors, of_days={strongest})
    assert strongest not in others.names and others.dropped[strongest] == "of_days"


def test_the_same_proposal_twice(proposal):
    s = planted()
    again = screen(s, config=CONFIG, allowed=[f for f in s.factors if f != "n3"], prior={"b": -1})
    assert again == proposal


def test_a_factor_that_only_tells_who_inspects_is_not_kept():
    rng = np.random.default_rng(3)
    n = 4000
    strict = rng.random(n) < 0.5
    x = rng.standard_normal((n, 10)).astype(np.float32)
    x[:, 0] += 2 * strict  # a place where strict inspectors work
    odds = -1.5 + 1.2 * strict + 0.5 * x[:, 1]
    y = (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(float)
    day = np.datetime64("2023-01-01") + np.sort(rng.integers(0, 500, n))
    s = Sample.build(factors=[f"f{j}" for j in range(10)], x=x, as_of=day, y=y)
    assert "f0" in screen(s, config=CONFIG).names
    assert screen(s, config=CONFIG, offset=-1.5 + 1.2 * strict).names == ("f1",)


def test_nothing_usable_is_a_problem():
    s = planted(400, 4)
    with pytest.raises(Problem, match="None of 15 candidates"):
        screen(s, config=CONFIG, allowed=["still"])


def test_few_survivors_are_filled_up_and_marked_weak():
    rng = np.random.default_rng(0)
    s = Sample.build(
        factors=[f"f{j}" for j in range(8)],
        x=rng.standard_normal((600, 8)),
        as_of=np.datetime64("2023-01-01") + np.arange(600),
        y=rng.random(600) < 0.3,
    )
    found = screen(s, config=Config(screening=Screening(shadows=20, trees=20, refit_trees=30, at_least=3)))
    assert len(found.factors) == 3 and all(f.weak for f in found.factors)


def test_rank_correlations_are_scipys_and_bear_missing_values():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2000, 4)).astype(np.float32)
    x[:, 1] += x[:, 0]
    x[:, 2] = np.floor(x[:, 0] * 2)
    whole = clusters.spearman(clusters.sketch(x, 10_000, 0))
    assert whole == pytest.approx(spearmanr(x).statistic, abs=1e-3)
    x[rng.random(x.shape) < 0.3] = np.nan
    holed = clusters.spearman(clusters.sketch(x, 10_000, 0))
    assert holed == pytest.approx(spearmanr(x, nan_policy="omit").statistic, abs=0.03)
    assert clusters.clusters(holed, 0.7)[0] == clusters.clusters(holed, 0.7)[2]
    assert len(set(clusters.clusters(holed, 0.7))) == 3


def test_halves_are_complementary_and_time_halves_are_purged():
    day = np.datetime64("2023-01-01") + np.sort(np.random.default_rng(0).integers(0, 400, 900))
    plan = stability.halves(day, day + np.timedelta64(21, "D"), 5, 0)
    assert len(plan) == 10
    for a, b in plan[:6]:
        assert len(np.intersect1d(a, b)) == 0 and len(a) + len(b) == 900
    early, late = plan[6]
    assert day[early].max() + np.timedelta64(21, "D") <= day[late].min()


def test_pull_tells_rising_from_falling_and_from_neither():
    v = np.linspace(-1, 1, 500)
    assert elimination.pull(v**3, v)[0] == pytest.approx(1)
    assert elimination.pull(-v, v)[1] == pytest.approx(1)
    assert max(elimination.pull(v**2, v)) < 0.8
    assert elimination.pull(np.zeros(500), v) == (0, 0)
