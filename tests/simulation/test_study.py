"""The closed loop, small: what must hold whatever the figures."""

import json

import numpy as np
import pytest

from mingcha.engines.sampling.allocation import allocate
from mingcha.simulation import learning
from mingcha.simulation.assumptions import HOLLOW, Assumptions
from mingcha.simulation.observed import FACTORS
from mingcha.simulation.policies import POLICIES, Aim
from mingcha.simulation.story import STRATA
from mingcha.simulation.study import Study, _auc, _rank_correlation, replicate, run, summary
from mingcha.simulation.town import CAP, Labels, close_quarter, fork, open_quarter, settle

SMALL = Study(entities=4_000, quarters=2, history=3, replicates=2, budget_share=0.03, seed=3)


@pytest.fixture(scope="module")
def results():
    return {name: run(Study(**{**vars(SMALL), "policy": name}), workers=1) for name in POLICIES}


def walk(town, quarters, take=80):
    rng = np.random.default_rng(0)
    for _ in range(quarters):
        frame = open_quarter(town)
        rows = np.sort(rng.choice(frame.rows, take, replace=False))
        close_quarter(town, frame, rows, np.full(take, take / len(frame.rows), dtype=np.float32))
        yield frame, rows


def test_results_do_not_depend_on_the_number_of_processes():
    study = Study(**{**vars(SMALL), "entities": 2_500, "quarters": 1, "history": 3})
    assert json.dumps(run(study, workers=1)) == json.dumps(run(study, workers=2))


def test_targeting_finds_more_and_troubles_fewer(results):
    targeted = results["targeted"]
    assert targeted["hit_rate"] > 2 * targeted["uniform_hit_rate"]
    assert targeted["visits_to_compliant_ratio_to_uniform"] < 0.9
    assert targeted["hit_rate"] < targeted["best_possible_hit_rate"], "nobody finds more than who knows the truth"


def test_uniform_beside_itself_is_itself(results):
    uniform = results["uniform"]
    assert uniform["hit_ratio_to_uniform"] == pytest.approx(1)
    assert uniform["hit_rate"] == uniform["uniform_hit_rate"]
    assert uniform["score_auc"] is None


def test_same_towns_for_every_policy(results):
    assert len({r["uniform_hit_rate"] for r in results.values()}) == 1
    assert len({r["uniform_true_violation_rate"] for r in results.values()}) == 1


def test_without_a_draw_there_is_no_estimate_and_it_says_so(results):
    for name in ("top-k", "foshan"):
        assert results[name]["estimator"].startswith("none")
        assert results[name]["estimated_violation_rate"] > 2 * results[name]["true_violation_rate"]
        assert results[name]["coverage"] < 0.2


def test_everything_says_that_it_is_simulated(results):
    assert all(r["simulated"] is True and "模拟" in r["notice"] for r in results.values())


def test_the_budget_is_used_to_the_last_visit():
    figures = replicate(SMALL, 0)
    assert (figures["visits"] == SMALL.visits).all() and (figures["uniform_visits"] == SMALL.visits).all()


def test_foshan_visits_about_the_articles_share():
    figures = replicate(Study(**{**vars(SMALL), "policy": "foshan"}), 0)
    assert figures["visits"] / SMALL.entities == pytest.approx(0.032 * 0.35, rel=0.05)


@pytest.mark.parametrize(("policy", "take"), [("uniform", 90), ("targeted", 400)])
def test_estimates_are_unbiased_over_many_draws_of_one_frame(policy, take):
    town = settle(5, 0, 3_000, 60, Assumptions())
    frame = open_quarter(town)
    strata = [STRATA[code] for code in frame.stratum.tolist()]
    recorded = frame.outcome.recorded[frame.rows]
    rng = np.random.default_rng(1)
    scores = 0.03 + rng.beta(1.3, 9, len(frame.rows))  # as learned scores lie: most low, a few high
    made = []
    for _ in range(200):
        choice = POLICIES[policy](rng, strata, take, scores, Aim())
        made.append(learning.estimate(recorded[choice.rows], choice, strata))
    values = np.array([m.value for m in made])
    assert abs(values.mean() - recorded.mean()) < 4 * values.std() / len(values) ** 0.5 + 0.002
    assert np.mean([m.low <= recorded.mean() <= m.high for m in made]) > 0.88  # of 0.95, with 30 to 60 visits of weight


