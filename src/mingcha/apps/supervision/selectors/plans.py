"""Reads: plans, draws and tasks in a user's jurisdiction, and the files of a draw."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.db.models import QuerySet

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.permissions import in_jurisdiction
from mingcha.apps.entities.choices import Status
from mingcha.apps.entities.models import Entity
from mingcha.apps.law.selectors import rule_in_force
from mingcha.instance import home

from ..choices import PlanKind
from ..models import Draw, Plan
from .directories import directory_entities


def plans_visible(user) -> QuerySet[Plan]:
    return Plan.objects.filter(in_jurisdiction(user)).select_related("risk_model", "created_by", "approved_by")


def draw_folder(draw: Draw) -> Path:
    """The ceremony's folder; what is secret stands beside it, under its name with "-secret"."""
    return home() / "draws" / draw.folder


def secret_table(draw: Draw, name: str) -> list[dict[str, str]]:
    """Rows of a CSV that the draw's keeper holds: design.csv (the drawn, with the probabilities that estimates use),
    frame.csv (everyone whom the conditions fit, as the parties check them)."""
    from mingcha.engines.sampling.folder import secret_folder

    path = secret_folder(draw_folder(draw)) / name
    with path.open(encoding="utf-8-sig", newline="") as file:  # files.write_csv marks its files
        return list(csv.DictReader(file))


def draw_reserved(draw: Draw) -> list[str]:
    """Who stands outside the frame because another frozen plan may bring the year's last visit, by key."""
    return [row["id"] for row in secret_table(draw, "outside.csv") if row["reason"] == "reserved"]


def named(keys: Sequence[str], most: int = 5) -> str:
    """The first of some entities, by name and key."""
    names = dict(Entity.ever.filter(key__in=keys[:most]).values_list("key", "name"))
    return ", ".join(f"{names.get(key, '')} {key}".strip() for key in keys[:most]) + (" …" if len(keys) > most else "")


def plan_next_number(year: int, quarter: int) -> str:
    """JH-2026-Q4-001, the next that is free."""
    prefix = f"JH-{year}-Q{quarter}-"
    taken = Plan.objects.filter(number__startswith=prefix).values_list("number", flat=True)
    last = max((int(number.rsplit("-", 1)[1]) for number in taken), default=0)
    return f"{prefix}{last + 1:03d}"


def entities_by_key(keys: Sequence[str]) -> dict[str, Entity]:
    """Entities by key, merged ones too, in pieces that every database takes."""
    found: dict[str, Entity] = {}
    for start in range(0, len(keys), 10_000):
        rows = Entity.ever.filter(key__in=keys[start : start + 10_000])
        found |= {entity.key: entity for entity in rows.only("key", "name", "division")}
    return found


def plan_directory(plan: Plan) -> QuerySet[Entity]:
    """Whom a plan without a draw visits: who is named, else everyone in operation whom its conditions fit."""
    rows = Entity.objects.filter(division__startswith=plan.division)
    if plan.keys:
        return rows.filter(key__in=plan.keys)
    if plan.directory:
        return rows.filter(pk__in=directory_entities(plan.directory).values("pk"))
    rows = rows.filter(status=Status.ACTIVE, provisional=False)
    return rows.filter(industry=plan.frame["industry"]) if plan.frame.get("industry") else rows


def kind_rule(kind: str, user: User):
    """The row of law that says what a kind of plan asks for, in the user's jurisdiction."""
    return rule_in_force(f"supervision.kind.{kind}", division=user.unit.division if user.unit else "")


def kinds(user: User) -> list[tuple[PlanKind, Any]]:
    """Every kind of plan with its row of law."""
    return [(kind, kind_rule(kind, user)) for kind in PlanKind]
