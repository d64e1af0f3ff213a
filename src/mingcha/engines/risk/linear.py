"""Ridge logistic regression: the steady half of the model, and a baseline that is always shown beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from mingcha.engines.risk.arrays import Floats, Ints, sigmoid

CLIP = 3.0  # standard deviations; one absurd value then can't decide a score
WIDEST = 1_500  # columns: a fit takes their cube; of more, those are taken that move most with the outcome


@dataclass(frozen=True, eq=False)
class Linear:
    """f(x) = sum of slope * clipped standardised value, plus gap where the value is missing. All (p,), in log odds."""

    middle: Floats
    scale: Floats
    slope: Floats
    gap: Floats

    def contributions(self, x: Floats) -> Floats:
        """(n, p) what each factor adds to the log odds, against a firm whose values are all average."""
        z = np.clip((x.astype(np.float64) - self.middle) / self.scale, -CLIP, CLIP)
        return np.where(np.isnan(z), self.gap, z * self.slope)

    def raw(self, x: Floats, chunk: int = 100_000) -> Floats:
        parts = [self.contributions(x[a : a + chunk]).sum(axis=1) for a in range(0, len(x), chunk)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def as_dict(self) -> dict[str, Any]:
        return {k: v.tolist() for k, v in vars(self).items()}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        return cls(**{k: np.array(v, dtype=np.float64) for k, v in values.items()})


def fit(
    x: Floats,
    y: Floats,
    *,
    offset: Floats,
    weight: Floats,
    l2: float,
    directions: Sequence[int] | None = None,
) -> Linear:
    """Newton's method; every slope and gap is penalised by `l2` (in rows' worth of log loss), the intercept is not.

    directions: a slope that comes out against its factor's direction is set to zero and the rest fitted again.
    """
    value = x.astype(np.float64)
    empty = np.isnan(value)
    known = np.maximum((~empty).sum(axis=0), 1)
    middle = np.where(empty, 0, value).sum(axis=0) / known
    scale = np.sqrt(np.where(empty, 0, (value - middle) ** 2).sum(axis=0) / known)
    scale = np.where(scale > 1e-9, scale, 1.0)
    z = np.where(empty, 0.0, np.clip((value - middle) / scale, -CLIP, CLIP))
    p = x.shape[1]
    rare = np.minimum(empty.sum(axis=0), (~empty).sum(axis=0)) < 20
    gaps = np.flatnonzero(~rare)
    weight = weight / weight.mean()
    design = np.column_stack([z, empty[:, gaps].astype(np.float64), np.ones(len(y))])
    sign = np.r_[
        np.asarray(directions if directions is not None else np.zeros(p), dtype=float),
        np.zeros(len(gaps) + 1),
    ]
    free = _strongest(design, weight * (y - sigmoid(offset)))
    while True:
        beta = np.zeros(design.shape[1])
        beta[free] = _newton(design[:, free], y, offset, weight, np.r_[np.full(int(free.sum()) - 1, l2), 1e-9])
        wrong = free & (beta * sign < 0)
        if not wrong.any():
            break
        free &= ~wrong
    gap = np.zeros(p)
    gap[gaps] = beta[p:-1]
    return Linear(middle, scale, beta[:p], gap)


def _strongest(design: Floats, residual: Floats) -> npt.NDArray[np.bool_]:
    """(p,) the WIDEST columns by correlation with what the offset leaves open, and the intercept, the last one."""
    free = np.ones(design.shape[1], dtype=bool)
    if design.shape[1] > WIDEST + 1:
        spread = np.maximum(design.std(axis=0), 1e-9)
        pull = np.abs((design.T @ residual) / spread)
        pull[-1] = np.inf
        free[np.argsort(-pull, kind="stable")[WIDEST + 1 :]] = False
    return free


def _newton(design: Floats, y: Floats, offset: Floats, weight: Floats, penalty: Floats) -> Floats:
    """Newton's method with the curvature of the start: log odds hardly move under a ridge, so that one Hessian, the
    only dear part, serves for many steps; it is renewed where they stop getting shorter."""
    from scipy.linalg import cho_factor, cho_solve

    beta = np.zeros(design.shape[1])
    curvature, last = None, np.inf
    for _ in range(200):
        q = sigmoid(offset + design @ beta)
        gradient = design.T @ (weight * (y - q)) - penalty * beta
        if curvature is None:
            h = weight * q * (1 - q)
            half = design * np.sqrt(h)[:, None]
            hessian = half.T @ half
            hessian[np.diag_indices_from(hessian)] += penalty
            curvature, last = cho_factor(hessian, overwrite_a=True, check_finite=False), np.inf
        step = cho_solve(curvature, gradient, check_finite=False)
        length = float(np.abs(step).max())
        beta = beta + step * min(1.0, 5.0 / max(length, 1e-12))
        if length < 1e-8:
            break
        if length > 0.7 * last:
            curvature = None
        last = length
    return beta


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows to fit or to judge: x (n, p), y, offset, weight (n,)."""

    x: Floats
    y: Floats
    offset: Floats
    weight: Floats


