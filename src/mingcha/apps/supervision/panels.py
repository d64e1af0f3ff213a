"""What supervision adds to an entity's page: the draws that took it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from mingcha.apps.accounts.permissions import may
from mingcha.apps.entities.models import Entity
from mingcha.apps.entities.panels import Panel, register


def draws(request: HttpRequest, entity: Entity) -> dict[str, Any] | None:
    if not may(request.user, "supervision.plan.view"):
        return None
    return {"tasks": list(entity.tasks.select_related("draw__plan").order_by("-draw__drawn_at")[:10])}


def register_panels() -> None:
    register(Panel("draws", "side", 10, "supervision/panel_draws.html", draws))
