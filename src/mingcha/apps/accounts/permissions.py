"""Who may do what, from one matrix that business staff can read: permissions.csv (action x role).

Jurisdiction comes on top: a user sees what lies in his unit's division (`in_jurisdiction`). On the command line the
matrix is asked where `--by` names a user (selectors.user_acting).
"""

from __future__ import annotations

import csv
from functools import cache, wraps
from pathlib import Path

from django.core.exceptions import PermissionDenied
from django.db.models import Q


@cache
def matrix() -> dict[str, frozenset[str]]:
    """Action -> roles that may."""
    with Path(__file__).with_name("permissions.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["action"]: frozenset(role for role, mark in row.items() if role != "action" and mark == "x")
            for row in csv.DictReader(file)
        }


def may(user, action: str) -> bool:
    """Whether `user` may do `action`. An action that the matrix doesn't name is a programming error (KeyError)."""
    return bool(user.is_authenticated and user.is_active and user.role in matrix()[action])


def require(action: str):
    """Decorator for views: 403 unless the signed-in user may do `action`."""
    matrix()[action]

    def decorate(view):
        @wraps(view)
        def guarded(request, *args, **kwargs):
            if not may(request.user, action):
                raise PermissionDenied(action)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def in_jurisdiction(user, field: str = "division") -> Q:
    """Filter for querysets: objects whose division code begins with that of the user's unit.

    A user without a unit sees nothing; the bureau's own unit has the empty prefix of the whole instance.
    """
    if user.unit_id is None:
        return Q(pk__in=())
    return Q(**{f"{field}__startswith": user.unit.division}) if user.unit.division else Q()


def whole_bureau(user) -> bool:
    """Whether `user` is of the bureau itself, not of a unit below it: for what no division tells apart."""
    return user.unit_id is not None and user.unit.parent_id is None
