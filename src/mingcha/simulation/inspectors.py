"""Inspectors of the simulated city, and what a visit of theirs records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .assumptions import Assumptions
from .truth import Firms, Floats, Ints, log_odds

CROSS_SHARE = 0.08  # of visits go to a pair of another station: what ties the stations' scales together


@dataclass(frozen=True)
class Inspectors:
    """`strictness`: hidden, log-odds that one adds to a visit's record; 0 is the mean. Sorted by station."""

    station: Ints
    strictness: Floats

    def __len__(self) -> int:
        return len(self.station)


def appoint(rng: np.random.Generator, stations: int, n: int, assumed: Assumptions) -> Inspectors:
    """`n` inspectors, two at least in each station."""
    n = max(n, 2 * stations)
    station = np.sort(np.arange(n) % stations)
    own = rng.normal(0, assumed.inspector_sd, n) + rng.normal(0, assumed.station_sd, stations)[station]
    return Inspectors(station.astype(np.int32), (own - own.mean()).astype(np.float32))


def assign(rng: np.random.Generator, inspectors: Inspectors, station: Ints, cross: float = CROSS_SHARE) -> NDArray:
    """A pair by lot for each firm, (n, 2): all pairs of the firm's station alike, or of another station."""
    counts = np.bincount(inspectors.station)
    starts = np.cumsum(counts) - counts
    elsewhere = rng.random(len(station)) < cross
    moved = (station + 1 + rng.integers(0, max(1, len(counts) - 1), len(station))) % len(counts)
    chosen = np.where(elsewhere, moved, station)
    size = counts[chosen]
    first = (rng.random(len(station)) * size).astype(np.int64)
    second = (first + 1 + (rng.random(len(station)) * (size - 1)).astype(np.int64)) % size
    return starts[chosen][:, None] + np.column_stack([first, second])


@dataclass(frozen=True)
class Outcome:
    """What would come of a visit to each firm. `violation`: a middling pair finds one; `recorded`: the given pair."""

    violation: NDArray[np.bool_]
    recorded: NDArray[np.bool_]


def outcomes(rng: np.random.Generator, firms: Firms, quarter: int, strictness: Floats, assumed: Assumptions) -> Outcome:
    """Both read one and the same chance, so that a stricter pair records all that a milder one does, and more.
    `strictness`: (N,), the mean of the firm's pair."""
    chance = rng.logistic(size=len(firms)).astype(np.float32)
    odds = log_odds(firms, quarter, assumed)
    return Outcome(chance < odds, chance < odds + strictness)
