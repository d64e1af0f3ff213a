"""One function behind every list's address: the page, its parts for HTMX, its exports."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers

from mingcha.language import told
from mingcha.problems import Problem

from .bulk import bulk_response, selection, take_outcome
from .declare import Listing
from .export import XLSX_ROWS, export
from .hooks import ON_EXPORT
from .page import ListPage
from .saving import saving_response

_PARTS = {"facets": "web/list/facets.html", "filters": "web/list/filters.html", "tabs": "web/list/tabs.html"}


def list_response(
    request: HttpRequest,
    listing: Listing,
    queryset: QuerySet,
    *,
    template: str = "web/list.html",
    export_action: str = "",
    **context: Any,
) -> HttpResponse:
    """The answer to a request for `listing` over `queryset` (what the user may see).

    `export_action` of the permission matrix says who may take the list away as a file (empty: nobody).
    Every export is audited before it begins, with what was asked for.
    """
    page = ListPage(listing, request, queryset)
    may_export = bool(export_action) and request.user.may(export_action)
    if request.method == "POST":
        try:
            return _post(page, export_action if may_export else "")
        except Problem as problem:
            return _refused(page, problem)
    kind = request.GET.get("as", "")
    if kind in ("csv", "xlsx") and may_export:
        return _export(page, page.queryset, kind, export_action)
    if not request.GET and (opening := next((t for t in page.tabs if t.saved and t.saved.opens), None)):
        return redirect(opening.url)
    if part := _PARTS.get(request.GET.get("part", "")):
        return render(request, part, {"page": page})
    partial = request.headers.get("HX-Request") and not request.headers.get("HX-History-Restore-Request")
    context |= {"page": page, "listing": listing, "may_export": may_export}
    context["outcome"] = None if partial else take_outcome(request, listing.name)
    response = render(request, "web/list/body.html" if partial else template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _post(page: ListPage, export_action: str) -> HttpResponse:
    """An act on many rows, the export of what was ticked, or a change of the user's saved views."""
    request = page.request
    if "saving" in request.POST:
        return saving_response(request, page)
    name = request.POST.get("act", "")
    if name in ("csv", "xlsx") and export_action:
        rows = selection(page, bound=XLSX_ROWS).rows
        return _export(page, rows, name, export_action, ticked=not request.POST.get("all"))
    act = page.act(name)
    if act is None:
        raise PermissionDenied(name)
    return bulk_response(request, page, act)


def _refused(page: ListPage, problem: Problem) -> HttpResponse:
    """Say it where it was asked: in the act's dialog, or above the list."""
    said = told(problem).split("\n")
    if page.request.headers.get("HX-Request"):
        return render(page.request, "web/list/refused.html", {"said": said})
    messages.error(page.request, " ".join(said))
    return redirect(page.here)


def _export(page: ListPage, queryset: QuerySet, kind: str, action: str, *, ticked: bool = False) -> HttpResponse:
    asked = {"kind": kind, "search": page.words, "filters": page.chosen}
    if ticked:
        asked["ticked"] = page.request.POST.getlist("pick")[:1000]
    for hook in ON_EXPORT:
        hook(page.request, action, asked)
    columns = [c for c in page.listing.columns if c.value]
    ordered = queryset.order_by(*page.order.by(0, False))
    rows = ([c.value(row) for c in columns if c.value] for row in ordered.iterator(chunk_size=2000))
    return export(
        kind=kind,
        name=page.listing.name,
        head=[str(c.label) for c in columns],
        rows=rows,
        count=queryset.count() if kind == "xlsx" else 0,
    )
