"""The list of entities, and the entity file."""

from __future__ import annotations

import datetime
import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from mingcha.apps.accounts.permissions import may, require
from mingcha.lists.views import list_response

from .models import Entity
from .panels import panels
from .selectors import EntityFile, conflicts_open, entities_visible, entity_file
from .tables import listing_for
from .timeline import page_of

log = logging.getLogger(__name__)


@require("entities.entity.view")
def entities(request: HttpRequest) -> HttpResponse:
    return list_response(
        request,
        listing_for(request.user),
        entities_visible(request.user).select_related("risk", "credit"),
        export_action="entities.entity.export",
    )


@require("entities.entity.view")
def entity(request: HttpRequest, key: str) -> HttpResponse:
    merged = Entity.ever.filter(key=key, merged_into__isnull=False).select_related("merged_into").first()
    if merged:
        return redirect("entities:detail", merged.merged_into.key)
    found = get_object_or_404(entities_visible(request.user).select_related("risk__model"), key=key)
    source = request.GET.get("source", "")
    try:
        file = entity_file(found, user=request.user)
    except OSError as error:  # the lake's files are not all there: who it is can still be shown
        log.error("entity file %s: %s", found.key, error)
        file = EntityFile(found, (), (), 0, (), (), 0.0)
        problem = _("A file of the lake is missing; it must be restored from its backup.")
    else:
        problem = ""
    claims = conflicts_open(request.user).filter(entity=found)
    context = {
        "entity": found,
        "sees_score": may(request.user, "risk.scores.view"),
        "keys": file.keys,
        "claims": claims,
        "source": source,
        "file": page_of(
            file,
            source,
            _moment(request.GET.get("until", "")),
            probabilities=may(request.user, "supervision.draw.audit"),
        )
        | {"problem": problem},
        "tabs": _tabs(file, len(claims)),
        "story": panels(request, found, "story"),
        "side": panels(request, found, "side"),
    }
    return render(request, "entities/detail.html", context)


def _tabs(file, claims: int) -> list[dict]:
    disagreeing = len(file.disagreements) + claims
    tabs = [
        {"label": _("Overview"), "url": "?", "n": None, "current": True},
        {"label": _("Time line"), "url": "#timeline", "n": file.total},
        {"label": _("Sources that disagree"), "url": "#conflicts", "n": disagreeing} if disagreeing else None,
        {"label": _("Keys and links"), "url": "#keys", "n": len(file.keys)},
    ]
    return [tab for tab in tabs if tab]


def _moment(text: str) -> datetime.datetime | None:
    try:
        moment = parse_datetime(text.replace(" ", "+"))  # a plus sign in an address arrives as a space
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None
