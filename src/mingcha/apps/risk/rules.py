"""Pure decisions: which class a probability means."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .choices import Turn

# Multiples of the base rate from which a class begins. A starting point: the agency that deploys sets its own.
CLASS_FROM = {"A": 0.0, "B": 0.75, "C": 1.5, "D": 2.5}


def risk_classes(probability: npt.ArrayLike, base_rate: float) -> np.ndarray:
    """(n,) letters A to D, by how many times the base rate each probability is (CLASS_FROM)."""
    letters = np.array(list(CLASS_FROM))
    edges = np.array(list(CLASS_FROM.values()))[1:] * base_rate
    return letters[np.searchsorted(edges, probability, side="right")]


def move_of(move: str, letter: str) -> str:
    """The class before the last scoring ("" where there was none), of a score's `move` and the class it has now."""
    return letter if not move else move[0].replace("-", "")


def turn_of(move: str) -> str:
    """What a move comes to (choices.Turn); "" where the class stayed."""
    if len(move) != 2:
        return ""
    before, now = move
    if before == "-":
        return Turn.NEW.value
    if now > before:
        return (Turn.TO_D if now == "D" else Turn.UP).value
    return (Turn.FROM_D if before == "D" else Turn.DOWN).value
