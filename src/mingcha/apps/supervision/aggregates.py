"""Counts of the year's visits for the desk, kept (desk/aggregates.py)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncMonth
from django.utils import timezone

from mingcha.desk.aggregates import aggregate

from .choices import PlanState, TaskState
from .models import Plan, Result, Task
from .rules import MADE, result_kinds
from .selectors.tasks import progress

MONTHS = 12
LAST = 30  # plans whose progress is kept


@aggregate("supervision.visits", every=900, history=True)
def visits(division: str) -> dict[str, Any]:
    """Tasks and visits of this year: {"issued", "made", "hits", "month": {"due", "made"}, "months": [[first day, made,
    hits]], "by_division": {code: made}}. `made`: visits made; `hits`: those that found a violation."""
    today = timezone.localdate()
    year, month = today.replace(month=1, day=1), today.replace(day=1)
    tasks = Task.objects.filter(replaced_at=None).exclude(state=TaskState.CANCELLED)
    if division:
        tasks = tasks.filter(division__gte=division, division__lt=division + "~")
    made = tasks.filter(state__in=MADE)
    by_month = _by_month(made, today)
    return {
        "issued": tasks.filter(issued_at__date__gte=year).count(),
        "made": sum(n for day, n, _hits in by_month if day >= year.isoformat()),
        "hits": sum(hits for day, _n, hits in by_month if day >= year.isoformat()),
        "month": {
            "due": tasks.filter(due_on__gte=month, due_on__lt=_after(month)).count(),
            "made": made.filter(visited_on__gte=month).count(),
        },
        "months": by_month,
        "by_division": dict(
            made.filter(visited_on__gte=year).order_by().values_list("division").annotate(n=Count("pk"))
        ),
    }


@aggregate("supervision.progress", every=300)
def plans_progress(division: str) -> dict[str, Any]:
    """How far the visits of the last plans are: {number: {"all", "made", "open", "hits"}}."""
    plans = Plan.objects.exclude(state=PlanState.WITHDRAWN).filter(division__startswith=division)
    numbers = dict(plans.order_by("-pk").values_list("pk", "number")[:LAST])
    return {numbers[pk]: done for pk, done in progress(list(numbers)).items()}


def _by_month(made: QuerySet[Task], today: dt.date) -> list[list[Any]]:
    first = today.replace(day=1)
    for _ in range(MONTHS - 1):
        first = (first - dt.timedelta(days=1)).replace(day=1)
    visited = made.filter(visited_on__gte=first)
    violating = [code for code, kind in result_kinds().items() if kind.violation]
    found = Result.objects.filter(current=True, kind__in=violating, task__in=visited.order_by().values("pk"))
    counts, hits = (
        dict(rows.order_by().values_list(TruncMonth(path)).annotate(n=Count("pk")))
        for rows, path in ((visited, "visited_on"), (found, "task__visited_on"))
    )
    months = []
    while first <= today:
        months.append([first.isoformat(), counts.get(first, 0), hits.get(first, 0)])
        first = _after(first)
    return months


def _after(month: dt.date) -> dt.date:
    return (month + dt.timedelta(days=32)).replace(day=1)
