"""What leads add to an entity's page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from mingcha.apps.accounts.permissions import may
from mingcha.apps.entities.models import Entity
from mingcha.apps.entities.panels import Panel, register

from .selectors import leads_visible


def leads(request: HttpRequest, entity: Entity) -> dict[str, Any] | None:
    if not may(request.user, "leads.lead.view"):
        return None
    found = list(leads_visible(request.user).filter(entity=entity)[:10])
    return {"leads": found} if found else None


def register_panels() -> None:
    register(Panel("leads", "side", 20, "leads/panel.html", leads))
