"""Counts over whole tables, kept: a page reads one row and shows when it was counted; a stale one is counted anew by a
request of its own, by one process at a time.

    @aggregate("entities.totals", every=600)
    def totals(division: str) -> dict: ...      # JSON; of the entities whose division begins with `division`
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils import timezone

from .models import Aggregate, AggregateDay
from .offers import load

log = logging.getLogger(__name__)
CLAIM = dt.timedelta(minutes=5)  # after which whoever was counting is taken to have died
Count = Callable[[str], Any]


@dataclass(frozen=True)
class Kept:
    """`stale`: older than it should be; still shown, with its time."""

    value: Any
    at: dt.datetime
    stale: bool


@dataclass(frozen=True)
class _Declared:
    count: Count
    every: int
    history: bool


_declared: dict[str, _Declared] = {}


def aggregate(name: str, *, every: int = 600, history: bool = False) -> Callable[[Count], Count]:
    """Declare a count. `every`: seconds after which it is stale. `history`: keep the last value of each day."""

    def declare(count: Count) -> Count:
        _declared[name] = _Declared(count, every, history)
        return count

    return declare


def read(names: Iterable[str], division: str | None) -> dict[str, Kept]:
    """What is kept of `names`; one query. Those never counted are not in it. None: of nowhere nothing is kept."""
    load("aggregates")
    if division is None:
        return {}
    now = timezone.now()
    rows = Aggregate.objects.filter(name__in=list(names), division=division, computed_at__isnull=False)
    return {
        row.name: Kept(row.value, row.computed_at, now - row.computed_at > dt.timedelta(seconds=_every(row.name)))
        for row in rows
    }


def wanting(names: Iterable[str], kept: dict[str, Kept]) -> list[str]:
    """Those of `names` that are to be counted: never counted yet, or stale."""
    return [name for name in names if name not in kept or kept[name].stale]


def refresh(names: Iterable[str], division: str) -> None:
    """Count `names` anew, but for those that somebody else is counting right now."""
    load("aggregates")
    for name in names:
        _refresh(name, division)


def series(name: str, division: str, days: int = 60) -> list[tuple[dt.date, Any]]:
    """The values of the last days, the oldest first."""
    since = timezone.localdate() - dt.timedelta(days=days)
    rows = AggregateDay.objects.filter(name=name, division=division, day__gt=since)
    return list(rows.order_by("day").values_list("day", "value"))


def all_names() -> list[str]:
    load("aggregates")
    return sorted(_declared)


def _every(name: str) -> int:
    return _declared[name].every if name in _declared else 600


def _refresh(name: str, division: str) -> None:
    now = timezone.now()
    Aggregate.objects.get_or_create(name=name, division=division)
    free = Q(claimed_at=None) | Q(claimed_at__lt=now - CLAIM)
    mine = Aggregate.objects.filter(free, name=name, division=division)
    if mine.update(claimed_at=now) != 1:
        return
    row = Aggregate.objects.filter(name=name, division=division)
    try:
        value = _declared[name].count(division)
    except Exception:
        row.update(claimed_at=None)
        log.exception("aggregate %s of %r", name, division)
        return
    row.update(value=value, computed_at=timezone.now(), claimed_at=None)
    if _declared[name].history:
        AggregateDay.objects.update_or_create(
            name=name, division=division, day=timezone.localdate(), defaults={"value": value}
        )
