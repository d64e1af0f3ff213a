"""Exact inclusion probabilities of Pareto sampling, for strata with few visits.

Pareto sampling includes unit i with a probability near, not at, the pi it was given. The gap vanishes as the
visits grow; below `FEW` visits it matters ([.8, .1, .05, .05], one visit: .871, .064, .033, .033), so estimates
use the exact value. Source: Rosén 1997, "On sampling with probability proportional to size"; Aires 1999.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mingcha.engines.sampling.encoding import MILLION

FEW = 30  # visits in a stratum below which the exact probabilities are computed
STEP = 1 / 8  # of the integral, in log t: the line is about 1 / sqrt(n) wide
HEAVY = 0.3  # chance to fall below the line from which a unit can't be divided out of a distribution stably

Floats = NDArray[np.float64]


def design_probabilities(P: NDArray[np.int64], n: int) -> Floats:
    """The inclusion probabilities that estimates use for one stratum: exact below `FEW` visits, else P."""
    return pareto(P, n) if n < FEW else P / MILLION


def pareto(P: NDArray[np.int64], n: int) -> Floats:
    """Exact inclusion probabilities when the n smallest Q of a stratum are taken. `P`: (N,), millionths.

    Unit i is in if fewer than n of the others fall below its own Q = t: the integral over t of
    Pr(at most n - 1 others below t) times the density of t. They sum to n.
    """
    if not 0 < n <= len(P):
        raise ValueError(f"{n} of {len(P)} units")
    if n == len(P):
        return np.ones(len(P))
    values, place, counts = np.unique(P, return_inverse=True, return_counts=True)
    c = (MILLION - values) / values  # Q = odds(u) * c, so Pr(Q < t) = t / (t + c)
    pi = _integrate(c, counts, n)
    if abs(float(counts @ pi) - n) > 1e-9 * n:
        raise AssertionError("the inclusion probabilities don't sum to the visits")
    return np.asarray(pi[place])


def corrected(P: NDArray[np.int64], n: int) -> Floats:
    """Probabilities for n visits when units have left the frame, so that P no longer sums to n.

    The order by Q doesn't change when all c are scaled by one factor, so the target is the P, rescaled in its
    odds, that sums to n.
    """
    if n < FEW:
        return pareto(P, n)
    c = (MILLION - P) / P
    line = _line(c, np.ones(len(c), dtype=np.int64), n)
    return np.asarray(line / (line + c))


def _line(c: Floats, counts: NDArray[np.int64], n: int) -> float:
    """The t below which n units fall on average, by bisection on its logarithm."""
    low, high = -60.0, 60.0
    for _ in range(100):
        middle = (low + high) / 2
        t = math.exp(middle)
        low, high = (middle, high) if float(counts @ (t / (t + c))) < n else (low, middle)
    return math.exp((low + high) / 2)


def _integrate(c: Floats, counts: NDArray[np.int64], n: int) -> Floats:
    """The integral over y = log t for each distinct value, by the trapezoid rule.

    The integrand is analytic for |Im y| < pi and falls off exponentially, so the error is below rounding.
    """
    line = _line(c, counts, n)
    y = np.arange(math.log(line) - 40, math.log(max(line, c.max())) + 40, STEP)
    odds = np.exp(y)[:, None] / c  # nodes by values
    below, above = odds / (1 + odds), 1 / (1 + odds)
    heavy = np.flatnonzero(line / (line + c) > HEAVY)
    light = np.flatnonzero(line / (line + c) <= HEAVY)

    shared = np.zeros((len(y), n))  # Pr(k units fall below t), k < n: all light ones, then all
    shared[:, 0] = 1
    for v in light:
        shared = _with(shared, below[:, v], above[:, v], int(counts[v]))
    every = shared
    for v in heavy:
        every = _with(every, below[:, v], above[:, v], int(counts[v]))

    fewer = np.empty((len(y), len(c)))  # Pr(at most n - 1 of the others fall below t)
    part = every[:, :1] / above[:, light]  # one light unit is divided out of all
    total = part.copy()
    for k in range(1, n):
        part = (every[:, k : k + 1] - below[:, light] * part) / above[:, light]
        total += part
    fewer[:, light] = total
    for v in heavy:  # few: their probabilities sum to n at most
        others = shared
        for w in heavy:
            others = _with(others, below[:, w], above[:, w], int(counts[w]) - int(v == w))
        fewer[:, v] = others.sum(axis=1)
    return np.asarray(STEP * (below * above * fewer).sum(axis=0))


def _with(few: Floats, below: Floats, above: Floats, copies: int) -> Floats:
    """The distribution `few` (nodes by k) after `copies` more units, each below t with chance `below`."""
    if copies == 0:
        return few
    n = few.shape[1]
    if copies == 1:
        more = few * above[:, None]
        more[:, 1:] += few[:, :-1] * below[:, None]
        return more
    k = np.arange(min(n, copies + 1))
    choose = np.array([math.lgamma(copies + 1) - math.lgamma(j + 1) - math.lgamma(copies - j + 1) for j in k])
    binomial = np.exp(choose + k * np.log(below)[:, None] + (copies - k) * np.log(above)[:, None])
    more = np.zeros_like(few)
    for j in k:
        more[:, j:] += few[:, : n - j] * binomial[:, j : j + 1]
    return more
