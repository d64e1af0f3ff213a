"""Operations: tasks, from acceptance to disposal. What may be done when is the services' to say (rules.MOVES)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from mingcha.api.operations import acts, reads
from mingcha.api.pages import Asked, Page, page
from mingcha.lists.keyset import Order

from .. import services
from ..choices import EventKind, TaskState
from ..models import Result, Task, TaskEvent
from ..selectors import tasks_visible

router = Router(tags=["检查任务 Tasks"])
HELD_BACK = dt.timedelta(seconds=60)  # on PostgreSQL numbers aren't given in the order of commits


class Officer(Schema):
    id: str = Field(max_length=40, description="检查人员编号 / the inspector's number")
    name: str = Field(max_length=60)
    department: str = Field("", max_length=100, description="部门联合抽查的所属部门 / of a joint inspection")


class Finding(Schema):
    item: str = Field("", max_length=300)
    text: str = Field(max_length=4000)


class TaskOut(Schema):
    number: str
    plan: str
    entity: str = Field(description="主体代码 / the entity's key")
    entity_name: str
    division: str
    state: TaskState
    risk_class: str = Field(
        description="冻结或派发之日；无权查看则为空 / on the day of the freeze; empty without the right"
    )
    inspectors: list[Officer]
    issued_at: dt.datetime
    due_on: dt.date | None
    notified_at: dt.datetime | None
    entered_at: dt.datetime | None
    visited_on: dt.date | None
    rectify_by: dt.date | None
    closed_at: dt.datetime | None
    replaced_at: dt.datetime | None

    @staticmethod
    def resolve_plan(task: Task) -> str:
        return task.plan.number

    @staticmethod
    def resolve_entity(task: Task) -> str:
        return task.entity.key

    @staticmethod
    def resolve_entity_name(task: Task) -> str:
        return task.entity.name


class EventOut(Schema):
    id: int
    at: dt.datetime
    task: str
    kind: EventKind
    user: str
    note: str
    override: bool

    @staticmethod
    def resolve_task(event: TaskEvent) -> str:
        return event.task.number

    @staticmethod
    def resolve_user(event: TaskEvent) -> str:
        return event.user.username if event.user else ""


class ResultOut(Schema):
    version: int
    kind: str = Field(description="全国统一的检查结果种类代码 / a code of the national list")
    summary: str
    findings: list[Finding]
    visited_on: dt.date
    recorded_at: dt.datetime
    reason: str
    current: bool
    published_at: dt.datetime | None
    public_until: dt.date | None
    withdrawn_at: dt.datetime | None


class TaskDetail(Schema):
    task: TaskOut
    events: list[EventOut]
    results: list[ResultOut]


class TasksAsked(Asked):
    state: TaskState | None = None
    plan: str = Field("", max_length=40)
    entity: str = Field("", max_length=120)
    mine: bool = Field(False, description="只要令牌所有人承办的 / only those that the token's owner is sent to")
    changed_after: int = Field(
        0, ge=0, le=2**62, description="事件 id 之后有变化的 / with an event after the one of this id"
    )


class ChangesAsked(Asked):
    plan: str = Field("", max_length=40)


class Reason(Schema):
    reason: str = Field(min_length=1, max_length=500)


class How(Schema):
    how: str = Field(min_length=1, max_length=200, description="何时、以何方式、告知何人 / when, how and whom")


class Assignment(Schema):
    inspectors: list[Officer] = Field(min_length=1, max_length=20)
    reason: str = Field("", max_length=500, description="改派抽取结果须写明 / needed against a draw")


class Place(Schema):
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    accuracy: float | None = Field(None, ge=0, le=1e6)


class Entry(Schema):
    place: Place | None = None


class Recorded(Schema):
    kind: str = Field(max_length=24)
    visited_on: dt.date
    summary: str = Field("", max_length=4000)
    findings: list[Finding] = Field([], max_length=200)
    rectify_by: dt.date | None = None


class Correction(Schema):
    kind: str = Field(max_length=24)
    summary: str = Field("", max_length=4000)
    reason: str = Field(min_length=1, max_length=500)
    findings: list[Finding] = Field([], max_length=200)
    rectify_by: dt.date | None = None


class Recheck(Schema):
    passed: bool
    text: str = Field(min_length=1, max_length=4000)
    rectify_by: dt.date | None = None


WORK, ASSIGN = "supervision.task.work", "supervision.task.assign"


@reads(router, "/tasks", Page[TaskOut], action="supervision.task.view")
def tasks_list(request: HttpRequest, asked: Query[TasksAsked]) -> dict[str, Any]:
    """检查任务 / Tasks of the jurisdiction, by number. For what has changed, see /tasks/changes."""
    rows = tasks_visible(request.auth)
    if asked.state:
        rows = rows.filter(state=asked.state)
    if asked.plan:
        rows = rows.filter(plan__number=asked.plan)
    if asked.entity:
        rows = rows.filter(entity__key=asked.entity)
    if asked.mine:
        rows = rows.filter(members=request.auth)
    if asked.changed_after:
        rows = rows.filter(Exists(TaskEvent.objects.filter(task=OuterRef("pk"), pk__gt=asked.changed_after)))
    found = page(request, rows, Order("number"), asked)
    return found | {"items": [_shown(request, task) for task in found["items"]]}


@reads(router, "/tasks/changes", Page[EventOut], action="supervision.task.view")
def tasks_changes(request: HttpRequest, asked: Query[ChangesAsked]) -> dict[str, Any]:
    """任务变化 / What has happened to tasks, in order.

    Keep `next` and ask again with it: it is never null once there was an event, and nothing is told twice. On
    PostgreSQL an event is told a minute after it happened, when all that was written before it is surely there.
    """
    seen = tasks_visible(request.auth).filter(**({"plan__number": asked.plan} if asked.plan else {}))
    rows = TaskEvent.objects.filter(task__in=seen.values("pk")).select_related("task", "user")
    if connection.vendor != "sqlite":
        rows = rows.filter(at__lt=timezone.now() - HELD_BACK)
    return page(request, rows, Order("pk"), asked, feed=True)


@reads(router, "/tasks/{number}", TaskDetail, action="supervision.task.view")
def task_get(request: HttpRequest, number: str) -> dict[str, Any]:
    """一项任务 / One task, with its events and the versions of its result."""
    task = _task(request, number, "supervision.task.view")
    return {
        "task": _shown(request, task),
        "events": list(task.events.select_related("task", "user")),
        "results": list(task.results.order_by("version")),
    }


@acts(router, "/tasks/{number}/accept", TaskOut, action=WORK)
def task_accept(request: HttpRequest, number: str) -> Task:
    """接收任务 / Take the task on."""
    return _shown(request, services.task_accept(task=_task(request, number, WORK), user=request.auth))


@acts(router, "/tasks/{number}/return", TaskOut, action=WORK)
def task_return(request: HttpRequest, number: str, given: Reason) -> Task:
    """退回任务 / Give the task back to the unit that issued it."""
    task = _task(request, number, WORK)
    return _shown(request, services.task_return(task=task, reason=given.reason, user=request.auth))


@acts(router, "/tasks/{number}/assign", TaskOut, action=ASSIGN)
def task_assign(request: HttpRequest, number: str, given: Assignment) -> Task:
    """指派检查人员 / Send these officers; against a draw it is an override, with its reason."""
    team = [one.model_dump() for one in given.inspectors]
    task = _task(request, number, ASSIGN)
    return _shown(request, services.task_assign(task=task, inspectors=team, reason=given.reason, user=request.auth))


@acts(router, "/tasks/{number}/notify", TaskOut, action=WORK)
def task_notify(request: HttpRequest, number: str, given: How) -> Task:
    """登记已通知企业 / Note that the firm was told beforehand."""
    task = _task(request, number, WORK)
    return _shown(request, services.task_notify(task=task, how=given.how, user=request.auth))


@acts(router, "/tasks/{number}/enter", TaskOut, action=WORK)
def task_enter(request: HttpRequest, number: str, given: Entry) -> Task:
    """入场登记 / The token's owner is at the door."""
    place = given.place.model_dump() if given.place else None
    task = _task(request, number, WORK)
    return _shown(request, services.task_enter(task=task, user=request.auth, place=place))


