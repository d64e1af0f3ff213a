"""What waits in risk: appeals against a class, models for a signature."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from mingcha.apps.accounts.permissions import in_jurisdiction, may, whole_bureau
from mingcha.desk.offers import Todo

from .choices import AppealState, ModelState
from .models import Appeal, RiskModel

MOST = 1_000  # open appeals that are looked through; first, lest a database begin with a million entities


def todos(user: Any, limit: int) -> list[Todo]:
    """An appeal's deadline is told by its clock, which has the same address (web/todos.py puts them together)."""
    return [*_appeals(user, limit), *_models(user, limit)]


def _appeals(user: Any, limit: int) -> list[Todo]:
    if not may(user, "risk.appeal.answer"):
        return []
    waiting = Appeal.objects.filter(state=AppealState.OPEN).order_by("filed_at").values("pk")[:MOST]
    filed = Appeal.objects.filter(in_jurisdiction(user, "entity__division"), pk__in=waiting)
    return [
        Todo(
            "appeal",
            _("Appeals"),
            _("Appeal against a risk class"),
            reverse("risk:appeal", args=[appeal.number]),
            _("Answer"),
            entity=appeal.entity.name or appeal.entity.key,
            detail=appeal.number,
            risk_class=appeal.risk_class if may(user, "risk.scores.view") else "",
        )
        for appeal in filed.select_related("entity").order_by("filed_at")[:limit]
    ]


def _models(user: Any, limit: int) -> list[Todo]:
    if not (may(user, "risk.model.sign") and whole_bureau(user)):
        return []
    waiting = RiskModel.objects.filter(state=ModelState.CHALLENGER).defer("card", "drift")
    return [
        Todo(
            "model",
            _("Models to sign"),
            model.title,
            reverse("risk:model", args=[model.number]),
            _("Look"),
            detail=model.number,
        )
        for model in waiting[:limit]
    ]
