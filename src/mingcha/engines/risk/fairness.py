"""Whom do the model's mistakes fall on? Rates by group, with design-weighted intervals.

Selected = the model says "visit". Unweighted values equal those of fairlearn's MetricFrame (tested).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mingcha.engines.risk.arrays import Bools, Floats, Strings
from mingcha.engines.risk.evaluation import wilson

RATES = ("false_discovery", "false_positive", "missed")
FEW = 30  # effective rows under a rate; with fewer, it is shown but no gate rests on it


@dataclass(frozen=True)
class Rate:
    """A rate in one group: its interval, the (effective) rows under it, and its ratio to the rate over all groups."""

    value: float
    low: float
    high: float
    rows: float
    ratio: float

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def by_group(y: Floats, selected: Bools, group: Strings, weight: Floats | None = None) -> dict[str, dict[str, Rate]]:
    """{level: {false_discovery, false_positive, missed}}; levels in order, "" (unknown) left out.

    false_discovery: compliant among selected. false_positive: selected among compliant. missed: unselected among
    violating. weight: (n,) 1/pi, capped, where a design is known.
    """
    w = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=np.float64)
    violating, chosen = np.asarray(y) == 1, np.asarray(selected, dtype=bool)
    parts = {
        "false_discovery": (chosen, ~violating),
        "false_positive": (~violating, chosen),
        "missed": (violating, ~chosen),
    }
    everyone = np.ones(len(y), dtype=bool)
    overall = {name: _share(w, under, event & under, everyone)[0] for name, (under, event) in parts.items()}
    out: dict[str, dict[str, Rate]] = {}
    for level in (g for g in np.unique(group).tolist() if g):
        at = np.asarray(group) == level
        out[level] = {}
        for name, (under, event) in parts.items():
            value, n = _share(w, under, event & under, at)
            low, high = wilson(value, n) if n else (float("nan"), float("nan"))
            ratio = value / overall[name] if overall[name] else float("nan")
            out[level][name] = Rate(value, low, high, n, ratio)
    return out


@dataclass(frozen=True)
class Gate:
    """A group whose rate is surely more than `limit` times that of everyone."""

    attribute: str
    level: str
    rate: str
    ratio: float
    limit: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def failing(attribute: str, groups: dict[str, dict[str, Rate]], limit: float = 1.25) -> list[Gate]:
    """Groups for which even the favourable end of a rate's interval is above `limit` times everyone's."""
    out = []
    for level, rates in groups.items():
        for name in RATES:
            rate = rates[name]
            if rate.rows >= FEW and rate.ratio > 0 and rate.low * rate.ratio / rate.value > limit:
                out.append(Gate(attribute, level, name, rate.ratio, limit))
    return out


def _share(w: Floats, under: Bools, event: Bools, at: Bools) -> tuple[float, float]:
    """(weighted share of `event` among `under` within `at`, effective rows under it)."""
    base = w[under & at]
    total = float(base.sum())
    if not total:
        return float("nan"), 0.0
    return float(w[event & at].sum()) / total, total**2 / float(np.square(base).sum())
