"""The desk's own pages: home, what waits, search. Every number links to its list."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mingcha.apps.accounts.permissions import every_member, may

from .home import counted_of, home_of, waiting_of


@every_member
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "web/home.html", home_of(request.user, "") | _links(request))


@every_member
@require_safe
def todos(request: HttpRequest) -> HttpResponse:
    """All that waits; `part=card`: the home page's card of one kind, for its tabs."""
    kind = request.GET.get("kind", "")[:40]
    if request.GET.get("part") == "card":
        return render(request, "web/home/todos.html", waiting_of(request.user, kind))
    return render(request, "web/todos.html", waiting_of(request.user, kind, most=None))


@every_member
@require_safe
def counted(request: HttpRequest) -> HttpResponse:
    """The figures counted afresh: what the home page fetches where what is kept is stale."""
    return render(request, "web/home/counted.html", counted_of(request.user, afresh=True) | _links(request))


def _links(request: HttpRequest) -> dict[str, bool]:
    user = request.user
    return {"sees_models": may(user, "risk.model.view"), "sees_quarantine": may(user, "exchange.quarantine.view")}
