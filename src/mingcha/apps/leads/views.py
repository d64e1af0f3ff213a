"""Leads: the list, one lead with its code and story, and what may be done to it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from mingcha.apps.accounts.acts import acts_on
from mingcha.apps.accounts.permissions import may, require
from mingcha.apps.entities.selectors import entities_visible
from mingcha.apps.law.selectors import clocks_of
from mingcha.desk.forms import checked, say
from mingcha.engines.qr import qr_path
from mingcha.lists.views import list_response
from mingcha.problems import Problem

from . import services
from .choices import LeadState
from .forms import AssignForm, DecideForm, NoteForm, OpenForm
from .models import Lead
from .selectors import leads_visible
from .tables import LEADS


@require("leads.lead.view")
def leads(request: HttpRequest) -> HttpResponse:
    return list_response(
        request,
        LEADS,
        leads_visible(request.user),
        template="leads/list.html",
        export_action="leads.lead.export",
        may_open=may(request.user, "leads.lead.open"),
    )


@require("leads.lead.view")
def lead(request: HttpRequest, number: str) -> HttpResponse:
    found = get_object_or_404(leads_visible(request.user), number=number)
    user = request.user
    url = request.build_absolute_uri(reverse("leads:by-code", args=[found.token]))
    waits = found.state in (LeadState.OPEN, LeadState.CHECKING)
    context = {
        "lead": found,
        "events": found.events.select_related("user"),
        "clocks": clocks_of(found),
        "qr": qr_path(url),
        "may": {
            "assign": waits and may(user, "leads.lead.assign"),
            "note": waits and leads_visible(user, "leads.lead.check").filter(pk=found.pk).exists(),
            "decide": found.state == LeadState.CHECKING
            and may(user, "leads.lead.decide")
            and found.assignee_id != user.pk,
        },
        "assign_form": AssignForm(lead=found),
        "note_form": NoteForm(),
        "decide_form": DecideForm(),
    }
    return render(request, "leads/lead.html", context)


@require_safe
@require("leads.lead.view")
def by_code(request: HttpRequest, token: str) -> HttpResponse:
    """What the QR code opens, for who may see the lead."""
    return redirect("leads:lead", get_object_or_404(leads_visible(request.user), token=token).number)


@require("leads.lead.open")
def open_(request: HttpRequest) -> HttpResponse:
    form = OpenForm(request.POST or None, entities=entities_visible(request.user))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        about = {name: given[name] for name in ("title", "text", "source")}
        try:
            made = services.lead_open(**about, entity=given["key"], user=request.user)
        except Problem as problem:
            say(form, problem)
        else:
            messages.success(request, _("The lead is opened; its check has its deadline."))
            return redirect("leads:lead", made.number)
    return render(request, "leads/open.html", {"form": form}, status=400 if form.errors else 200)


def _lead(request: HttpRequest, action: str, number: str) -> Lead:
    return get_object_or_404(leads_visible(request.user, action), number=number)


act = acts_on(_lead, lambda found: reverse("leads:lead", args=[found.number]))


@act("leads.lead.assign")
def assign(request: HttpRequest, found: Lead) -> str:
    given = checked(AssignForm(request.POST, lead=found))
    services.lead_assign(lead=found, to=given["to"], user=request.user)
    return _("The lead is assigned.")


@act("leads.lead.check")
def note(request: HttpRequest, found: Lead) -> str:
    services.lead_note(lead=found, text=checked(NoteForm(request.POST))["text"], user=request.user)
    return _("The note is on record.")


@act("leads.lead.decide")
def decide(request: HttpRequest, found: Lead) -> str:
    services.lead_decide(lead=found, user=request.user, **checked(DecideForm(request.POST)))
    return _("The decision is on record.")
