"""f(x), what the factors add to the log odds: boosted trees and a ridge logistic regression, averaged.

Trees find bends and steps, the line is steady where rows are few; together they do better than either. The share of
each is a setting (`boosting.share`): 1 is trees alone, 0 the line alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mingcha.engines.risk import booster, linear, stringency
from mingcha.engines.risk.arrays import Floats
from mingcha.engines.risk.config import Config
from mingcha.engines.risk.sample import Sample
from mingcha.engines.risk.selection import weights
from mingcha.engines.risk.splits import origins


@dataclass(frozen=True, eq=False)
class Learner:
    trees: booster.Ensemble
    line: linear.Linear
    share: float

    def raw(self, x: Floats, *, threads: int = 1) -> Floats:
        """(n,) what the factors add to the log odds."""
        return self.share * self.trees.raw(x, threads=threads) + (1 - self.share) * self.line.raw(x)

    def contributions(self, x: Floats, *, threads: int = 1) -> tuple[Floats, Floats]:
        """((n, p), (n,)): what each factor adds, and the common start; sums to `raw`."""
        trees, start = self.trees.contributions(x, threads=threads)
        return self.share * trees + (1 - self.share) * self.line.contributions(x), self.share * start


@dataclass(frozen=True)
class Size:
    """How large a learner the data bear, chosen once on earlier times and then kept."""

    trees: int
    l2: float


def choose(sample: Sample, offset: Floats, weight: Floats, directions: Sequence[int], config: Config) -> Size:
    """Number of trees and penalty of the line, by the log loss of later rows over time folds inside `sample`."""
    c = config.boosting
    folds = [f for f in origins(sample.as_of, sample.known_from, c.folds) if 0 < sample.y[f[0]].sum() < len(f[0])]
    trees = booster.choose_trees(
        sample.x,
        sample.y,
        offset=offset,
        weight=weight,
        folds=folds,
        directions=directions,
        config=c,
        seed=config.seed,
        threads=config.threads,
    )
    line = linear.choose_l2(sample.x, sample.y, offset=offset, weight=weight, folds=folds, directions=directions)
    return Size(trees, line)


def learn(
    sample: Sample, offset: Floats, weight: Floats, directions: Sequence[int], size: Size, config: Config
) -> Learner:
    """Fit both halves to log odds = offset + f(x)."""
    c = config.boosting
    trees = booster.fit(
        sample.x,
        sample.y,
        offset=offset,
        weight=weight,
        trees=size.trees,
        directions=directions,
        config=c,
        seed=config.seed,
        threads=config.threads,
    )
    line = linear.fit(sample.x, sample.y, offset=offset, weight=weight, l2=size.l2, directions=directions)
    return Learner(trees, line, c.share)


@dataclass(frozen=True, eq=False)
class Fitted:
    learner: Learner
    effects: stringency.Effects
    size: Size


def base_rate(sample: Sample, weight: Floats) -> Floats:
    """(n,) the log odds of the weighted base rate."""
    mean = float(np.average(sample.y, weights=weight))
    return np.full(len(sample), np.log(mean / (1 - mean)))


def effects_alone(sample: Sample, weight: Floats, config: Config) -> stringency.Effects:
    """Inspectors' effects before any factor is known."""
    return stringency.fit(
        sample.y,
        offset=np.zeros(len(sample)),
        inspectors=sample.inspectors,
        stratum=sample.stratum,
        weight=weight,
        points=config.stringency.points,
        edge=config.stringency.edge,
    )


def fit(sample: Sample, directions: Sequence[int], config: Config, *, size: Size | None = None) -> Fitted:
    """Factors and inspectors together, by turns. All rows need a label.

    Inspectors are judged against factors that were fitted without the row (folds), else the trees, which fit their
    own rows too well, would eat the inspectors' share. Then the factors are fitted given the inspectors.
    """
    c, weight = config.stringency, weights(sample.pi, config.weight_cap)
    effects = effects_alone(sample, weight, config)

    def given(e: stringency.Effects) -> Floats:
        return e.intercept + e.of(sample.inspectors)

    offset = given(effects)
    size = size or choose(sample, offset, weight, directions, config)
    if effects.names:
        single = replace(config, boosting=replace(config.boosting, bags=1))
        fold = np.random.default_rng(config.seed).permutation(len(sample)) % c.folds
        for _ in range(c.cycles - 1):
            unseen = np.zeros(len(sample))
            for k in range(c.folds):
                rest, part = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
                if not 0 < sample.y[rest].sum() < len(rest):
                    continue
                learner = learn(sample.take(rest), offset[rest], weight[rest], directions, size, single)
                unseen[part] = learner.raw(sample.x[part], threads=config.threads)
            effects = stringency.fit(
                sample.y,
                offset=unseen,
                inspectors=sample.inspectors,
                stratum=sample.stratum,
                weight=weight,
                points=c.points,
                edge=c.edge,
            )
            offset = given(effects)
    return Fitted(learn(sample, offset, weight, directions, size, config), effects, size)
