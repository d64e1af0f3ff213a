"""Pure decisions: which class a probability means."""

from __future__ import annotations

import numpy as np

# Multiples of the base rate from which a class begins. A starting point: the agency that deploys sets its own.
CLASS_FROM = {"A": 0.0, "B": 0.75, "C": 1.5, "D": 2.5}


def risk_classes(probability: np.ndarray, base_rate: float) -> np.ndarray:
    """(n,) letters A to D, by how many times the base rate each probability is (CLASS_FROM)."""
    letters = np.array(list(CLASS_FROM))
    edges = np.array(list(CLASS_FROM.values()))[1:] * base_rate
    return letters[np.searchsorted(edges, probability, side="right")]
