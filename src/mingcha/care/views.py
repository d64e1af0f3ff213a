"""For machines: alive, ready, figures."""

from __future__ import annotations

import hmac
from functools import cache
from ipaddress import ip_address

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from .proxy import FORWARDED


@login_not_required
@never_cache
@require_safe
def alive(request):
    """The process answers: a supervisor that gets no 200 starts it anew."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@never_cache
@require_safe
def ready(request):
    """The database answers and has the tables of this code: a proxy that gets no 200 asks another."""
    state = {"database": False, "migrations": False}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        state["database"] = True
        state["migrations"] = _migrated()
    except DatabaseError:
        pass
    return JsonResponse(state, status=200 if all(state.values()) else 503)


def _migrated() -> bool:
    """Whether no migration is pending; once it is so, it stays so for this process."""
    pending = _pending()
    if pending:
        _pending.cache_clear()
    return not pending


@cache
def _pending() -> int:
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


@login_not_required
@never_cache
@require_safe
def figures(request):
    """Prometheus's, for whoever has the token, or asks from this machine itself; to others it isn't there."""
    if not _may(request):
        return HttpResponse(status=404)
    from .metrics import exposition

    return HttpResponse(exposition(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _may(request) -> bool:
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(given.encode(), token.encode()):
        return True
    if token or request.META.get(FORWARDED):  # a proxy that we don't know speaks for someone else
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
