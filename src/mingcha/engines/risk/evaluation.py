"""How good a score is, never without an interval and a baseline.

Every figure takes columns: y (n,) 1 violation, 0 none; score (n,) any increasing measure of risk; weight (n,) or None.
Intervals resample rows; two scores on the same rows are compared on the same resamples (paired).
Sources: DeLong 1988 by Sun & Xu 2014 (AUC's variance); "days earlier" after the City of Chicago's own evaluation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from mingcha.engines.risk.arrays import Dates, Floats, Ints
from mingcha.engines.risk.sample import Inspectors
from mingcha.engines.risk.selection import effective_size

CHUNK = 2_000_000  # cells of a block of resamples


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval. `low` and `high` are NaN where there is too little to tell."""

    value: float
    low: float = float("nan")
    high: float = float("nan")

    def as_list(self) -> list[float]:
        return [self.value, self.low, self.high]


# ---- ranking ------------------------------------------------------------------------------------------


def auc(y: Floats, score: Floats, weight: Floats | None = None) -> float:
    """Probability that a violation is ranked above a non-violation, ties half. NaN where one side is missing."""
    w = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=np.float64)
    return float(auc_of_weights(np.asarray(y, dtype=np.float64), score, w[None, :])[0])


def auc_interval(
    y: Floats, score: Floats, level: float = 0.95, *, weight: Floats | None = None, resamples: int = 1000, seed: int = 0
) -> Estimate:
    """AUC with DeLong's interval on the logit scale, which keeps it between 0 and 1; by resampling rows where they
    weigh differently."""
    from scipy.stats import norm, rankdata

    if weight is not None and np.ptp(weight) > 0:
        value = auc(y, score, weight)
        return bootstrap(
            lambda w: auc_of_weights(y, score, w * weight),
            len(y),
            value=value,
            resamples=resamples,
            level=level,
            seed=seed,
        )
    positive, negative = score[y == 1], score[y == 0]
    m, n = len(positive), len(negative)
    value = auc(y, score)
    if m < 2 or n < 2 or value in (0.0, 1.0):
        return Estimate(value)
    ranks = rankdata(np.concatenate([positive, negative]))
    above = (ranks[:m] - rankdata(positive)) / n
    below = 1.0 - (ranks[m:] - rankdata(negative)) / m
    error = float(np.sqrt(above.var(ddof=1) / m + below.var(ddof=1) / n))
    z = float(norm.ppf(0.5 + level / 2)) * error / (value * (1 - value))
    middle = np.log(value / (1 - value))
    low, high = (float(1 / (1 + np.exp(-(middle + s)))) for s in (-z, z))
    return Estimate(value, low, high)


def within_inspector_auc(y: Floats, score: Floats, inspectors: Inspectors) -> float:
    """AUC over pairs of visits by the same inspector only: what the score knows beyond who inspected.

    The mean over inspectors, weighted by their pairs; a visit by two counts with each. NaN without any such pair.
    """
    row, code = inspectors.rows(), inspectors.codes
    total = pairs = 0.0
    for k in np.unique(code):
        at = row[code == k]
        m = float(np.sum(y[at] == 1))
        p = m * (len(at) - m)
        if p:
            total, pairs = total + p * auc(y[at], score[at]), pairs + p
    return total / pairs if pairs else float("nan")


def within_inspector_interval(
    y: Floats, score: Floats, inspectors: Inspectors, *, resamples: int = 300, level: float = 0.95, seed: int = 0
) -> Estimate:
    """The same with an interval by resampling rows."""
    row, code = inspectors.rows(), inspectors.codes
    groups = [row[code == k] for k in np.unique(code)]
    groups = [at for at in groups if 0 < np.sum(y[at] == 1) < len(at)]

    def mean(w: Floats) -> Floats:
        total, pairs = np.zeros(len(w)), np.zeros(len(w))
        for at in groups:
            hits = w[:, at] @ (y[at] == 1)
            n = hits * (w[:, at].sum(axis=1) - hits)
            total += n * np.nan_to_num(auc_of_weights(y[at], score[at], w[:, at]))
            pairs += n
        return np.asarray(total / np.maximum(pairs, 1))

    value = within_inspector_auc(y, score, inspectors)
    return bootstrap(mean, len(y), value=value, resamples=resamples, level=level, seed=seed)


