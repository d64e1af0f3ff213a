"""Writes: what a visit found, its publication, correction and withdrawal, and the label that goes back to the lake."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils import timezone

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.services import audit_record
from mingcha.apps.law.selectors import rule_in_force
from mingcha.apps.law.services import clock_cancel, clock_meet, clock_start
from mingcha.problems import Problem

from ..choices import EventKind, TaskState
from ..models import Result, Task
from ..rules import ResultKind, result_kinds
from ..selectors import result_on_show
from .plans import plan_terms
from .tasks import _event, _moved, task_url

PUBLISH, RECHECK = "supervision.result.publish", "supervision.recheck"


@transaction.atomic
def result_record(
    *,
    task: Task,
    kind: str,
    visited_on: dt.date,
    summary: str,
    user: User,
    findings: Sequence[Mapping[str, str]] = (),
    rectify_by: dt.date | None = None,
) -> Result:
    """Record what the visit found. The clock of its publication starts; what is to be put right has a day.

    Raises Problem where the kind isn't of the national list, a day makes no sense, or a finding lacks its words.
    """
    found = _kind(task, kind)
    _check_days(task, found, visited_on, rectify_by)
    summary = summary.strip()
    if not found.compliant and not summary:
        raise Problem(
            zh="发现问题的，须写明发现了什么。",
            en="Where something was found, say what.",
            where=task.number,
            todo_zh="请填写检查情况。",
            todo_en="Fill in what was found.",
        )
    target = TaskState.RECTIFYING if found.rectify else TaskState.RECORDED
    _moved(task, {TaskState.ON_SITE}, target, {"visited_on": visited_on, "rectify_by": rectify_by})
    result = Result.objects.create(
        task=task,
        kind=kind,
        findings=_findings(findings),
        summary=summary,
        visited_on=visited_on,
        recorded_by=user,
    )
    _event(task, EventKind.RECORD, user, note=summary, data={"kind": kind})
    if plan_terms(task.plan).get("published", True):
        clock_start(
            rule=PUBLISH,
            subject=task,
            title=f"{task.number} {task.entity.name}",
            url=task_url(task),
            division=task.division,
            started=visited_on,
            role="clerk",
            user=user,
        )
    audit_record(
        user=user, action="supervision.result.record", obj=task, after={"kind": kind, "visited_on": str(visited_on)}
    )
    return result


@transaction.atomic
def result_publish(*, result: Result, user: User) -> Result:
    """Make the result public. Who recorded it may not be the one who publishes it."""
    if result.recorded_by_id == user.pk:
        raise Problem(
            zh="检查结果不能由录入人自己公示。",
            en="A result can't be published by the one who recorded it.",
            where=result.task.number,
            todo_zh="请由其他有公示权限的人员办理。",
            todo_en="Ask another person with the right to publish.",
        )
    if not plan_terms(result.task.plan).get("published", True):
        raise Problem(
            zh=f"“{result.task.plan.get_kind_display()}”的结果依规定不公示。",
            en=f"Results of the kind {result.task.plan.kind!r} are not published, by rule.",
            where=result.task.number,
            todo_zh="后续处理结果（如行政处罚）另按其规定公示。",
            todo_en="What follows from it, such as a penalty, is published by its own rule.",
        )
    now = timezone.now()
    rows = Result.objects.filter(pk=result.pk, current=True, published_at=None, withdrawn_at=None)
    if rows.update(published_at=now, published_by=user, public_until=public_until(result)) != 1:
        raise Problem(
            zh="这一结果已经公示、更正或撤下。",
            en="This result has been published, corrected or withdrawn already.",
            where=result.task.number,
            todo_zh="请刷新后再看。",
            todo_en="Look again.",
        )
    result.refresh_from_db()
    _event(result.task, EventKind.PUBLISH, user, data={"version": result.version})
    clock_meet(subject=result.task, rule=PUBLISH, user=user)
    audit_record(
        user=user,
        action="supervision.result.publish",
        obj=result.task,
        after={"version": result.version, "kind": result.kind},
    )
    return result


@transaction.atomic
def result_correct(
    *,
    result: Result,
    kind: str,
    summary: str,
    reason: str,
    user: User,
    findings: Sequence[Mapping[str, str]] = (),
    rectify_by: dt.date | None = None,
) -> Result:
    """A further version with its reason. What was public stays so until the correction is published; the public page
    then says that, when and why it was corrected. The task follows: what turns out to be nothing needs no rectifying,
    and the other way round it needs a day."""
    task, found = result.task, _kind(result.task, kind)
    _check_days(task, found, result.visited_on, rectify_by or task.rectify_by)
    reason = reason.strip()
    if not reason:
        raise Problem(
            zh="更正要写明原因。",
            en="Say why it is corrected.",
            where=result.task.number,
            todo_zh="请填写原因，更正后随结果公示。",
            todo_en="Give the reason: it is published with the corrected result.",
        )
    if Result.objects.filter(pk=result.pk, current=True).update(current=False) != 1:
        raise Problem(
            zh="这一结果已有更新的版本。",
            en="There is a later version of this result.",
            where=result.task.number,
            todo_zh="请刷新后在最新版本上更正。",
            todo_en="Correct the latest version.",
        )
    made = Result.objects.create(
        task=result.task,
        version=result.version + 1,
        kind=kind,
        findings=_findings(findings) or result.findings,
        summary=summary.strip(),
        visited_on=result.visited_on,
        recorded_by=user,
        reason=reason,
    )
    _event(result.task, EventKind.CORRECT, user, note=reason, data={"from": result.kind, "to": kind})
    was = result_kinds()[result.kind]
    if found.rectify and task.state in (TaskState.RECTIFYING, TaskState.RECHECK) and rectify_by:
        _moved(task, {TaskState.RECTIFYING, TaskState.RECHECK}, None, {"rectify_by": rectify_by})
    elif found.rectify and not was.rectify and task.state in (TaskState.RECORDED, TaskState.CLOSED):
        fields = {"rectify_by": rectify_by or task.rectify_by, "closed_at": None}
        _moved(task, {TaskState.RECORDED, TaskState.CLOSED}, TaskState.RECTIFYING, fields)
    elif not found.rectify and task.state in (TaskState.RECTIFYING, TaskState.RECHECK):
        _moved(task, {TaskState.RECTIFYING, TaskState.RECHECK}, TaskState.RECORDED, {"rectify_by": None})
        clock_cancel(subject=task, rule=RECHECK, reason=reason, user=user)
    audit_record(
        user=user,
        action="supervision.result.correct",
        obj=result.task,
        before={"version": result.version, "kind": result.kind, "summary": result.summary},
        after={"version": made.version, "kind": kind, "summary": made.summary, "reason": reason},
    )
    return made


@transaction.atomic
def result_withdraw(*, task: Task, reason: str, user: User) -> Result:
    """Take back what is on show of the task, with the reason; also while a correction waits to be published."""
    reason = reason.strip()
    if not reason:
        raise Problem(
            zh="撤下要写明原因。",
            en="Say why it is withdrawn.",
            where=task.number,
            todo_zh="请填写原因。",
            todo_en="Give the reason.",
        )
    result = result_on_show(task)
    rows = Result.objects.filter(pk=result.pk if result else None, withdrawn_at=None)
    if result is None or rows.update(withdrawn_at=timezone.now(), withdraw_reason=reason) != 1:
        raise Problem(
            zh="没有正在公示的结果，或已经撤下。",
            en="No result is public, or it was withdrawn already.",
            where=task.number,
            todo_zh="请刷新后再看。",
            todo_en="Look again.",
        )
    result.refresh_from_db()
    _event(task, EventKind.WITHDRAW, user, note=reason, data={"version": result.version})
    audit_record(user=user, action="supervision.result.withdraw", obj=task, after={"reason": reason})
    return result


def public_until(result: Result) -> dt.date | None:
    """The last day on which it is shown, by the rule in force; None: no end is laid down."""
    from mingcha.apps.law.rules import due
    from mingcha.apps.law.selectors import calendar_now

    rule = rule_in_force("supervision.result.shown", division=result.task.division)
    if not rule.value:
        return None
    period = (int(rule.value), rule.unit)
    return due(timezone.localdate(), [period], calendar_now(), rest_day=rule.rest_day).on


def _findings(given: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Those with words."""
    said = ({"item": one.get("item", ""), "text": one.get("text", "").strip()} for one in given)
    return [one for one in said if one["text"]]


