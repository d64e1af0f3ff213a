"""Rules of law, the working-day calendar, and clocks."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mingcha.apps.accounts.permissions import may, require, visible, whole_bureau
from mingcha.lists.views import list_response

from . import services
from .calendar_page import months, weekday_names
from .choices import PERIODS, ClockState
from .forms import AmendForm, ArrangementForm, DayForm, ExtendForm, PauseForm
from .models import CalendarDay, CalendarYear, Clock
from .selectors import (
    calendar_now,
    clocks_across,
    clocks_open,
    clocks_visible,
    rule_versions,
    rules_listed,
)
from .services.calendar import arrangement
from .tables import CLOCKS, RULES

YEARS = range(2004, 2100)  # what the calendar shows: the library begins in 2004


@require("law.rule.view")
def rules(request: HttpRequest, on: dt.date | None = None) -> HttpResponse:
    """The rules in force on a day, by default today."""
    if asked := request.GET.get("on"):
        try:
            return redirect("law:rules_on", dt.date.fromisoformat(asked))
        except ValueError:
            return redirect("law:rules")
    on = on or timezone.localdate()
    return _rules(request, on)


@require("law.rule.view")
def rules_all(request: HttpRequest) -> HttpResponse:
    return _rules(request, None)


def _rules(request: HttpRequest, on: dt.date | None) -> HttpResponse:
    return list_response(
        request,
        RULES,
        rules_listed(on),
        template="law/rules.html",
        export_action="law.rule.export",
        on=on,
        today=timezone.localdate(),
    )


@require("law.rule.view")
def rule(request: HttpRequest, key: str, form: AmendForm | None = None) -> HttpResponse:
    """A rule in time: every version, where it holds, what runs by it."""
    versions = rule_versions(key)
    if not versions:
        raise Http404(key)
    today = timezone.localdate()
    current = next((v for v in versions if v.now), versions[0])
    sees = may(request.user, "law.clock.view")
    running = clocks_open(request.user).filter(key=key) if sees and current.unit in PERIODS else Clock.objects.none()
    may_amend = may(request.user, "law.rule.amend")
    context = {
        "rule": current,
        "versions": versions,
        "today": today,
        "periods": PERIODS,
        "is_period": current.unit in PERIODS,
        "clocks": running[:8],
        "clock_count": running.count(),
        "may_amend": may_amend,
        "form": form or (AmendForm(rule=current, initial=_amendment(request, today)) if may_amend else None),
        "asked": form is not None,
    }
    return render(request, "law/rule.html", context, status=422 if form else 200)


def _amendment(request: HttpRequest, today: dt.date) -> dict:
    """What the form begins with; below the bureau, where the user may amend."""
    asked = {"effective_from": today}
    below = request.user.unit is not None and not whole_bureau(request.user)
    return asked | {"division": request.user.unit.division} if below else asked


@require_POST
@require("law.rule.amend")
def rule_amend(request: HttpRequest, key: str) -> HttpResponse:
    """A new version of the row that the form was about."""
    versions = rule_versions(key)
    base = next((v for v in versions if str(v.pk) == request.POST.get("base")), None)
    if base is None:
        raise Http404(key)
    form = AmendForm(request.POST, rule=base)
    if not form.is_valid():
        return rule(request, key, form)
    services.rule_amend(rule=base, user=request.user, **form.cleaned_data)
    messages.success(request, _("The new version is written down. What runs already keeps the rule that governs it."))
    return redirect("law:rule", key)


@require("law.calendar.view")
def calendar(request: HttpRequest, year: int | None = None) -> HttpResponse:
    """A year as twelve months. A day that is asked for (?day=) comes with the form that corrects it."""
    year = year or timezone.localdate().year
    if year not in YEARS:
        raise Http404(str(year))
    day = _day(request.GET.get("day"), year)
    context = _calendar(request, year, day)
    if day and request.headers.get("HX-Request"):
        return render(request, "law/day.html", context)
    return render(request, "law/calendar.html", context)


def _calendar(request: HttpRequest, year: int, day: dt.date | None, form: ArrangementForm | None = None) -> dict:
    shown = calendar_now()
    corrections = {c.day: c for c in CalendarDay.objects.filter(day__year=year).select_related("made_by")}
    correction = corrections.get(day)
    may_change = may(request.user, "law.calendar.change") and whole_bureau(request.user)
    today = timezone.localdate()
    return {
        "year": year,
        "years": [y for y in (year - 1, year + 1) if y in YEARS],
        "weekday_names": weekday_names(),
        "months": months(year, shown, corrections, today),
        "known": shown.knows(year),
        "taken_over": CalendarYear.objects.filter(year=year).select_related("made_by").first(),
        "working_days": shown.working_days(dt.date(year - 1, 12, 31), dt.date(year, 12, 31)),
        "left": shown.working_days(today, dt.date(year, 12, 31)) if year == today.year else None,
        "corrections": sorted(corrections.values(), key=lambda c: c.day),
        "day": day,
        "correction": correction,
        "works": day and shown.works(day),
        "touched": clocks_across(day).count() if day and may_change else 0,
        "may_change": may_change,
        "day_form": day
        and DayForm(
            initial={
                "works": "" if not correction else str(int(correction.works)),
                "reason": correction.reason if correction else "",
            }
        ),
        "form": form or ArrangementForm(),
    }


@require_POST
@require("law.calendar.change")
def calendar_day(request: HttpRequest, day: dt.date) -> HttpResponse:
    form = DayForm(request.POST)
    back = redirect(f"{reverse('law:calendar_year', args=[day.year])}?day={day.isoformat()}")
    if not form.is_valid():
        return back
    works, reason = form.cleaned_data["works"], form.cleaned_data["reason"]
    if works is None:
        moved = services.calendar_day_clear(day=day, user=request.user, wait=False)
    else:
        moved = services.calendar_day_set(day=day, works=works, reason=reason, user=request.user, wait=False)
    _told(request, moved)
    return back


@require_POST
@require("law.calendar.change")
def calendar_import(request: HttpRequest, year: int) -> HttpResponse:
    """First the days that were read are shown; the second time, with `sure`, they are taken over."""
    form = ArrangementForm(request.POST)
    if year not in YEARS:
        raise Http404(str(year))
    if not form.is_valid():
        return render(request, "law/calendar.html", _calendar(request, year, None, form), status=422)
    text, source = form.cleaned_data["text"], form.cleaned_data["source"]
    if "sure" not in request.POST:
        days = sorted((day, works, name) for day, (works, name) in arrangement(year, text).items())
        return render(request, "law/calendar.html", _calendar(request, year, None, form) | {"read": days})
    _number, moved = services.calendar_import(year=year, text=text, source=source, user=request.user, wait=False)
    _told(request, moved)
    return redirect("law:calendar_year", year)


def _told(request: HttpRequest, moved: int | None) -> None:
    if moved is None:
        text = _("The calendar is corrected. Its clocks are worked out anew in the background; a notice tells the end.")
    else:
        text = _("The calendar is corrected. Clocks whose last day moved: %(n)s.") % {"n": f"{moved:,}"}
    messages.success(request, text)


@require("law.clock.view")
def clocks(request: HttpRequest) -> HttpResponse:
    return _clocks(request, clocks_open(request.user), "unit")


@require("law.clock.view")
def clocks_mine(request: HttpRequest) -> HttpResponse:
    return _clocks(request, clocks_open(request.user).filter(assignee=request.user), "mine")


@require("law.clock.view")
def clocks_ended(request: HttpRequest) -> HttpResponse:
    return _clocks(request, clocks_visible(request.user).filter(ended_on__isnull=False), "ended")


def _clocks(request: HttpRequest, queryset, which: str) -> HttpResponse:
    return list_response(
        request, CLOCKS, queryset, template="law/clocks.html", export_action="law.clock.export", which=which
    )


@require("law.clock.view")
def clock(request: HttpRequest, pk: int) -> HttpResponse:
    """A clock's story: what started it, what stopped and lengthened it, and what may be done now."""
    found = get_object_or_404(clocks_visible(request.user), pk=pk)
    running, paused = found.state == ClockState.RUNNING, found.state == ClockState.PAUSED
    reaches = visible(Clock.objects.filter(pk=pk), request.user, "law.clock.pause").exists()
    may_extend = any(e["by"] == "officer" or may(request.user, "law.clock.extend") for e in found.rule.extensions)
    context = {
        "clock": found,
        "events": found.events.select_related("user"),
        "pause_form": PauseForm(clock=found) if running and reaches and found.rule.pauses else None,
        "may_resume": paused and reaches,
        "extend_form": ExtendForm(clock=found) if (running or paused) and reaches and may_extend else None,
    }
    return render(request, "law/clock_page.html", context)