@acts(router, "/tasks/{number}/result", ResultOut, action="supervision.result.record", status=201)
def task_result(request: HttpRequest, number: str, given: Recorded) -> Result:
    """录入检查结果 / Record what the visit found."""
    task = _task(request, number, "supervision.result.record")
    return services.result_record(task=task, user=request.auth, **given.model_dump())


@acts(router, "/tasks/{number}/publish", ResultOut, action="supervision.result.publish")
def task_publish(request: HttpRequest, number: str) -> Result:
    """公示检查结果 / Publish the result, or its correction."""
    task = _task(request, number, "supervision.result.publish")
    found = get_object_or_404(Result, task=task, current=True)
    return services.result_publish(result=found, user=request.auth)


@acts(router, "/tasks/{number}/correct", ResultOut, action="supervision.result.correct", status=201)
def task_correct(request: HttpRequest, number: str, given: Correction) -> Result:
    """更正检查结果 / A further version of the result, with its reason."""
    task = _task(request, number, "supervision.result.correct")
    found = get_object_or_404(Result, task=task, current=True)
    return services.result_correct(result=found, user=request.auth, **given.model_dump())


@acts(router, "/tasks/{number}/withdraw", ResultOut, action="supervision.result.withdraw")
def task_withdraw(request: HttpRequest, number: str, given: Reason) -> Result:
    """撤下公示的结果 / Take what is public back."""
    task = _task(request, number, "supervision.result.withdraw")
    return services.result_withdraw(task=task, reason=given.reason, user=request.auth)


