"""From the factors that hold to the fewest that do as well; and which way each one pulls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mingcha.engines.risk import booster
from mingcha.engines.risk.arrays import Dates, Floats, Ints
from mingcha.engines.risk.config import Screening
from mingcha.engines.risk.splits import blocks


@dataclass(frozen=True, eq=False)
class Step:
    """One list on the way: its loss a row on later rows, and how much worse it is than the best list."""

    factors: tuple[int, ...]
    loss: float
    behind: float = 0.0
    error: float = 0.0


@dataclass(frozen=True, eq=False)
class Elimination:
    kept: tuple[int, ...]
    path: tuple[Step, ...]


@dataclass(frozen=True, eq=False)
class Data:
    """The columns that are asked again and again, with the time folds that judge them."""

    x: Floats
    y: Floats
    offset: Floats
    weight: Floats
    folds: list[tuple[Ints, Ints]]
    config: Screening
    seed: int
    threads: int

    @classmethod
    def of(
        cls,
        x: Floats,
        y: Floats,
        offset: Floats,
        weight: Floats,
        as_of: Dates,
        known_from: Dates,
        config: Screening,
        seed: int,
        threads: int,
    ) -> Data:
        folds = [(a, b) for a, b in blocks(as_of, known_from, config.folds) if 0 < y[a].sum() < len(a)]
        if not folds:  # all in one day: halves must do
            order = np.random.default_rng(seed).permutation(len(y))
            a, b = np.sort(order[: len(y) // 2]), np.sort(order[len(y) // 2 :])
            folds = [(a, b), (b, a)]
        return cls(x, y, offset, weight, folds, config, seed, threads)

    def fit(self, columns: Sequence[int], rows: Ints, directions: Sequence[int] | None = None) -> str:
        c = self.config
        # Few factors a tree: a weak factor gets its turn, else it waits behind the strong ones for hundreds of trees.
        parameters = booster.base_parameters(self.seed) | {
            "num_leaves": 4,
            "learning_rate": c.learning_rate,
            "feature_fraction": 0.3,
            "min_data_in_leaf": max(10, len(rows) // 100),
            "lambda_l2": 10.0,
            "max_bin": 31,
        }
        if directions is not None and any(directions):
            parameters["monotone_constraints"] = list(directions)
        return booster.train(
            parameters,
            self.part(columns, rows),
            self.y[rows],
            weight=self.weight[rows],
            offset=self.offset[rows],
            trees=c.refit_trees,
        )

    def part(self, columns: Sequence[int], rows: Ints) -> Floats:
        return np.ascontiguousarray(self.x[np.ix_(rows, np.asarray(columns))])

    def judge(self, columns: Sequence[int], directions: Sequence[int] | None = None) -> tuple[Floats, Floats]:
        """((m,), (k,)): weighted log loss of each judged row of all folds, and each factor's worth on them."""

        def one(fold: tuple[Ints, Ints]) -> tuple[Floats, Floats]:
            train, test = fold
            text = self.fit(columns, train, directions)
            x, y, offset, weight = self.part(columns, test), self.y[test], self.offset[test], self.weight[test]
            score = offset + booster.Ensemble((text,)).raw(x)
            loss = np.asarray(weight * (np.logaddexp(0, score) - y * score))
            return loss, booster.held_out_gain(text, x, y, offset=offset, weight=weight)

        found = booster.each(one, self.folds, self.threads)
        return np.concatenate([loss for loss, _ in found]), np.sum([worth for _, worth in found], axis=0)


def _behind(loss: Floats, best: Floats) -> tuple[float, float]:
    """How much worse a row is on average, and the standard error of that: paired, so that it is small."""
    d = loss - best
    return float(d.mean()), float(d.std(ddof=1) / np.sqrt(len(d)))


