"""One function behind every list's address: the page, its parts for HTMX, its exports."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from mingcha.apps.accounts.permissions import may
from mingcha.apps.accounts.services import audit_record

from .declare import Listing
from .export import export
from .page import ListPage

_PARTS = {"facets": "web/list/facets.html", "filters": "web/list/filters.html"}


def list_response(
    request: HttpRequest,
    listing: Listing,
    queryset: QuerySet,
    *,
    template: str = "web/list.html",
    export_action: str,
    **context: Any,
) -> HttpResponse:
    """The answer to a request for `listing` over `queryset` (what the user may see).

    `export_action` of the permission matrix says who may take the list away as a file. Every export is audited before
    it begins, with what was asked for.
    """
    page = ListPage(listing, request, queryset)
    may_export = may(request.user, export_action)
    kind = request.GET.get("as", "")
    if kind in ("csv", "xlsx") and may_export:
        audit_record(
            user=request.user,
            action=export_action,
            obj=request.user,
            after={"kind": kind, "search": page.words, "filters": page.chosen},
        )
        columns = [c for c in listing.columns if c.value]
        ordered = page.queryset.order_by(*page.order.by(0, False))
        rows = ([c.value(row) for c in columns if c.value] for row in ordered.iterator(chunk_size=2000))
        return export(
            request,
            kind=kind,
            name=listing.name,
            head=[str(c.label) for c in columns],
            rows=rows,
            count=page.queryset.count() if kind == "xlsx" else 0,
        )
    if part := _PARTS.get(request.GET.get("part", "")):
        return render(request, part, {"page": page})
    partial = request.headers.get("HX-Request") and not request.headers.get("HX-History-Restore-Request")
    context |= {"page": page, "listing": listing, "may_export": may_export}
    response = render(request, "web/list/body.html" if partial else template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response
