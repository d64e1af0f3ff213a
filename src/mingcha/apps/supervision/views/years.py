"""The year's plan: the list, one plan by month, its entries, approval, publication and adjustments."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from mingcha.apps.accounts.acts import acts_on
from mingcha.apps.accounts.permissions import may, require
from mingcha.desk.forms import say
from mingcha.lists.views import list_response
from mingcha.problems import Problem

from ..forms.registers import AdjustForm, DropForm, EntryForm, ReturnForm, YearForm
from ..models import YearPlan
from ..register_choices import AdjustmentKind, AdjustmentState, YearState
from ..register_words import changes_of
from ..selectors.years import year_information, year_lines, year_months, year_overlaps, years_visible
from ..services import years as services
from ..tables.registers import YEARS

EDIT, APPROVE, PUBLISH = "supervision.year.edit", "supervision.year.approve", "supervision.year.publish"


@require("supervision.year.view")
def years(request: HttpRequest) -> HttpResponse:
    return list_response(
        request,
        YEARS,
        years_visible(request.user),
        template="supervision/years/list.html",
        export_action="supervision.year.export",
        may_edit=may(request.user, EDIT),
    )


@require("supervision.year.view")
def year(request: HttpRequest, number: str) -> HttpResponse:
    found = _year(request, number)
    own = _own(request, found)
    lines = year_lines(found)
    context = {
        "plan": found,
        "lines": lines,
        "months": year_months(lines),
        "visits": sum(line.visits or 0 for line in lines if not line.entry.dropped),
        "information": year_information(found, lines),
        "adjustments": found.adjustments.select_related("entry", "proposed_by", "decided_by"),
        "changes": changes_of(found),
        "drop_form": DropForm(),
        "return_form": ReturnForm(),
        "may": {
            "edit": own and may(request.user, EDIT) and found.state == YearState.DRAFT,
            "approve": own
            and may(request.user, APPROVE)
            and found.state == YearState.DRAFT
            and found.created_by_id != request.user.pk,
            "return": own and may(request.user, APPROVE) and found.state == YearState.APPROVED,
            "publish": own and may(request.user, PUBLISH) and found.state == YearState.APPROVED,
            "adjust": own and may(request.user, EDIT) and found.state == YearState.PUBLISHED,
            "decide": own and may(request.user, APPROVE),
        },
    }
    return render(request, "supervision/years/one.html", context)


@require("supervision.year.view")
def overlaps(request: HttpRequest, number: str) -> HttpResponse:
    """Where the plan visits the same firms twice: a part of its page, since it may take a second."""
    found = _year(request, number)
    pairs, more = year_overlaps(found)
    editable = found.state == YearState.DRAFT and _own(request, found) and may(request.user, EDIT)
    context = {"plan": found, "overlaps": pairs[:12], "rest": max(0, len(pairs) - 12), "more": more}
    return render(request, "supervision/years/overlaps.html", context | {"editable": editable})


@require(EDIT)
def create(request: HttpRequest) -> HttpResponse:
    form = YearForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.year_create(user=request.user, **form.cleaned_data)
        except Problem as problem:
            say(form, problem)
        else:
            messages.success(request, _("The draft is made. Add its entries."))
            return redirect("supervision:year", made.number)
    return render(request, "supervision/years/create.html", {"form": form}, status=400 if form.errors else 200)


@require(EDIT)
def entry_edit(request: HttpRequest, number: str, pk: int = 0) -> HttpResponse:
    """An entry of a draft; of a published plan the adjustment that is proposed."""
    found = _own_or_404(request, number)
    if found.state == YearState.APPROVED:
        raise Http404
    entry = get_object_or_404(found.entries.filter(dropped=False), pk=pk) if pk else None
    adjusting = found.state == YearState.PUBLISHED
    initial = None
    if entry:
        initial = {name: getattr(entry, name) for name in services.FIELDS} | {"items": list(entry.items.all())}
    make = AdjustForm if adjusting else EntryForm
    also = entry.items.all() if entry else ()
    form = make(request.POST or None, initial=initial, user=request.user, also=also)
    if request.method == "POST" and form.is_valid():
        try:
            if adjusting:
                act = AdjustmentKind.CHANGE if entry else AdjustmentKind.ADD
                services.adjustment_propose(plan=found, act=act, entry=entry, user=request.user, **form.cleaned_data)
            else:
                services.entry_save(plan=found, entry=entry, user=request.user, **form.cleaned_data)
        except Problem as problem:
            say(form, problem)
        else:
            said = _("The adjustment waits for another person's approval.") if adjusting else _("The entry is kept.")
            messages.success(request, said)
            return redirect("supervision:year", found.number)
    context = {"form": form, "plan": found, "entry": entry, "adjusting": adjusting}
    return render(request, "supervision/years/entry.html", context, status=400 if form.errors else 200)


act = acts_on(
    lambda request, action, number: _own_or_404(request, number),  # what is of a unit above is seen, not acted on
    lambda found: reverse("supervision:year", args=[found.number]),
)


@act(EDIT)
def entry_delete(request: HttpRequest, found: YearPlan, pk: int) -> str:
    services.entry_delete(entry=get_object_or_404(found.entries, pk=pk), user=request.user)
    return _("The entry is taken out.")


@act(EDIT)
def join(request: HttpRequest, found: YearPlan, pk: int, other: int) -> str:
    entry, second = (get_object_or_404(found.entries, pk=one) for one in (pk, other))
    services.entries_join(entry=entry, other=second, user=request.user)
    return _("The two are one visit now.")


@act(APPROVE)
def approve(request: HttpRequest, found: YearPlan) -> str:
    services.year_approve(plan=found, user=request.user)
    return _("The plan is approved. It can be published.")


@act(APPROVE)
def give_back(request: HttpRequest, found: YearPlan) -> str:
    services.year_return(plan=found, reason=request.POST.get("reason", "")[:500], user=request.user)
    return _("The plan is given back.")


@act(PUBLISH)
def publish(request: HttpRequest, found: YearPlan) -> str:
    services.year_publish(plan=found, user=request.user)
    return _("The plan is published. It changes by adjustments only.")


@act(EDIT)
def drop(request: HttpRequest, found: YearPlan, pk: int) -> str:
    services.adjustment_propose(
        plan=found,
        act=AdjustmentKind.DROP,
        entry=get_object_or_404(found.entries.filter(dropped=False), pk=pk),
        reason=request.POST.get("reason", "")[:500],
        user=request.user,
    )
    return _("The adjustment waits for another person's approval.")


@act(APPROVE)
def decide(request: HttpRequest, found: YearPlan, pk: int) -> str:
    adjustment = get_object_or_404(found.adjustments.filter(state=AdjustmentState.PROPOSED), pk=pk)
    services.adjustment_decide(adjustment=adjustment, approve="refuse" not in request.POST, user=request.user)
    return _("The decision on the adjustment is noted.")


def _year(request: HttpRequest, number: str) -> YearPlan:
    return get_object_or_404(years_visible(request.user), number=number)


def _own(request: HttpRequest, found: YearPlan) -> bool:
    return bool(request.user.unit and found.division.startswith(request.user.unit.division))


def _own_or_404(request: HttpRequest, number: str) -> YearPlan:
    found = _year(request, number)
    if not _own(request, found):
        raise Http404
    return found
