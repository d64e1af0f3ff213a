"""Conditions: who stands in a directory, as data that a form builds and a page says in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from mingcha.apps.entities.choices import Status


@dataclass(frozen=True)
class Condition:
    """Of an object directory. A list that is empty asks for nothing; lists narrow each other.

    `division`: first digits, below the directory's own. `licence`: the scheme of a key that the entity must hold, as
    `licence:yunting-food`. `classes`: of our own score;
    `credit_classes`: as the province gives them. `listed`: of credit.choices.Kind, "any" or "none": on which list it
    is now. `not_visited_months`: no inspection in that many months before the day of use. `by_hand`:
    only those that are listed by hand.
    """

    industries: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()
    division: str = ""
    statuses: tuple[str, ...] = (Status.ACTIVE.value,)
    classes: tuple[str, ...] = ()
    opened_from: dt.date | None = None
    opened_to: dt.date | None = None
    licence: str = ""
    credit_classes: tuple[str, ...] = ()
    listed: str = ""
    not_visited_months: int | None = None
    by_hand: bool = False

    def plain(self) -> dict[str, Any]:
        """As it is stored: what asks for nothing is left out."""
        said = {name: value for name, value in asdict(self).items() if value not in ((), "", None, False)}
        return {
            name: list(value)
            if isinstance(value, tuple)
            else value.isoformat()
            if isinstance(value, dt.date)
            else value
            for name, value in said.items()
        }


@dataclass(frozen=True)
class InspectorCondition:
    """Of an inspector directory. `units`: codes of units. `areas`, `skills`: one of them suffices."""

    departments: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        return {name: list(value) for name, value in asdict(self).items() if value}


def read_condition(stored: Mapping[str, Any]) -> Condition:
    """A stored condition. What isn't known any more is left aside; all statuses, where none is stored."""
    return Condition(**{"statuses": ()} | _known(Condition, stored))


def read_inspector_condition(stored: Mapping[str, Any]) -> InspectorCondition:
    return InspectorCondition(**_known(InspectorCondition, stored))


def _known(kind: Any, stored: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for field in fields(kind):
        value = stored.get(field.name)
        if value in (None, "", [], False):
            continue
        if isinstance(value, list):
            out[field.name] = tuple(value)
        else:
            out[field.name] = dt.date.fromisoformat(value) if field.name.startswith("opened_") else value
    return out
