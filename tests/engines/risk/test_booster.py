import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from mingcha.engines.risk import booster, linear
from mingcha.engines.risk.config import Boosting, Config
from mingcha.problems import Problem

PARAMETERS = booster.base_parameters(1) | {"num_leaves": 6, "learning_rate": 0.1}


def data(n=4000, p=6, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, p)).astype(np.float32)
    y = (rng.random(n) < 1 / (1 + np.exp(1.5 - x[:, 0] + 0.5 * x[:, 1]))).astype(float)
    return x, y


def loss(score, y):
    return float(np.sum(np.logaddexp(0, score) - y * score))


def test_held_out_gains_add_up_to_the_fall_of_the_loss_and_noise_gains_nothing():
    x, y = data()
    new, seen = data(seed=1)
    offset, one = np.full(len(y), -1.3), np.ones(len(y))
    text = booster.train(PARAMETERS, x, y, weight=one, offset=offset, trees=40)
    gain = booster.held_out_gain(text, new, seen, offset=offset, weight=one)
    fall = loss(offset, seen) - loss(offset + booster.Ensemble((text,)).raw(new), seen)
    assert gain.sum() == pytest.approx(fall, rel=0.05)
    assert gain[0] > gain[1] > 10
    assert gain[2:].max() < 3
    own = booster.held_out_gain(text, x, y, offset=offset, weight=one)
    assert own[2:].min() > gain[2:].max()  # on its own rows noise does gain: why rows must be held out


def test_trees_are_read_as_lightgbm_scores_them():
    x, y = data()
    text = booster.train(PARAMETERS, x, y, weight=np.ones(len(y)), offset=np.zeros(len(y)), trees=10)
    leaf = booster.lightgbm().Booster(model_str=text).predict(x, pred_leaf=True)
    by_hand = sum(tree.leaf_value[leaf[:, t]] for t, tree in enumerate(booster.trees(text)))
    assert np.array_equal(by_hand, booster.Ensemble((text,)).raw(x))


def test_the_same_bytes_however_many_threads():
    x, y = data(1500)
    fits = [
        booster.fit(
            x, y, offset=np.zeros(1500), weight=np.ones(1500), trees=20, directions=[1, 0, 0, 0, 0, 0],
            config=Boosting(bags=3), seed=5, threads=threads,
        )
        for threads in (1, 2, 2)
    ]  # fmt: skip
    assert fits[0].texts == fits[1].texts == fits[2].texts
    assert len(set(fits[0].texts)) == 3


def test_a_direction_is_kept_everywhere():
    x, y = data(2000)
    fit = booster.fit(
        x, 1 - y, offset=np.zeros(2000), weight=np.ones(2000), trees=50, directions=[1, 0, 0, 0, 0, 0],
        config=Boosting(bags=2), seed=5, threads=1,
    )  # fmt: skip
    asked = np.repeat(x[:50], 20, axis=0)
    asked[:, 0] = np.tile(np.linspace(-3, 3, 20), 50)
    assert (np.diff(fit.raw(asked).reshape(50, 20), axis=1) >= -1e-12).all()


def test_the_line_is_scikit_learns_where_nothing_is_missing_or_extreme():
    x, y = data(3000)
    x = np.clip(x, -2.5, 2.5)
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    reference = LogisticRegression(C=1 / 50, tol=1e-6, solver="newton-cg").fit(z, y)
    line = linear.fit(x, y, offset=np.zeros(3000), weight=np.ones(3000), l2=50)
    assert line.slope == pytest.approx(reference.coef_[0], abs=1e-4)


def test_the_line_knows_that_a_missing_value_tells_something():
    x, y = data(3000)
    x[(y == 1) & (np.arange(3000) % 2 == 0), 2] = np.nan
    line = linear.fit(x, y, offset=np.zeros(3000), weight=np.ones(3000), l2=1)
    assert line.gap[2] > 1
    assert line.contributions(x).sum(axis=1) == pytest.approx(line.raw(x))
    assert linear.Linear.of(line.as_dict()).raw(x) == pytest.approx(line.raw(x))


def test_the_line_does_not_pull_against_a_direction():
    x, y = data(3000)
    free = linear.fit(x, y, offset=np.zeros(3000), weight=np.ones(3000), l2=1)
    bound = linear.fit(x, y, offset=np.zeros(3000), weight=np.ones(3000), l2=1, directions=[1, 1, 0, 0, 0, 0])
    assert free.slope[1] < 0 and bound.slope[1] == 0 and bound.slope[0] > 0


def test_settings_come_back_from_plain_data_and_refuse_what_they_do_not_know():
    config = Config(seed=3, boosting=Boosting(leaves=5))
    assert Config.of(config.as_dict()) == config
    with pytest.raises(Problem, match="no such settings: colour"):
        Config.of({"colour": "red"})
    with pytest.raises(Problem, match="leaves"):
        Boosting(leaves=31)


def test_a_line_is_worth_what_the_loss_would_lose_without_it_and_noise_nothing():
    x, y = data()
    new, seen = data(seed=1)
    x[::7, 2] = np.nan
    one, offset = np.ones(len(y)), np.full(len(y), -1.3)
    worth = linear.held_out_worth(linear.Rows(x, y, offset, one), linear.Rows(new, seen, offset, one))
    line = linear.fit(x, y, offset=offset, weight=one, l2=30)
    parts = line.contributions(new)
    whole = -1.3 + parts.sum(axis=1)
    for j in (0, 1):
        rise = loss(whole - parts[:, j], seen) - loss(whole, seen)
        assert worth[j] == pytest.approx(rise, rel=0.25)
    assert worth[2:].max() < 3 < worth[1] < worth[0]
