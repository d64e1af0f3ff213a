"""Four ways to choose whom to visit. Two are lawful random draws of known probability; two are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mingcha.engines.sampling.allocation import EXPLORATION, FOCUS, allocate
from mingcha.engines.sampling.draw import first, q_values

from .truth import Floats

LISTED = 0.032  # foshan: share of firms that the model lists as risky
INTO_PLAN = 0.35  # and the share of the list that goes into the plan


@dataclass(frozen=True)
class Choice:
    """`rows`: who is visited, positions in the frame. `P`: (M,) millionths for the whole frame; None where the rest of
    the frame had no chance at all, so that nothing can be said of it."""

    rows: NDArray[np.intp]
    P: NDArray[np.int64] | None


@dataclass(frozen=True)
class Aim:
    """How `targeted` allocates: by default as a plan does."""

    exploration: float = EXPLORATION  # share of the visits that falls uniformly
    focus: int = FOCUS  # how sharply the rest follow the score


def uniform(rng: np.random.Generator, strata: list[str], take: int, scores: Floats | None, aim: Aim) -> Choice:
    """Everyone alike."""
    allocation = allocate(strata, take)
    return Choice(_drawn(rng, strata, allocation.P, allocation.strata), allocation.P)


def targeted(rng: np.random.Generator, strata: list[str], take: int, scores: Floats | None, aim: Aim) -> Choice:
    """Ours: a share of the visits uniform, the rest where the score is; nobody certain, nobody safe."""
    risk = np.asarray(scores, dtype=np.float64)
    allocation = allocate(strata, take, scores=risk, exploration=aim.exploration, focus=aim.focus)
    return Choice(_drawn(rng, strata, allocation.P, allocation.strata), allocation.P)


def top_k(rng: np.random.Generator, strata: list[str], take: int, scores: Floats | None, aim: Aim) -> Choice:
    """The highest scores, without any draw."""
    return Choice(_highest(scores, take), None)


def foshan(rng: np.random.Generator, strata: list[str], take: int, scores: Floats | None, aim: Aim) -> Choice:
    """As the article tells: of the highest-scored 3.2% of firms, 35% go into the plan; no one else does."""
    listed = _highest(scores, round(LISTED * len(strata)))
    return Choice(np.sort(rng.choice(listed, round(INTO_PLAN * len(listed)), replace=False)), None)


Policy = Callable[[np.random.Generator, list[str], int, Floats | None, Aim], Choice]
LAWFUL = ("uniform", "targeted")  # every firm has a known chance
POLICIES: dict[str, Policy] = {"uniform": uniform, "targeted": targeted, "top-k": top_k, "foshan": foshan}


def _highest(scores: Floats | None, take: int) -> NDArray[np.intp]:
    if scores is None:
        raise ValueError("this policy needs scores")
    return np.sort(np.argsort(-scores, kind="stable")[:take])


def _drawn(
    rng: np.random.Generator, strata: list[str], P: NDArray[np.int64], sizes: dict[str, dict[str, int]]
) -> NDArray[np.intp]:
    """The draw proper, with random bytes in place of the tickets' hashes, which are as good as random."""
    tickets = rng.bytes(32 * len(P))
    q = q_values(tickets, P)
    names = np.array(strata)
    chosen = [first(q, tickets, np.flatnonzero(names == name), size["n"]) for name, size in sizes.items()]
    return np.sort(np.concatenate([np.array(rows, dtype=np.intp) for rows in chosen]))
