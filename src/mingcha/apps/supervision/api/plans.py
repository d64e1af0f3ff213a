"""Operations: plans of every kind, and the draw of those that are drawn."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_noop
from ninja import Query, Router, Schema
from pydantic import Field

from mingcha.api.errors import Refusal
from mingcha.api.operations import acts, reads
from mingcha.api.pages import Asked, Page, page
from mingcha.apps.jobs.services import job_start
from mingcha.apps.risk.choices import ModelState
from mingcha.apps.risk.models import RiskModel
from mingcha.lists.keyset import Order

from .. import services
from ..choices import PlanKind, PlanState
from ..models import CatalogueItem, Draw, Plan
from ..register_choices import CatalogueState
from ..selectors import directories_visible, inspector_directories_visible, plans_visible, progress
from ..selectors.tasks import tasks_visible
from ..selectors.years import entries_open
from ..views.plans import AT_ONCE
from .tasks import Reason

router = Router(tags=["检查计划 Plans"])
Key = Annotated[str, Field(max_length=120)]


class DrawOut(Schema):
    name: str
    root: str
    seed: str
    result: str
    units: int
    taken: int
    frozen_at: dt.datetime | None
    committed_at: dt.datetime | None
    drawn_at: dt.datetime | None
    published_at: dt.datetime | None
    voided_at: dt.datetime | None
    void_reason: str
    no_show: list[str]


class PlanOut(Schema):
    number: str
    title: str
    kind: PlanKind
    state: PlanState
    division: str
    budget: int
    cap: int | None
    starts_on: dt.date | None
    ends_on: dt.date | None
    public_source: str
    public_on: dt.date | None
    basis: str
    departments: list[str]
    created_by: str
    created_at: dt.datetime
    approved_by: str
    approved_at: dt.datetime | None
    withdrawn_at: dt.datetime | None
    withdraw_reason: str
    simulated: bool

    @staticmethod
    def resolve_created_by(plan: Plan) -> str:
        return plan.created_by.username if plan.created_by else ""

    @staticmethod
    def resolve_approved_by(plan: Plan) -> str:
        return plan.approved_by.username if plan.approved_by else ""


class Progress(Schema):
    all: int
    made: int
    open: int
    hits: int


class PlanDetail(Schema):
    plan: PlanOut
    draw: DrawOut | None
    voided: list[DrawOut] = Field(description="作废的抽取 / ceremonies that were voided")
    expected: dict[str, Any] = Field(description="预期结果 / what it may be expected to find")
    progress: Progress


class Later(Schema):
    """What was done: at once, or by a job that goes on (see /jobs/{id})."""

    plan: PlanOut
    job: int | None = None
    tasks: int | None = None
    unsigned: list[str] = Field([], description="尚未签署结果的参与方 / parties that have not signed the result")


class PlansAsked(Asked):
    state: PlanState | None = None
    kind: PlanKind | None = None


class PlanIn(Schema):
    """A draft. What its kind asks for is a rule of law (supervision.kind.<kind>)."""

    title: str = Field(min_length=1, max_length=200)
    kind: PlanKind
    budget: int | None = Field(None, ge=1, le=1_000_000, description="户次（须抽取）/ visits, of a kind that is drawn")
    division: str = Field("", max_length=12, pattern=r"^[0-9]*$")
    industry: str = Field("", max_length=100)
    keys: list[Key] = Field([], max_length=100_000, description="检查对象（不经抽取）/ whom it visits, without a draw")
    directory: int | None = Field(None, ge=1, le=2**62, description="对象名录库 / of /object-directories")
    inspectors: int | None = Field(None, ge=1, le=2**62, description="人员名录库 / of /inspector-directories")
    items: list[Annotated[int, Field(ge=1, le=2**62)]] = Field([], max_length=500, description="of /catalogue-items")
    entry: int | None = Field(None, ge=1, le=2**62, description="年度计划的一项 / an entry of the year's plan")
    departments: list[Annotated[str, Field(max_length=100)]] = Field([], max_length=50)
    starts_on: dt.date | None = None
    ends_on: dt.date | None = None
    stratify_by: str = Field("", pattern=r"^(|district|industry)$")
    skills: str = Field("", max_length=200)
    floor_share: float = Field(0.1, ge=0, le=1)
    ceiling: float = Field(0.9, ge=0.05, le=0.9)
    class_weights: dict[str, Annotated[float, Field(ge=0, le=100)]] | None = None
    cap: int | None = Field(None, ge=1, le=365)
    public_source: str = Field("", max_length=200)
    public_on: dt.date | None = None
    basis: str = Field("", max_length=200)
    cause: str = Field("", max_length=500)
    risk_model: str = Field("", max_length=40, description="现行模型编号（定向）/ a model in force, to aim by")


class Issue(Schema):
    leave_out: bool = Field(False, description="不含已达上限者 / without those who have had the year's visits")


class Freeze(Schema):
    parties: dict[Annotated[str, Field(max_length=60)], Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]] = Field(
        description="参与方 -> Ed25519 公钥（十六进制）/ party -> Ed25519 public key, hex", max_length=50
    )
    day: dt.date | None = None
    must_visit: list[Key] = Field([], max_length=100_000)
    alone: bool = False
    anyway: bool = False


class Run(Schema):
    public_value: str = Field(min_length=1, max_length=200)
    without: list[Annotated[str, Field(max_length=60)]] = Field([], max_length=50)


DRAW, VIEW = "supervision.draw.run", "supervision.plan.view"


@reads(router, "/plans", Page[PlanOut], action=VIEW)
def plans_list(request: HttpRequest, asked: Query[PlansAsked]) -> dict[str, Any]:
    """检查计划 / Plans of the jurisdiction, the latest first."""
    rows = plans_visible(request.auth)
    if asked.state:
        rows = rows.filter(state=asked.state)
    if asked.kind:
        rows = rows.filter(kind=asked.kind)
    return page(request, rows, Order("pk", descending=True), asked)


@acts(router, "/plans", PlanOut, action="supervision.plan.create", status=201)
def plan_create(request: HttpRequest, given: PlanIn) -> Plan:
    """拟定计划 / Draw up a plan of any kind. Another person approves it."""
    said, user = given.model_dump(), request.auth
    for name, rows in (
        ("directory", directories_visible(user).filter(active=True)),
        ("inspectors", inspector_directories_visible(user).filter(active=True)),
        ("entry", entries_open(user)),
    ):
        said[name] = _one(rows, name, said[name])
    items = CatalogueItem.objects.filter(catalogue__state=CatalogueState.PUBLISHED)
    said["items"] = [_one(items, "items", pk) for pk in given.items]
    models = RiskModel.objects.filter(state=ModelState.CHAMPION)
    said["risk_model"] = _one(models, "risk_model", given.risk_model or None, "number")
    weights = given.class_weights
    if weights is not None and not set(weights) <= set("ABCD"):
        raise Refusal(422, "invalid", "类别只能是 A、B、C、D。", "Classes are A, B, C, D.", where="body.class_weights")
    return services.plan_create(user=user, **said)


@reads(router, "/plans/{number}", PlanDetail, action=VIEW)
def plan_get(request: HttpRequest, number: str) -> dict[str, Any]:
    """一个计划 / One plan, its draw, and how far its tasks are. The tasks: /tasks?plan=…"""
    plan = _plan(request, number)
    sees = request.auth.may("supervision.task.view")
    seen = tasks_visible(request.auth).filter(plan=plan).exists() if sees else False
    return {
        "plan": plan,
        "draw": plan.draw,
        "voided": list(plan.draws.exclude(voided_at=None)),
        "expected": plan.expected,
        "progress": progress([plan.pk])[plan.pk] if seen else {"all": 0, "made": 0, "open": 0, "hits": 0},
    }


@acts(router, "/plans/{number}/approve", PlanOut, action="supervision.plan.approve")
def plan_approve(request: HttpRequest, number: str) -> Plan:
    """批准计划 / Approve a plan, never one's own."""
    return services.plan_approve(plan=_plan(request, number), user=request.auth)


