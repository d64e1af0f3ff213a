"""How readily each inspector records a violation, apart from the firm.

log odds of a recorded violation = f(factors) + intercept + mean of its inspectors' effects + its stratum's effect,
effects ~ N(0, sigma^2) each, sigma by empirical Bayes (Laplace; MacKay's fixed point). A visit by several inspectors
belongs to all of them (multiple membership). Visits without a known inspector are a level of their own, "".
Strata stand in the fit only so that inspectors are compared within them; what a stratum does is left to the factors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from mingcha.engines.risk.arrays import Floats, Ints, Strings, sigmoid
from mingcha.engines.risk.sample import Inspectors

UNKNOWN = ""
_Z95 = 1.959964


@dataclass(frozen=True)
class Contrast:
    """One inspector against the visit-weighted mean of the inspectors with whom it can be compared.

    effect, low, high: log odds, 95% interval. component: inspectors with the same number are connected by shared
    strata; between components nothing is claimed. A fact for training and appraisal, not a penalty.
    """

    inspector: str
    component: int
    visits: int
    effect: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Effects:
    """names (k,), effect and error (k,) in log odds, visits (k,); and the one fixed distribution (points, masses)
    over which a score marginalises the inspector."""

    names: tuple[str, ...]
    effect: Floats
    error: Floats
    visits: Ints
    sigma: float
    intercept: float
    points: Floats
    masses: Floats
    contrasts: tuple[Contrast, ...] = ()

    def of(self, inspectors: Inspectors) -> Floats:
        """(n,) mean effect of each row's inspectors; one who is not known here counts as average, 0; a row without
        any takes the effect of the unknown."""
        if not self.names:
            return np.zeros(len(inspectors))
        known = np.asarray(inspectors.design(self.names) @ self.effect)
        blank = self.effect[self.names.index(UNKNOWN)] if UNKNOWN in self.names else 0.0
        return np.where(inspectors.counts == 0, blank, known)

    def marginal(self, log_odds: Floats, chunk: int = 100_000) -> Floats:
        """(n,) probabilities with the inspector averaged out: the mean of sigmoid(log odds + u) over the one fixed
        distribution. log_odds: (n,) without any inspector, the intercept included."""
        out = np.empty(len(log_odds))
        for a in range(0, len(out), chunk):
            out[a : a + chunk] = sigmoid(log_odds[a : a + chunk, None] + self.points) @ self.masses
        return out

    def as_dict(self) -> dict[str, Any]:
        return {
            "names": list(self.names),
            "effect": self.effect.tolist(),
            "error": self.error.tolist(),
            "visits": self.visits.tolist(),
            "sigma": self.sigma,
            "intercept": self.intercept,
            "points": self.points.tolist(),
            "masses": self.masses.tolist(),
            "contrasts": [vars(c) for c in self.contrasts],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        arrays = {k: np.array(values[k], dtype=np.float64) for k in ("effect", "error", "points", "masses")}
        return cls(
            names=tuple(values["names"]),
            visits=np.array(values["visits"], dtype=np.int64),
            sigma=values["sigma"],
            intercept=values["intercept"],
            contrasts=tuple(Contrast(**c) for c in values["contrasts"]),
            **arrays,
        )


def fit(
    y: Floats,
    *,
    offset: Floats,
    inspectors: Inspectors,
    stratum: Strings,
    weight: Floats,
    points: int = 33,
    edge: int = 1,
) -> Effects:
    """Effects given the factors' part of the log odds, `offset` (n,), from a model that hasn't seen the row."""
    from scipy.sparse import csr_array, hstack

    names, z = _membership(inspectors)
    levels, place = np.unique(stratum, return_inverse=True)
    has_strata = len(levels) > 1 and len(names) > 0
    n = len(y)
    blocks = [csr_array(np.ones((n, 1))), z]
    if has_strata:
        at = np.flatnonzero(stratum != "")
        blocks.append(csr_array((np.ones(len(at)), (at, place[at])), shape=(n, len(levels))))
    design = csr_array(hstack(blocks))
    spans = [slice(1, 1 + len(names)), slice(1 + len(names), design.shape[1])]
    beta, covariance, variance = _empirical_bayes(y, design, offset, weight / weight.mean(), spans)
    effect, covariance = beta[spans[0]], covariance[spans[0], spans[0]]
    visits = np.asarray((z > 0).sum(axis=0), dtype=np.int64).ravel()
    support, masses = _distribution(np.asarray(z @ effect), effect, np.diag(covariance), z, points)
    return Effects(
        names=names,
        effect=effect,
        error=np.sqrt(np.diag(covariance)),
        visits=visits,
        sigma=float(np.sqrt(variance[0])) if len(names) else 0.0,
        intercept=float(beta[0]),
        points=support,
        masses=masses,
        contrasts=contrasts(names, effect, covariance, z, stratum, edge=edge),
    )


def _membership(inspectors: Inspectors) -> tuple[tuple[str, ...], Any]:
    """Names that made a visit here, and the sparse (n, k) shares; the unknown, if there are both kinds, come last."""
    from scipy.sparse import csr_array, hstack

    present = np.unique(inspectors.codes)
    names = tuple(inspectors.names[c] for c in present)
    z = inspectors.design(names)
    without = np.flatnonzero(inspectors.counts == 0)
    if len(names) and len(without):
        column = csr_array((np.ones(len(without)), (without, np.zeros(len(without), int))), shape=(len(inspectors), 1))
        return (*names, UNKNOWN), csr_array(hstack([z, column]))
    return names, z


def _empirical_bayes(
    y: Floats, design: Any, offset: Floats, weight: Floats, spans: Sequence[slice]
) -> tuple[Floats, Floats, list[float]]:
    """Coefficients (the first unpenalised), their posterior covariance, and the variance of each span of effects."""
    from scipy.linalg import cho_factor, cho_solve

    size = design.shape[1]
    beta = np.zeros(size)
    variance = [0.25 for _ in spans]
    covariance = np.zeros((size, size))
    for _ in range(60):
        precision = np.full(size, 1e-8)
        for span, v in zip(spans, variance, strict=True):
            precision[span] = 1 / v
        for _ in range(50):
            p = sigmoid(offset + design @ beta)
            gradient = design.T @ (weight * (y - p)) - precision * beta
            hessian = (design.multiply((weight * p * (1 - p))[:, None]).T @ design).toarray()
            factor = cho_factor(hessian + np.diag(precision))
            step = np.asarray(cho_solve(factor, gradient))
            beta = beta + step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
            if float(np.abs(step).max()) < 1e-8:
                break
        covariance = np.asarray(cho_solve(factor, np.eye(size)))
        previous = list(variance)
        for i, span in enumerate(spans):
            u, c = beta[span], np.diag(covariance)[span]
            if len(u):
                told = float(np.sum(1 - c / variance[i]))  # how many effects the data determine
                variance[i] = float(np.clip((u @ u) / max(told, 1e-9), 1e-6, 25.0))
        if max(abs(np.log(a / b)) for a, b in zip(variance, previous, strict=True)) < 1e-4:
            break
    return beta, covariance, variance


def _distribution(per_row: Floats, effect: Floats, variance: Floats, z: Any, points: int) -> tuple[Floats, Floats]:
    """What the visits of the training time met, each effect spread by what is not known of it, as `points` means of
    equal shares. One distribution for all rows: a score never depends on who comes to the firm."""
    if not len(effect):
        return np.zeros(1), np.ones(1)
    spread = np.sqrt(np.maximum(np.asarray(z.multiply(z) @ variance), 0))
    nodes, share = (
        np.array([-np.sqrt(3.0), 0.0, np.sqrt(3.0)]),
        np.array([1 / 6, 2 / 3, 1 / 6]),
    )  # Gauss-Hermite
    values = (per_row[:, None] + spread[:, None] * nodes).ravel()
    mass = np.tile(share, len(per_row)) / len(per_row)
    order = np.argsort(values, kind="stable")
    values, mass = values[order], mass[order]
    bin_of = np.minimum((np.cumsum(mass) - mass / 2) * points, points - 1).astype(np.int64)
    masses = np.bincount(bin_of, mass, points)
    means = np.bincount(bin_of, mass * values, points)[masses > 0] / masses[masses > 0]
    return means, masses[masses > 0] / masses.sum()


def contrasts(
    names: tuple[str, ...], effect: Floats, covariance: Floats, z: Any, stratum: Strings, *, edge: int = 1
) -> tuple[Contrast, ...]:
    """Each inspector against its own connected component of the graph of inspectors and strata, which has an edge
    where one made at least `edge` visits in the other. Those who stand alone in a component get no contrast."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    levels, place = np.unique(stratum, return_inverse=True)
    entry = coo_array(z)
    row, who = entry.coords
    real = (stratum[row] != "") & np.array([n != UNKNOWN for n in names], dtype=bool)[who]
    k = len(names)
    meets = coo_array(
        (np.ones(int(real.sum())), (who[real], k + place[row[real]])), shape=(k + len(levels),) * 2
    ).tocsr()
    meets.data = (meets.data >= edge).astype(float)
    meets.eliminate_zeros()
    _, label = connected_components(meets, directed=False)
    visits = np.bincount(who, minlength=k)
    found: list[Contrast] = []
    met = np.bincount(who[real], minlength=k) > 0
    number = 0
    for component in np.unique(label[:k]):
        members = np.flatnonzero((label[:k] == component) & met)
        if len(members) < 2:
            continue
        number += 1
        share = visits[members] / visits[members].sum()
        centre = np.eye(len(members)) - share[None, :]
        value = centre @ effect[members]
        error = np.sqrt(np.diag(centre @ covariance[np.ix_(members, members)] @ centre.T))
        found += [
            Contrast(names[m], number, int(visits[m]), float(v), float(v - _Z95 * e), float(v + _Z95 * e))
            for m, v, e in zip(members, value, error, strict=True)
        ]
    return tuple(found)
