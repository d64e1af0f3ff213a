"""Reads: the saved views of a list that a user has."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q

from .models import Opening, SavedView


def views_of(user: Any, listing: str) -> list[SavedView]:
    """The user's own and those shared with his unit, each with `opens` (the list opens with it). One query."""
    whose = Q(user_id=user.pk)
    if user.unit_id:
        whose |= Q(unit_id=user.unit_id)
    opens = Exists(Opening.objects.filter(user_id=user.pk, view=OuterRef("pk")))
    views = list(SavedView.objects.filter(whose, listing=listing).annotate(opens=opens))
    return sorted(views, key=lambda v: (v.user_id != user.pk, v.position, v.pk))
