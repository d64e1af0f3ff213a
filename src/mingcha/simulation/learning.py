"""The engines as the closed loop uses them: scores from visited firms' labels alone, strictness, estimates.

It is the platform's own learner (trees and line, given inspectors' effects), with a smaller preset than a real model's,
so that a draw takes half a second: no screening, one bag, a fixed size.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mingcha.engines.risk import learner
from mingcha.engines.risk.config import Boosting, Config, Stringency
from mingcha.engines.risk.sample import Inspectors, Sample
from mingcha.engines.sampling import estimators
from mingcha.engines.sampling.encoding import MILLION

from .observed import FACTORS
from .policies import Choice
from .story import STRATA, quarter_start
from .town import Labels

SIZE = learner.Size(trees=60, l2=10.0)
BOOSTING = Boosting(learning_rate=0.1, bags=1, random_cuts=False, fewest_rows=40, l2=10.0)
QUICK = Config(threads=1, boosting=BOOSTING, stringency=Stringency(cycles=1))  # inspectors' effects before the factors'
CAREFUL = Config(threads=1, boosting=BOOSTING, stringency=Stringency(cycles=2, folds=2))  # and after

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """Of the rate of violations in the frame, with its 95% interval."""

    value: float
    low: float
    high: float


def scores(labels: Labels, x: NDArray[np.float32], inspectors: int) -> Doubles:
    """Probability of a violation for each row of factors `x`, the inspector marginalised out."""
    fitted = learner.fit(_sample(labels, inspectors), [0] * len(FACTORS), QUICK, size=SIZE)
    return fitted.effects.marginal(fitted.effects.intercept + fitted.learner.raw(x, threads=1))


def strictness(labels: Labels, inspectors: int) -> Doubles:
    """Log odds that each inspector adds to a visit's record, as far as labels tell; NaN for who made no visit.

    Every visit counts the same: who comes is drawn by lot whatever the firm's pi, so weights would only add noise.
    """
    sample = _sample(labels, inspectors)
    sample = replace(sample, pi=np.full(len(sample), np.nan))
    effects = learner.fit(sample, [0] * len(FACTORS), CAREFUL, size=SIZE).effects
    out = np.full(inspectors, np.nan)
    out[[int(name) for name in effects.names]] = effects.effect
    return out


def estimate(recorded: NDArray[np.bool_], choice: Choice, strata: list[str]) -> Estimate:
    """By the draw's design; without one, what an agency would report: the mean of its visits."""
    y = recorded.astype(np.float64)
    if choice.P is None:
        made = estimators.proportion(y, np.full(len(y), 0.5), [""] * len(y), 2 * len(y))  # every visit counts the same
    else:
        of = [strata[row] for row in choice.rows]
        made = estimators.proportion(y, choice.P[choice.rows] / MILLION, of, len(strata))
    return Estimate(made.value, made.low, made.high)


def _sample(labels: Labels, inspectors: int) -> Sample:
    pair = np.concatenate(labels.pair)
    n = len(pair)
    names = tuple(str(i).zfill(len(str(inspectors))) for i in range(inspectors))
    quarter = np.concatenate(labels.quarter)
    return Sample.build(
        row=np.arange(n).astype(str),
        as_of=quarter_start(quarter),
        factors=FACTORS,
        x=np.concatenate(labels.x),
        y=np.concatenate(labels.recorded).astype(np.float64),
        inspectors=Inspectors(names, 2 * np.arange(n + 1, dtype=np.int64), pair.ravel().astype(np.int64)),
        stratum=np.array(STRATA)[np.concatenate(labels.stratum)],
        pi=np.concatenate(labels.pi).astype(np.float64),
    )
