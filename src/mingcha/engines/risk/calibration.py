"""From a score to a probability: isotonic where there are enough violations, else Platt's line on the log odds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

import numpy as np

from mingcha.engines.risk.arrays import Floats, logit, sigmoid
from mingcha.problems import Problem


@dataclass(frozen=True)
class Calibration:
    """platt: p = sigmoid(y[0] + y[1] * logit(score)). isotonic: steps through (x, y), straight between them."""

    kind: Literal["platt", "isotonic"]
    x: tuple[float, ...]
    y: tuple[float, ...]
    rows: int
    positives: int

    def apply(self, p: Floats) -> Floats:
        """(n,) calibrated probabilities of (n,) uncalibrated ones."""
        if self.kind == "platt":
            return sigmoid(self.y[0] + self.y[1] * logit(p))
        return np.asarray(np.interp(p, self.x, self.y))

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        return cls(**{**values, "x": tuple(values["x"]), "y": tuple(values["y"])})


def calibrate(p: Floats, y: Floats, weight: Floats, *, isotonic_from: int) -> Calibration:
    """Fit on rows that the model has not seen. weight: min(1/pi, cap) where a design is known, else 1.

    Raises Problem where all rows have the same outcome.
    """
    positives = int(np.sum(y == 1))
    if not 0 < positives < len(y):
        raise Problem(
            zh="校准窗口内的结果全部相同，无法校准。",
            en="All outcomes in the calibration window are the same; nothing can be calibrated.",
            where=f"{len(y)} rows, {positives} violations",
            todo_zh="请加长校准窗口（calibrating.days）或等待更多结果。",
            todo_en="Lengthen the window (calibrating.days), or wait for more results.",
        )
    if positives >= isotonic_from:
        from sklearn.isotonic import IsotonicRegression

        fit = IsotonicRegression(out_of_bounds="clip", y_min=1e-4, y_max=1 - 1e-4).fit(p, y, sample_weight=weight)
        return Calibration(
            "isotonic", tuple(map(float, fit.X_thresholds_)), tuple(map(float, fit.y_thresholds_)), len(y), positives
        )
    return Calibration("platt", (), _platt(logit(p), y, weight), len(y), positives)


def _platt(z: Floats, y: Floats, weight: Floats) -> tuple[float, float]:
    """Newton's method with Platt's smoothed targets; the slope is kept from turning the order around."""
    up, down = float(np.sum(weight[y == 1])), float(np.sum(weight[y == 0]))
    target = np.where(y == 1, (up + 1) / (up + 2), 1 / (down + 2))
    design = np.column_stack([np.ones(len(z)), z])
    beta = np.array([0.0, 1.0])
    for _ in range(50):
        p = sigmoid(design @ beta)
        gradient = design.T @ (weight * (target - p))
        hessian = (design * (weight * p * (1 - p))[:, None]).T @ design + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        beta = beta + step
        if float(np.abs(step).max()) < 1e-10:
            break
    return float(beta[0]), max(float(beta[1]), 1e-3)
