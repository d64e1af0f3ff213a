"""What the risk model says on an entity's page: the class, and why."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from mingcha.apps.accounts.permissions import may
from mingcha.apps.entities.models import Entity
from mingcha.apps.entities.panels import Panel, register


def why(request: HttpRequest, entity: Entity) -> dict[str, Any] | None:
    """The score in force; its reasons are fetched by the page, since they take a moment."""
    if not may(request.user, "risk.explanation.view"):
        return None
    return {"score": getattr(entity, "risk", None)}


def explanation(entity: Entity) -> dict[str, Any] | None:
    """Reasons that add up to the score, and what would change it; None where they can't be worked out."""
    return None


def register_panels() -> None:
    register(Panel("why", "story", 10, "risk/why.html", why))