@acts(router, "/plans/{number}/withdraw", PlanOut, action="supervision.plan.withdraw")
def plan_withdraw(request: HttpRequest, number: str, given: Reason) -> Plan:
    """撤回计划 / Give up a plan whose frame was never frozen."""
    return services.plan_withdraw(plan=_plan(request, number), reason=given.reason, user=request.auth)


@acts(router, "/plans/{number}/issue", Later, action="supervision.plan.issue")
def plan_issue(request: HttpRequest, number: str, given: Issue) -> dict[str, Any]:
    """派发任务（不经抽取的种类）/ Issue the tasks of a plan that isn't drawn; of a large one, by a job."""
    plan = _plan(request, number)
    if plan.budget > AT_ONCE:
        params = {"plan": plan.pk, "leave_out": given.leave_out}
        return _later(request, plan, "supervision.plan.issue", params, gettext_noop("Issue the tasks"))
    count = services.plan_issue(plan=plan, user=request.auth, leave_out=given.leave_out)
    return {"plan": plan, "tasks": count}


@acts(router, "/plans/{number}/freeze", DrawOut, action=DRAW)
def plan_freeze(request: HttpRequest, number: str, given: Freeze) -> Draw:
    """封存名录 / Freeze the frame; the parties then commit, with `mingcha draw`."""
    return services.draw_freeze(
        plan=_plan(request, number),
        parties={party: bytes.fromhex(key) for party, key in given.parties.items()},
        user=request.auth,
        day=given.day.isoformat() if given.day else "",
        must_visit=set(given.must_visit),
        alone=given.alone,
        anyway=given.anyway,
    )


