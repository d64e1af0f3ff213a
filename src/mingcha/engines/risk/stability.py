"""Which clusters of candidates hold: in half-samples and in other times, against copies that can hold nothing.

Each round fits a small booster and a line on one half and asks the other half what each factor was worth to both. Among
the factors stand shadows: candidates with their rows shuffled, which have every property of a candidate but a relation
to the outcome. A cluster survives a round if its factor is worth more than the best shadow. Halves come in
complementary pairs (Shah and Samworth 2013, "Variable selection with error control"), the last two pairs split by time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mingcha.engines.risk import booster, linear
from mingcha.engines.risk.arrays import Dates, Floats, Ints, sigmoid
from mingcha.engines.risk.clusters import distribution
from mingcha.engines.risk.config import Screening


@dataclass(frozen=True, eq=False)
class Stability:
    """best: (c,) each cluster's factor, by its relation to the outcome over all rows. survived: (c,) share of rounds.
    gain: (c,) mean held-out gain, in log loss per row, over the rounds that the cluster took part in."""

    best: Ints
    survived: Floats
    gain: Floats
    rounds: int


def halves(as_of: Dates, known_from: Dates, pairs: int, seed: int) -> list[tuple[Ints, Ints]]:
    """(fit, judge) rows of each round. The time halves are purged: no label of one reaches into the other."""
    n, rng = len(as_of), np.random.default_rng(seed)
    day, known = as_of.astype("int64"), known_from.astype("int64")
    found: list[tuple[Ints, Ints]] = []
    for blocks in [2, 8] if pairs > 2 else []:
        edges = np.unique(np.ceil(np.quantile(day, np.arange(1, blocks) / blocks)).astype("int64"))
        block = np.searchsorted(edges, day, side="right")
        settled = known <= np.append(edges, np.iinfo(np.int64).max)[block]
        first, second = np.flatnonzero(settled & (block % 2 == 0)), np.flatnonzero(settled & (block % 2 == 1))
        if min(len(first), len(second)) > n // 4:
            found += [(first, second), (second, first)]
    while len(found) < 2 * pairs:
        order = rng.permutation(n)
        a, b = np.sort(order[: n // 2]), np.sort(order[n // 2 :])
        found = [(a, b), (b, a), *found]
    return found


class Association:
    """How strongly each factor goes up or down with the outcome: a rank test that any subset of rows can be asked."""

    def __init__(self, x: Floats, sketch_rows: Ints, residual: Floats) -> None:
        self._codes: Ints = np.zeros(x.shape, np.int16, order="F")
        self._residual = residual.astype(np.float32)
        for j in range(x.shape[1]):
            column = x[:, j]
            there = ~np.isnan(column)
            seen = column[sketch_rows]
            seen = seen[~np.isnan(seen)]
            if len(seen):
                values, rank = distribution(seen)
                code = np.round((rank - 0.5) * 60_000).astype(np.int16)
                self._codes[there, j] = code[np.minimum(np.searchsorted(values, column[there]), len(code) - 1)]

    def strength(self, rows: Ints | None = None, chunk: int = 64) -> Floats:
        """(p,) |z| of each factor over `rows`; a missing value counts as the middle rank."""
        r = self._residual if rows is None else self._residual[rows]
        z = np.zeros(self._codes.shape[1])
        for a in range(0, len(z), chunk):
            part = self._codes[:, a : a + chunk] if rows is None else self._codes[rows, a : a + chunk]
            c = part.astype(np.float32)
            c -= c.mean(axis=0)
            norm = np.sqrt(np.square(c).sum(axis=0)) * (r.std() + 1e-12)
            z[a : a + chunk] = np.abs(r @ c) / np.maximum(norm, 1e-12)
        return z


def _best(cluster: Ints, strength: Floats, count: int) -> Ints:
    """(count,) the strongest factor of each cluster."""
    order = np.lexsort((-strength, cluster))
    first = np.searchsorted(cluster[order], np.arange(count))
    return np.asarray(order[first])


def assess(
    x: Floats,
    y: Floats,
    *,
    cluster: Ints,
    sketch_rows: Ints,
    as_of: Dates,
    known_from: Dates,
    offset: Floats,
    weight: Floats,
    config: Screening,
    seed: int,
    threads: int,
) -> Stability:
    """Run the rounds, two at a time."""
    count = int(cluster.max()) + 1
    several = np.bincount(cluster, minlength=count)[cluster] > 1
    residual = np.asarray(weight * (y - sigmoid(offset)))
    alone = np.zeros(x.shape[1])
    together = np.flatnonzero(several)
    association = Association(x[:, together], sketch_rows, residual) if len(together) else None

    def best_on(rows: Ints | None) -> Ints:
        strength = alone.copy()
        if association is not None:
            strength[together] = association.strength(rows)
        return _best(cluster, strength, count)

    plan = halves(as_of, known_from, config.pairs, seed)
    allowed = int(np.floor((1 - config.survive) * len(plan) + 1e-9))
    hits, misses = np.zeros(count, int), np.zeros(count, int)
    gain, took_part = np.zeros(count), np.zeros(count, int)
    for pair in range(0, len(plan), 2):
        # A cluster that can no longer survive leaves, and later rounds are quick; the best of those stay, so that
        # a list that has to be filled up is filled by gains over all rounds.
        best_so_far = np.argsort(-gain / np.maximum(took_part, 1), kind="stable")[: 4 * config.at_least]
        stays = misses <= allowed
        stays[best_so_far] = True
        alive = np.flatnonzero(stays)

        def one(number: int, alive: Ints = alive) -> tuple[Floats, float]:
            fit, judge = plan[number]
            rng = np.random.default_rng([seed, number])
            # The factor of a cluster is chosen on the fitting half only: the judging half stays untouched.
            return _round(x, y, best_on(fit), alive, fit, judge, offset, weight, config, rng)

        for worth, bar in booster.each(one, range(pair, min(pair + 2, len(plan))), threads):
            won = worth > max(bar, 0.0)
            hits[alive] += won
            misses[alive] += ~won
            gain[alive] += worth
            took_part[alive] += 1
    return Stability(
        best=best_on(None),
        survived=hits / len(plan),
        gain=gain / np.maximum(took_part, 1),
        rounds=len(plan),
    )


def _round(
    x: Floats,
    y: Floats,
    best: Ints,
    alive: Ints,
    fit: Ints,
    judge: Ints,
    offset: Floats,
    weight: Floats,
    config: Screening,
    rng: np.random.Generator,
) -> tuple[Floats, float]:
    """((alive,), bar): held-out gain a row of each living cluster's factor, and of the best shadow."""
    shuffled = rng.permutation(len(x))
    # Shadows are drawn from all clusters, the fallen too: the bar stays as high as it was in the first round.
    shadow = best[rng.permutation(len(best))[: config.shadows]]
    if len(shadow) < config.shadows:
        shadow = rng.choice(best, config.shadows)
    real = best[alive]

    def matrix(rows: Ints) -> Floats:
        m = np.empty((len(rows), len(real) + len(shadow)), np.float32)
        m[:, : len(real)] = x[np.ix_(rows, real)]
        m[:, len(real) :] = x[np.ix_(shuffled[rows], shadow)]
        return m

    parameters = booster.base_parameters(int(rng.integers(2**31))) | {
        "num_leaves": config.leaves,
        "learning_rate": config.learning_rate,
        "feature_fraction": 0.4,
        "min_data_in_leaf": max(len(fit) // 400, min(50, len(fit) // 20)),
        "lambda_l2": 10.0,
        "max_bin": 15,
        "bin_construct_sample_cnt": 20_000,
        "enable_bundle": False,
    }
    seen, new = (linear.Rows(matrix(rows), y[rows], offset[rows], weight[rows]) for rows in (fit, judge))
    text = booster.train(parameters, seen.x, seen.y, weight=seen.weight, offset=seen.offset, trees=config.trees)
    # Trees see bends and steps, the line weak slopes that trees can't split on where rows are few.
    gain = booster.held_out_gain(text, new.x, new.y, offset=new.offset, weight=new.weight)
    gain += linear.held_out_worth(seen, new)
    gain /= weight[judge].sum()
    return gain[: len(real)], float(gain[len(real) :].max())
