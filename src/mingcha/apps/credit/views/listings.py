"""Listings: the list, one listing with what may be done, and its documents."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from mingcha.apps.accounts.permissions import require
from mingcha.apps.entities.selectors import entities_visible
from mingcha.apps.law.selectors import clocks_of
from mingcha.desk.forms import say
from mingcha.lists.views import list_response
from mingcha.problems import Problem

from .. import documents, forms, services
from ..choices import SHOWN, Kind, Source
from ..grounds import ground
from ..models import Removal
from ..selectors import listings_visible
from ..tables import LISTINGS
from .acts import offered
from .listing_acts import ACTS
from .pages import document_page, story


@require("credit.listing.view")
def listings(request: HttpRequest) -> HttpResponse:
    return list_response(
        request,
        LISTINGS,
        listings_visible(request.user),
        export_action="credit.listing.export",
        intro=_("Who is proposed, listed and removed, each step by its time."),
    )


@require("credit.listing.view")
def listing(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(
        listings_visible(request.user).select_related("entity", "unit", "proposed_by", "decided_by"), pk=pk
    )
    context: dict[str, Any] = {
        "listing": found,
        "ground": ground(found.ground),
        "clocks": clocks_of(found),
        "acts": offered(ACTS, found, request.user, "credit:listing"),
        "removals": found.removals.select_related("decided_by", "recorded_by"),
        "papers": found.papers.select_related("by"),
        "events": story(found),
        "public_url": reverse("credit_public:firm", args=[found.entity.key]) if found.state in SHOWN else "",
    }
    return render(request, "credit/listing.html", context)


@require("credit.listing.propose")
def propose(request: HttpRequest, key: str, kind: str) -> HttpResponse:
    """The form of a proposal on one firm; what the law doesn't allow comes back with what is wrong. `?source=result&
    number=…&ground=…` says what it came from."""
    if kind not in Kind.values:
        raise Http404
    entity = get_object_or_404(entities_visible(request.user), key=key)
    source = request.GET.get("source", "")
    initial = {"ground": request.GET.get("ground", "")}
    form = forms.ProposeForm(request.POST or None, request.FILES or None, kind=kind, initial=initial)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        facts = given.pop("facts")
        try:
            made = services.listing_propose(
                entity=entity,
                kind=kind,
                evidence=facts,
                user=request.user,
                source_type=source if source in Source.values else Source.HAND,
                source_id=request.GET.get("number", "")[:80],
                **given,
            )
        except Problem as problem:
            say(form, problem)
        else:
            messages.success(request, _("The proposal is on record. Another person decides on it."))
            return redirect(made.get_absolute_url())
    context = {"form": form, "entity": entity, "kind": Kind(kind).label}
    return render(request, "credit/propose.html", context, status=400 if form.errors else 200)


@require("credit.listing.view")
def document(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """A document of a listing, to be printed: `told`, `decision`."""
    found = get_object_or_404(listings_visible(request.user).select_related("entity", "unit"), pk=pk)
    makers = {"told": (documents.told, found.told_number), "decision": (documents.decision, found.decision_number)}
    if name not in makers or not makers[name][1]:
        raise Http404
    return document_page(request, makers[name][0](found), found)


@require("credit.listing.view")
def removal_document(request: HttpRequest, pk: int, removal: int) -> HttpResponse:
    found = get_object_or_404(listings_visible(request.user), pk=pk)
    chosen = get_object_or_404(Removal.objects.select_related("unit", "listing__entity"), pk=removal, listing=found)
    if not chosen.decision_number:
        raise Http404
    return document_page(request, documents.removal(chosen), found)
