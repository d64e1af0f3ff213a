"""Writes: units. A unit is closed, never deleted."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from mingcha.problems import Problem

from ..choices import UnitKind
from ..models import Unit, User
from ..rules import kind_fits, level_below
from ..selectors import units_managed
from .audit import audit_record


@transaction.atomic
def unit_save(
    *,
    code: str,
    name: str,
    division: str = "",
    parent: Unit | None = None,
    kind: str = "",
    user: User | None = None,
) -> Unit:
    """Make or change the unit `code`. `kind` unless given: as it was; of a new one the level below its parent's.

    Problem where `user` has no say there, or where it doesn't fit under its parent.
    """
    found = Unit.objects.filter(code=code).first()
    kind = kind or (found.kind if found else level_below(parent.kind if parent else None))
    _check_say(user, found, parent)
    _check_place(found, division, parent, kind)
    before = _told(found) if found else None
    unit, created = Unit.objects.update_or_create(
        code=code, defaults={"name": name, "division": division, "parent": parent, "kind": kind}
    )
    audit_record(
        user=user,
        action="accounts.unit.create" if created else "accounts.unit.change",
        obj=unit,
        before=before,
        after=_told(unit),
    )
    return unit


def unit_create(*, code: str, **given) -> Unit:
    """As `unit_save`, of a new one; Problem where the code is taken."""
    if Unit.objects.filter(code=code).exists():
        raise Problem(
            zh=f"代码“{code}”已被使用。",
            en=f"The code {code!r} is taken.",
            todo_zh="请换一个代码。",
            todo_en="Choose another one.",
        )
    return unit_save(code=code, **given)


@transaction.atomic
def unit_close(*, unit: Unit, user: User | None = None) -> None:
    """Close a unit in which nobody works any more."""
    _check_say(user, unit, unit.parent)
    people = unit.users.filter(is_active=True).count()
    below = unit.children.filter(closed_at=None).count()
    if people or below:
        raise Problem(
            zh=f"“{unit}”还有 {people} 名在用人员、{below} 个下级单位，不能撤销。",
            en=f"{unit} still has {people} people and {below} units below it, and can't be closed.",
            todo_zh="请先调出或停用这些人员，撤销或划转下级单位。",
            todo_en="Move or close the people's accounts first, and close or move the units below.",
        )
    if Unit.objects.filter(pk=unit.pk, closed_at=None).update(closed_at=timezone.now()) == 1:
        audit_record(user=user, action="accounts.unit.close", obj=unit, before=_told(unit))


def _check_say(user: User | None, unit: Unit | None, parent: Unit | None) -> None:
    """A new unit goes below one's own or one below it; so does one that is moved. One's own unit is for those above:
    else a district could widen its own jurisdiction. The top unit has nobody above it."""
    if user is None:
        return
    managed = units_managed(user)
    if unit is None:
        said = parent is not None and parent.pk in managed
    elif unit.parent_id is None:
        said = unit.pk in managed and parent is None
    else:
        said = unit.parent_id in managed and parent is not None and parent.pk in managed
    if not said:
        raise Problem(
            zh="这个单位不在您的管辖之内。",
            en="That unit isn't yours to manage.",
            where=str(unit or parent or ""),
            todo_zh="请由上级单位的管理员办理。",
            todo_en="Ask an administrator of the unit above.",
        )


def _check_place(unit: Unit | None, division: str, parent: Unit | None, kind: str) -> None:
    fault_zh = fault_en = ""
    above, seen = parent, set()
    while above is not None and above.pk not in seen:
        seen.add(above.pk)
        if unit and above.pk == unit.pk:
            fault_zh, fault_en = "单位不能隶属于自己或自己的下级", "a unit can't stand under itself"
        above = above.parent
    if parent and parent.closed_at:
        fault_zh, fault_en = f"上级“{parent}”已撤销", f"{parent} is closed"
    elif not kind_fits(kind, parent.kind if parent else None):
        fault_zh = f"“{UnitKind(kind).label}”不能设在“{UnitKind(parent.kind).label if parent else '最上级'}”之下"
        fault_en = f"a {kind} can't stand under a {parent.kind if parent else 'nothing'}"
    elif parent and not division and kind != UnitKind.BUREAU:
        fault_zh = "下级单位须有区划代码，否则其辖区就是全部"
        fault_en = "a unit below another needs a division code: without one it reaches everywhere"
    elif parent and not division.startswith(parent.division):
        fault_zh = f"区划代码须以上级的“{parent.division}”开头"
        fault_en = f"its division code must begin with that of the unit above, {parent.division}"
    if fault_zh:
        raise Problem(
            zh=f"这样设置不成立：{fault_zh}。",
            en=f"That doesn't fit: {fault_en}.",
            todo_zh="请改正上级单位、类别或区划代码。",
            todo_en="Mend the unit above, the kind or the division code.",
        )


def _told(unit: Unit) -> dict:
    return {
        "code": unit.code,
        "name": unit.name,
        "division": unit.division,
        "kind": str(unit.kind),
        "parent": unit.parent.code if unit.parent else "",
    }