@acts(router, "/tasks/{number}/report", TaskOut, action=WORK)
def task_report(request: HttpRequest, number: str, given: Reason) -> Task:
    """登记企业已改正 / The firm reports that it has put things right."""
    task = _task(request, number, WORK)
    return _shown(request, services.task_report(task=task, text=given.reason, user=request.auth))


@acts(router, "/tasks/{number}/recheck", TaskOut, action=WORK)
def task_recheck(request: HttpRequest, number: str, given: Recheck) -> Task:
    """复查 / Whether what was ordered has been done."""
    task = _task(request, number, WORK)
    return _shown(request, services.task_recheck(task=task, user=request.auth, **given.model_dump()))


class Transferred(Schema):
    task: str
    lead: str = Field(description="线索编号 / number of the lead")


@acts(router, "/tasks/{number}/transfer", Transferred, action=WORK)
def task_transfer(request: HttpRequest, number: str, given: Reason) -> dict[str, Any]:
    """转为线索 / Hand what was found on as a lead."""
    task = _task(request, number, WORK)
    lead = services.task_transfer(task=task, text=given.reason, user=request.auth)
    return {"task": task.number, "lead": lead.number}


@acts(router, "/tasks/{number}/close", TaskOut, action=WORK)
def task_close(request: HttpRequest, number: str) -> Task:
    """办结任务 / Nothing remains to be done."""
    return _shown(request, services.task_close(task=_task(request, number, WORK), user=request.auth))


@acts(router, "/tasks/{number}/cancel", TaskOut, action=ASSIGN)
def task_cancel(request: HttpRequest, number: str, given: Reason) -> Task:
    """取消任务 / The visit won't be made."""
    task = _task(request, number, ASSIGN)
    return _shown(request, services.task_cancel(task=task, reason=given.reason, user=request.auth))


def _task(request: HttpRequest, number: str, action: str) -> Task:
    rows = tasks_visible(request.auth, action).select_related("entity", "plan__rule", "unit", "draw")
    return get_object_or_404(rows, number=number)


def _shown(request: HttpRequest, task: Task) -> Task:
    """The class on the day is for those who may see classes."""
    if not request.auth.may("risk.scores.view"):
        task.risk_class = ""
    return task
