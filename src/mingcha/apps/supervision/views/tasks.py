"""Tasks: the list, one task with its story and what may be done next, its result, its notice, its entry by code."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from mingcha.apps.accounts.acts import acts_on
from mingcha.apps.accounts.permissions import may, require
from mingcha.apps.credit.selectors import interviews_visible, listings_visible
from mingcha.apps.law.selectors import clocks_of
from mingcha.apps.leads.selectors import leads_of
from mingcha.desk.forms import checked, say
from mingcha.engines.qr import qr_path
from mingcha.language import language
from mingcha.lists.views import list_response
from mingcha.problems import Problem

from .. import services
from ..choices import EventKind, TaskState
from ..forms import AssignForm, CorrectForm, NoticeForm, ReasonForm, RecheckForm, ResultForm
from ..models import Result, Task
from ..public import visit_token
from ..rules import MADE, MOVES, result_kinds
from ..selectors import reach, result_on_show, tasks_visible
from ..services.plans import plan_terms
from ..tables.tasks import tasks_listing

ACTIONS = {  # what may happen -> the right that it needs
    EventKind.ACCEPT: "supervision.task.work",
    EventKind.RETURN: "supervision.task.work",
    EventKind.ASSIGN: "supervision.task.assign",
    EventKind.NOTIFY: "supervision.task.work",
    EventKind.ENTER: "supervision.task.work",
    EventKind.REPORT: "supervision.task.work",
    EventKind.CANCEL: "supervision.task.assign",
    EventKind.TRANSFER: "supervision.task.work",
}


@require("supervision.task.view")
def tasks(request: HttpRequest) -> HttpResponse:
    return list_response(
        request,
        tasks_listing(request.user),
        tasks_visible(request.user),
        template="web/list.html",
        export_action="supervision.task.export",
    )


@require("supervision.task.view")
def task(request: HttpRequest, number: str) -> HttpResponse:
    found = _task(request, number)
    results = list(found.results.select_related("recorded_by", "published_by").order_by("-version"))
    return render(
        request,
        "supervision/task.html",
        {
            "task": found,
            "terms": plan_terms(found.plan),
            "events": found.events.select_related("user"),
            "clocks": clocks_of(found),
            "results": [(one, result_kinds()[one.kind].title(language())) for one in results],
            "current": results[0] if results else None,
            "may": _may(request, found, results[0] if results else None),
            "forms": {"reason": ReasonForm(), "assign": AssignForm(), "notice": NoticeForm(), "recheck": RecheckForm()},
            "made": found.state in MADE,
            "leads": leads_of("supervision.task", str(found.pk)),
            "follows": _follows(request, found, results[0] if results else None),
        },
    )


def _follows(request: HttpRequest, found: Task, current: Result | None) -> dict[str, object]:
    """What may follow the result: a listing on the ground that its kind gives, an interview; and what did."""
    if current is None:
        return {}
    user, said = request.user, urlencode({"source": "result", "number": found.number})
    ground, key = result_kinds()[current.kind].abnormal, found.entity.key
    listings = listings_visible(user).filter(source_id=found.number) if may(user, "credit.listing.view") else ()
    talks = interviews_visible(user).filter(source_id=found.number) if may(user, "credit.interview.view") else ()
    return {
        "propose": f"{reverse('credit:propose', args=['abnormal', key])}?{said}&ground={ground}"
        if ground and may(user, "credit.listing.propose") and not listings
        else "",
        "interview": f"{reverse('credit:draft', args=[key])}?{said}"
        if not result_kinds()[current.kind].compliant and may(user, "credit.interview.hold")
        else "",
        "made": [*listings, *talks],
    }


def _may(request: HttpRequest, found: Task, current: Result | None) -> dict[str, bool]:
    """What the user may do to the task as it stands."""
    if found.replaced_at:
        return {}
    can = reach(request.user, found)
    able = {kind: found.state in MOVES[kind][0] and can(right) for kind, right in ACTIONS.items()}
    able["record"] = found.state == TaskState.ON_SITE and can("supervision.result.record")
    over = found.rectify_by is not None and found.rectify_by < timezone.localdate()
    due = found.state == TaskState.RECHECK or (found.state == TaskState.RECTIFYING and over)
    able["recheck"] = due and can("supervision.task.work")
    able["close"] = found.state == TaskState.RECORDED and can("supervision.task.work")
    if current:
        own = current.recorded_by_id == request.user.pk
        able["publish"] = (
            plan_terms(found.plan).get("published", True)
            and not current.published_at
            and not own
            and can("supervision.result.publish")
        )
        able["correct"] = can("supervision.result.correct")
        able["withdraw"] = can("supervision.result.withdraw") and result_on_show(found) is not None
    return able


act = acts_on(
    lambda request, action, number: _task(request, number, action),
    lambda found: reverse("supervision:task", args=[found.number]),
)


@act("supervision.task.work")
def accept(request: HttpRequest, found: Task) -> str:
    services.task_accept(task=found, user=request.user)
    return _("The task is accepted.")


@act("supervision.task.work")
def give_back(request: HttpRequest, found: Task) -> str:
    services.task_return(task=found, reason=checked(ReasonForm(request.POST))["reason"], user=request.user)
    return _("The task is returned to the unit that issued it.")


@act("supervision.task.assign")
def assign(request: HttpRequest, found: Task) -> str:
    given = checked(AssignForm(request.POST))
    services.task_assign(task=found, inspectors=given["team"], reason=given["reason"], user=request.user)
    return _("The officers are assigned.")


@act("supervision.task.work")
def notify(request: HttpRequest, found: Task) -> str:
    services.task_notify(task=found, how=checked(NoticeForm(request.POST))["how"], user=request.user)
    return _("The notice is on record.")


@act("supervision.task.work")
def enter(request: HttpRequest, found: Task) -> str:
    services.task_enter(task=found, user=request.user)
    return _("You are on site: the time is on record.")


@act("supervision.task.work")
def report(request: HttpRequest, found: Task) -> str:
    services.task_report(task=found, text=checked(ReasonForm(request.POST))["reason"], user=request.user)
    return _("The firm's report is on record; the recheck has its deadline.")


@act("supervision.task.work")
def recheck(request: HttpRequest, found: Task) -> str:
    given = checked(RecheckForm(request.POST))
    services.task_recheck(task=found, user=request.user, **given)
    return _("The recheck is on record.")


@act("supervision.task.work")
def close(request: HttpRequest, found: Task) -> str:
    services.task_close(task=found, user=request.user)
    return _("The task is closed.")


@act("supervision.task.work")
def transfer(request: HttpRequest, found: Task) -> str:
    lead = services.task_transfer(task=found, text=checked(ReasonForm(request.POST))["reason"], user=request.user)
    return _("The lead %(number)s is opened.") % {"number": lead.number}


@act("supervision.task.assign")
def cancel(request: HttpRequest, found: Task) -> str:
    services.task_cancel(task=found, reason=checked(ReasonForm(request.POST))["reason"], user=request.user)
    return _("The task is cancelled, with its reason on record.")


@require("supervision.result.record")
def record(request: HttpRequest, number: str) -> HttpResponse:
    """What the visit found."""
    found = _task(request, number, "supervision.result.record")
    if request.method == "GET" and found.state != TaskState.ON_SITE:  # the browser's way back, too
        messages.warning(request, _("A result is recorded on site, after the entry."))
        return redirect("supervision:task", found.number)
    form = ResultForm(request.POST or None, task=found)
    if request.method == "POST" and form.is_valid():
        try:
            services.result_record(task=found, user=request.user, **form.cleaned_data)
        except Problem as problem:
            say(form, problem)
            found.refresh_from_db()
        else:
            messages.success(request, _("The result is recorded. Another person publishes it."))
            return redirect("supervision:task", found.number)
    context = {"task": found, "form": form}
    return render(request, "supervision/result.html", context, status=400 if form.errors else 200)


@require("supervision.result.correct")
def correct(request: HttpRequest, number: str) -> HttpResponse:
    """A further version of the result, with its reason."""
    found = _task(request, number, "supervision.result.correct")
    current = get_object_or_404(Result, task=found, current=True)
    before = {"kind": current.kind, "summary": current.summary, "rectify_by": found.rectify_by}
    form = CorrectForm(request.POST or None, initial=before)
    if request.method == "POST" and form.is_valid():
        try:
            services.result_correct(result=current, user=request.user, **form.cleaned_data)
        except Problem as problem:
            say(form, problem)
        else:
            messages.success(request, _("The correction is recorded. Another person publishes it."))
            return redirect("supervision:task", found.number)
    context = {"task": found, "form": form, "current": current}
    return render(request, "supervision/result.html", context, status=400 if form.errors else 200)


@act("supervision.result.publish")
def publish(request: HttpRequest, found: Task) -> str:
    services.result_publish(result=get_object_or_404(Result, task=found, current=True), user=request.user)
    return _("The result is public.")


@act("supervision.result.withdraw")
def withdraw(request: HttpRequest, found: Task) -> str:
    services.result_withdraw(task=found, reason=checked(ReasonForm(request.POST))["reason"], user=request.user)
    return _("The result is no longer public.")


@require("supervision.task.view")
def notice(request: HttpRequest, number: str) -> HttpResponse:
    """The notice to the firm, to be printed: who comes, when, for what; its code shows the officers' certificates."""
    found = _task(request, number)
    if plan_terms(found.plan)["notice"] == "never":
        raise Problem(
            zh="此类检查依规定不事先通知，没有通知书。",
            en="A visit of this kind is unannounced, by rule: there is no notice.",
            where=found.number,
        )
    url = request.build_absolute_uri(reverse("supervision:visit", args=[visit_token(found)]))
    return render(request, "supervision/notice.html", {"task": found, "url": url, "qr": qr_path(url)})


def _task(request: HttpRequest, number: str, action: str = "supervision.task.view") -> Task:
    rows = tasks_visible(request.user, action).select_related("plan__rule", "plan__created_by", "draw")
    return get_object_or_404(rows, number=number)
