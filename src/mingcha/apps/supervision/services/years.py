"""Writes: a year's plan from draft to publication, and its adjustments afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from mingcha.apps.accounts.models import Unit, User
from mingcha.apps.accounts.services import audit_record
from mingcha.problems import Problem

from ..choices import PlanKind
from ..models import CatalogueItem, ObjectDirectory, YearAdjustment, YearEntry, YearPlan
from ..register_choices import AdjustmentKind, AdjustmentState, YearState
from .catalogue import within_jurisdiction

FIELDS = (
    "title",
    "kind",
    "directory",
    "department",
    "joint_departments",
    "share",
    "visits",
    "month_from",
    "month_to",
    "times",
    "public_information",
    "note",
)


@transaction.atomic
def year_create(*, year: int, title: str, unit: Unit | None, user: User | None, simulated: bool = False) -> YearPlan:
    """A draft of a unit's plan for a year. Problem where there is one."""
    unit = unit or (user.unit if user else None) or Unit.objects.filter(parent=None).first()
    if unit is None:
        raise Problem(
            zh="还没有单位，计划不知归谁所有。",
            en="There is no unit yet whose plan it could be.",
            todo_zh="请先建立单位。",
            todo_en="Make a unit first.",
        )
    within_jurisdiction(user, unit.division, unit.name)
    there = YearPlan.objects.filter(year=year, unit=unit).first()
    if there:
        raise Problem(
            zh=f"{unit.name} {year} 年的计划已经有了：{there.number}。",
            en=f"{unit.name} has a plan for {year} already: {there.number}.",
            where=there.number,
            todo_zh="请修改它；公布后可提出调整。",
            todo_en="Change that one; once it is published, propose an adjustment.",
        )
    plan = YearPlan.objects.create(
        number=f"ND-{year}-{unit.code}"[:40],
        year=year,
        title=title.strip(),
        unit=unit,
        division=unit.division,
        simulated=simulated,
        created_by=user,
    )
    audit_record(user=user, action="supervision.year.create", obj=plan, after={"title": title, "unit": unit.code})
    return plan


@transaction.atomic
def entry_save(
    *,
    plan: YearPlan,
    items: Sequence[CatalogueItem],
    user: User | None,
    entry: YearEntry | None = None,
    **said: Any,
) -> YearEntry:
    """Add an entry to a draft, or change one of it."""
    _hold(plan, YearState.DRAFT)
    _check(said, items)
    before = entry_plain(entry) if entry else None
    found = _write(plan, entry, items, said)
    audit_record(user=user, action="supervision.year.entry", obj=found, before=before, after=entry_plain(found))
    return found


@transaction.atomic
def entry_delete(*, entry: YearEntry, user: User | None) -> None:
    """Take an entry out of a draft."""
    _hold(entry.plan, YearState.DRAFT)
    audit_record(user=user, action="supervision.year.entry_delete", obj=entry, before=entry_plain(entry))
    entry.delete()


@transaction.atomic
def entries_join(*, entry: YearEntry, other: YearEntry, user: User | None) -> YearEntry:
    """综合查一次: take the items and departments of `other` into `entry`, one visit does for both. Of a draft."""
    _hold(entry.plan, YearState.DRAFT)
    if other.plan_id != entry.plan_id or other.pk == entry.pk:
        raise Problem(zh="不是同一年度计划的两项任务。", en="They are not two entries of one plan.")
    before = {"entry": entry_plain(entry), "other": entry_plain(other)}
    entry.items.add(*other.items.all())
    departments = [entry.department, *entry.joint_departments, other.department, *other.joint_departments]
    named = list(dict.fromkeys(filter(None, departments)))
    entry.department = entry.department or (named[0] if named else "")
    entry.joint_departments = [name for name in named if name != entry.department]
    entry.month_from = max(entry.month_from, other.month_from)
    entry.month_to = min(entry.month_to, other.month_to)
    if entry.share is not None and other.share is not None:
        entry.share = max(entry.share, other.share)
    if entry.visits is not None and other.visits is not None:
        entry.visits = max(entry.visits, other.visits)
    entry.public_information = entry.public_information or other.public_information
    entry.save()
    other.delete()
    audit_record(user=user, action="supervision.year.join", obj=entry, before=before, after=entry_plain(entry))
    return entry


