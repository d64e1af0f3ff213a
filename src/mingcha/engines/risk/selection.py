"""Selection bias: rows drawn by a design stand for others; rows without a design stand for themselves."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mingcha.engines.risk.arrays import Floats


@dataclass(frozen=True)
class Weighting:
    """How the labels were weighted, as the model card says it."""

    rows: int
    designed: int
    capped: int
    cap: float
    effective: float

    @property
    def claim(self) -> str:
        """What the design allows one to say: "design" only if every row has a known inclusion probability."""
        return "design" if self.rows and self.designed == self.rows else "mixed" if self.designed else "none"

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "claim": self.claim}


def weights(pi: Floats, cap: float) -> Floats:
    """min(1/pi, cap) for rows with a known inclusion probability, 1 for all others (complaint-led, imported)."""
    return np.where(np.isnan(pi), 1.0, np.minimum(1.0 / np.where(np.isnan(pi), 1.0, pi), cap))


def effective_size(weight: Floats) -> float:
    """Kish: (sum w)^2 / sum w^2, the number of equally weighted rows that would tell as much."""
    total = float(np.sum(weight))
    return total * total / float(np.sum(np.square(weight))) if total > 0 else 0.0


def weighting(pi: Floats, cap: float) -> Weighting:
    known = pi[~np.isnan(pi)]
    return Weighting(
        rows=len(pi),
        designed=len(known),
        capped=int(np.sum(1.0 / known > cap)) if len(known) else 0,
        cap=cap,
        effective=round(effective_size(weights(pi, cap)), 1),
    )
