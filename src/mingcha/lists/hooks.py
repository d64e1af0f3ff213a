"""What rooms above the lists do when something happens in one: they register here when they start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

# Before each export: the request, the action, what was asked for.
ON_EXPORT: list[Callable[[HttpRequest, str, dict[str, Any]], None]] = []
# After a saved view changed: the user, the action, the view, before, after.
ON_CHANGE: list[Callable[[Any, str, Any, dict[str, Any] | None, dict[str, Any] | None], None]] = []
# Which of a selection a user's right to an action reaches: queryset, user, action -> queryset.
REACH: list[Callable[[QuerySet, Any, str], QuerySet]] = []


def reached(queryset: QuerySet, user: Any, action: str) -> QuerySet:
    for narrow in REACH:
        queryset = narrow(queryset, user, action)
    return queryset