@transaction.atomic
def year_approve(*, plan: YearPlan, user: User) -> YearPlan:
    """Approve a draft. Whoever drew it up can't approve it; an entry must say what, and a share of whom."""
    _not_by_the_same(plan.created_by_id, user, plan.number)
    entries = list(plan.entries.filter(dropped=False).prefetch_related("items"))
    unclear = [e.title for e in entries if not e.items.all() or (e.share is not None and not e.directory_id)]
    if not entries or unclear:
        raise Problem(
            zh="计划里还没有任务。" if not entries else f"没有写明抽查事项或检查对象名录库：{'、'.join(unclear[:5])}",
            en="The plan has no entries." if not entries else f"No items or no directory: {', '.join(unclear[:5])}",
            where=plan.number,
            todo_zh="请补齐后再批准。",
            todo_en="Complete it first.",
        )
    _move(plan, YearState.DRAFT, YearState.APPROVED, approved_by=user, approved_at=timezone.now())
    audit_record(user=user, action="supervision.year.approve", obj=plan, after={"state": plan.state})
    return plan


@transaction.atomic
def year_return(*, plan: YearPlan, reason: str, user: User) -> YearPlan:
    """Give an approved plan that isn't published back to be worked on."""
    if not reason.strip():
        raise Problem(zh="退回要写明原因。", en="Say why it goes back.", where=plan.number)
    _move(plan, YearState.APPROVED, YearState.DRAFT, approved_by=None, approved_at=None)
    audit_record(user=user, action="supervision.year.return", obj=plan, after={"reason": reason.strip()})
    return plan


@transaction.atomic
def year_publish(*, plan: YearPlan, user: User) -> YearPlan:
    """Publish an approved plan. From now on it changes by adjustments only."""
    _move(plan, YearState.APPROVED, YearState.PUBLISHED, published_by=user, published_at=timezone.now())
    audit_record(user=user, action="supervision.year.publish", obj=plan, after={"state": plan.state})
    return plan


@transaction.atomic
def adjustment_propose(
    *,
    plan: YearPlan,
    act: str,
    reason: str,
    user: User | None,
    entry: YearEntry | None = None,
    items: Sequence[CatalogueItem] = (),
    **said: Any,
) -> YearAdjustment:
    """Propose to add an entry to a published plan, to change or to drop one, with the published reason. `act`: of
    AdjustmentKind; `said`: the entry as it is to be, as `entry_save` takes it."""
    reason = reason.strip()
    _hold(plan, YearState.PUBLISHED)
    if not reason:
        raise Problem(
            zh="调整要写明原因，原因随计划公布。",
            en="Say why: the reason is published with the plan.",
            where=plan.number,
        )
    if entry and entry.adjustments.filter(state=AdjustmentState.PROPOSED).exists():
        raise Problem(
            zh=f"“{entry.title}”已有一项调整待批。",
            en=f"An adjustment of {entry.title!r} waits already.",
            where=plan.number,
            todo_zh="请先批准或不予同意那一项。",
            todo_en="Decide on that one first.",
        )
    after = {}
    if act != AdjustmentKind.DROP:
        _check(said, items)
        after = _plain(said, items)
    adjustment = YearAdjustment.objects.create(
        plan=plan,
        kind=act,
        entry=entry,
        before=entry_plain(entry) if entry else {},
        after=after,
        reason=reason,
        proposed_by=user,
    )
    record = adjustment.after | {"act": str(act), "reason": reason}
    audit_record(user=user, action="supervision.year.adjust", obj=plan, before=adjustment.before, after=record)
    return adjustment


@transaction.atomic
def adjustment_decide(*, adjustment: YearAdjustment, approve: bool, user: User) -> YearAdjustment:
    """Approve an adjustment, which takes effect and is published at once, or refuse it. Never by who proposed it."""
    _not_by_the_same(adjustment.proposed_by_id, user, adjustment.plan.number)
    state = AdjustmentState.PUBLISHED if approve else AdjustmentState.REFUSED
    moved = YearAdjustment.objects.filter(pk=adjustment.pk, state=AdjustmentState.PROPOSED).update(
        state=state, decided_by=user, decided_at=timezone.now()
    )
    if moved != 1:
        raise Problem(
            zh="这项调整已经有人办理。",
            en="Somebody has decided on this adjustment already.",
            where=adjustment.plan.number,
            todo_zh="请刷新页面。",
            todo_en="Load the page again.",
        )
    adjustment.refresh_from_db()
    if approve:
        if adjustment.kind == AdjustmentKind.DROP:
            YearEntry.objects.filter(pk=adjustment.entry_id).update(dropped=True)
        else:
            said = dict(adjustment.after)
            items = list(CatalogueItem.objects.filter(pk__in=said.pop("item_ids")))
            said.pop("items")
            said.pop("directory")
            said["directory"] = ObjectDirectory.objects.filter(pk=said.pop("directory_id")).first()
            said["share"] = Decimal(said["share"]) if said["share"] is not None else None
            adjustment.entry = _write(adjustment.plan, adjustment.entry, items, said)
            adjustment.save(update_fields=["entry"])
    after = {"adjustment": adjustment.pk, "state": str(state)}
    audit_record(user=user, action="supervision.year.adjust_decide", obj=adjustment.plan, after=after)
    return adjustment


