"""From sums to factors: which aggregates a factor needs, and the number it makes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .factor import Factor, Signal
from .facts import scale_of
from .sums import Array, Atom

ROWS = Signal()

Get = Callable[[Atom, int], Array]


def atoms_of(factor: Factor, signals: Sequence[Signal]) -> tuple[Atom, ...]:
    """The aggregates that `factor` is made of; `signals` tells each signal's number."""
    i, h, k = signals.index(factor.signal), factor.half_life, factor.kernel
    match factor.statistic:
        case "count" | "sum" | "valid" | "others":
            return (Atom("number" if factor.signal == ROWS else "sum", i, h, k),)
        case "rate" | "mean":
            counted = i if factor.signal.kind == "measure" else signals.index(ROWS)  # only a number can be missing
            return (Atom("sum", i, h, k), Atom("number", counted, h, k))
        case "max":
            return (Atom("greatest", i),)
        case "days_since":
            return (Atom("latest_day", i),)
        case "last" if _is_flag(factor.signal):
            return (Atom("latest_day", i), Atom("latest_day", signals.index(ROWS)))
        case "last":
            return (Atom("latest_value", i),)
    raise ValueError(f"{factor.name}: {factor.statistic} is not made of sums")


def signals_of(factors: Sequence[Factor]) -> list[Signal]:
    """The rows themselves, and the other signals of `factors`, each once."""
    return list(dict.fromkeys((ROWS, *(f.signal for f in factors))))


def value_of(factor: Factor, signals: Sequence[Signal], get: Get, days: npt.NDArray[np.int32]) -> Array:
    """(n,) float64, NaN where unknown. `get(atom, window)` gives an aggregate, `days` the day of each row."""
    atoms, scale = atoms_of(factor, signals), scale_of(factor.signal)
    first = get(atoms[0], factor.window)
    match factor.statistic:
        case "rate":
            rows = get(atoms[1], factor.window)
            rate = _ratio(first / scale + factor.prior * factor.strength, rows + factor.strength)
            return np.where(rows >= factor.least, rate, np.nan) if factor.least else rate
        case "mean":
            return _ratio(first / scale, get(atoms[1], factor.window))
        case "days_since":
            return np.asarray(days - first)
        case "last" if _is_flag(factor.signal):
            latest = get(atoms[1], factor.window)
            return np.where(np.isnan(latest), np.nan, (first == latest).astype(np.float64))
        case "last" if factor.signal.kind == "date":
            return np.asarray(days - first)
    return first / scale


def calendar(part: str, days: npt.NDArray[np.int32]) -> Array:
    """A part of the day itself: `year_sin`, `year_cos` (the season), `weekday` (0 = Monday), `month` (1 to 12)."""
    dates: Any = days.astype("datetime64[D]")
    years = dates.astype("datetime64[Y]")
    turn = 2 * np.pi * (dates - years.astype("datetime64[D]")).astype(np.float64) / 365.25
    parts = {
        "year_sin": np.sin(turn),
        "year_cos": np.cos(turn),
        "weekday": (days + 3.0) % 7,
        "month": 1.0 + (dates.astype("datetime64[M]") - years.astype("datetime64[M]")).astype(np.float64),
    }
    return np.asarray(parts[part], dtype=np.float64)


def _is_flag(signal: Signal) -> bool:
    return signal.kind in ("condition", "category", "topic") and not signal.adjusted


def _ratio(above: Array, below: Array) -> Array:
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)
