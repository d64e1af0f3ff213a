"""What supervision adds to an entity's page: its inspection tasks."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from mingcha.apps.accounts.permissions import may
from mingcha.apps.entities.models import Entity
from mingcha.apps.entities.panels import Panel, register

from .selectors import tasks_visible


def draws(request: HttpRequest, entity: Entity) -> dict[str, Any] | None:
    if not may(request.user, "supervision.task.view"):
        return None
    return {"tasks": list(tasks_visible(request.user).filter(entity=entity).order_by("-issued_at", "-pk")[:10])}


def register_panels() -> None:
    register(Panel("draws", "side", 10, "supervision/panel_draws.html", draws))