def entry_plain(entry: YearEntry) -> dict[str, Any]:
    """An entry as an adjustment and the audit trail keep it."""
    return _plain({name: getattr(entry, name) for name in FIELDS}, list(entry.items.all()))


def _plain(said: dict[str, Any], items: Sequence[CatalogueItem]) -> dict[str, Any]:
    directory, share = said.get("directory"), said.get("share")
    return {name: said.get(name) for name in FIELDS} | {
        "directory": directory.name if directory else "",
        "directory_id": directory.pk if directory else None,
        "share": format(share.normalize(), "f") if share is not None else None,
        "items": [f"{item.code} {item.name}" for item in items],
        "item_ids": [item.pk for item in items],
    }


def _write(plan: YearPlan, entry: YearEntry | None, items: Sequence[CatalogueItem], said: dict[str, Any]) -> YearEntry:
    found = entry or YearEntry(plan=plan, position=plan.entries.count() + 1)
    for name in FIELDS:
        if name in said:
            setattr(found, name, said[name])
    found.save()
    found.items.set(items)
    return found


def _check(said: dict[str, Any], items: Sequence[CatalogueItem]) -> None:
    share, visits = said.get("share"), said.get("visits")
    first, last = said.get("month_from", 1), said.get("month_to", 12)
    wrong = None
    if not items:
        wrong = (
            "没有选择抽查事项。",
            "No item is chosen.",
            "请从现行清单中选择。",
            "Choose from the catalogue in force.",
        )
    elif (share is None) == (visits is None):
        wrong = (
            "抽查比例和户次要填写其一，且只填其一。",
            "Give either a share or a number of visits.",
            "按比例抽查填比例，否则填户次。",
            "A share where it is by share, else the visits.",
        )
    elif not 1 <= first <= last <= 12:
        wrong = f"月份 {first}–{last} 不对。", f"The months {first} to {last} make no sense.", "请改正。", "Mend them."
    elif share is not None and not 0 < share <= 100:
        wrong = (
            f"抽查比例 {share}% 不对。",
            f"A share of {share}% makes no sense.",
            "应大于 0、不超过 100。",
            "0 to 100.",
        )
    elif said.get("kind") not in PlanKind.values:
        wrong = f"没有“{said.get('kind')}”这种检查。", f"There is no kind {said.get('kind')!r}.", "", ""
    if wrong:
        raise Problem(zh=wrong[0], en=wrong[1], where=said.get("title", ""), todo_zh=wrong[2], todo_en=wrong[3])


def _not_by_the_same(author: int | None, user: User, where: str) -> None:
    if author == user.pk:
        raise Problem(
            zh="不能由拟订人自己批准。",
            en="It can't be approved by the one who drew it up.",
            where=where,
            todo_zh="请由其他有批准权的人员批准。",
            todo_en="Ask another person with the right to approve.",
        )


def _hold(plan: YearPlan, state: YearState) -> None:
    """Hold the plan for this transaction in the state that the act needs."""
    if YearPlan.objects.filter(pk=plan.pk, state=state).update(year=plan.year) != 1:
        raise _elsewhere(plan, state)


def _move(plan: YearPlan, source: YearState, target: YearState, **more: Any) -> None:
    if YearPlan.objects.filter(pk=plan.pk, state=source).update(state=target, **more) != 1:
        raise _elsewhere(plan, source)
    plan.refresh_from_db()


def _elsewhere(plan: YearPlan, needed: YearState) -> Problem:
    plan.refresh_from_db()
    return Problem(
        zh=f"年度计划现为“{plan.get_state_display()}”，这一步须为“{needed.label}”。",
        en=f"The year's plan is {plan.state}; this step needs it to be {needed.value}.",
        where=plan.number,
        todo_zh="公布后的改动请提出“调整”。" if plan.state == YearState.PUBLISHED else "请刷新页面。",
        todo_en="Once published it changes by adjustments." if plan.state == YearState.PUBLISHED else "Load it again.",
    )
