"""Reads: the risk of a jurisdiction at a glance, out of what a scoring counted. No entity is counted on a request."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, NullIf, Substr

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.permissions import division_of, in_jurisdiction, visible

from .choices import Turn
from .models import PointScore, RiskScore, Scoring, ScoringCell
from .rules import turn_of
from .services.scoring import TOWNSHIP

LETTERS = "DCBA"  # the highest first
COUNTY = 6  # digits of a division: below it there are few firms
MOST = 24  # industries or districts drawn; the rest stand together
Json = dict[str, Any]


def scorings_in_force() -> list[Scoring]:
    """The scoring in force of each risk point, the one that gives entities their class first."""
    rows = Scoring.objects.filter(in_force=True).select_related("model__dataset").defer("drift", "model__card")
    newest: dict[tuple[int, str], Scoring] = {}
    for scoring in rows.order_by("-pk"):
        newest.setdefault((scoring.model.dataset_id, scoring.model.risk_point), scoring)
    return sorted(newest.values(), key=lambda s: (not s.leading, s.model.title))


def point_name(scoring: Scoring) -> str:
    return f"{scoring.model.dataset.name}.{scoring.model.risk_point}"


def scores_visible(scoring: Scoring, user: User) -> QuerySet[RiskScore] | QuerySet[PointScore]:
    """The scores in force of the scoring's risk point that the user may see."""
    of_point = {"model__dataset": scoring.model.dataset_id, "model__risk_point": scoring.model.risk_point}
    scores = RiskScore.objects.all() if scoring.leading else PointScore.objects.filter(**of_point)
    scores = visible(scores, user, "risk.scores.view")
    division = division_of(user) or ""
    if len(division) > COUNTY:  # few: found by a range of divisions; of many the highest are read off their own order
        scores = scores.filter(entity__division__gte=division, entity__division__lt=division + "~")
    return scores


def overview(scoring: Scoring, user: User, classes: str = "CD") -> Json:
    """Composition of the user's jurisdiction by class, district and industry, and how it moved.

    Every group: n, expected violations were each visited once, their rate, what the same number of firms at random of
    the jurisdiction would give, and n of `classes` with their share.
    """
    cells = _cells(scoring, user)
    total = _total(cells)
    by_class = _by(cells, total, "risk_class", classes)
    places = _by(cells, total, "district", classes)
    trades = _by(cells, total, "industry", classes)
    return {
        "total": total,
        "classes": [by_class[letter] | {"letter": letter} for letter in LETTERS if letter in by_class],
        "districts": _ranked(places),
        "industries": _ranked(trades),
        "pivot": _pivot(cells, total, _ranked(places), _ranked(trades), classes),
        "moves": _moves(cells, scoring),
    }


def _cells(scoring: Scoring, user: User) -> list[Json]:
    """(district, industry, risk_class, before) -> entities, expected, within the user's jurisdiction."""
    division = division_of(user) or ""
    keys = ("district", "industry", "risk_class", "before")
    if len(division) <= TOWNSHIP:
        cells = ScoringCell.objects.filter(in_jurisdiction(user), scoring=scoring, entities__gt=0)
        return list(cells.values(*keys).annotate(n=Sum("entities"), e=Sum("expected")).order_by())
    # a village: few enough to be counted now
    was = Coalesce(NullIf(Substr("move", 1, 1), Value("")), F("risk_class"))
    found = scores_visible(scoring, user).annotate(before=was)
    rows = found.values(*keys).annotate(n=Count("pk"), e=Sum("probability")).order_by()
    return [row | {"before": row["before"].replace("-", "")} for row in rows]


def _total(cells: list[Json]) -> Json:
    n, expected = sum(c["n"] for c in cells), sum(c["e"] for c in cells)
    return {"n": n, "expected": expected, "rate": expected / n if n else 0.0}


def _group(cells: Iterable[Json], total: Json, classes: str) -> Json:
    n = e = chosen = before = 0
    for cell in cells:
        n += cell["n"]
        e += cell["e"]
        if cell["risk_class"] in classes:
            chosen += cell["n"]
        if cell["before"] in classes and cell["before"]:
            before += cell["n"]
    rate = e / n if n else 0.0
    return {
        "n": n,
        "share": n / total["n"] if total["n"] else 0.0,
        "expected": e,
        "rate": rate,
        "random": n * total["rate"],
        "chosen": chosen,
        "chosen_share": chosen / n if n else 0.0,
        "chosen_before": before,
    }


def _by(cells: list[Json], total: Json, field: str, classes: str) -> dict[str, Json]:
    groups: dict[str, list[Json]] = defaultdict(list)
    for cell in cells:
        groups[cell[field]].append(cell)
    return {name: _group(rows, total, classes) | {"name": name} for name, rows in groups.items()}


def _ranked(groups: dict[str, Json]) -> list[Json]:
    """The largest MOST of them by what is chosen, those without a name last."""
    known = sorted((g for g in groups.values() if g["name"]), key=lambda g: (-g["chosen"], -g["n"], g["name"]))
    return [*known[:MOST], *(g for g in groups.values() if not g["name"])]


def _pivot(cells: list[Json], total: Json, places: list[Json], trades: list[Json], classes: str) -> list[Json]:
    """A row an industry, a cell a district: n of `classes`, and their share of all in that place and industry."""
    groups: dict[tuple[str, str], list[Json]] = defaultdict(list)
    for cell in cells:
        groups[cell["industry"], cell["district"]].append(cell)
    columns = [p["name"] for p in places if p["name"]]
    rows = []
    for trade in (t for t in trades if t["name"]):
        found = [
            _group(groups.get((trade["name"], place), ()), total, classes) | {"district": place} for place in columns
        ]
        rows.append({"industry": trade["name"], "cells": [c | {"step": _step(c["chosen_share"])} for c in found]})
    return rows


def _step(share: float) -> int:
    """Shade of a share of high classes, 0 to 5."""
    return sum(share > edge for edge in (0.0, 0.03, 0.07, 0.12, 0.2))


def _moves(cells: list[Json], scoring: Scoring) -> Json | None:
    """How many went from which class to which since the last scoring; None where there was none."""
    if not scoring.compared:
        return None
    counted: dict[str, int] = defaultdict(int)
    for cell in cells:
        counted[(cell["before"] or "-") + cell["risk_class"]] += cell["n"]
    moved = {move: n for move, n in counted.items() if move[0] != move[1]}

    turns: dict[str, int] = defaultdict(int)
    for move, n in moved.items():
        turns[turn_of(move)] += n
    return {
        **{turn: turns.get(turn, 0) for turn in Turn.values},
        "gone": scoring.gone,
        "table": [
            {
                "before": a,
                "cells": [{"move": a + b, "n": counted.get(a + b, 0), "same": a == b} for b in LETTERS],
            }
            for a in (*LETTERS, "-")
        ],
    }


def appeals_of_model(model_id: int) -> Json:
    """How many appeals a model's classes met, by outcome."""
    from .models import Appeal

    found = Appeal.objects.filter(model=model_id).aggregate(
        all=Count("pk"),
        open=Count("pk", filter=Q(state="open")),
        corrected=Count("pk", filter=Q(outcome="corrected")),
        recomputed=Count("pk", filter=Q(outcome="recomputed")),
        unchanged=Count("pk", filter=Q(outcome="unchanged")),
    )
    return found
