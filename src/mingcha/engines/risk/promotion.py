"""May a challenger take the champion's place? Three gates, the last of which is a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mingcha.engines.risk.arrays import Floats
from mingcha.engines.risk.evaluation import Estimate, bootstrap, highest
from mingcha.engines.risk.fairness import Gate


@dataclass(frozen=True)
class Verdict:
    """`allowed`: the machine's gates are passed; a person's signature still has to follow."""

    gain: Estimate
    better: bool
    fair: bool
    unfair: tuple[Gate, ...]

    @property
    def allowed(self) -> bool:
        return self.better and self.fair

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "allowed": self.allowed}


def judge(
    y: Floats,
    challenger: Floats,
    champion: Floats,
    weight: Floats,
    *,
    capacity: float,
    unfair: Sequence[Gate] = (),
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Verdict:
    """Gain in the hit rate of the `capacity` share of firms that each score puts first, on the same rows.

    weight: min(1/pi, cap) of rows with a known design, so that the champion's own choice of firms doesn't favour it.
    The gain's paired interval must exclude 0, and no fairness gate may fail.
    """
    picks = [
        np.isin(np.arange(len(y)), highest(s, capacity, weight)).astype(np.float64) for s in (challenger, champion)
    ]

    def gain(counts: Floats) -> Floats:
        rates = [(counts * weight * pick) @ y / np.maximum((counts * weight) @ pick, 1e-12) for pick in picks]
        return np.asarray(rates[0] - rates[1])

    value = float(gain(np.ones((1, len(y))))[0])
    estimate = bootstrap(gain, len(y), value=value, resamples=resamples, level=level, seed=seed)
    return Verdict(estimate, bool(estimate.low > 0), not unfair, tuple(unfair))
