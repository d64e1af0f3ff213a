"""Plans: the list, one plan with its draw and proof, and the acts that move it on."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mingcha.apps.accounts.acts import acts_on
from mingcha.apps.accounts.permissions import may, require
from mingcha.apps.accounts.services import audit_record
from mingcha.apps.jobs.choices import OPEN
from mingcha.apps.jobs.selectors import jobs_visible
from mingcha.apps.jobs.services import job_start
from mingcha.desk.forms import checked, on_disk, say
from mingcha.engines.qr import qr_path
from mingcha.language import told
from mingcha.lists.export import download, pieces_of
from mingcha.lists.keyset import Order, read
from mingcha.lists.views import list_response
from mingcha.problems import Problem

from .. import services
from ..cautions import of_plan
from ..choices import PlanKind, PlanState
from ..forms import DrawForm, FreezeForm, IssueForm, PlanForm, VoidForm, WithdrawForm
from ..handed_in import read_ids, read_parties
from ..models import Plan
from ..proof import ceremony, in_words, outside, receipt_of, secret_file, steps, terms
from ..public import public_url
from ..selectors import (
    design_of,
    draw_reserved,
    kind_rule,
    kinds,
    named,
    overrides,
    plan_directory,
    plans_visible,
    progress,
    tasks_visible,
)
from ..tables import PLANS

JOBS = ("supervision.draw.run", "supervision.plan.issue")
AT_ONCE = 20_000  # units or tasks that a request does itself; beyond, the worker
SHOWN = 20  # drawn entities on the page, unless all are asked for


@require("supervision.plan.view")
def plans(request: HttpRequest) -> HttpResponse:
    return list_response(
        request,
        PLANS,
        plans_visible(request.user),
        template="supervision/plans.html",
        export_action="supervision.plan.export",
        may_create=may(request.user, "supervision.plan.create"),
    )


@require("supervision.plan.view")
def plan(request: HttpRequest, number: str) -> HttpResponse:
    found = _plan(request, number)
    drawing = found.draw
    state = ceremony(drawing)
    seen = tasks_visible(request.user)
    tasks = seen.filter(plan=found)
    task_count = tasks.count()
    shown, more = read(tasks, Order("number"), SHOWN, None, False, seen)
    done = progress([found.pk])[found.pk]
    drawn = services.plan_terms(found)["drawn"]
    context = {
        "plan": found,
        "draw": drawing,
        "ceremony": state,
        "steps": steps(found, drawing, state),
        "terms": terms(found),
        "cautions": [in_words(said) for said in of_plan(found, _taking_part(state))],
        "classes": _classes(found),
        "outside": state.outside if state else outside(found.frame.get("outside", {})),
        "voided": found.draws.exclude(voided_at=None),
        "tasks": shown,
        "task_count": task_count,
        "hidden": more,
        "drawn": drawn,
        "job": jobs_visible(request.user).filter(kind__in=JOBS, key=found.number, state__in=OPEN).first(),
        "whom": plan_directory(found).order_by("key")[:SHOWN] if not task_count and not drawn else (),
        "progress": done,
        "hit_rate": done["hits"] / done["made"] if done["made"] else None,
        "overrides": overrides(found.tasks.all() if drawing else found.tasks.none()),
        "replaced": tasks.exclude(replaced_at=None).select_related("entity", "replaced_by__entity"),
        "may": {
            "approve": services.may_approve(found, request.user),
            "issue": may(request.user, "supervision.plan.issue"),
            "withdraw": may(request.user, "supervision.plan.withdraw") and not found.draws.exists(),
            "draw": may(request.user, "supervision.draw.run"),
            "audit": may(request.user, "supervision.draw.audit"),
            "scores": may(request.user, "risk.scores.view"),
            "model": may(request.user, "risk.model.view"),
        },
        "issue_form": IssueForm(),
        "draw_form": DrawForm(absent=_absent(state)),
        "void_form": VoidForm(),
        "withdraw_form": WithdrawForm(),
    }
    if drawing:
        context |= {"public_url": public_url(request, drawing), "qr": qr_path(public_url(request, drawing))}
    return render(request, "supervision/plan.html", context)


@require("supervision.plan.create")
def create(request: HttpRequest) -> HttpResponse:
    """First the kinds with what each means in law, then the form of the one that was chosen; a plan that doesn't fit
    comes back with what is wrong."""
    kind = request.POST.get("kind") or request.GET.get("kind", "")
    if kind not in PlanKind:
        return render(request, "supervision/kinds.html", {"kinds": kinds(request.user)})
    rule = kind_rule(kind, request.user)
    form = PlanForm(request.POST or None, user=request.user, kind=kind, terms=rule.terms)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.plan_create(user=request.user, **form.cleaned_data)
        except Problem as problem:
            say(form, problem)
        else:
            messages.success(request, _("The plan is drawn up. Another person approves it."))
            return redirect("supervision:plan", made.number)
    context = {"form": form, "kind": PlanKind(kind), "rule": rule, "drawn": rule.terms["drawn"]}
    return render(request, "supervision/create.html", context, status=400 if form.errors else 200)


@require("supervision.plan.create")
def design(request: HttpRequest) -> HttpResponse:
    """What the draft in the form, as it is now, may be expected to find: a part of its page, worked out anew whenever
    a field changes."""
    kind = request.POST.get("kind", "")
    if kind not in PlanKind:
        raise Http404
    form = PlanForm(request.POST, user=request.user, kind=kind, terms=kind_rule(kind, request.user).terms)
    form.is_valid()
    context = {"targeted": kind == PlanKind.TARGETED}
    try:
        context["design"] = design_of(kind, form.cleaned_data, request.user)
    except Problem as problem:
        context["problem"] = told(problem)
    return render(request, "supervision/design.html", context)


@require("supervision.draw.run")
def freeze(request: HttpRequest, number: str) -> HttpResponse:
    found = _plan(request, number)
    if found.state != PlanState.APPROVED:
        return redirect("supervision:plan", found.number)
    form = FreezeForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            with (
                on_disk(given["parties"]) as keys,
                on_disk(given["inspectors"]) as directory,
                on_disk(given["must_visit"]) as focused,
            ):
                drawing = services.draw_freeze(
                    plan=found,
                    parties=read_parties(keys),
                    user=request.user,
                    inspectors=directory[0] if directory else None,
                    day=given["day"].isoformat() if given["day"] else "",
                    must_visit=read_ids(focused[0]) if focused else (),
                    alone=given["alone"],
                    anyway=given["anyway"],
                )
        except Problem as problem:
            say(form, problem)
            found.refresh_from_db()
        else:
            messages.success(request, _("The frame is frozen. Each party can commit to it now."))
            if held := draw_reserved(drawing):
                said = _("%(n)d stand outside: %(plans)s, not yet drawn, may bring their year's last visit: %(who)s")
                about = {"n": len(held), "plans": "、".join(found.frame["reserved_by"]), "who": named(held)}
                messages.warning(request, said % about)
            return redirect("supervision:plan", found.number)
    context = {"plan": found, "form": form, "voided": found.draws.exclude(voided_at=None)}
    return render(request, "supervision/freeze.html", context, status=400 if form.errors else 200)


def _taking_part(state) -> int | None:
    """How many parties a draw has, once they are named."""
    return len(state.parties) if state and not state.problem else None


def _absent(state) -> list[str]:
    """Who may be left out of the draw: those that haven't revealed, once a ceremony was voided for it."""
    return state.unrevealed if state and state.again else []