def _mine_to_change(request: HttpRequest, pk: int) -> Clock:
    return get_object_or_404(visible(Clock.objects.select_related("rule"), request.user, "law.clock.pause"), pk=pk)


@require_POST
@require("law.clock.pause")
def clock_pause(request: HttpRequest, pk: int) -> HttpResponse:
    found = _mine_to_change(request, pk)
    form = PauseForm(request.POST, clock=found)
    services.clock_pause(clock=found, cause=form.cleaned_data["cause"] if form.is_valid() else "", user=request.user)
    messages.success(request, _("The clock is paused: from today no day is counted until it goes on."))
    return redirect("law:clock", pk)


@require_POST
@require("law.clock.pause")
def clock_resume(request: HttpRequest, pk: int) -> HttpResponse:
    found = services.clock_resume(clock=_mine_to_change(request, pk), user=request.user)
    messages.success(request, _("The clock goes on; it is due on %(day)s.") % {"day": found.due_on})
    return redirect("law:clock", pk)


@require_POST
@require("law.clock.pause")
def clock_extend(request: HttpRequest, pk: int) -> HttpResponse:
    """Who may do it depends on the extension: the service asks."""
    found = _mine_to_change(request, pk)
    form = ExtendForm(request.POST, clock=found)
    said = (
        form.cleaned_data
        if form.is_valid()
        else {"extension": request.POST.get("extension", ""), "reason": "", "value": None}
    )
    found = services.clock_extend(
        clock=found, extension=said["extension"], reason=said["reason"], value=said["value"], user=request.user
    )
    messages.success(request, _("The period is extended; it is due on %(day)s.") % {"day": found.due_on})
    return redirect("law:clock", pk)


def _day(text: str | None, year: int) -> dt.date | None:
    try:
        day = dt.date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if day.year == year else None
