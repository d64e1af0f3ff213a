"""Counts of entities for the desk, kept (desk/aggregates.py)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncMonth
from django.utils import timezone

from mingcha.apps.exchange.selectors import lake_view
from mingcha.desk.aggregates import aggregate
from mingcha.engines.lake.view import rows_sql

from .models import Entity

MONTHS = 24  # of the trend
COMPLAINTS = "complaints"  # the dataset of complaints and reports, where there is one; keyed by `uscc`
COMPLAINT_DAYS = 365
CHUNK = 2_000


def of_division(division: str) -> QuerySet[Entity]:
    entities = Entity.objects.all()
    return entities.filter(division__gte=division, division__lt=division + "~") if division else entities


@aggregate("entities.totals", every=900, history=True)
def totals(division: str) -> dict[str, Any]:
    """How many there are, by division too, how many have a provisional key, who came and went this month, and how many
    there were at the end of each of the last months, as far as their days are known."""
    entities = of_division(division)
    today = timezone.localdate()
    month = today.replace(day=1)
    found = entities.aggregate(
        total=Count("pk"),
        provisional=Count("pk", filter=Q(provisional=True)),
        opened=Count("pk", filter=Q(opened_on__gte=month, opened_on__lte=today)),
        closed=Count("pk", filter=Q(closed_on__gte=month, closed_on__lte=today)),
    )
    places = entities.order_by().values_list("division").annotate(n=Count("pk"))
    return found | {"by_division": dict(places), "trend": _by_month(entities, found["total"], month)}


def _by_month(entities: QuerySet[Entity], total: int, month: dt.date) -> list[int]:
    """Backwards from today's number: without those who came since, with those who went since."""
    since = month
    for _ in range(MONTHS - 1):
        since = (since - dt.timedelta(days=1)).replace(day=1)
    came, went = (
        dict(
            entities.filter(**{f"{field}__gte": since})
            .values_list(TruncMonth(field))
            .annotate(n=Count("pk"))
            .order_by()
        )
        for field in ("opened_on", "closed_on")
    )
    numbers = [total]
    while len(numbers) < MONTHS:
        numbers.append(numbers[-1] - came.get(month, 0) + went.get(month, 0))
        month = (month - dt.timedelta(days=1)).replace(day=1)
    return numbers[::-1]


@aggregate("entities.complaints", every=3600)
def complaints(division: str) -> dict[str, Any]:
    """Complaints and reports of the last year up to the last that was delivered, by division of the entity."""
    import duckdb

    view = lake_view()
    source = view.sources.get(COMPLAINTS)
    if source is None or not source.files:
        return {"by_division": {}, "until": None}
    with duckdb.connect() as lake:
        until = lake.execute(f"SELECT max(_event_at) FROM ({rows_sql(source)})").fetchone()
        last = until[0] if until else None
        if last is None:
            return {"by_division": {}, "until": None}
        rows = lake.execute(
            f"SELECT uscc, count(*) FROM ({rows_sql(source)}) WHERE _event_at > ? GROUP BY uscc",
            [last - dt.timedelta(days=COMPLAINT_DAYS)],
        )
        counts: dict[str, int] = {}
        while chunk := rows.fetchmany(CHUNK):
            numbers = dict(chunk)
            for key, code in of_division(division).filter(key__in=list(numbers)).values_list("key", "division"):
                counts[code] = counts.get(code, 0) + numbers[key]
    return {"by_division": counts, "until": last.date().isoformat()}
