"""The list of entities, and the entity file."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from mingcha.apps.accounts.permissions import in_jurisdiction, may, require
from mingcha.apps.accounts.services import audit_record
from mingcha.lists.page import ListPage
from mingcha.lists.views import list_response

from .models import Entity
from .panels import panels
from .tables import ENTITIES


@require("entities.entity.view")
def entities(request: HttpRequest) -> HttpResponse:
    visible = Entity.objects.filter(in_jurisdiction(request.user)).select_related("risk")
    return list_response(
        request,
        ENTITIES,
        visible,
        may_export=may(request.user, "entities.entity.export"),
        on_export=lambda page, kind: _audit_export(request, page, kind),
    )


@require("entities.entity.view")
def entity(request: HttpRequest, key: str) -> HttpResponse:
    visible = Entity.objects.filter(in_jurisdiction(request.user)).select_related("risk")
    found = get_object_or_404(visible.select_related("risk__model"), key=key)
    keys = list(found.keys.order_by("retracted_at", "value"))
    context = {
        "entity": found,
        "keys": keys,
        "file": {},
        "story": panels(request, found, "story"),
        "side": panels(request, found, "side"),
    }
    return render(request, "entities/detail.html", context)


def _audit_export(request: HttpRequest, page: ListPage, kind: str) -> None:
    audit_record(
        user=request.user,
        action="entities.entity.export",
        obj=request.user,
        after={"kind": kind, "search": page.words, "filters": page.chosen},
    )
