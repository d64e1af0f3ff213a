"""Writes: the tasks of a plan, all of them or none: of a draw, or of a kind that visits whoever its conditions fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_noop

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.services import audit_record
from mingcha.apps.entities.models import Entity
from mingcha.apps.notices.services import notice_send
from mingcha.problems import Problem

from ..choices import EventKind, PlanState
from ..models import Draw, Plan, Task, TaskEvent
from ..selectors import (
    accounts_of,
    cap_holds,
    frames_pending,
    named,
    plan_directory,
    plans_beside,
    units_of,
    visits_this_year,
)
from .plans import advance, one_at_a_time, plan_terms

PIECE = 1_000  # rows of an INSERT; progress is told after each


@dataclass(frozen=True)
class Visit:
    """One task to write. `inspectors`: [{"id", "name", "department" of a joint one}]; empty: the unit assigns."""

    entity: Entity
    stratum: str = ""
    pi: float | None = None
    risk_class: str = ""
    inspectors: Sequence[Mapping[str, str]] = field(default_factory=list)


def tasks_write(
    *,
    plan: Plan,
    draw: Draw | None,
    visits: Sequence[Visit],
    user: User | None,
    first: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write the tasks with their officers' accounts and the first event of each, in the caller's transaction."""
    units = units_of(visit.entity.division for visit in visits)
    accounts = accounts_of(sorted({one["id"] for visit in visits for one in visit.inspectors}))
    prefix = plan.number.replace("JH", "RW", 1)
    for start in range(0, len(visits), PIECE):
        piece = visits[start : start + PIECE]
        tasks = Task.objects.bulk_create(
            Task(
                number=f"{prefix}-{place:04d}",
                plan=plan,
                draw=draw,
                entity=visit.entity,
                division=visit.entity.division,
                stratum=visit.stratum,
                pi=visit.pi,
                risk_class=visit.risk_class,
                inspectors=list(visit.inspectors),
                unit_id=units[visit.entity.division],
                due_on=plan.ends_on,
            )
            for place, visit in enumerate(piece, first + start)
        )
        TaskEvent.objects.bulk_create(TaskEvent(task=task, kind=EventKind.ISSUE, user=user) for task in tasks)
        Task.members.through.objects.bulk_create(
            Task.members.through(task=task, user_id=accounts[one["id"]])
            for task in tasks
            for one in task.inspectors
            if one["id"] in accounts
        )
        if progress:
            progress(start + len(piece), len(visits))
    _tell(plan, Counter(accounts[one["id"]] for visit in visits for one in visit.inspectors if one["id"] in accounts))


def _tell(plan: Plan, counts: Mapping[int, int]) -> None:
    """Each officer learns once how many of the plan's tasks are his."""
    people = User.objects.in_bulk(list(counts))
    for n in sorted(set(counts.values())):
        notice_send(
            to=[people[pk] for pk, own in counts.items() if own == n],
            text=gettext_noop("%(n)s tasks of the plan “%(plan)s” are yours."),
            params={"n": n, "plan": plan.title},
            url=reverse("supervision:tasks") + f"?plan={plan.number}",
        )


@transaction.atomic
def plan_issue(
    *, plan: Plan, user: User, leave_out: bool = False, progress: Callable[[int, int], None] | None = None
) -> int:
    """Issue the tasks of an approved plan whose kind visits without a draw: everyone in its directory. Gives how many.

    Refused, naming the firms, where the kind is bound by the yearly cap and somebody has had the year's visits;
    `leave_out`: go on without these, which the plan then says.
    """
    terms = plan_terms(plan)
    if terms["drawn"]:
        raise Problem(
            zh="此类计划须经抽取，不能直接派发任务。",
            en="A plan of this kind is drawn: its tasks can't be issued directly.",
            where=plan.number,
            todo_zh="请冻结名录、抽取；或另立相应种类的计划。",
            todo_en="Freeze the frame and draw, or draw up a plan of another kind.",
        )
    one_at_a_time()
    advance(plan, PlanState.APPROVED, PlanState.ISSUED)
    entities = list(plan_directory(plan).order_by("key").only("key", "name", "division"))
    if not entities:
        raise Problem(
            zh="没有符合条件的检查对象，一项任务也没有派发。",
            en="Nobody fits the plan's conditions: no task was issued.",
            where=plan.number,
            todo_zh="请核对计划的对象名录或名单。",
            todo_en="Check the plan's directory or list.",
        )
    beyond = beyond_cap(plan, [entity.key for entity in entities]) if terms["capped"] else []
    if beyond and not (leave_out and len(beyond) < len(entities)):
        raise _refused(plan, beyond)
    if beyond:
        left_out = set(beyond)
        entities = [entity for entity in entities if entity.key not in left_out]
        plan.frame["left_out"] = beyond
        plan.save(update_fields=["frame"])
    tasks_write(plan=plan, draw=None, visits=[Visit(entity) for entity in entities], user=user, progress=progress)
    audit_record(
        user=user, action="supervision.plan.issue", obj=plan, after={"tasks": len(entities), "left_out": beyond}
    )
    return len(entities)


def beyond_cap(plan: Plan, keys: Sequence[str]) -> list[str]:
    """Those that have had the year's visits already, or may still get the last one from a frozen frame."""
    made, pending = visits_this_year() if plan.cap else Counter(), frames_pending(plan)
    return [
        key
        for key in keys
        if (plan.cap and made[key] >= plan.cap)
        or ((others := plans_beside(key, pending)) and not cap_holds(plan, made[key], others))
    ]


def _refused(plan: Plan, beyond: Sequence[str]) -> Problem:
    return Problem(
        zh=f"有 {len(beyond)} 户本年度检查已达上限（{plan.cap} 次），不能再列入此类计划。",
        en=f"{len(beyond)} have had the year's visits ({plan.cap}) and can't be visited by a plan of this kind.",
        where=f"{plan.number}: {named(beyond)}",
        todo_zh="派发时选择“不含已达上限者”（--leave-out），或由有因检查等依法不受上限约束的计划办理。",
        todo_en="Issue the tasks without them (--leave-out), or use a plan of an exempt kind, such as for cause.",
    )
