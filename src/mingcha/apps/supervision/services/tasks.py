"""Writes: a task from its issue to its disposal. Each move is one conditional update and one event; who may is asked
by the caller, what may is rules.MOVES."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_noop

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.services import audit_record
from mingcha.apps.law.selectors import rule_in_force
from mingcha.apps.leads.choices import Source
from mingcha.apps.leads.models import Lead
from mingcha.apps.leads.services import lead_open
from mingcha.apps.notices.services import notice_send
from mingcha.problems import Problem

from ..choices import EventKind, TaskState
from ..models import Inspector, InspectorConflict, Task, TaskEvent
from ..rules import MOVES
from ..selectors import accounts_of, certificate_on, department_name
from ..selectors.directories import certify
from .plans import plan_terms


@transaction.atomic
def task_accept(*, task: Task, user: User) -> Task:
    """Take the task on. Problem where nobody is assigned yet."""
    if not task.inspectors:
        raise Problem(
            zh="任务还没有指派检查人员，不能接收。",
            en="Nobody is assigned to this task yet: it can't be accepted.",
            where=task.number,
            todo_zh="请先指派两名以上检查人员。",
            todo_en="Assign two officers or more first.",
        )
    return _move(task, EventKind.ACCEPT, user)


@transaction.atomic
def task_return(*, task: Task, reason: str, user: User) -> Task:
    """Give the task back to whoever issued it, with the reason."""
    return _move(task, EventKind.RETURN, user, note=_reason(task, reason))


@transaction.atomic
def task_assign(*, task: Task, inspectors: Sequence[Mapping[str, str]], reason: str, user: User) -> Task:
    """Send these officers: [{"id", "name"}], two at least, and two of each department of a joint inspection that sends
    any. Where a draw chose others, that is an override: it needs a reason, and is counted."""
    team = _with_departments(task, _registered(task, [one["id"] for one in inspectors]))
    _check_team(task, team)
    override = bool(task.draw_id and task.inspectors)
    note = _reason(task, reason) if override else reason.strip()
    before = task.inspectors
    task.inspectors = team
    _move(
        task,
        EventKind.ASSIGN,
        user,
        note=note,
        data={"before": before, "after": team},
        override=override,
        fields={"inspectors": team},
    )
    accounts = accounts_of([one["id"] for one in team])
    task.members.set(accounts.values())
    notice_send(
        to=User.objects.filter(pk__in=accounts.values()).exclude(pk=user.pk),
        text=gettext_noop("You are sent to %(entity)s: task %(number)s."),
        params={"entity": task.entity.name or task.entity.key, "number": task.number},
        url=task_url(task),
    )
    return task


@transaction.atomic
def task_notify(*, task: Task, how: str, user: User) -> Task:
    """Note that the firm was told of the visit beforehand. Problem where the kind is unannounced by law."""
    terms = plan_terms(task.plan)
    if terms.get("notice") == "never":
        raise Problem(
            zh=f"“{task.plan.get_kind_display()}”依规定不事先通知。",
            en=f"A visit of the kind {task.plan.kind!r} is not announced, by rule.",
            where=task.number,
            todo_zh=f"依据：{task.plan.rule.law}{task.plan.rule.article}" if task.plan.rule else "",
            todo_en="See the rule of this kind.",
        )
    return _move(
        task, EventKind.NOTIFY, user, note=how.strip(), fields={"notified_at": timezone.now()}, data={"how": how}
    )


@transaction.atomic
def task_enter(*, task: Task, user: User, place: Mapping[str, Any] | None = None) -> Task:
    """The officer is at the door and scans the task's code: certified today, of the team, the firm told beforehand
    where its kind asks for that. `place`: {"latitude", "longitude", "accuracy"} where the device tells."""
    today = timezone.localdate()
    if not task.members.filter(pk=user.pk).exists():
        raise Problem(
            zh="您不在本次检查的人员之列，不能登记入场。",
            en="You aren't one of the officers of this visit.",
            where=task.number,
            todo_zh="请由被指派的检查人员扫码；需要换人的，由派出单位改派并写明原因。",
            todo_en="Let an assigned officer scan it; to send somebody else, the unit assigns anew, with the reason.",
        )
    if not certificate_on(user, today):
        raise Problem(
            zh="您没有今日有效的执法证件，不能实施检查。",
            en="You hold no law-enforcement certificate that is valid today.",
            where=str(user),
            todo_zh="请核对执法证件的有效期；换人检查。",
            todo_en="Check your certificate's dates; somebody else makes the visit.",
        )
    if plan_terms(task.plan).get("notice") == "required" and task.notified_at is None:
        raise Problem(
            zh="此类检查须事先通知企业，本任务还没有通知记录。",
            en="This kind of visit is announced beforehand, and no notice is on record.",
            where=task.number,
            todo_zh="请先通知企业并登记；确属依法不通知的，应另立相应种类的计划。",
            todo_en="Notify the firm and note it first; an unannounced visit needs a plan of that kind.",
        )
    return _move(task, EventKind.ENTER, user, data={"place": dict(place or {})}, fields={"entered_at": timezone.now()})


@transaction.atomic
def task_report(*, task: Task, text: str, user: User) -> Task:
    """The firm reports that it has put things right: the recheck's clock starts."""
    from mingcha.apps.law.services import clock_start

    _move(task, EventKind.REPORT, user, note=_reason(task, text))
    clock_start(
        rule="supervision.recheck",
        subject=task,
        title=f"{task.number} {task.entity.name}",
        url=task_url(task),
        division=task.division,
        started=timezone.localdate(),
        assignee=user,
        user=user,
    )
    return task


