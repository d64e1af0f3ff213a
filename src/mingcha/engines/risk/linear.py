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
    return _Design(x, y, offset, weight).solve(l2, directions)


class _Design:
    """Standardised values, gaps and a column of ones; with what fits of different penalties can share."""

    def __init__(self, x: Floats, y: Floats, offset: Floats, weight: Floats) -> None:
        self.y, self.offset, self.weight = y, offset, weight / weight.mean()
        n, p = x.shape
        x = np.asfortranarray(x)
        empty = np.isnan(x)
        missing = empty.sum(axis=0)
        self.gaps = np.flatnonzero(np.minimum(missing, n - missing) >= 20)
        self.columns = np.empty((n, p + len(self.gaps) + 1), order="F")
        self.middle, self.scale = np.zeros(p), np.ones(p)
        for j in range(p):  # a column at a time stays in the processor's cache
            value = x[:, j].astype(np.float64)
            there = value[~empty[:, j]] if missing[j] else value
            if len(there):
                self.middle[j], spread = there.mean(), there.std()
                self.scale[j] = spread if spread > 1e-9 else 1.0
            z = np.clip((value - self.middle[j]) / self.scale[j], -CLIP, CLIP)
            self.columns[:, j] = np.where(empty[:, j], 0.0, z) if missing[j] else z
        self.columns[:, p:-1] = empty[:, self.gaps]
        self.columns[:, -1] = 1.0
        self.level = _intercept(y, offset, self.weight)
        q = sigmoid(offset + self.level)
        self.free = _strongest(self.columns, self.weight * (y - q))
        self.start = self.curvature(self.free, q)

    def curvature(self, free: npt.NDArray[np.bool_], q: Floats) -> Floats:
        """Upper half of the Hessian over the `free` columns without penalty. In single precision: it only says how
        far to step, the gradient says whether to."""
        from scipy.linalg.blas import ssyrk

        root = np.sqrt(self.weight * q * (1 - q)).astype(np.float32)
        half = np.empty((len(root), int(free.sum())), np.float32, order="F")
        for i, j in enumerate(np.flatnonzero(free)):
            np.multiply(self.columns[:, j], root, out=half[:, i], casting="same_kind")
        return np.asarray(ssyrk(1.0, half, trans=1))

    def solve(self, l2: float, directions: Sequence[int] | None = None) -> Linear:
        p = len(self.middle)
        sign = np.zeros(self.columns.shape[1])
        if directions is not None:
            sign[:p] = directions
        beta, free = np.zeros(len(sign)), self.free.copy()
        beta[-1] = self.level
        while True:
            self._newton(beta, free, l2)
            wrong = free & (beta * sign < 0)
            if not wrong.any():
                break
            beta[wrong] = 0.0
            free &= ~wrong
        gap = np.zeros(p)
        gap[self.gaps] = beta[p:-1]
        return Linear(self.middle, self.scale, beta[:p], gap)

    def _newton(self, beta: Floats, free: npt.NDArray[np.bool_], l2: float) -> None:
        """Moves `beta` to the least penalised loss over the `free` columns. Log odds hardly move under a ridge, so the
        curvature of the start, the dear part, serves for many steps; it is renewed where they stop getting shorter."""
        from scipy.linalg import cho_factor, cho_solve

        places = np.flatnonzero(free)
        penalty = np.full(len(places), l2)
        penalty[-1] = 1e-9
        kept = free[self.free]
        hessian: Floats | None = self.start if kept.all() else self.start[np.ix_(kept, kept)]
        factor, last, age = None, np.inf, 0
        for _ in range(200):
            q = sigmoid(self.offset + self.columns @ beta)
            if hessian is None:
                hessian = self.curvature(free, q)
            if factor is None:
                factor = cho_factor(hessian + np.diag(penalty.astype(np.float32)), overwrite_a=True, check_finite=False)
            gradient = (self.columns.T @ (self.weight * (self.y - q)))[places] - penalty * beta[places]
            step = cho_solve(factor, gradient, check_finite=False)
            before, length = last, float(np.abs(step).max())
            beta[places] += step * min(1.0, 5.0 / max(length, 1e-12))
            if length < 1e-7:
                break
            last, age = length, age + 1
            if age > 3 and length > 0.9 * before:
                hessian, factor, age = None, None, 0


def _intercept(y: Floats, offset: Floats, weight: Floats) -> float:
    """The one that makes the mean right, by itself."""
    level = 0.0
    for _ in range(100):
        q = sigmoid(offset + level)
        step = float(weight @ (y - q)) / max(float(weight @ (q * (1 - q))), 1e-12)
        level += min(1.0, max(-1.0, step))
        if abs(step) < 1e-9:
            break
    return level


def _strongest(design: Floats, residual: Floats) -> npt.NDArray[np.bool_]:
    """(p,) the WIDEST columns by correlation with what the offset leaves open, and the intercept, the last one."""
    free = np.ones(design.shape[1], dtype=bool)
    if design.shape[1] > WIDEST + 1:
        spread = np.maximum(design.std(axis=0), 1e-9)
        pull = np.abs((design.T @ residual) / spread)
        pull[-1] = np.inf
        free[np.argsort(-pull, kind="stable")[WIDEST + 1 :]] = False
    return free


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
        design = _Design(x[train], y[train], offset[train], weight[train])
        for i, l2 in enumerate(grid):
            score = offset[test] + design.solve(l2, directions).raw(x[test])
            loss[i] += float(np.sum(weight[test] * (np.logaddexp(0, score) - y[test] * score)))
    return float(grid[len(grid) - 1 - int(np.argmin(loss[::-1]))])
