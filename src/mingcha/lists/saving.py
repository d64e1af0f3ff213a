"""The form above a list with which its views are saved and kept in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from .models import SavedView
from .services import view_change, view_delete, view_move, view_open_with, view_save

if TYPE_CHECKING:
    from .page import ListPage


def saving_response(request: HttpRequest, page: ListPage) -> HttpResponse:
    """Do what the form asks (`saving`), and show the list by the view that it was about. One's own views are changed,
    those of others only chosen to open with; what isn't there for one is not found."""
    asked, step = request.POST, request.POST["saving"]
    if step == "save":
        made = view_save(
            listing=page.listing.name,
            name=asked.get("name", ""),
            query=page.state,
            user=request.user,
            shared=bool(asked.get("shared")),
            opens=bool(asked.get("opens")),
        )
        return _to(request, made)
    view = next((v for v in page.saved if str(v.pk) == asked.get("saved")), None)
    if view is None or (view.user_id != request.user.pk and step != "opens"):
        raise Http404
    if step == "opens":
        view_open_with(view=view, user=request.user, opens=not view.opens)
    elif step == "change":
        view_change(view=view, user=request.user, name=asked.get("name", ""), shared=bool(asked.get("shared")))
    elif step == "update":
        view_change(view=view, user=request.user, query=page.state)
    elif step in ("left", "right"):
        view_move(view=view, user=request.user, step=-1 if step == "left" else 1)
    elif step == "delete":
        view_delete(view=view, user=request.user)
        return redirect(f"{request.path}?{page.state}" if page.state else request.path)
    else:
        raise Http404
    return _to(request, view)


def _to(request: HttpRequest, view: SavedView) -> HttpResponse:
    return redirect(f"{request.path}?{view.query}{'&' if view.query else ''}view={view.pk}")