def first(score: Floats, tie: Any = None) -> Ints:
    """Row numbers from the highest score down; equal scores by `tie` ascending, else by row number."""
    n = len(score)
    return np.asarray(np.lexsort((np.arange(n) if tie is None else np.asarray(tie), -np.asarray(score))))


def days_forward(score: Floats, date: Dates, tie: Any = None) -> Floats:
    """(n,) by how many days each visit comes earlier if every day keeps its number of visits, highest score first."""
    days = np.asarray(date, dtype="datetime64[D]").astype(np.int64)
    moved = np.empty(len(days), dtype=np.float64)
    order = first(score, tie)
    moved[order] = days[order] - np.sort(days)
    return moved


def days_earlier(
    y: Floats, score: Floats, date: Dates, *, tie: Any = None, resamples: int = 1000, level: float = 0.95, seed: int = 0
) -> Estimate:
    """Mean days by which violations are found earlier (days_forward over y = 1)."""
    moved = days_forward(score, date, tie)[y == 1]
    if not len(moved):
        return Estimate(float("nan"))
    draws = [np.asarray(w @ moved / w.sum(1)) for w in resamples_of(len(moved), resamples, seed)]
    return _interval(float(moved.mean()), np.concatenate(draws), level)


def found_first_half(y: Floats, score: Floats, tie: Any = None) -> float:
    """Share of the violations among the half of the rows with the highest scores."""
    total = float(np.sum(y == 1))
    return float(np.sum(y[first(score, tie)[: len(y) // 2]] == 1)) / total if total else float("nan")


# ---- visiting a share of the firms ----------------------------------------------------------------------


@dataclass(frozen=True)
class Visits:
    """What visiting the highest `share` of rows finds, beside visiting as many at random. effective: how many rows of
    equal weight tell as much of the hit rate."""

    share: float
    visits: int
    hit_rate: float
    base_rate: float
    recall: float
    effective: float

    @property
    def lift(self) -> float:
        return self.hit_rate / self.base_rate if self.base_rate else float("nan")

    @property
    def compliant(self) -> float:
        return self.visits * (1 - self.hit_rate)


def highest(score: Floats, share: float, weight: Floats, tie: Any = None) -> Ints:
    """Rows with the highest scores that stand for the `share` of all firms, one at least; each stands for `weight`."""
    order = first(score, tie)
    chosen = np.cumsum(weight[order]) <= share * weight.sum() + weight.mean() / 2
    chosen[0] = True
    return np.asarray(order[chosen])


def visits(y: Floats, score: Floats, share: float, weight: Floats | None = None, tie: Any = None) -> Visits:
    """Rows stand for `weight` firms each, so that drawn rows speak of the frame that they were drawn from."""
    w = np.ones(len(y)) if weight is None else weight
    at = highest(score, share, w, tie)
    hits, total = float(w[at] @ (y[at] == 1)), float(w @ (y == 1))
    return Visits(
        share=share,
        visits=max(1, round(share * len(y))),
        hit_rate=hits / float(w[at].sum()),
        base_rate=total / float(w.sum()),
        recall=hits / total if total else float("nan"),
        effective=effective_size(w[at]),
    )


def top_overlap(one: Floats, other: Floats, share: float) -> float:
    """Share of the highest `share` of rows that two scores (two trainings) have in common."""
    n = max(1, round(share * len(one)))
    return len(np.intersect1d(first(one)[:n], first(other)[:n])) / n


# ---- probabilities --------------------------------------------------------------------------------------


def brier_skill(y: Floats, p: Floats, weight: Floats | None = None) -> float:
    """1 - Brier score / that of always saying the base rate. 0 = no better than the base rate."""
    w = np.ones(len(y)) if weight is None else weight
    base = np.average(y, weights=w)
    reference = float(np.average((y - base) ** 2, weights=w))
    return 1 - float(np.average((y - p) ** 2, weights=w)) / reference if reference else float("nan")


def calibration_error(y: Floats, p: Floats, weight: Floats | None = None, bins: int = 10) -> float:
    """Expected calibration error over `bins` of equal count: mean |observed - predicted|."""
    curve = calibration_curve(y, p, weight, bins)
    return sum(b["share"] * abs(b["observed"] - b["predicted"]) for b in curve)


def calibration_curve(y: Floats, p: Floats, weight: Floats | None = None, bins: int = 10) -> list[dict[str, float]]:
    """For bins of equal count, in order of p: predicted, observed (with Wilson's 95% interval), share of the weight."""
    w = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=np.float64)
    out = []
    for at in np.array_split(np.argsort(p, kind="stable"), bins):
        if len(at) and (total := float(w[at].sum())) > 0:
            observed = float(np.average(y[at], weights=w[at]))
            low, high = wilson(observed, total**2 / float(np.square(w[at]).sum()))
            out.append(
                {
                    "predicted": float(np.average(p[at], weights=w[at])),
                    "observed": observed,
                    "low": low,
                    "high": high,
                    "share": total / float(w.sum()),
                }
            )
    return out


def wilson(share: float, n: float, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's interval of a share observed on n (effective) rows."""
    if not n:
        return float("nan"), float("nan")
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))) / (1 + z * z / n)
    return max(0.0, middle - half), min(1.0, middle + half)


# ---- plots' data ----------------------------------------------------------------------------------------


def roc_points(y: Floats, score: Floats, weight: Floats, points: int = 100) -> list[list[float]]:
    """[[false positive rate, true positive rate], ...], at most about `points` of them."""
    order = first(score)
    hit, w = y[order] == 1, weight[order]
    true, false = np.cumsum(w * hit), np.cumsum(w * ~hit)
    at = np.unique(np.linspace(0, len(y) - 1, min(points, len(y))).round().astype(int))
    return [[0.0, 0.0]] + [[float(false[i] / max(1e-12, false[-1])), float(true[i] / max(1e-12, true[-1]))] for i in at]


def gain_points(y: Floats, score: Floats, weight: Floats, points: int = 50) -> list[list[float]]:
    """[[share visited, share of violations found], ...]."""
    order = first(score)
    found, seen = np.cumsum(weight[order] * (y[order] == 1)), np.cumsum(weight[order])
    at = np.unique(np.linspace(0, len(y) - 1, min(points, len(y))).round().astype(int))
    return [[0.0, 0.0]] + [[float(seen[i] / seen[-1]), float(found[i] / max(1e-12, found[-1]))] for i in at]


# ---- resampling -----------------------------------------------------------------------------------------


def bootstrap(
    figure: Callable[[Floats], Floats],
    rows: int,
    *,
    value: float,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """`figure` maps (k, rows) counts of a block of k resamples to (k,) values; percentile interval around `value`."""
    draws = [figure(w) for w in resamples_of(rows, resamples, seed)]
    return _interval(value, np.concatenate(draws), level)


def paired_auc_gain(
    y: Floats, ours: Floats, theirs: Floats, *, resamples: int = 1000, level: float = 0.95, seed: int = 0
) -> Estimate:
    """AUC(ours) - AUC(theirs) on the same rows, resampled together."""

    def gain(w: Floats) -> Floats:
        return auc_of_weights(y, ours, w) - auc_of_weights(y, theirs, w)

    value = auc(y, ours) - auc(y, theirs)
    return bootstrap(gain, len(y), value=value, resamples=resamples, level=level, seed=seed)


def auc_of_weights(y: Floats, score: Floats, w: Floats) -> Floats:
    """(k,) AUC under each of (k, n) row weights."""
    order = np.argsort(score, kind="stable")
    s, hit = np.asarray(score)[order], (np.asarray(y)[order] == 1)
    starts = np.flatnonzero(np.r_[True, s[1:] != s[:-1]])
    positive = np.add.reduceat(w[:, order] * hit, starts, axis=1)
    negative = np.add.reduceat(w[:, order] * ~hit, starts, axis=1)
    below = np.cumsum(negative, axis=1) - negative / 2
    pairs = positive.sum(1) * negative.sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((positive * below).sum(1) / pairs)


def resamples_of(rows: int, resamples: int, seed: int) -> Iterator[Floats]:
    """Blocks of (k, rows) counts: how often each row stands in each resample."""
    rng = np.random.default_rng(seed)
    step = max(1, CHUNK // max(1, rows))
    for start in range(0, resamples, step):
        k = min(step, resamples - start)
        picks = rng.integers(0, rows, (k, rows)) + np.arange(k)[:, None] * rows
        yield np.bincount(picks.ravel(), minlength=k * rows).reshape(k, rows).astype(np.float64)


def _interval(value: float, draws: Floats, level: float) -> Estimate:
    low, high = np.nanpercentile(draws, [50 * (1 - level), 50 * (1 + level)])
    return Estimate(value, float(low), float(high))
