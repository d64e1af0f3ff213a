"""Has the world moved away from the model? Factors by PSI, outcomes by CUSUM on the visits that fell uniformly."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

import numpy as np

from mingcha.engines.risk.arrays import Bools, Floats, Ints, Strings

STABLE, MOVED = 0.10, 0.25  # the usual reading of PSI: below the first nothing, above the second act


def psi(reference: Floats, current: Floats, bins: int = 10) -> float:
    """Population stability index over deciles of `reference`; missing values are a bin of their own."""
    known = reference[~np.isnan(reference)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, bins + 1)[1:-1])) if len(known) else np.zeros(0)

    def shares(values: Floats) -> Floats:
        code = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="left"))
        counts = np.bincount(code.astype(np.int64), minlength=len(edges) + 2)
        return np.asarray((counts + 0.5) / (counts.sum() + 0.5 * len(counts)))

    a, b = shares(reference), shares(current)
    return float(np.sum((b - a) * np.log(b / a)))


def uniform_arm(pi: Floats, stratum: Strings, row: Strings) -> Bools:
    """(n,) a part of the drawn rows that fell alike on everyone: each row is kept with probability (least pi of its
    stratum) / pi, by a hash of its name, so that the same rows are kept every time. Rows without a design never are."""
    kept = np.zeros(len(pi), dtype=bool)
    for name in np.unique(stratum[~np.isnan(pi)]):
        at = np.flatnonzero((stratum == name) & ~np.isnan(pi))
        lot = [
            int.from_bytes(sha256(b"uniform arm" + r.encode()).digest()[:8], "big") / 2**64 for r in row[at].tolist()
        ]
        kept[at] = np.array(lot) < pi[at].min() / pi[at]
    return kept


@dataclass(frozen=True)
class Cusum:
    """Two-sided CUSUM of standardised residuals. `alarm`: row at which the limit is first crossed, or None."""

    up: tuple[float, ...]
    down: tuple[float, ...]
    limit: float
    alarm: int | None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def cusum(y: Floats, p: Floats, exploration: Bools, order: Ints, *, slack: float = 0.25, limit: float = 13.0) -> Cusum:
    """CUSUM of (y - p) / sqrt(p (1 - p)), in time `order`, over rows of the exploration arm only.

    The exploiting arm is chosen by the model itself, so its residuals can't tell whether the model is right.
    `slack` and `limit` are in standard deviations of one row (Page 1954); with the defaults a model that is right
    raises a false alarm about once in 4,000 visits (simulated in the tests at p = 0.2).
    """
    rows = order[exploration[order]]
    residual = (y[rows] - p[rows]) / np.sqrt(np.clip(p[rows] * (1 - p[rows]), 1e-9, None))
    up, down = _climb(residual - slack), _climb(-residual - slack)
    crossed = np.flatnonzero((up > limit) | (down > limit))
    return Cusum(
        tuple(up.round(6).tolist()),
        tuple(down.round(6).tolist()),
        limit,
        int(rows[crossed[0]]) if len(crossed) else None,
    )


def _climb(step: Floats) -> Floats:
    """max(0, previous + step), for all rows at once: the walk less its running minimum."""
    walk = np.cumsum(step)
    return np.asarray(walk - np.minimum(np.minimum.accumulate(walk), 0.0))
