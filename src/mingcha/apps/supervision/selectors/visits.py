"""Reads: visits that entities have had, as the lake has them, or are to have."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from ..choices import TaskState
from ..models import Task
from ..rules import NOT_BEGUN

if TYPE_CHECKING:
    import pyarrow as pa


def visits_this_year() -> Counter[str]:
    """Planned visits of this calendar year by entity key: made, as the lake has them, and drawn but not yet made.

    A visit with a cause (a complaint, a lead) is no planned one: whether a kind of plan counts is its rule's to say. A
    task counts until a visit after its issue is there; one that was replaced or cancelled doesn't.
    """
    year = timezone.localdate().year
    made = _planned_visits(year)
    counts = Counter({key: len(days) for key, days in made.items()})
    drawn: dict[str, list[dt.date]] = {}
    due = Q(issued_at__year=year) | Q(state__in=[*NOT_BEGUN, TaskState.ON_SITE])  # of last year's too, if still to come
    tasks = Task.objects.filter(due, replaced_at=None).exclude(state=TaskState.CANCELLED)
    tasks = tasks.exclude(plan__rule__terms__counts=False).exclude(draw__voided_at__isnull=False)
    for key, at in tasks.values_list("entity__key", "issued_at"):
        drawn.setdefault(key, []).append(timezone.localdate(at))
    for key, days in drawn.items():
        since = sum(day >= min(days) for day in made.get(key, ()))
        counts[key] += max(0, len(days) - since)
    return counts


def visits_any() -> bool:
    """Whether the lake holds inspections at all."""
    from mingcha.apps.entities.selectors import lake_view

    return any(source.contract.inspections and source.files for source in lake_view().sources.values())


def last_visits() -> dict[str, dt.date]:
    """The day of the last visit of every entity that ever had one, planned or not, by key."""
    last: dict[str, dt.date] = {}
    for visits in _visits():
        found = visits.group_by("entity").aggregate([("as_of", "max")])
        for key, day in zip(found["entity"].to_pylist(), found["as_of_max"].to_pylist(), strict=True):
            if day and (key not in last or day > last[key]):
                last[key] = day
    return last


def _planned_visits(year: int) -> dict[str, list[dt.date]]:
    """Days of the year's planned visits by entity key."""
    import pyarrow.compute as pc

    found: dict[str, list[dt.date]] = {}
    for visits in _visits():
        visits = visits.filter(pc.and_(visits["planned"], pc.equal(pc.year(visits["as_of"]), year)))
        for key, day in zip(visits["entity"].to_pylist(), visits["as_of"].to_pylist(), strict=True):
            found.setdefault(key, []).append(day)
    return found


def _visits() -> Iterator[pa.Table]:
    """Each dataset of inspections, with entity, as_of and planned: all of its visits, whatever its risk points ask of
    them, so that no label has to be worked out."""
    from mingcha.apps.entities.selectors import lake_view
    from mingcha.engines.factors.labels import labels
    from mingcha.engines.lake.contract import RiskPoint

    every = RiskPoint("every_visit", "检查", "Visits", label="FALSE")
    view = lake_view()
    for name, source in view.sources.items():
        inspections = source.contract.inspections
        if inspections and source.files:
            asked = replace(source.contract, inspections=replace(inspections, risk_points=(every,), inspector=""))
            yield labels(replace(view, sources={name: replace(source, contract=asked)}), name, every.name)
