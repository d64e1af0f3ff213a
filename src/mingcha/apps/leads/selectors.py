"""Reads: leads that a user may see."""

from __future__ import annotations

from django.db.models import QuerySet

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.permissions import visible

from .models import Lead


def leads_visible(user: User, action: str = "leads.lead.view") -> QuerySet[Lead]:
    return visible(Lead.objects.select_related("entity", "assignee", "opened_by"), user, action)


def leads_of(source_type: str, source_id: str) -> QuerySet[Lead]:
    """The leads that an object gave rise to."""
    return Lead.objects.filter(source_type=source_type, source_id=source_id)