def backward(data: Data, factors: Sequence[int], pulls: Sequence[int], *, least: int = 1) -> Elimination:
    """Drop the factor that is worth least, again and again; keep the shortest list that is not more than
    `config.errors` standard errors behind the best (Breiman's rule, with the error of the paired difference).

    pulls: the direction of each factor; a constrained booster is steadier, so that less hides in its noise. least: no
    list is shorter."""
    current, path = list(factors), []
    pull_of = dict(zip(factors, pulls, strict=True))
    best: Floats | None = None
    losses: list[Floats] = []
    while current:
        loss, worth = data.judge(current, [pull_of[f] for f in current])
        losses.append(loss)
        path.append(tuple(current))
        if best is None or loss.mean() < best.mean():
            best = loss
        behind, error = _behind(loss, best)
        if behind > 3 * data.config.errors * max(error, 1e-12):
            break
        if len(current) <= max(least, 1):
            break
        drop = min(max(1, len(current) // 10), len(current) - least)
        gone = set(np.argsort(worth, kind="stable")[:drop].tolist())
        current = [f for i, f in enumerate(current) if i not in gone]
    if best is None:
        return Elimination((), ())
    steps = []
    for columns, loss in zip(path, losses, strict=True):
        behind, error = _behind(loss, best)
        steps.append(Step(columns, float(loss.mean()), behind, error))
    fine = [s for s in steps if s.behind <= data.config.errors * s.error + 1e-12]
    return Elimination(min(fine, key=lambda s: len(s.factors)).factors, tuple(steps))


def pull(effect: Floats, value: Floats, bins: int = 20) -> tuple[float, float]:
    """(up, down): the share of a factor's effect along its values that a rising, and a falling, curve explains."""
    from sklearn.isotonic import IsotonicRegression

    there = ~np.isnan(value)
    if there.sum() < bins:
        return 0.0, 0.0
    edges = np.unique(np.quantile(value[there], np.linspace(0, 1, bins + 1)[1:-1]))
    place = np.searchsorted(edges, value[there], side="right")
    count = np.bincount(place, minlength=len(edges) + 1).astype(float)
    mean = np.bincount(place, effect[there], len(edges) + 1)[count > 0] / count[count > 0]
    count = count[count > 0]
    total = float(np.sum(count * (mean - np.average(mean, weights=count)) ** 2))
    if total <= 1e-12 or len(mean) < 2:
        return 0.0, 0.0
    shares = []
    for rising in (True, False):
        curve = IsotonicRegression(increasing=rising).fit_transform(np.arange(len(mean)), mean, sample_weight=count)
        shares.append(1 - float(np.sum(count * (mean - curve) ** 2)) / total)
    return shares[0], shares[1]


def directions(data: Data, factors: Sequence[int], prior: Sequence[int], *, rows: int = 2000) -> list[int]:
    """+1 more is riskier, -1 less is riskier, 0 neither. From the data only if every fold agrees; prior knowledge
    counts unless every fold says the opposite."""

    def pulls(fold: tuple[Ints, Ints]) -> list[tuple[float, float]]:
        train, test = fold
        text = data.fit(factors, train)
        x = data.part(factors, test[np.unique(np.linspace(0, len(test) - 1, min(rows, len(test))).astype(int))])
        effect, _ = booster.Ensemble((text,)).contributions(x)
        return [pull(effect[:, j], x[:, j]) for j in range(len(factors))]

    every = booster.each(pulls, data.folds, data.threads)
    share = np.array(every).reshape(len(data.folds), len(factors), 2)
    agreed = np.asarray((share >= data.config.direction).all(axis=0))
    found = np.where(agreed[:, 0], 1, np.where(agreed[:, 1], -1, 0))
    asked = np.asarray(prior, dtype=int)
    return [int(d) for d in np.where(asked == 0, found, np.where(found == -asked, 0, asked))]


def affordable(data: Data, factors: Sequence[int], pulls: Sequence[int]) -> list[int]:
    """The same directions, or none if to impose them costs more than `config.errors` standard errors."""
    if not any(pulls):
        return list(pulls)
    free, _ = data.judge(factors)
    bound, _ = data.judge(factors, pulls)
    behind, error = _behind(bound, free)
    return list(pulls) if behind <= data.config.errors * error + 1e-12 else [0] * len(pulls)