@transaction.atomic
def task_recheck(*, task: Task, passed: bool, text: str, user: User, rectify_by: dt.date | None = None) -> Task:
    """Whether what was ordered has been done. Not done: a new day, and it goes on."""
    from mingcha.apps.law.services import clock_meet

    text = _reason(task, text)
    if not passed and (rectify_by is None or rectify_by <= timezone.localdate()):
        raise Problem(
            zh="复查不合格的，须另定改正期限，且晚于今天。",
            en="Where the recheck fails, name a further day, after today, by which it is to be put right.",
            where=task.number,
            todo_zh="请填写改正期限。",
            todo_en="Give the day.",
        )
    target = TaskState.CLOSED if passed else TaskState.RECTIFYING
    fields = {"closed_at": timezone.now()} if passed else {"rectify_by": rectify_by}
    unreported = task.rectify_by is not None and task.rectify_by < timezone.localdate()
    sources = {TaskState.RECHECK} | ({TaskState.RECTIFYING} if unreported else set())  # the term is over, no report
    _moved(task, sources, target, fields)
    _event(task, EventKind.RECHECK, user, note=text, data={"passed": passed})
    clock_meet(subject=task, rule="supervision.recheck", user=user)
    _audit(task, EventKind.RECHECK, user, {"passed": passed})
    return task


@transaction.atomic
def task_cancel(*, task: Task, reason: str, user: User) -> Task:
    """The visit won't be made. Against a draw it is an override: "not to be found at its address" is a result, not a
    reason to cancel."""
    return _move(task, EventKind.CANCEL, user, note=_reason(task, reason), override=task.draw_id is not None)


@transaction.atomic
def task_close(*, task: Task, user: User | None) -> Task:
    """Nothing remains to be done: what was recorded needs no rectification, or the follow-up is elsewhere."""
    _moved(task, {TaskState.RECORDED}, TaskState.CLOSED, {"closed_at": timezone.now()})
    _event(task, EventKind.CLOSE, user)
    _audit(task, EventKind.CLOSE, user, {})
    return task


@transaction.atomic
def task_transfer(*, task: Task, text: str, user: User) -> Lead:
    """Hand what the visit found on as a lead: whether a case follows is checked and decided there."""
    text = _reason(task, text)
    if not task.results.exists():
        raise Problem(
            zh="还没有检查结果，不能转为线索。",
            en="The task has no result yet that could be handed on.",
            where=task.number,
            todo_zh="请先录入检查结果。",
            todo_en="Record the result first.",
        )
    name = task.entity.name or task.entity.key
    lead = lead_open(
        title=f"{name}：{text}"[:200],
        text=text,
        source=Source.INSPECTION,
        about=task,
        url=task_url(task),
        entity=task.entity,
        division=task.division,
        user=user,
    )
    _move(task, EventKind.TRANSFER, user, note=text, data={"lead": lead.number})
    return lead


def task_url(task: Task) -> str:
    return reverse("supervision:task", args=[task.number])


def _move(
    task: Task,
    kind: str,
    user: User | None,
    *,
    note: str = "",
    data: Mapping[str, Any] | None = None,
    fields: Mapping[str, Any] | None = None,
    override: bool = False,
) -> Task:
    """One of rules.MOVES, with its event and its audit record."""
    sources, target = MOVES[kind]
    _moved(task, sources, target, fields or {})
    _event(task, kind, user, note=note, data=data, override=override)
    _audit(task, kind, user, {"note": note} | dict(data or {}))
    return task


