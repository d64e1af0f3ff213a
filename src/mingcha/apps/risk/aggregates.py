"""Counts of scores for the desk, kept (desk/aggregates.py)."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Sum

from mingcha.desk.aggregates import aggregate

from .models import RiskScore, Scoring, ScoringCell
from .services.scoring import TOWNSHIP


@aggregate("risk.classes", every=900, history=True)
def classes(division: str) -> dict[str, Any]:
    """How many entities have each class, and how many violations are expected were each visited once:
    {"all": {"A": n, ...}, "by_division": {code: {"A": n, ..., "expected": e}}}.

    Out of what the last scoring counted; of a village, whose code is longer than the cells', out of its own scores.
    """
    scoring = Scoring.objects.filter(in_force=True, leading=True).order_by("-pk").only("pk").first()
    if scoring and len(division) <= TOWNSHIP:
        cells = ScoringCell.objects.filter(scoring=scoring, division__startswith=division)
        rows = cells.values_list("division", "risk_class").annotate(n=Sum("entities"), e=Sum("expected"))
    else:
        scores = RiskScore.objects.filter(entity__merged_into=None)
        if division:
            scores = scores.filter(entity__division__gte=division, entity__division__lt=division + "~")
        rows = scores.values_list("entity__division", "risk_class").annotate(n=Count("pk"), e=Sum("probability"))
    everyone: dict[str, int] = dict.fromkeys("ABCD", 0)
    places: dict[str, dict[str, float]] = {}
    for code, letter, n, expected in rows.order_by():
        everyone[letter] += n
        place = places.setdefault(code, {**dict.fromkeys("ABCD", 0), "expected": 0.0})
        place[letter] += n
        place["expected"] += expected
    return {"all": everyone, "by_division": places}