def _kind(task: Task, code: str) -> ResultKind:
    if found := result_kinds().get(code):
        return found
    raise Problem(
        zh=f"没有“{code}”这一种检查结果。",
        en=f"There is no kind of result {code!r}.",
        where=task.number,
        todo_zh="可选：" + "；".join(f"{k.code} {k.zh}" for k in result_kinds().values()),
        todo_en="Choose one of: " + "; ".join(f"{k.code} ({k.en})" for k in result_kinds().values()),
    )


def _check_days(task: Task, kind: ResultKind, visited_on: dt.date, rectify_by: dt.date | None) -> None:
    today = timezone.localdate()
    entered = timezone.localdate(task.entered_at) if task.entered_at else None
    if visited_on > today or (entered and visited_on < entered):
        raise Problem(
            zh=f"检查日期 {visited_on} 不对：应在入场登记（{entered}）之后，且不晚于今天。",
            en=f"The day of the visit, {visited_on}, can't be: it lies before the entry ({entered}) or after today.",
            where=task.number,
            todo_zh="请改正日期。",
            todo_en="Correct the day.",
        )
    if kind.rectify and (rectify_by is None or rectify_by < visited_on):
        raise Problem(
            zh="责令改正的，须定改正期限，且不早于检查日期。",
            en="What is ordered to be put right needs a day, not before the visit.",
            where=task.number,
            todo_zh="请填写改正期限。",
            todo_en="Give the day.",
        )
