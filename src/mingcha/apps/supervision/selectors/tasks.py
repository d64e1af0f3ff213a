"""Reads: tasks that a user may see, whose they are, what waits, and how often a draw was overridden."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import product
from typing import Any

from django.core.cache import cache
from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, OuterRef, Q, QuerySet
from django.utils import timezone

from mingcha.apps.accounts.models import Certificate, Unit, User
from mingcha.apps.accounts.permissions import OWN, in_jurisdiction, marks, may, within_token
from mingcha.apps.risk.models import RiskModel
from mingcha.apps.risk.overrides import Overrides

from ..choices import TaskState
from ..models import Inspector, Result, Task, TaskEvent
from ..rules import MADE, OPEN, result_kinds

_KEPT = 120  # seconds


def tasks_visible(user: User, action: str = "supervision.task.view") -> QuerySet[Task]:
    """Tasks that `user` reaches by `action`: those that he is sent to, wherever they lie; and all of his jurisdiction,
    unless the matrix says his own only."""
    rows = Task.objects.select_related("entity", "plan", "unit").filter(within_token(user))
    mark = marks()[action].get(user.role) if may(user, action) else None
    if mark is None:
        return rows.none()
    mine = Exists(Task.members.through.objects.filter(task=OuterRef("pk"), user=user))
    if mark == OWN:
        return rows.filter(mine)
    within = in_jurisdiction(user)
    return rows.filter(within | mine) if within else rows  # no condition: all of them


def reach(user: User, task: Task) -> Callable[[str], bool]:
    """Whether `user`, who sees `task`, may do an action to it; asks the database once, whatever is asked."""
    mine = lru_cache(lambda: task.members.filter(pk=user.pk).exists())
    return lambda action: may(user, action) and (marks()[action][user.role] != OWN or mine())


def tasks_mine(user: User) -> QuerySet[Task]:
    """What the user is sent to and has not ended yet, the earliest first."""
    rows = Task.objects.filter(members=user, state__in=OPEN, replaced_at=None)
    return rows.select_related("entity", "plan").order_by("due_on", "number")


def results_public() -> QuerySet[Result]:
    """What anyone may see: of each task the latest published version, unless it was withdrawn or has had its time."""
    later = Result.objects.filter(task=OuterRef("task"), version__gt=OuterRef("version")).exclude(published_at=None)
    today = timezone.localdate()
    rows = Result.objects.exclude(published_at=None).filter(withdrawn_at=None).filter(~Exists(later))
    rows = rows.exclude(task__plan__rule__terms__published=False)
    return rows.filter(Q(public_until=None) | Q(public_until__gte=today)).select_related("task__entity", "task__plan")


def result_on_show(task: Task) -> Result | None:
    """What anyone may see of the task now: it alone can be taken back, not what a later one took the place of."""
    return results_public().filter(task=task).first()


def accounts_of(ids: Sequence[str]) -> dict[str, int]:
    """Inspector's number -> account, for those of the register who have one."""
    found = Inspector.objects.filter(number__in=ids, account__isnull=False)
    return dict(found.values_list("number", "account_id"))


def certificate_on(user: User, day: dt.date) -> Certificate | None:
    """A law-enforcement certificate of `user` that is valid on `day`."""
    rows = user.certificates.filter(valid_from__lte=day, valid_to__gte=day, revoked_at=None)
    return rows.order_by("-valid_to").first()


def units_of(divisions: Iterable[str]) -> dict[str, int | None]:
    """Division code -> the unit whose jurisdiction is the smallest that holds it."""
    units = sorted(Unit.objects.values_list("division", "pk"), key=lambda unit: len(unit[0]), reverse=True)
    return {code: next((pk for division, pk in units if code.startswith(division)), None) for code in set(divisions)}


def overrides(tasks: QuerySet[Task]) -> dict[str, Any]:
    """How often officers or visits were changed against a draw, and how often such visits found something:
    {"drawn", "overridden", "rate", "hits", "made", "hit_rate"} and, of all others, {"hits_as_drawn", "made_as_drawn",
    "hit_rate_as_drawn"}; a rate is None where nothing was made."""
    against = TaskEvent.objects.filter(task=OuterRef("pk"), override=True)
    violating = [code for code, kind in result_kinds().items() if kind.violation]
    found = Result.objects.filter(task=OuterRef("pk"), current=True, kind__in=violating)
    drawn = tasks.exclude(draw=None).filter(replaced_at=None).order_by()
    told = drawn.annotate(
        changed=Exists(against), was_made=ExpressionWrapper(Q(state__in=MADE), BooleanField()), hit=Exists(found)
    )
    counts = dict.fromkeys(product((False, True), repeat=3), 0)
    for changed, made, hit, n in told.values_list("changed", "was_made", "hit").annotate(n=Count("pk")):
        counts[bool(changed), bool(made), bool(hit)] = n

    def share(changed: bool) -> tuple[int, int, float | None]:
        hits = counts[changed, True, True]
        made = hits + counts[changed, True, False]
        return made, hits, hits / made if made else None

    total = sum(counts.values())
    overridden = sum(n for (changed, _, _), n in counts.items() if changed)
    made, hits, rate = share(True)
    made_as_drawn, hits_as_drawn, rate_as_drawn = share(False)
    return {
        "drawn": total,
        "overridden": overridden,
        "rate": overridden / total if total else None,
        "made": made,
        "hits": hits,
        "hit_rate": rate,
        "made_as_drawn": made_as_drawn,
        "hits_as_drawn": hits_as_drawn,
        "hit_rate_as_drawn": rate_as_drawn,
    }


def overrides_of_model(model: RiskModel) -> Overrides | None:
    """The same of all plans that the model aimed, for its card, as of two minutes ago at most, since it reads every
    task and result of theirs; None where they have no tasks yet."""
    key = f"supervision.overrides:{model.pk}"
    found = cache.get_or_set(key, lambda: overrides(Task.objects.filter(plan__risk_model=model)), _KEPT)
    if not found["drawn"]:
        return None
    counts = ("drawn", "overridden", "made", "hits", "made_as_drawn", "hits_as_drawn")
    return Overrides(*(found[name] for name in counts))


def progress(plan_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Plan -> {"all", "made", "open", "hits"}: how far its tasks are."""
    figures = {pk: {"all": 0, "made": 0, "open": 0, "hits": 0} for pk in plan_ids}
    rows = Task.objects.filter(plan__in=plan_ids, replaced_at=None).exclude(state=TaskState.CANCELLED)
    for plan, state, n in rows.order_by().values_list("plan", "state").annotate(n=Count("pk")):
        figures[plan]["all"] += n
        figures[plan]["made" if state in MADE else "open"] += n
    violating = [code for code, kind in result_kinds().items() if kind.violation]
    hits = Result.objects.filter(task__plan__in=plan_ids, current=True, kind__in=violating).order_by()
    for plan, n in hits.values_list("task__plan").annotate(n=Count("pk")):
        figures[plan]["hits"] = n
    return figures
