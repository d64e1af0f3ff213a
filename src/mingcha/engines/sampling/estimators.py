"""What a draw tells of its whole frame: totals, means, other policies, each with an interval.

`y`: (n,) results of the visited units. `pi`: (n,) their inclusion probabilities. `strata`: (n,) names. `N`: units
in the frame. Complaint-led visits have no known pi and don't belong here. Variances are Hájek's for a fixed-size,
high-entropy design, stratum by stratum; a stratum with one uncertain unit is collapsed with its neighbour in order
of name. Sources: Horvitz & Thompson 1952; Hájek 1964; Rosén 1997; Korn & Graubard 1998.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mingcha.problems import Problem

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """`value` with its standard error and interval; `n`: results it rests on."""

    value: float
    se: float
    low: float
    high: float
    n: int


def ht_total(y: Floats, pi: Floats, strata: Sequence[str], level: float = 0.95) -> Estimate:
    """Horvitz-Thompson: the sum of y / pi, unbiased for the sum of y over the frame."""
    y, pi = _sound(y, pi)
    value = float((y / pi).sum())
    return _interval(value, variance(y / pi, pi, strata), _freedom(pi, strata), len(y), level)


def hajek_mean(y: Floats, pi: Floats, strata: Sequence[str], N: int, level: float = 0.95) -> Estimate:
    """sum(y / pi) / sum(1 / pi), the mean of y over the frame of `N` units; e = (y - mean) / pi in its variance."""
    y, pi = _sound(y, pi)
    mean = float((y / pi).sum() / (1 / pi).sum())
    spread = variance((y - mean) / pi, pi, strata) / N**2
    return _interval(mean, spread, _freedom(pi, strata), len(y), level)


def frame_total(mean: Estimate, N: int) -> Estimate:
    """`N` times the estimate of a mean: a total that says the same as its share, also while results are missing."""
    return Estimate(N * mean.value, N * mean.se, N * mean.low, N * mean.high, mean.n)


def proportion(y: Floats, pi: Floats, strata: Sequence[str], N: int, level: float = 0.95) -> Estimate:
    """The Hájek mean of a yes or no (1 or 0), with an interval that stays within 0 to 1 and holds for rare events.

    Korn and Graubard: Clopper and Pearson's interval at the effective sample size, p (1 - p) / variance. Where a few
    results of small pi make up most of the variance, it is itself known badly, and the interval is wider: the degrees
    of freedom are Satterthwaite's, if these are fewer.
    """
    from scipy.stats import beta

    y, pi = _sound(y, pi)
    plain = hajek_mean(y, pi, strata, N, level)
    p, n = plain.value, plain.n
    if not 0 < p < 1 or plain.se == 0:  # no spread was seen: the weights alone tell the effective size
        size = effective_size(1 / pi)
    else:
        parts = _variances((y - p) / pi, pi, strata)
        freedom = min(float(_freedom(pi, strata)), effective_size(parts))
        t = _quantile(freedom, level) / _quantile(n - 1, level) if n > 1 else 1.0
        size = min(float(n), p * (1 - p) / plain.se**2 / t**2)
    hits, tail = p * size, (1 - level) / 2
    low = float(beta.ppf(tail, hits, size - hits + 1)) if hits > 0 else 0.0
    high = float(beta.ppf(1 - tail, hits + 1, size - hits)) if hits < size else 1.0
    return Estimate(p, plain.se, low, high, n)


def off_policy(y: Floats, pi: Floats, other: Floats, strata: Sequence[str], N: int, level: float = 0.95) -> Estimate:
    """(1 / N) sum((other / pi) y): what the frame would yield per unit, had `other` been the probabilities.

    Divided by the other policy's visits per unit it is that policy's hit rate.
    """
    y, pi = _sound(y, pi)
    total = ht_total(np.asarray(other) * y, pi, strata, level)
    return Estimate(total.value / N, total.se / N, total.low / N, total.high / N, total.n)


def post_stratified(
    y: Floats, pi: Floats, strata: Sequence[str], cells: Sequence[str], sizes: Mapping[str, int], level: float = 0.95
) -> Estimate:
    """The mean over the frame from the Hájek mean of each cell, weighted by the cells' known `sizes`.

    For cells that the design did not stratify by and whose sizes the frame tells (district, kind of firm). A cell
    without results is merged by the caller: here it is a Problem.
    """
    y, pi = _sound(y, pi)
    names = np.asarray(cells)
    empty = sorted(set(sizes) - set(cells))
    if empty or set(cells) - set(sizes):
        raise Problem(
            zh=f"没有结果或不知户数的组：{'、'.join(empty) or '、'.join(sorted(set(cells) - set(sizes)))}",
            en=f"Cells without results or of unknown size: {', '.join(empty or sorted(set(cells) - set(sizes)))}",
            todo_zh="请与相近的组合并。",
            todo_en="Merge them with similar cells.",
        )
    N, value, residual = sum(sizes.values()), 0.0, np.zeros(len(y))
    for name, size in sizes.items():
        rows = names == name
        weight = 1 / pi[rows]
        mean = float((y[rows] * weight).sum() / weight.sum())
        value += size / N * mean
        residual[rows] = (y[rows] - mean) * weight * size / weight.sum()
    return _interval(value, variance(residual, pi, strata) / N**2, _freedom(pi, strata), len(y), level)


def expected_half_width(p: Floats, pi: Floats, level: float = 0.95) -> float:
    """Half of the interval that the mean of yes or no will have, in shares (0.1: ten percentage points), before anyone
    is visited. `p`: (N,) each unit's probability of a yes; `pi`: (N,) of the whole frame.

    The square of e is taken in expectation, by Poisson's variance: a forecast, as good as `p` is calibrated.
    """
    from statistics import NormalDist

    mean = float(p.mean())
    square = p * (1 - mean) ** 2 + (1 - p) * mean**2
    error = math.sqrt(float(((1 - pi) / pi * square).sum())) / len(p)
    return min(1.0, NormalDist().inv_cdf((1 + level) / 2) * error)


def variance(e: Floats, pi: Floats, strata: Sequence[str]) -> float:
    """Of the sum of e: over strata, n_h / (n_h - 1) * sum((1 - pi) (e - ebar_h)^2).

    ebar_h is the (1 - pi)-weighted mean of e. Units with pi = 1 are certain: they add nothing and don't count in n_h.
    """
    return float(_variances(e, pi, strata).sum())


def _variances(e: Floats, pi: Floats, strata: Sequence[str]) -> Floats:
    """(n,) what each result adds to the variance."""
    parts = np.zeros(len(e))
    for rows in _groups(pi, strata):
        weight = 1 - pi[rows]
        centre = float((weight * e[rows]).sum() / weight.sum())
        parts[rows] = len(rows) / (len(rows) - 1) * weight * (e[rows] - centre) ** 2
    return parts


def label_weights(pi: Floats, cap: float) -> Floats:
    """min(1 / pi, cap): the weights of labels in training, bounded for the sake of their variance."""
    return np.minimum(1 / np.asarray(pi, dtype=np.float64), cap)


def effective_size(weights: Floats) -> float:
    """Kish: (sum w)^2 / sum w^2, the unweighted sample that would tell as much."""
    weights = np.asarray(weights, dtype=np.float64)
    return float(weights.sum() ** 2 / (weights**2).sum())


def _groups(pi: Floats, strata: Sequence[str]) -> list[NDArray[np.intp]]:
    """Rows of the uncertain units by stratum in order of name; lone ones collapsed with a neighbour."""
    names = np.asarray(strata)
    uncertain = np.flatnonzero(pi < 1)
    groups: list[NDArray[np.intp]] = []
    lone: NDArray[np.intp] = np.empty(0, dtype=np.intp)
    for name in sorted(set(names[uncertain].tolist())):
        rows = np.concatenate([lone, uncertain[names[uncertain] == name]])
        if len(rows) == 1:
            lone = rows
            continue
        groups.append(rows)
        lone = lone[:0]
    if len(lone):  # the last one goes with the group before it
        if not groups:
            raise Problem(
                zh="只有一个不确定入样的结果，算不出误差",
                en="There is one uncertain result only: its error can't be estimated",
                todo_zh="至少需要两个抽中对象的结果。",
                todo_en="Results of two drawn units are needed at least.",
            )
        groups[-1] = np.concatenate([groups[-1], lone])
    return groups


def _freedom(pi: Floats, strata: Sequence[str]) -> int:
    """Degrees of freedom: uncertain units less groups."""
    groups = _groups(np.asarray(pi), strata)
    return sum(map(len, groups)) - len(groups)


def _quantile(freedom: float, level: float) -> float:
    from scipy.stats import t

    return float(t.ppf((1 + level) / 2, freedom)) if freedom > 0 else 0.0


def _interval(value: float, spread: float, freedom: int, n: int, level: float) -> Estimate:
    se = math.sqrt(spread)
    half = _quantile(freedom, level) * se
    return Estimate(value, se, value - half, value + half, n)


def _sound(y: Floats, pi: Floats) -> tuple[Floats, Floats]:
    y, pi = np.asarray(y, dtype=np.float64), np.asarray(pi, dtype=np.float64)
    if len(y) != len(pi) or not len(y) or not ((pi > 0) & (pi <= 1)).all() or not np.isfinite(y).all():
        raise Problem(
            zh="结果与入样概率不成对，或概率不在 0 与 1 之间",
            en="Results and probabilities don't pair, or a probability is not within 0 and 1",
            todo_zh="估计只用本次抽取抽中对象的结果；概率取自 design.csv。",
            todo_en="Estimates use results of this draw's units only, with the pi of design.csv.",
        )
    return y, pi