def test_targeted_probabilities_lie_between_floor_and_ceiling():
    rng = np.random.default_rng(2)
    strata = ["a"] * 1_000
    choice = POLICIES["targeted"](rng, strata, 50, rng.random(1_000), Aim())
    assert len(choice.rows) == 50 and choice.P.sum() == 50 * 1_000_000
    assert choice.P.min() >= allocate(strata, 50).P.min() * 0.1 - 1 and choice.P.max() <= 900_000


def test_a_fork_lives_the_same_world_until_visits_differ():
    town = settle(8, 0, 2_500, 40, Assumptions())
    for _ in walk(town, 2):
        pass
    other = fork(town)
    one, two = open_quarter(town), open_quarter(other)
    assert (one.outcome.recorded == two.outcome.recorded).all() and np.array_equal(one.x, two.x, equal_nan=True)
    close_quarter(town, one, one.rows[:40], np.full(40, 0.1, dtype=np.float32))
    assert len(other.labels.x) == len(town.labels.x) - 1, "labels of one are not labels of the other"


def test_nobody_above_the_yearly_cap_nobody_gone_nobody_new():
    town = settle(9, 0, 2_000, 40, Assumptions())
    for frame, rows in walk(town, 6, take=300):
        assert set(rows) <= set(frame.rows)
        assert town.planned.sum(axis=0).max() <= CAP
    frame = open_quarter(town)
    assert not town.gone[frame.rows].any() and town.gone.any()
    assert (town.firms.nature[town.gone] == HOLLOW).all()
    assert (town.firms.born[frame.rows] < town.quarter).all()


def test_factors_know_nothing_of_the_visits_own_quarter():
    """What is drawn upon is fixed before the quarter's answers: another lot of answers leaves it unchanged."""
    town = settle(10, 0, 2_000, 40, Assumptions())
    other = fork(town)
    other.firms.caught[:] = 5
    one, two = open_quarter(town), open_quarter(other)
    assert not np.array_equal(one.outcome.recorded, two.outcome.recorded)
    assert np.array_equal(one.x, two.x, equal_nan=True)
    assert one.x.shape == (2_000, len(FACTORS)) and one.x.dtype == np.float32


def test_strictness_is_recovered_from_many_visits_and_unknown_without():
    rng = np.random.default_rng(6)
    n, people = 12_000, 20
    effects = rng.normal(0, 0.5, people)
    pair = np.column_stack(
        [rng.integers(0, people - 1, n), rng.integers(0, people - 1, n)]
    )  # the last one stays at home
    pair[:, 1] = np.where(pair[:, 1] == pair[:, 0], (pair[:, 0] + 1) % (people - 1), pair[:, 1])
    x = rng.normal(size=(n, len(FACTORS))).astype(np.float32)
    chance = 1 / (1 + np.exp(-(-1.5 + 0.8 * x[:, 0] + effects[pair].mean(axis=1))))
    labels = Labels(
        x=[x], recorded=[rng.random(n) < chance], pair=[pair], pi=[np.full(n, 0.1, dtype=np.float32)],
        stratum=[np.zeros(n, dtype=np.int32)], quarter=[np.arange(n, dtype=np.int32) % 8],
    )  # fmt: skip
    found = learning.strictness(labels, people)
    assert np.isnan(found[-1]) and not np.isnan(found[:-1]).any()
    assert _rank_correlation(found, effects) > 0.85
    scores = learning.scores(labels, x, people)
    assert _auc(scores, labels.recorded[0]) > 0.65 and 0 < scores.min() < scores.max() < 1


def test_auc_counts_ties_half():
    assert _auc(np.array([0.1, 0.2, 0.2, 0.9]), np.array([False, True, False, True])) == pytest.approx(0.875)


def test_intervals_come_with_two_towns_or_more():
    one = summary(SMALL, [replicate(SMALL, 0)])
    assert "hit_rate_ci95" in one or one["replicates"] == 2
    single = Study(**{**vars(SMALL), "replicates": 1})
    assert "hit_rate_ci95" not in summary(single, [replicate(single, 0)])
