"""Why a firm has its score, and what would change it. For drawn firms and appeals, not for everyone: it is slow."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mingcha.engines.risk.arrays import Floats
from mingcha.engines.risk.model import Model
from mingcha.engines.risk.sample import Sample


@dataclass(frozen=True)
class Reason:
    """One factor's part. value: None where unknown. log_odds: what it adds; all of them and the start sum to the
    score's log odds. points: the same as a part of the probability, so that they and the start's sum to it."""

    factor: str
    value: float | None
    log_odds: float
    points: float


@dataclass(frozen=True)
class Change:
    """A change of one factor alone, within what was seen in training, and the probability that it would lead to."""

    factor: str
    value: float | None
    to: float
    probability: float


@dataclass(frozen=True)
class Explanation:
    """reasons: strongest first. start, start_probability: a firm whose factors add nothing, on any day."""

    row: str
    probability: float
    log_odds: float
    start: float
    start_probability: float
    reasons: tuple[Reason, ...]
    changes: tuple[Change, ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def explain(
    model: Model, sample: Sample, *, changeable: Collection[str] | None = None, most: int = 3
) -> list[Explanation]:
    """Explanations of the scores that the rows of `sample` have on any day. changeable: factors that a firm can change;
    default all of them. most: changes shown a row."""
    x = np.ascontiguousarray(sample.select(model.factors).x)
    parts, start = _contributions(model, x)
    start = start + model.effects.intercept
    total = start + parts.sum(axis=1)
    p, p0 = model.probability(total), model.probability(start)
    points = _points(parts, total - start, p - p0)
    of_days = set(model.days.columns.tolist())
    can = {name for j, name in enumerate(model.factors) if j not in of_days}
    can &= can if changeable is None else set(changeable)
    changes = _changes(model, x, p, can, most)
    out = []
    for i in range(len(sample)):
        order = [j for j in np.argsort(-np.abs(parts[i]), kind="stable") if j not in of_days]
        reasons = tuple(
            Reason(model.factors[j], _value(x[i, j]), float(parts[i, j]), float(points[i, j])) for j in order
        )
        out.append(
            Explanation(
                row=str(sample.row[i]),
                probability=float(p[i]),
                log_odds=float(total[i]),
                start=float(start[i]),
                start_probability=float(p0[i]),
                reasons=reasons,
                changes=changes[i],
            )
        )
    return out


def raising(model: Model, sample: Sample, *, most: int = 3) -> np.ndarray:
    """(n, most) places in `model.factors` of what raises each row's score most, strongest first; -1 where fewer do."""
    if not len(sample):
        return np.full((0, most), -1)
    parts, _ = _contributions(model, np.ascontiguousarray(sample.select(model.factors).x))
    order = np.argsort(-parts, axis=1, kind="stable")[:, :most]
    found = np.where(np.take_along_axis(parts, order, axis=1) > 0, order, -1)
    return np.pad(found, ((0, 0), (0, most - found.shape[1])), constant_values=-1)


def _contributions(model: Model, x: Floats) -> tuple[Floats, Floats]:
    """((n, p), (n,)) averaged over the model's days; what these add themselves, to everyone alike or nearly so, is
    part of the start."""
    each = [model.learner.contributions(on, threads=model.config.threads) for on in model.days.on_each(x)]
    parts = np.mean([parts for parts, _ in each], axis=0)
    start = each[0][1] + parts[:, model.days.columns].sum(axis=1)
    parts[:, model.days.columns] = 0
    return parts, start


def _value(v: Any) -> float | None:
    return None if np.isnan(v) else float(v)


def _points(parts: Floats, moved: Floats, gained: Floats) -> Floats:
    """Shares of the probability in proportion to shares of the log odds. Where the parts cancel out, the rate between
    the two is taken from the steepest place of the logistic curve, and the rest goes to the largest part."""
    tiny = np.abs(moved) < 1e-6
    rate = np.where(tiny, 0.25, gained / np.where(tiny, 1.0, moved))
    points = parts * rate[:, None]
    if parts.shape[1]:
        largest = np.argmax(np.abs(parts), axis=1)
        points[np.arange(len(parts)), largest] += gained - points.sum(axis=1)
    return points


def _changes(model: Model, x: Floats, p: Floats, can: Collection[str], most: int) -> list[tuple[Change, ...]]:
    """For each row the single changes that lower its probability most: only towards less risk where the factor has a
    direction, only to values between the 5th and 95th percentile of training. Of equal effects the nearest value."""
    n = len(x)
    found: list[list[Change]] = [[] for _ in range(n)]
    for j, name in enumerate(model.factors):
        values = np.unique(model.grid[j, 1:-1].astype(np.float32))
        values = values[~np.isnan(values)]
        if name not in can or not len(values):
            continue
        asked = np.repeat(x, len(values), axis=0)
        asked[:, j] = np.tile(values, n)
        reached = model.probability(model.log_odds_any_day(asked)).reshape(n, len(values))
        step = (values[None, :] - x[:, j : j + 1]) * model.directions[j]
        allowed = ~np.isnan(x[:, j : j + 1]) & (step <= 0)
        gain = np.where(allowed, p[:, None] - reached, -np.inf)
        top = gain.max(axis=1)
        far = np.abs(values[None, :] - np.nan_to_num(x[:, j : j + 1]))
        nearest = np.argmin(np.where(gain >= top[:, None] - 1e-9, far, np.inf), axis=1)
        for i in np.flatnonzero(top > 0.001):
            at = nearest[i]
            found[i].append(Change(name, float(x[i, j]), float(values[at]), float(reached[i, at])))
    return [tuple(sorted(c, key=lambda c: c.probability)[:most]) for c in found]
