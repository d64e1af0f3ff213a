"""A small simulated town: four factors matter, inspectors differ, some visits are drawn by a design."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from mingcha.engines.risk.config import Boosting, Config, Evaluating, Screening
from mingcha.engines.risk.sample import Sample

QUICK = Config(
    windows=2,
    boosting=Boosting(most_trees=150, bags=1),
    screening=Screening(shadows=60, trees=40, refit_trees=100),
    evaluating=Evaluating(resamples=200),
)


@dataclass(frozen=True)
class Town:
    sample: Sample
    stringency: np.ndarray  # (inspectors,) the truth, in log odds; inspector k is called f"i{k:02d}"
    odds: np.ndarray  # (n,) log odds of the firm alone, up to a constant


def make_town(n=3000, factors=12, seed=0, inspectors=16, areas=4, spread=0.8, away=0.2) -> Town:
    """Inspectors work in pairs, mostly in their own area; `away` of the time they are sent anywhere."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, factors)).astype(np.float32)
    area = rng.integers(0, areas, n)
    truth = rng.normal(0, spread, inspectors)
    local = rng.integers(0, inspectors // areas, (n, 2)) * areas + area[:, None]
    who = np.where(rng.random((n, 2)) < away, rng.integers(0, inspectors, (n, 2)), local)
    odds = 0.9 * x[:, 0] - 0.8 * x[:, 1] + 0.7 * (x[:, 2] > 0.3) + 0.5 * x[:, 3] + 0.2 * area
    y = rng.random(n) < 1 / (1 + np.exp(1.9 - odds - truth[who].mean(axis=1)))
    x[rng.random(x.shape) < 0.1] = np.nan
    names = [tuple({f"i{a:02d}": 0, f"i{b:02d}": 0}) if rng.random() > 0.03 else () for a, b in who]
    sample = Sample.build(
        factors=[f"f{j}" for j in range(factors)],
        x=x,
        as_of=np.datetime64("2023-01-01") + np.sort(rng.integers(0, 600, n)),
        y=y,
        inspectors=names,
        stratum=[f"s{a}" for a in area],
        pi=np.where(rng.random(n) < 0.5, rng.uniform(0.2, 0.9, n), np.nan),
        label_window=20,
        groups={"district": [f"s{a}" for a in area]},
    )
    return Town(sample, truth, odds)


@pytest.fixture(scope="session")
def town() -> Town:
    return make_town()


@pytest.fixture(scope="session")
def quick() -> Config:
    return QUICK


@pytest.fixture(scope="session")
def trained(town, quick):
    from mingcha.engines.risk.train import train

    return train(town.sample, config=quick, retained=["f0", "f1", "f2", "f3"], prior={"f0": 1, "f1": -1})


@pytest.fixture
def town_of():
    return make_town


@pytest.fixture
def unlabelled(town):
    return replace(town.sample, y=np.full(len(town.sample), np.nan))