act = acts_on(
    lambda request, action, number: _plan(request, number),
    lambda found: reverse("supervision:plan", args=[found.number]),
)


def _later(request: HttpRequest, found: Plan, kind: str, params: dict, title: str) -> str:
    """Let the worker do it; the page can be left, and a notice tells when it has ended."""
    url = reverse("supervision:plan", args=[found.number])
    job_start(kind=kind, params=params, user=request.user, title=title, url=url, key=found.number)
    return _("It is being done in the background; the plan's page shows how far it is, and a notice tells the end.")


@act("supervision.plan.view")  # who may approve hangs on the kind: the service says
def approve(request: HttpRequest, found: Plan) -> str:
    if not (request.user.may("supervision.plan.approve") or request.user.may("supervision.plan.create")):
        raise PermissionDenied("supervision.plan.approve")
    services.plan_approve(plan=found, user=request.user)
    if services.plan_terms(found)["drawn"]:
        return _("The plan is approved. Its frame can be frozen.")
    return _("The plan is approved. Its tasks can be issued.")


@act("supervision.plan.withdraw")
def withdraw(request: HttpRequest, found: Plan) -> str:
    services.plan_withdraw(plan=found, user=request.user, **checked(WithdrawForm(request.POST)))
    return _("The plan is withdrawn.")


