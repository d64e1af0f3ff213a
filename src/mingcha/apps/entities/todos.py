"""What waits in the entity files: keys that two entities claim."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from mingcha.apps.accounts.permissions import may
from mingcha.desk.offers import Todo

from .selectors import conflicts_open

MOST = 1_000  # that are looked through; first, lest a database begin with a million entities
SHOWN = 10  # there may be thousands: who decides on these sees the next


def todos(user: Any, limit: int) -> list[Todo]:
    if not may(user, "entities.entity.decide"):
        return []
    first = conflicts_open().values("pk")[:MOST]
    return [
        Todo(
            "conflict",
            _("Claimed twice"),
            _("A key that two entities claim"),
            reverse("entities:detail", args=[claim.entity.key]) + "#conflicts",
            _("Decide"),
            entity=claim.entity.name or claim.entity.key,
            detail=f"{claim.value} · {claim.claimant}",
        )
        for claim in conflicts_open(user).filter(pk__in=first)[: min(limit, SHOWN)]
    ]
