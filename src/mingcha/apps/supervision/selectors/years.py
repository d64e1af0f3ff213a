"""Reads: the year's plan, its months, where it visits the same firms twice, what the law asks of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from hashlib import sha256
from itertools import combinations
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Q, QuerySet

from mingcha.apps.accounts.permissions import in_jurisdiction
from mingcha.apps.entities.choices import Status
from mingcha.apps.entities.models import Entity
from mingcha.apps.law.models import Rule
from mingcha.apps.law.selectors import rule_in_force
from mingcha.problems import Problem

from ..models import YearEntry, YearPlan
from ..register_choices import YearState
from .catalogue import own_or_above
from .directories import COUNTED, directory_entities

PAIRS = 120  # of directories that are held against each other
KEPT = 600  # seconds that a count of a large directory is kept
INFORMATION_RULE = "supervision.public_info.share"


def entries_open(user) -> QuerySet[YearEntry]:
    """The entries of published year plans of the jurisdiction that a plan may carry out: not those dropped since."""
    own = in_jurisdiction(user, "plan__division")
    return YearEntry.objects.filter(own, plan__state=YearState.PUBLISHED, dropped=False)


def years_visible(user) -> QuerySet[YearPlan]:
    """Those of the user's jurisdiction, and the published ones of the units above."""
    seen = own_or_above(user, Q(state=YearState.PUBLISHED))
    return (
        YearPlan.objects.filter(seen)
        .select_related("unit", "created_by", "approved_by")
        .annotate(size=Count("entries", filter=Q(entries__dropped=False)))
    )


def years_public() -> QuerySet[YearPlan]:
    return YearPlan.objects.filter(state=YearState.PUBLISHED).select_related("unit")


@dataclass
class Line:
    """An entry with what it comes to: `units` in its directory (None: it has none), `visits` in the year."""

    entry: YearEntry
    items: list[Any]
    units: int | None
    visits: int | None
    below: list[Any] = field(default_factory=list)  # items whose ratio the entry doesn't reach

    def of_month(self, month: int) -> float:
        """Visits that fall in a month, spread evenly over the entry's."""
        months = self.entry.month_to - self.entry.month_from + 1
        within = self.entry.month_from <= month <= self.entry.month_to
        return (self.visits or 0) / months if within else 0


def year_lines(plan: YearPlan, *, dropped: bool = True) -> list[Line]:
    """The entries in order of month, each with its items and sizes."""
    entries = plan.entries.select_related("directory").prefetch_related("items")
    lines = []
    for entry in entries if dropped else entries.filter(dropped=False):
        units = _count(entry.directory) if entry.directory else None
        items = list(entry.items.all())
        below = [item for item in items if item.ratio and entry.share is not None and entry.share < item.ratio]
        lines.append(Line(entry, items, units, _visits(entry, units), below))
    return lines


def _visits(entry: YearEntry, units: int | None) -> int | None:
    if entry.visits is not None:
        return entry.visits * entry.times
    if entry.share is None or units is None:
        return None
    share = entry.share * units / Decimal(100)
    return int(share.to_integral_value(ROUND_CEILING)) * entry.times


@dataclass(frozen=True)
class Month:
    month: int
    visits: int
    entries: int
    busiest: float  # share of the busiest month, for the bar


def year_months(lines: Sequence[Line]) -> list[Month]:
    lines = [line for line in lines if not line.entry.dropped]
    sums = [sum(line.of_month(month) for line in lines) for month in range(1, 13)]
    most = max(sums) or 1
    return [
        Month(
            month,
            round(sums[month - 1]),
            sum(line.entry.month_from <= month <= line.entry.month_to for line in lines),
            sums[month - 1] / most,
        )
        for month in range(1, 13)
    ]


@dataclass(frozen=True)
class Overlap:
    """Two entries that may visit the same firms in the same months: `firms` stand in both directories (`more`: it was
    counted no further), and about `both` of them are drawn for both."""

    first: Line
    second: Line
    month_from: int
    month_to: int
    firms: int
    more: bool
    both: float | None


def year_overlaps(plan: YearPlan) -> tuple[list[Overlap], bool]:
    """Pairs of entries that visit the same firms in the same months, most firms first; and whether there were too many
    pairs to look at all."""
    lines = [line for line in year_lines(plan, dropped=False) if line.entry.directory]
    pairs = [
        (a, b)
        for a, b in combinations(lines, 2)
        if a.entry.month_from <= b.entry.month_to and b.entry.month_from <= a.entry.month_to
    ]
    found = []
    for a, b in pairs[:PAIRS]:
        firms = _common(a.entry.directory, b.entry.directory)
        if firms:
            found.append(
                Overlap(
                    a,
                    b,
                    max(a.entry.month_from, b.entry.month_from),
                    min(a.entry.month_to, b.entry.month_to),
                    firms,
                    firms >= COUNTED,
                    _both(a, b, firms),
                )
            )
    return sorted(found, key=lambda one: -one.firms), len(pairs) > PAIRS


def _both(a: Line, b: Line, firms: int) -> float | None:
    """How many of the firms in both directories are drawn for both, if all had the same chance."""
    if not (a.units and b.units and a.visits and b.visits):
        return None
    return firms * min(1, a.visits / a.units) * min(1, b.visits / b.units)


def _count(directory) -> int:
    key = f"directory:{directory.pk}:{directory.changed_at:%s.%f}"
    return cache.get_or_set(key, lambda: directory_entities(directory).order_by().values("pk")[:COUNTED].count(), KEPT)


def _common(a, b) -> int:
    if a.pk == b.pk:
        return _count(a)
    a, b = sorted((a, b), key=lambda one: one.pk)
    stamp = f"{a.pk}:{a.changed_at}:{b.pk}:{b.changed_at}"
    rows = directory_entities(a).filter(pk__in=directory_entities(b).values("pk"))
    return cache.get_or_set(
        "directories:" + sha256(stamp.encode()).hexdigest(),
        lambda: rows.order_by().values("pk")[:COUNTED].count(),
        KEPT,
    )


@dataclass(frozen=True)
class Information:
    """Of all firms in operation the plan's spot checks of published information reach `share` %; `least` is what the
    law asks for, by `rule` (None: no such rule is in force here)."""

    firms: int
    visits: int
    share: float
    least: Decimal | None
    rule: Rule | None

    @property
    def reached(self) -> bool | None:
        return None if self.least is None else self.share >= float(self.least)


def year_information(plan: YearPlan, lines: Sequence[Line]) -> Information:
    """Whether the year's spot checks of published information reach the share that the law asks for."""
    rule = _rule(plan)
    firms = cache.get_or_set(
        f"firms:{plan.division}",
        lambda: Entity.objects.filter(
            status=Status.ACTIVE, provisional=False, division__startswith=plan.division
        ).count(),
        KEPT,
    )
    counted = [line for line in lines if line.entry.public_information and not line.entry.dropped]
    visits = sum(line.visits or 0 for line in counted)
    return Information(firms, visits, 100 * visits / firms if firms else 0.0, rule.value if rule else None, rule)


def _rule(plan: YearPlan) -> Rule | None:
    try:
        return rule_in_force(INFORMATION_RULE, division=plan.division)
    except Problem:  # an instance that has no such rule: the page says so
        return None
