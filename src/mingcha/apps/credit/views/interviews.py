"""Interviews: the list, one interview with its undertakings, its record, and its documents."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mingcha.apps.accounts.permissions import may, require
from mingcha.apps.entities.selectors import entities_visible
from mingcha.apps.law.selectors import clocks_of
from mingcha.desk.forms import checked, say
from mingcha.lists.views import list_response
from mingcha.problems import Problem

from .. import documents, forms, services
from ..choices import Source, UndertakingState
from ..models import Interview, Undertaking
from ..selectors import interviews_visible
from ..tables import INTERVIEWS
from .acts import offered
from .interview_acts import ACTS, HELD, HOLD, NOTIFIED
from .pages import document_page, story


@require("credit.interview.view")
def interviews(request: HttpRequest) -> HttpResponse:
    rows = interviews_visible(request.user).annotate(
        promised=Count("undertakings"), done=Count("undertakings", filter=Q(undertakings__state=UndertakingState.DONE))
    )
    return list_response(
        request,
        INTERVIEWS,
        rows,
        export_action="credit.interview.export",
        intro=_("Talks with firms about what must be mended, and what they undertook."),
    )


@require("credit.interview.view")
def interview(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(interviews_visible(request.user), pk=pk)
    holds = may(request.user, HOLD)
    rows = found.undertakings.select_related("checked_by").prefetch_related("papers")
    context = {
        "interview": found,
        "undertakings": [
            {
                "row": row,
                "ask": f"ask-check-{row.pk}",
                "form": forms.CheckForm(auto_id=f"check{row.pk}_%s") if holds and _open(row, found) else None,
            }
            for row in rows
        ],
        "clocks": [clock for row in rows if row.state == UndertakingState.OPEN for clock in clocks_of(row)],
        "today": timezone.localdate(),
        "acts": offered(ACTS, found, request.user, "credit:interview"),
        "papers": found.papers.filter(undertaking=None).select_related("by"),
        "events": story(found),
        "may_record": holds and found.state == NOTIFIED,
    }
    return render(request, "credit/interview.html", context)


@require("credit.interview.hold")
def draft(request: HttpRequest, key: str) -> HttpResponse:
    """The form of an interview with one firm; `?source=result&number=…` says what it came from."""
    entity = get_object_or_404(entities_visible(request.user), key=key)
    source = request.GET.get("source", "")
    form = forms.InterviewForm(request.POST or None, initial={"by": str(request.user)})
    if request.method == "POST" and form.is_valid():
        try:
            made = services.interview_open(
                entity=entity,
                user=request.user,
                source_type=source if source in Source.values else Source.HAND,
                source_id=request.GET.get("number", "")[:80],
                **form.cleaned_data,
            )
        except Problem as problem:
            say(form, problem)
        else:
            messages.success(request, _("The interview is drafted. Issue the notice next."))
            return redirect(made.get_absolute_url())
    return render(request, "credit/draft.html", {"form": form, "entity": entity}, status=400 if form.errors else 200)


@require("credit.interview.hold")
def hold(request: HttpRequest, pk: int) -> HttpResponse:
    """The form of the record: a page of its own, as it is long."""
    found = get_object_or_404(interviews_visible(request.user, HOLD), pk=pk)
    if request.method == "GET" and found.state != NOTIFIED:
        return redirect(found.get_absolute_url())
    initial = {"officers": "、".join(found.officers), "held_at": timezone.localtime(found.at)}
    form = forms.HoldForm(request.POST or None, request.FILES or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.interview_hold(interview=found, user=request.user, **form.cleaned_data)
        except Problem as problem:
            say(form, problem)
        else:
            messages.success(request, _("The record is kept, and the undertakings are followed."))
            return redirect(found.get_absolute_url())
    return render(request, "credit/hold.html", {"form": form, "interview": found}, status=400 if form.errors else 200)


@require_POST
@require("credit.interview.hold")
def check(request: HttpRequest, pk: int, undertaking: int) -> HttpResponse:
    """Note whether an undertaking was done."""
    found = get_object_or_404(interviews_visible(request.user, HOLD), pk=pk)
    row = get_object_or_404(Undertaking.objects.select_related("interview__entity"), pk=undertaking, interview=found)
    given = checked(forms.CheckForm(request.POST, request.FILES))
    services.undertaking_check(undertaking=row, user=request.user, **given)
    messages.success(request, _("It is on record."))
    return redirect(found.get_absolute_url())


@require("credit.interview.view")
def document(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """`notice` or `record`, to be printed."""
    found = get_object_or_404(interviews_visible(request.user), pk=pk)
    makers = {"notice": documents.notice, "record": documents.record}
    if name not in makers or not found.number:
        raise Http404
    return document_page(request, makers[name](found), found)


def _open(row: Undertaking, found: Interview) -> bool:
    return found.state == HELD and row.state != UndertakingState.DONE
