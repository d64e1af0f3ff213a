"""Pages that follow a key: reading page 10,000 costs what page 1 costs."""

from __future__ import annotations

import base64
import binascii
import datetime
import json
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet


@dataclass(frozen=True)
class Order:
    """Sort by `path`, ties by `tie`. Rows without a value (`nullable`) come last in either direction."""

    path: str
    tie: str = "pk"
    descending: bool = False
    nullable: bool = False

    def parts(self, queryset: QuerySet) -> list[QuerySet]:
        """The queryset in one or two runs: with a value, then without. A filter on a join keeps its index in use."""
        if not self.nullable:
            return [queryset]
        return [queryset.filter(**{f"{self.path}__isnull": False}), queryset.filter(**{f"{self.path}__isnull": True})]

    def by(self, part: int, backwards: bool) -> list[str]:
        down = "-" if self.descending != backwards else ""
        tie = "-" if (self.descending if part == 0 else False) != backwards else ""
        if part == 1:
            return [f"{tie}pk"]
        return [f"{tie}pk"] if self.path == "pk" else [f"{down}{self.path}", f"{tie}{self.tie}"]


@dataclass(frozen=True)
class Cursor:
    """A place between two rows: which run, the sort value and primary key of the row beside it, rows before it."""

    part: int
    value: Any
    pk: Any
    position: int

    def encode(self) -> str:
        text = json.dumps([self.part, _plain(self.value), self.pk, self.position], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Cursor | None:
        """None where `text` is no cursor: an old or mangled address shows the first page."""
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            part, value, pk, position = json.loads(raw)
            if part not in (0, 1) or not isinstance(position, int) or not isinstance(pk, int | str):
                return None
            if isinstance(value, dict | list):
                return None
            return cls(part, value, pk, position)
        except (ValueError, TypeError, binascii.Error):
            return None


def read(
    queryset: QuerySet,
    order: Order,
    size: int,
    cursor: Cursor | None,
    backwards: bool,
    whole: QuerySet | None = None,
) -> tuple[list, bool]:
    """Up to `size` rows beside `cursor` in reading order, and whether there are more beyond them.

    Their keys are found first, by the index of the order alone, then what is joined to these few: a planner that is
    asked for both at once may join all rows before it sorts them. `whole`: what `queryset` was narrowed from, of which
    the rows are read once their keys are known.
    """
    parts = order.parts(queryset)
    sequence = list(enumerate(parts))
    if backwards:
        sequence.reverse()
    rows: list = []
    for number, part in sequence:
        if cursor and ((number < cursor.part) if not backwards else (number > cursor.part)):
            continue
        narrowed = part
        if cursor and number == cursor.part:
            narrowed = part.filter(_beyond(order, number, cursor, backwards))
        ordered = narrowed.order_by(*order.by(number, backwards)).values_list("pk", flat=True)
        keys = list(ordered[: size + 1 - len(rows)])
        found = (part if whole is None else whole).in_bulk(keys)
        rows += [found[key] for key in keys if key in found]  # one may be gone by now
        if len(rows) > size:
            break
    more = len(rows) > size
    rows = rows[:size]
    return (rows[::-1] if backwards else rows), more


def cursor_of(row: Any, order: Order, position: int) -> Cursor:
    value = None if order.path == "pk" else _follow(row, order.path)
    return Cursor(1 if order.nullable and value is None else 0, value, row.pk, position)


def _beyond(order: Order, part: int, cursor: Cursor, backwards: bool) -> Q:
    down = order.descending != backwards
    if part == 1 or order.path == "pk":
        return Q(**{f"pk__{'lt' if (down if part == 0 else backwards) else 'gt'}": cursor.pk})
    step = "lt" if down else "gt"
    # The first condition is implied by the second; it lets the database start its index at the cursor.
    return Q(**{f"{order.path}__{step}e": cursor.value}) & (
        Q(**{f"{order.path}__{step}": cursor.value})
        | Q(**{order.path: cursor.value, f"{order.tie}__{step}": cursor.pk})
    )


def _follow(row: Any, path: str) -> Any:
    for name in path.split("__"):
        row = getattr(row, name, None)
        if row is None:
            return None
    return row


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime.date | datetime.datetime) else value