@acts(router, "/plans/{number}/commitments", DrawOut, action=DRAW)
def plan_commitments(request: HttpRequest, number: str) -> Draw:
    """登记各方承诺 / Note that every party has committed."""
    return services.draw_commitments_check(draw=_draw(request, number), user=request.auth)


@acts(router, "/plans/{number}/run", Later, action=DRAW)
def plan_run(request: HttpRequest, number: str, given: Run) -> dict[str, Any]:
    """抽取 / Draw, with the public value; from a large frame, by a job."""
    draw = _draw(request, number)
    if draw.units > AT_ONCE:
        params = {"draw": draw.pk, "public_value": given.public_value, "without": given.without}
        return _later(request, draw.plan, DRAW, params, gettext_noop("Draw"))
    done = services.draw_run(draw=draw, public_value=given.public_value, user=request.auth, without=given.without)
    return {"plan": done.plan, "tasks": done.taken}


@acts(router, "/plans/{number}/publish", Later, action=DRAW)
def plan_publish(request: HttpRequest, number: str) -> dict[str, Any]:
    """公布抽取 / Open the draw's public page. `unsigned` says whose signature of the result is missing."""
    draw = _draw(request, number)
    missing = services.draw_publish(draw=draw, user=request.auth)
    return {"plan": draw.plan, "unsigned": missing}


@acts(router, "/plans/{number}/void", DrawOut, action=DRAW)
def plan_void(request: HttpRequest, number: str, given: Reason) -> Draw:
    """作废抽取 / Give a ceremony up, on the record, because a party stays away."""
    return services.draw_void(draw=_draw(request, number), reason=given.reason, user=request.auth)


def _plan(request: HttpRequest, number: str) -> Plan:
    return get_object_or_404(plans_visible(request.auth), number=number)


def _draw(request: HttpRequest, number: str) -> Draw:
    draw = _plan(request, number).draw
    if draw is None:
        raise Http404
    return draw


def _later(request: HttpRequest, plan: Plan, kind: str, params: dict[str, Any], title: str) -> dict[str, Any]:
    url = reverse("supervision:plan", args=[plan.number])
    job = job_start(kind=kind, params=params, user=request.auth, title=title, url=url, key=plan.number)
    return {"plan": plan, "job": job.pk}


def _one(rows: Any, name: str, value: Any, field: str = "pk") -> Any:
    """What the body names, of what the token may see."""
    found = rows.filter(**{field: value}).first() if value is not None else None
    if value is not None and found is None:
        raise Refusal(422, "invalid", f"没有 {value}。", f"There is no {value}.", where=f"body.{name}")
    return found
