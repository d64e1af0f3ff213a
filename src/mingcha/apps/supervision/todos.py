"""What of supervision waits for a person: tasks that he is sent to, tasks without officers, plans to approve."""

from __future__ import annotations

from urllib.parse import urlencode

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from mingcha.apps.accounts.models import User
from mingcha.desk.offers import Todo

from .choices import DRAWN_KINDS, PlanState, TaskState
from .models import Plan, Task
from .selectors import plans_visible, tasks_mine, tasks_visible
from .services.plans import may_approve

VERBS = {
    TaskState.ISSUED: _("Accept"),
    TaskState.ACCEPTED: _("Visit"),
    TaskState.ON_SITE: _("Record the result"),
    TaskState.RECTIFYING: _("Follow up"),
    TaskState.RECHECK: _("Recheck"),
    TaskState.RETURNED: _("Assign officers"),
}


def todos(user: User, limit: int) -> list[Todo]:
    return _mine(user, limit) + _approvals(user, limit) + _unassigned(user, limit) + _steps(user, limit)


def _mine(user: User, limit: int) -> list[Todo]:
    if not user.may("supervision.task.work"):
        return []
    rows = tasks_mine(user).exclude(state=TaskState.RETURNED)
    return [_task(task, VERBS[TaskState(task.state)]) for task in rows[:limit]]


def _unassigned(user: User, limit: int) -> list[Todo]:
    """One a plan: how many of its tasks have nobody who goes."""
    if not user.may("supervision.task.assign"):
        return []
    rows = tasks_visible(user, "supervision.task.assign").filter(replaced_at=None)
    waiting = rows.filter(Q(state=TaskState.RETURNED) | Q(state=TaskState.ISSUED, inspectors=[]))
    counted = waiting.order_by().values("plan__number", "plan__title", "plan__ends_on").annotate(n=Count("pk"))
    return [
        Todo(
            kind="assign",
            kind_label=_("To assign"),
            title=row["plan__title"],
            url=reverse("supervision:tasks")
            + "?"
            + urlencode({"plan": row["plan__number"], "state": ["issued", "returned"]}, doseq=True),
            verb=VERBS[TaskState.RETURNED],
            detail=ngettext("%(n)s task has no officers", "%(n)s tasks have no officers", row["n"]) % {"n": row["n"]},
            due=row["plan__ends_on"],
            basis=_("end of the plan"),
        )
        for row in counted.order_by("plan__ends_on", "plan__number")[:limit]
    ]


def _task(task: Task, verb) -> Todo:
    return Todo(
        kind="task",
        kind_label=pgettext_lazy("todo", "Inspections"),
        title=task.plan.title,
        url=reverse("supervision:task", args=[task.number]),
        verb=verb,
        entity=task.entity.name or task.entity.key,
        risk_class=task.risk_class,
        detail=f"{task.number} · {task.get_state_display()}",
        due=task.rectify_by if task.state == TaskState.RECTIFYING else task.due_on,
        basis=_("to be rectified by") if task.state == TaskState.RECTIFYING else _("end of the plan"),
    )


def _approvals(user: User, limit: int) -> list[Todo]:
    if not (user.may("supervision.plan.approve") or user.may("supervision.plan.create")):
        return []
    drafts = plans_visible(user).filter(state=PlanState.DRAFT).exclude(created_by=user).select_related("rule")
    return [_plan(plan) for plan in drafts.order_by("starts_on", "pk")[:limit] if may_approve(plan, user)]


def _plan(plan: Plan) -> Todo:
    return Todo(
        kind="approval",
        kind_label=_("To approve"),
        title=plan.title,
        url=reverse("supervision:plan", args=[plan.number]),
        verb=_("Approve"),
        detail=f"{plan.get_kind_display()} · {plan.number}",
        due=plan.starts_on,
        basis=_("visits begin") if plan.starts_on else "",
        primary=True,
    )


def _steps(user: User, limit: int) -> list[Todo]:
    """Plans under way that wait for whoever holds the draws."""
    if not user.may("supervision.draw.run"):
        return []
    verbs = {
        PlanState.APPROVED: _("Freeze the frame"),
        PlanState.FROZEN: _("Close the commitments"),
        PlanState.COMMITTED: _("Draw"),
        PlanState.DRAWN: _("Publish"),
    }
    plans = plans_visible(user).filter(state__in=verbs, kind__in=DRAWN_KINDS).order_by("public_on", "pk")
    return [
        Todo(
            kind="plan",
            kind_label=_("Plans"),
            title=plan.title,
            url=reverse("supervision:plan", args=[plan.number]),
            verb=verbs[PlanState(plan.state)],
            detail=f"{plan.get_state_display()} · {plan.number}",
            due=plan.public_on if plan.state == PlanState.COMMITTED else None,
            basis=_("the day of the public value") if plan.state == PlanState.COMMITTED and plan.public_on else "",
        )
        for plan in plans[:limit]
    ]