@act("supervision.plan.issue")
def issue(request: HttpRequest, found: Plan) -> str:
    leave_out = "leave_out" in request.POST
    if found.budget > AT_ONCE:
        params = {"plan": found.pk, "leave_out": leave_out}
        return _later(request, found, "supervision.plan.issue", params, gettext_noop("Issue the tasks"))
    count = services.plan_issue(plan=found, user=request.user, leave_out=leave_out)
    return _("%(n)d tasks are issued.") % {"n": count}


@act("supervision.draw.run")
def commitments(request: HttpRequest, found: Plan) -> str:
    services.draw_commitments_check(draw=_draw(found), user=request.user)
    return _("All parties have committed. Frame, parameters and sources of chance can't be changed any more.")


@act("supervision.draw.run")
def draw(request: HttpRequest, found: Plan) -> str:
    drawing = _draw(found)
    given = checked(DrawForm(request.POST, absent=_absent(ceremony(drawing))))
    if drawing.units > AT_ONCE:
        params = {"draw": drawing.pk, "public_value": given["public_value"], "without": given.get("without") or []}
        return _later(request, found, "supervision.draw.run", params, gettext_noop("Draw"))
    done = services.draw_run(draw=drawing, user=request.user, **given)
    return _("%(n)d entities have been drawn.") % {"n": done.taken}


@act("supervision.draw.run")
def publish(request: HttpRequest, found: Plan) -> str:
    if missing := services.draw_publish(draw=_draw(found), user=request.user):
        said = _("Not signed by %(parties)s. Only signatures vouch that the probabilities are right.")
        messages.error(request, said % {"parties": "、".join(missing)})
    return _("The draw is public. Anyone can check it.")


@act("supervision.draw.run")
def void(request: HttpRequest, found: Plan) -> str:
    services.draw_void(draw=_draw(found), user=request.user, **checked(VoidForm(request.POST)))
    return _("This ceremony is void, on the record. The frame can be frozen again.")


@require("supervision.draw.audit")
def audit_file(request: HttpRequest, number: str) -> HttpResponse:
    return _secret(request, number, "audit.json", "application/json")


@require("supervision.draw.audit")
def frame_file(request: HttpRequest, number: str) -> HttpResponse:
    return _secret(request, number, "frame.csv", "text/csv; charset=utf-8")


def _secret(request: HttpRequest, number: str, name: str, mime: str) -> HttpResponse:
    """A file that is for the parties alone; who fetched it is on the record."""
    drawing = _draw(_plan(request, number))
    path = secret_file(drawing, name)
    if path is None:
        raise Http404
    audit_record(user=request.user, action="supervision.draw.audit", obj=drawing, after={"file": path.name})
    return download(pieces_of(path.open("rb")), f"{drawing.name}-{path.name}", mime)


@require("supervision.draw.audit")
def receipt(request: HttpRequest, number: str, unit: str) -> HttpResponse:
    drawing = _draw(_plan(request, number))
    found = receipt_of(drawing, unit)
    if found is None:
        raise Http404
    audit_record(user=request.user, action="supervision.draw.receipt", obj=drawing, after={"unit": unit})
    response = JsonResponse(found, json_dumps_params={"ensure_ascii": False})
    response["Content-Disposition"] = f'attachment; filename="receipt-{drawing.pk}.json"'
    return response


def _plan(request: HttpRequest, number: str) -> Plan:
    return get_object_or_404(plans_visible(request.user), number=number)


def _draw(found: Plan):
    drawing = found.draw
    if drawing is None:
        raise Http404
    return drawing


def _classes(found: Plan) -> list[dict]:
    """The frame by risk class: units, visits of this plan and of as many at random, mean probabilities."""
    expected = found.expected or {}
    plan_, uniform = expected.get("plan", {}).get("classes", {}), expected.get("uniform", {}).get("classes", {})
    rows = []
    for letter in "ABCD":
        units = plan_.get(letter, {}).get("units", 0)
        visits, even = plan_.get(letter, {}).get("visits", 0), uniform.get(letter, {}).get("visits", 0)
        rows.append(
            {
                "letter": letter,
                "units": units,
                "visits": visits,
                "uniform": even,
                "mean": visits / units if units else None,
            }
        )
    most = max([row["visits"] for row in rows] + [row["uniform"] for row in rows] + [1])
    return [row | {"share": row["visits"] / most, "uniform_share": row["uniform"] / most} for row in rows]