def held_out_worth(seen: Rows, new: Rows) -> Floats:
    """(p,) by how much the log loss of the `new` rows would rise without each factor's part in a line that was fitted
    to the `seen`; to second order. One Newton step from the offset under a ridge of five rows a factor: enough to rank
    by, and quick for a thousand factors."""
    from scipy.linalg import cho_factor, cho_solve

    middle, scale = (np.empty(seen.x.shape[1], np.float32) for _ in range(2))
    for j in range(0, len(middle), 64):  # by parts: doubles of a thousand columns would not fit beside each other
        part = seen.x[:, j : j + 64].astype(np.float64)
        known = np.maximum((~np.isnan(part)).sum(axis=0), 1)
        middle[j : j + 64] = np.nansum(part, axis=0) / known
        spread = np.sqrt(np.nansum(np.square(part - middle[j : j + 64]), axis=0) / known)
        scale[j : j + 64] = np.where(spread > 1e-9, spread, 1)

    def standard(x: Floats) -> Floats:
        z = (x - middle) / scale
        np.clip(z, -CLIP, CLIP, out=z)
        return np.asarray(np.nan_to_num(z, copy=False, nan=0.0))

    z = standard(seen.x)
    p = sigmoid(seen.offset)
    h = seen.weight * p * (1 - p)
    z -= (h @ z / h.sum()).astype(np.float32)
    half = z * np.sqrt(h).astype(np.float32)[:, None]
    hessian = (half.T @ half).astype(np.float64)
    hessian[np.diag_indices_from(hessian)] += 5.0 * z.shape[1]
    slope = cho_solve(cho_factor(hessian), z.T @ (seen.weight * (seen.y - p)))

    z = standard(new.x)
    p = sigmoid(new.offset + z @ slope)
    first = slope * (z.T @ (new.weight * (new.y - p)))
    second = slope**2 * (np.square(z).T @ (new.weight * p * (1 - p)))
    return np.asarray(first + 0.5 * second)


def choose_l2(
    x: Floats,
    y: Floats,
    *,
    offset: Floats,
    weight: Floats,
    folds: Sequence[tuple[Ints, Ints]],
    grid: Sequence[float] = (100, 1000, 3000, 10_000),
    directions: Sequence[int] | None = None,
) -> float:
    """The penalty with the least log loss on later rows; the heavier of equals."""
    loss = np.zeros(len(grid))
    for train, test in folds:
        for i, l2 in enumerate(grid):
            part = fit(x[train], y[train], offset=offset[train], weight=weight[train], l2=l2, directions=directions)
            score = offset[test] + part.raw(x[test])
            loss[i] += float(np.sum(weight[test] * (np.logaddexp(0, score) - y[test] * score)))
    return float(grid[len(grid) - 1 - int(np.argmin(loss[::-1]))])
