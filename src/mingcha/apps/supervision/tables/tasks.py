"""The list of tasks."""

from dataclasses import replace

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from mingcha.apps.accounts.models import User
from mingcha.lists.declare import Column, Filter, Listing, View

from ..choices import PlanKind, TaskState
from ..models import Task
from ..rules import MADE, OPEN


def _found(queryset, words: str):
    """By the task's number, the entity's name or key: in two steps, so that each may read its index."""
    from mingcha.apps.entities.models import Entity
    from mingcha.apps.entities.search import narrowed

    if words.upper().startswith("RW-"):
        return queryset.filter(number__startswith=words.upper())
    return queryset.filter(entity__in=narrowed(Entity.objects.all(), words).values("pk"))


def _officers(task: Task) -> str:
    return "、".join(one["name"] for one in task.inspectors)


TASKS = Listing(
    name="tasks",
    title=_("Inspection tasks"),
    noun=_("tasks"),
    row="supervision/task_row.html",
    sort="due",
    item=lambda task: reverse("supervision:task", args=[task.number]),
    search=_found,
    search_hint=_("Number, name or code"),
    columns=(
        Column("entity", _("Entity"), lambda t: t.entity.name or t.entity.key),
        Column("number", _("Task"), lambda t: t.number, sort="number", descending=True, minor=True),
        Column("state", _("State"), lambda t: str(t.get_state_display())),
        Column("due", _("To be done by"), lambda t: t.due_on, sort="due_on", nullable=True),
        Column("officers", _("Officers"), _officers, minor=True),
        Column("plan", _("Plan"), lambda t: t.plan.title, minor=True),
        Column("unit", _("Unit"), lambda t: str(t.unit or ""), minor=True),
        Column("visited", _("Visited on"), lambda t: t.visited_on, sort="visited_on", nullable=True, minor=True),
        Column("kind", _("Kind"), lambda t: str(t.plan.get_kind_display()), default=False, minor=True),
        Column(
            "issued",
            pgettext_lazy("column", "Issued"),
            lambda t: t.issued_at,
            sort="issued_at",
            default=False,
            minor=True,
        ),
    ),
    filters=(
        Filter("state", _("State"), "state", lambda: TaskState.choices, composition=True),
        Filter("kind", _("Kind of plan"), "plan__kind", lambda: PlanKind.choices),
        Filter("plan", _("Plan"), "plan__number"),
        Filter("unit", _("Unit"), "unit__name"),
        Filter("class", _("Risk class"), "risk_class"),
    ),
    views=(
        View("open", _("Open"), {"state": tuple(sorted(OPEN))}),
        View("all", _("All tasks")),
        View("accept", _("To be accepted"), {"state": (TaskState.ISSUED, TaskState.RETURNED)}),
        View("rectify", _("Being rectified"), {"state": (TaskState.RECTIFYING, TaskState.RECHECK)}),
        View("made", _("Visited"), {"state": tuple(sorted(MADE))}),
    ),
    empty_icon="clipboard-check",
    empty_title=_("There are no tasks yet"),
    empty_text=_("A draw, or a plan of a kind that needs none, issues them: each is one visit to one entity."),
)


def tasks_listing(user: User) -> Listing:
    """The list for `user`: no filter by class where the matrix refuses him scores, since it would tell who is in it."""
    if user.may("risk.scores.view"):
        return TASKS
    return replace(TASKS, filters=tuple(f for f in TASKS.filters if f.name != "class"))
