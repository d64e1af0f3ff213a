"""`mingcha task`: one visit to one entity, from its receipt to its disposal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from mingcha.apps.accounts.commands import By
from mingcha.instance import open_django
from mingcha.output import print_table, said, say
from mingcha.problems import Problem, languages

from .plan_commands import _day

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="检查任务 / Inspection tasks: list, show, and every step from receipt to disposal.",
)
Number = Annotated[str, typer.Argument(help="任务编号 / the task's number, e.g. RW-2026-Q4-001-0001")]
Reason = Annotated[str, typer.Option(help="原因或情况 / why, or what was found")]
WORK, ASSIGN = "supervision.task.work", "supervision.task.assign"


def _open(number: str, by: str, action: str) -> tuple[Any, Any]:
    """The task, if the user may do `action` to it, and the user."""
    open_django()
    from mingcha.apps.accounts.selectors import user_signing

    from .selectors import tasks_visible

    user = user_signing(by, action)
    task = tasks_visible(user, action).select_related("plan__rule").filter(number=number).first()
    if task is None:
        raise Problem(
            zh=f"没有任务“{number}”，或不由您办理。",
            en=f"There is no task {number!r} that is yours to do this to.",
            todo_zh="用 mingcha task list 查看。",
            todo_en="See mingcha task list.",
        )
    return task, user


def _done(task: Any) -> None:
    say(f"{task.number}：{task.get_state_display()}", f"{task.number}: {task.state}")


@app.command("list")
def list_(
    by: By,
    state: Annotated[str, typer.Option(help="只列这一状态 / only this state")] = "",
    plan: Annotated[str, typer.Option(help="只列这一计划 / only of this plan")] = "",
    limit: Annotated[int, typer.Option(min=1, help="最多行数 / rows at most")] = 50,
) -> None:
    """列出任务 / Tasks that the user may see, those due first."""
    open_django()
    from mingcha.apps.accounts.selectors import user_signing

    from .selectors import tasks_visible

    rows = tasks_visible(user_signing(by, "supervision.task.view"))
    rows = rows.filter(state=state) if state else rows
    rows = rows.filter(plan__number=plan) if plan else rows
    head = (said("编号", "number"), said("状态", "state"), said("期限", "due"), said("对象", "entity"))
    print_table(
        head, [(t.number, t.state, t.due_on or "", t.entity.name) for t in rows.order_by("due_on", "number")[:limit]]
    )


@app.command()
def show(number: Number, by: By) -> None:
    """一项任务的经过 / One task and what has happened to it."""
    task, _user = _open(number, by, "supervision.task.view")
    from django.utils import timezone, translation

    for language in languages():
        with translation.override("zh-hans" if language == "zh" else "en"):
            typer.echo(f"{task.number}  {task.get_state_display()}  {task.entity.name or task.entity.key}")
            for event in task.events.select_related("user"):
                at = timezone.localtime(event.at)
                typer.echo(f"  {at:%Y-%m-%d %H:%M}  {event.get_kind_display()}  {event.user or ''}  {event.note}")


@app.command()
def accept(number: Number, by: By) -> None:
    """接收 / Accept."""
    _do(number, by, WORK, lambda s, task, user: s.task_accept(task=task, user=user))


@app.command("return")
def return_(number: Number, by: By, reason: Reason) -> None:
    """退回 / Give it back."""
    _do(number, by, WORK, lambda s, task, user: s.task_return(task=task, reason=reason, user=user))


@app.command()
def assign(
    number: Number,
    by: By,
    officer: Annotated[list[str], typer.Option(help="人员编号，至少两个 / numbers in the register; two at least")],
    reason: Reason = "",
) -> None:
    """指派检查人员；改派抽取确定的人员须写原因 / Assign officers; against a draw it needs a reason."""

    def act(services: Any, task: Any, user: Any) -> Any:
        from .models import Inspector

        known = dict(Inspector.objects.filter(number__in=officer, active=True).values_list("number", "name"))
        if unknown := [one for one in officer if one not in known]:
            raise Problem(
                zh=f"检查人员名录库中没有：{'、'.join(unknown)}",
                en=f"Not in the register of inspectors: {', '.join(unknown)}",
                where="--officer",
                todo_zh="用 mingcha inspector list 查看。",
                todo_en="See mingcha inspector list.",
            )
        team = [{"id": one, "name": known[one]} for one in officer]
        return services.task_assign(task=task, inspectors=team, reason=reason, user=user)

    _do(number, by, ASSIGN, act)


@app.command()
def notify(number: Number, by: By, how: Annotated[str, typer.Option(help="通知方式 / by whom, to whom, how")]) -> None:
    """登记已通知企业 / Note that the firm was told."""
    _do(number, by, WORK, lambda s, task, user: s.task_notify(task=task, how=how, user=user))


@app.command()
def enter(number: Number, by: By) -> None:
    """入场登记 / At the door."""
    _do(number, by, WORK, lambda s, task, user: s.task_enter(task=task, user=user))


@app.command()
def result(
    number: Number,
    by: By,
    kind: Annotated[str, typer.Option(help="结果种类 / kind of the national list, e.g. none, rectify, unreachable")],
    visited: Annotated[str, typer.Option(help="检查日期 / day of the visit, YYYY-MM-DD")],
    summary: Annotated[str, typer.Option(help="检查情况 / what was found")] = "",
    rectify_by: Annotated[str, typer.Option(help="改正期限 / to be put right by, YYYY-MM-DD")] = "",
) -> None:
    """录入检查结果 / Record what the visit found."""
    day, until = _day(visited), _day(rectify_by)
    _do(
        number,
        by,
        "supervision.result.record",
        lambda s, task, user: s.result_record(
            task=task, kind=kind, visited_on=day, summary=summary, rectify_by=until, user=user
        ),
    )


@app.command()
def publish(number: Number, by: By) -> None:
    """公示结果（不能由录入人自己公示）/ Publish the result; not by the one who recorded it."""
    _do(
        number,
        by,
        "supervision.result.publish",
        lambda s, task, user: s.result_publish(result=_current(task), user=user),
    )


@app.command()
def correct(
    number: Number,
    by: By,
    kind: Annotated[str, typer.Option(help="更正后的种类 / the right kind")],
    reason: Reason,
    summary: Annotated[str, typer.Option(help="更正后的检查情况 / what was found")] = "",
) -> None:
    """更正结果：另立一版 / Correct the result: a further version."""
    _do(
        number,
        by,
        "supervision.result.correct",
        lambda s, task, user: s.result_correct(
            result=_current(task), kind=kind, summary=summary, reason=reason, user=user
        ),
    )


@app.command()
def withdraw(number: Number, by: By, reason: Reason) -> None:
    """撤下公示 / Take the published result back."""
    _do(
        number,
        by,
        "supervision.result.withdraw",
        lambda s, task, user: s.result_withdraw(task=task, reason=reason, user=user),
    )


@app.command()
def report(number: Number, by: By, text: Annotated[str, typer.Option(help="企业所报情况 / what it says")]) -> None:
    """企业报告已整改 / The firm reports that it put things right."""
    _do(number, by, WORK, lambda s, task, user: s.task_report(task=task, text=text, user=user))


@app.command()
def recheck(
    number: Number,
    by: By,
    text: Annotated[str, typer.Option(help="复查情况 / what was found")],
    passed: Annotated[bool, typer.Option("--passed/--failed", help="已改正或未改正 / put right or not")] = True,
    rectify_by: Annotated[str, typer.Option(help="另定期限 / a further day, YYYY-MM-DD")] = "",
) -> None:
    """录入复查 / Record the recheck."""
    until = _day(rectify_by)
    _do(
        number,
        by,
        WORK,
        lambda s, task, user: s.task_recheck(task=task, passed=passed, text=text, rectify_by=until, user=user),
    )


@app.command()
def transfer(number: Number, by: By, reason: Reason) -> None:
    """转为线索 / Hand what was found on as a lead."""
    _do(number, by, WORK, lambda s, task, user: s.task_transfer(task=task, text=reason, user=user))


@app.command()
def close(number: Number, by: By) -> None:
    """办结 / Close."""
    _do(number, by, WORK, lambda s, task, user: s.task_close(task=task, user=user))


@app.command()
def cancel(number: Number, by: By, reason: Reason) -> None:
    """取消；抽取确定的计为人工变更 / Cancel; against a draw it is an override, and counted."""
    _do(number, by, ASSIGN, lambda s, task, user: s.task_cancel(task=task, reason=reason, user=user))


@app.command()
def deliver() -> None:
    """把新的检查结果交回数据湖，作为模型标签 / Hand new results back to the lake, as labels."""
    open_django()
    from .services import results_deliver

    done = results_deliver()
    say(
        f"交回 {done['delivered']} 条；没有统一社会信用代码、未交回 {done['left']} 条。",
        f"Delivered {done['delivered']}; left for want of a USCC {done['left']}.",
    )


def _do(number: str, by: str, action: str, act: Callable[[Any, Any, Any], Any]) -> None:
    task, user = _open(number, by, action)
    from . import services

    act(services, task, user)
    task.refresh_from_db()
    _done(task)


def _current(task: Any) -> Any:
    found = task.results.filter(current=True).first()
    if found is None:
        raise Problem(
            zh="任务还没有检查结果。",
            en="The task has no result yet.",
            where=task.number,
            todo_zh="先用 mingcha task result 录入。",
            todo_en="Record one first: mingcha task result.",
        )
    return found
