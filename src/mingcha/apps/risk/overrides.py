"""Where those who are told what to inspect tell how often they went elsewhere, and what they found there.

The room above this one registers its count when it is ready; until then a model's page says that there is none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .models import RiskModel


@dataclass(frozen=True)
class Overrides:
    """Tasks of plans aimed by a model: how many, how many of them were put in or left out by a person against it, and
    of the visited ones among the latter, and among all others, how many found a violation."""

    tasks: int
    overridden: int
    overridden_visited: int
    overridden_found: int
    others_visited: int
    others_found: int


Count = Callable[[RiskModel], Overrides | None]
_count: list[Count] = []


def register(count: Count) -> None:
    _count[:] = [count]


def overrides_of(model: RiskModel) -> Overrides | None:
    """None where nobody counts them yet, or there are no tasks."""
    return _count[0](model) if _count else None
