"""What this room adds to an entity's page: its credit class, its listings, its interviews."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from mingcha.apps.accounts.permissions import may
from mingcha.apps.entities.models import Entity
from mingcha.apps.entities.panels import Panel, register

from .choices import ON_THE_LIST, Kind
from .grounds import ground
from .models import ClassInForce
from .selectors import classes_of, interviews_visible, listings_visible

SHOWN = 6


def credit_class(request: HttpRequest, entity: Entity) -> dict[str, Any] | None:
    """The province's class with its source and day, and what it was before; our own score stands in its own place."""
    if not may(request.user, "credit.class.view"):
        return None
    now = ClassInForce.objects.filter(entity=entity).select_related("batch").first()
    return {
        "now": now,
        "history": classes_of(entity)[:SHOWN] if now else [],
        "sees_score": may(request.user, "risk.scores.view"),
    }


def listings(request: HttpRequest, entity: Entity) -> dict[str, Any] | None:
    if not may(request.user, "credit.listing.view"):
        return None
    rows = list(listings_visible(request.user).filter(entity=entity).order_by("-id")[:SHOWN])
    return {
        "rows": [{"listing": row, "ground": ground(row.ground)} for row in rows],
        "listed": any(row.state in ON_THE_LIST for row in rows),
        "may_propose": may(request.user, "credit.listing.propose"),
        "kinds": Kind.choices,
    }


def interviews(request: HttpRequest, entity: Entity) -> dict[str, Any] | None:
    if not may(request.user, "credit.interview.view"):
        return None
    rows = interviews_visible(request.user).filter(entity=entity).order_by("-id")[:SHOWN]
    return {"rows": list(rows), "may_open": may(request.user, "credit.interview.hold")}


def register_panels() -> None:
    register(Panel("credit_class", "side", 5, "credit/panel_class.html", credit_class))
    register(Panel("listings", "side", 6, "credit/panel_listings.html", listings))
    register(Panel("interviews", "side", 7, "credit/panel_interviews.html", interviews))
