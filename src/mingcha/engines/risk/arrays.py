"""Names for the kinds of array that pass between the modules of this engine, and the logit."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.integer[Any]]
Bools = npt.NDArray[np.bool_]
Dates = npt.NDArray[np.datetime64]
Strings = npt.NDArray[np.str_]


def sigmoid(z: Floats) -> Floats:
    """Probability of log odds; never overflows."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * np.asarray(z, dtype=np.float64))))


def logit(p: Floats | float, *, edge: float = 1e-6) -> Floats:
    """Log odds of a probability, kept `edge` away from 0 and 1."""
    q = np.clip(np.asarray(p, dtype=np.float64), edge, 1 - edge)
    return np.asarray(np.log(q) - np.log1p(-q))