def _moved(task: Task, sources: Any, target: str | None, fields: Mapping[str, Any]) -> None:
    """Change state and fields if the row is still in one of `sources`: of two officers at once, one wins."""
    changes = dict(fields) | {"state": target or F("state")}
    rows = Task.objects.filter(pk=task.pk, state__in=sources, replaced_at=None)
    if rows.update(**changes) != 1:
        task.refresh_from_db()
        raise Problem(
            zh=f"任务现为“{task.get_state_display()}”，不能这样办理。"
            if not task.replaced_at
            else "任务已被替换，不再办理。",
            en=f"The task is {task.state}: this can't be done to it now."
            if not task.replaced_at
            else "The task was replaced: nothing is done to it any more.",
            where=task.number,
            todo_zh="可能已有他人先办理，请刷新后再看。",
            todo_en="Somebody may have been faster: look again.",
        )
    for name, value in (dict(fields) | ({"state": target} if target else {})).items():
        setattr(task, name, value)


def _event(
    task: Task,
    kind: str,
    user: User | None,
    *,
    note: str = "",
    data: Mapping[str, Any] | None = None,
    override: bool = False,
) -> TaskEvent:
    return TaskEvent.objects.create(
        task=task, kind=kind, user=user, note=note, data=dict(data or {}), override=override
    )


def _audit(task: Task, kind: str, user: User | None, after: Mapping[str, Any]) -> None:
    audit_record(user=user, action=f"supervision.task.{kind}", obj=task, after={"state": task.state} | dict(after))


def _reason(task: Task, text: str) -> str:
    if text := text.strip():
        return text
    raise Problem(
        zh="请写明原因或情况。",
        en="Say why, or what was found.",
        where=task.number,
        todo_zh="填写后再提交。",
        todo_en="Fill it in and submit again.",
    )


def _with_departments(task: Task, team: list[dict[str, str]]) -> list[dict[str, str]]:
    """The team of a joint inspection with each one's department, as the register or the sealed directory has it."""
    if not task.plan.departments:
        return team
    sealed = task.draw.inspectors if task.draw else []
    known = {one["id"]: one.get("department", "") for one in sealed}
    registered = Inspector.objects.filter(number__in=[one["id"] for one in team])
    known |= {number: department_name(name) for number, name in registered.values_list("number", "department")}
    return [one | {"department": known.get(one["id"], "")} for one in team]


def _registered(task: Task, numbers: Sequence[str]) -> list[dict[str, str]]:
    """These people as the register has them. Problem, saying who: not in it or not in use, no certificate valid today,
    a declared conflict of interest with this firm."""
    found = {one.number: one for one in Inspector.objects.filter(number__in=numbers, active=True)}
    certify(found.values())
    apart = InspectorConflict.objects.filter(inspector__number__in=numbers, entity=task.entity_id)
    conflicted = set(apart.values_list("inspector__number", flat=True))
    today = timezone.localdate()
    for numbers_of, zh, en in (
        ([n for n in numbers if n not in found], "不在检查人员名录库内或已停用", "not in the register, or not in use"),
        (
            [n for n, one in found.items() if not one.certified_to or one.certified_to < today],
            "没有今日有效的执法证件",
            "without a certificate valid today",
        ),
        (sorted(conflicted), "与该户有利害关系，应当回避", "with a declared interest in this firm"),
    ):
        if numbers_of:
            raise Problem(
                zh=f"不能指派：{'、'.join(numbers_of)}{zh}。",
                en=f"Can't be sent: {', '.join(numbers_of)}, {en}.",
                where=task.number,
                todo_zh="请另选持证且无利害关系的人员。",
                todo_en="Choose certified officers without an interest.",
            )
    return [{"id": number, "name": found[number].name} for number in dict.fromkeys(numbers)]


def _check_team(task: Task, team: Sequence[Mapping[str, str]]) -> None:
    least = int(rule_in_force("supervision.visit.officers", division=task.division).value or 0)
    if len({one["id"] for one in team}) < least:
        raise Problem(
            zh=f"检查人员不得少于 {least} 人。",
            en=f"A visit needs {least} officers at least.",
            where=task.number,
            todo_zh="请再指派持证人员。",
            todo_en="Assign another certified officer.",
        )
    counts = Counter(one["department"] for one in team if one.get("department"))
    if few := sorted(name for name, n in counts.items() if n < least):
        raise Problem(
            zh=f"联合检查每个到场的部门不得少于 {least} 人：{'、'.join(few)}",
            en=f"In a joint inspection each department that comes sends {least} officers at least: {', '.join(few)}",
            where=task.number,
            todo_zh="请再指派该部门的持证人员，或由该部门另行派员。",
            todo_en="Assign another certified officer of that department.",
        )
