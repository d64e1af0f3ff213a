import numpy as np
import pytest

from mingcha.engines.risk.arrays import sigmoid
from mingcha.engines.risk.calibration import Calibration, calibrate
from mingcha.engines.risk.drift import cusum, psi, uniform_arm
from mingcha.engines.risk.evaluation import calibration_error
from mingcha.engines.risk.promotion import judge
from mingcha.problems import Problem


def overconfident(n, seed=0):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=n) - 1.5
    return sigmoid(2.5 * z + 1), (rng.random(n) < sigmoid(z)).astype(float)


@pytest.mark.parametrize(("n", "kind"), [(1500, "platt"), (20_000, "isotonic")])
def test_calibration_mends_overconfidence_out_of_sample(n, kind):
    p, y = overconfident(n)
    fit = calibrate(p, y, np.ones(n), isotonic_from=1000)
    assert fit.kind == kind
    q, truth = overconfident(20_000, seed=1)
    assert calibration_error(truth, fit.apply(q)) < 0.03 < calibration_error(truth, q)
    assert np.all(np.diff(fit.apply(np.sort(q))) >= 0)
    assert np.array_equal(Calibration.of(fit.as_dict()).apply(q), fit.apply(q))


def test_weights_undo_a_design_that_favoured_violators():
    p, y = overconfident(40_000)
    pi = np.where(y == 1, 0.9, 0.3)
    kept = np.random.default_rng(2).random(len(y)) < pi
    fit = calibrate(p[kept], y[kept], 1 / pi[kept], isotonic_from=10**9)
    assert fit.apply(p).mean() == pytest.approx(y.mean(), abs=0.01)


def test_one_outcome_cannot_be_calibrated():
    with pytest.raises(Problem, match="same"):
        calibrate(np.array([0.1, 0.2]), np.zeros(2), np.ones(2), isotonic_from=1000)


def test_psi():
    rng = np.random.default_rng(0)
    a = rng.normal(size=20_000)
    assert psi(a, rng.normal(size=20_000)) < 0.01
    assert psi(a, rng.normal(1.0, 1, size=20_000)) > 0.25
    gone = a.copy()
    gone[: len(a) // 2] = np.nan
    assert psi(a, gone) > 0.25
    assert psi(np.full(100, np.nan), np.full(100, np.nan)) == pytest.approx(0)


def test_the_uniform_arm_falls_alike_on_everyone():
    """Firms of high risk are drawn more often; among the kept, risk is as in the frame."""
    rng = np.random.default_rng(8)
    risk = rng.beta(1, 6, 60_000)
    pi = np.where(rng.random(60_000) < 0.9, np.clip(0.02 + risk, 0.02, 0.9), np.nan)
    stratum = rng.choice(["a", "b"], 60_000)
    drawn = rng.random(60_000) < np.nan_to_num(pi, nan=0.5)
    name = np.arange(60_000).astype(str)
    kept = uniform_arm(pi[drawn], stratum[drawn], name[drawn])
    assert not kept[np.isnan(pi[drawn])].any()
    assert risk[drawn][kept].mean() == pytest.approx(risk.mean(), abs=0.01)
    assert risk[drawn].mean() > risk.mean() + 0.05
    assert (kept == uniform_arm(pi[drawn], stratum[drawn], name[drawn])).all()


def test_cusum_seldom_cries_wolf_and_sees_a_change_soon():
    """Over 60 runs: 4,000 visits to a false alarm on average (a half-exponential spread), 20 to see 0.2 become 0.6."""
    n, p = 30_000, np.full(30_000, 0.2)
    everyone, order = np.ones(n, bool), np.arange(n)
    quiet, changed = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        alarm = cusum((rng.random(n) < 0.2).astype(float), p, everyone, order).alarm
        quiet.append(n if alarm is None else alarm)
        changed.append(cusum((rng.random(n) < 0.6).astype(float), p, everyone, order).alarm)
    assert 3000 < np.mean(quiet) < 5500
    assert np.mean(changed) < 25


def test_cusum_reads_the_exploration_arm_only():
    y, p = np.ones(500), np.full(500, 0.2)
    assert cusum(y, p, np.zeros(500, bool), np.arange(500)).alarm is None
    arm = np.arange(500) >= 400
    assert cusum(y, p, arm, np.arange(500)).alarm > 400


def test_a_challenger_needs_certainty_and_fairness():
    rng = np.random.default_rng(1)
    z = rng.normal(size=4000)
    y = (rng.random(4000) < sigmoid(1.5 * z - 1)).astype(float)
    noise = rng.normal(size=4000)
    assert judge(y, z, noise, np.ones(4000), capacity=0.1).allowed
    assert not judge(y, noise, z, np.ones(4000), capacity=0.1).allowed
    assert not judge(y, z, z + 1e-9, np.ones(4000), capacity=0.1).allowed
