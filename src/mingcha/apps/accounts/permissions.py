"""Who may do what, from one matrix that business staff can read: permissions.csv (action x role; docs/rights.md).

A cell is `x` (whatever lies in one's jurisdiction), `own` (of that only what is assigned to or was made by oneself) or
empty (no). Jurisdiction and `own` are applied to a queryset by `visible`, from what each app declares of its models in
its own permissions.py:

    REACH = {"supervision.Task": Reach(division="entity__division", own=("assignee", "created_by"))}

A view is guarded by exactly one of `@require(action)`, `@every_member` (what every signed-in person has, as his own
page) or Django's `@login_not_required` (public); tests/web/test_guards.py walks every address and finds the one that
isn't. On the command line the matrix is asked where `--by` names a user (selectors.user_acting).
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, reduce, wraps
from importlib import import_module
from operator import or_
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet

ALL, OWN = "x", "own"
READING = "*.view"


@dataclass(frozen=True)
class Reach:
    """Where a model says whose it is. `division`: the path of its division code; None: it has none, and everyone with
    the right sees it. `own`: paths to the user to whom an object is assigned or who made it; an object is one's own
    if any of them leads to oneself. `bureau`: only for the staff of the bureau itself, not of a unit below it."""

    division: str | None = "division"
    own: tuple[str, ...] = ()
    bureau: bool = False


REACH = {
    "accounts.Unit": Reach(),
    "accounts.User": Reach("unit__division", own=("pk",)),
    "accounts.Certificate": Reach("user__unit__division", own=("user",)),
    "accounts.ApiToken": Reach("user__unit__division", own=("user",)),
}


@cache
def marks() -> dict[str, dict[str, str]]:
    """The matrix: action -> role -> mark (ALL or OWN); roles that may not are left out."""
    with Path(__file__).with_name("permissions.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return {row["action"]: {r: m for r, m in row.items() if r != "action" and m} for row in rows}


@cache
def matrix() -> dict[str, frozenset[str]]:
    """Action -> roles that may, be it with all or with their own."""
    return {action: frozenset(roles) for action, roles in marks().items()}


def may(user, action: str) -> bool:
    """Whether `user` may do `action`: by his role and, where a token acts for him, by its scopes. An action that the
    matrix doesn't name is a programming error (KeyError)."""
    token = getattr(user, "token", None)
    within = token is None or any(covers(scope, action) for scope in token.scopes)
    return bool(user.is_authenticated and user.is_active and user.role in matrix()[action] and within)


def covers(scope: str, action: str) -> bool:
    """Whether a token's scope holds an action: the action itself, "app.*", "app.object.*", or "*.view" (reading)."""
    if scope == READING:
        return action.endswith(".view")
    return action == scope or (scope.endswith(".*") and action.startswith(scope[:-1]))


def require(action: str):
    """Decorator for views: 403 unless the signed-in user may do `action`."""
    matrix()[action]

    def decorate(view):
        @wraps(view)
        def guarded(request, *args, **kwargs):
            if not may(request.user, action):
                raise PermissionDenied(action)
            return view(request, *args, **kwargs)

        guarded.required_action = action
        return guarded

    return decorate


def every_member(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a view as open to every signed-in member of staff: it shows nothing but what he may see anyway."""
    view.every_member = True
    return view


def visible(queryset: QuerySet, user, action: str) -> QuerySet:
    """Of `queryset` what `user` may reach by `action`: nothing without the right, else what lies in his jurisdiction,
    of that only his own where the matrix says so."""
    mark = marks()[action].get(user.role, "") if may(user, action) else ""
    if not mark:
        return queryset.none()
    reach = reach_of(queryset.model)
    if reach.bureau and not whole_bureau(user):
        return queryset.none()
    if reach.division is not None:
        queryset = queryset.filter(in_jurisdiction(user, reach.division))
    if mark == OWN:
        if not reach.own:
            raise TypeError(f"{action}: {queryset.model._meta.label} declares no `own`, so nobody can have his own")
        queryset = queryset.filter(reduce(or_, (Q(**{path: user.pk}) for path in reach.own)))
    return queryset


def reach_of(model) -> Reach:
    """What the app of `model` declares of it in its permissions.py. KeyError where it declares nothing."""
    app = apps.get_app_config(model._meta.app_label)
    return import_module(f"{app.name}.permissions").REACH[model._meta.label]


def in_jurisdiction(user, field: str = "division") -> Q:
    """Filter for querysets: objects whose division code begins with that of the user's unit.

    A user without a unit sees nothing; the bureau's own unit has the empty prefix of the whole instance.
    """
    if user.unit_id is None:
        return Q(pk__in=())
    return Q(**{f"{field}__startswith": user.unit.division}) if user.unit.division else Q()


def division_of(user) -> str | None:
    """The division whose figures `user` sees, as `in_jurisdiction` has it: "" is the whole instance; None, without a
    unit, is nowhere."""
    return user.unit.division if user.unit_id is not None else None


def within_token(user) -> Q:
    """Filter for what is a user's own wherever it lies: through a token, only what lies where the token reaches."""
    return in_jurisdiction(user) if getattr(user, "token", None) else Q()


def whole_bureau(user) -> bool:
    """Whether `user` is of the bureau itself, not of a unit below it: for what no division tells apart."""
    return user.unit_id is not None and user.unit.parent_id is None
