"""Writes: directories of objects and of inspectors, the register of inspectors, who stays away from which firm."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction

from mingcha.apps.accounts.models import Unit, User
from mingcha.apps.accounts.permissions import in_jurisdiction
from mingcha.apps.accounts.services import audit_record
from mingcha.apps.entities.models import Entity
from mingcha.problems import Problem

from ..conditions import Condition, InspectorCondition
from ..inspector_rows import InspectorsRead, Known, check_rows, firms_named, read_rows
from ..models import (
    DirectoryMember,
    Inspector,
    InspectorConflict,
    InspectorDirectory,
    LastVisit,
    ObjectDirectory,
)
from ..register_choices import MemberKind
from .catalogue import within_jurisdiction

MEMBERS = 20_000  # that one directory may list by hand
CHUNK = 2_000


@transaction.atomic
def directory_save(
    *,
    name: str,
    condition: Condition | InspectorCondition,
    user: User | None,
    directory: ObjectDirectory | InspectorDirectory | None = None,
    division: str = "",
    note: str = "",
    active: bool = True,
) -> ObjectDirectory | InspectorDirectory:
    """Make a directory or change one; its kind goes by that of the condition. Problem where the name is taken or the
    division lies outside of the user's jurisdiction."""
    kind = ObjectDirectory if isinstance(condition, Condition) else InspectorDirectory
    if directory is None:
        division = division or (user.unit.division if user and user.unit else "")
        within_jurisdiction(user, division, name)
        directory = kind(division=division, created_by=user)
    said = {"name": name.strip(), "condition": condition.plain(), "note": note.strip(), "active": active}
    before = {field_: getattr(directory, field_) for field_ in said} if directory.pk else None
    for field_, value in said.items():
        setattr(directory, field_, value)
    directory.changed_by = user
    try:
        with transaction.atomic():
            directory.save()
    except IntegrityError:
        raise Problem(
            zh=f"名录库“{said['name']}”已经有了。",
            en=f"There is a directory {said['name']!r} already.",
            where=said["name"],
            todo_zh="请换一个名称，或修改原有的名录库。",
            todo_en="Choose another name, or change the one that is there.",
        ) from None
    action = f"supervision.{_word(directory)}.{'change' if before else 'create'}"
    audit_record(user=user, action=action, obj=directory, before=before, after=said)
    return directory


@transaction.atomic
def directory_list(
    *, directory: ObjectDirectory, keys: Collection[str], kind: str, reason: str, user: User | None
) -> int:
    """List entities by hand in a directory, or keep them out of it, with the reason; how many that are. Whoever stood
    on the other side changes over. Problem, naming them, where keys are unknown or lie outside of its division."""
    reason = reason.strip()
    if kind == MemberKind.EXCLUDED and not reason:
        raise Problem(
            zh="排除对象要写明原因。",
            en="Say why they are kept out.",
            where=directory.name,
            todo_zh="例如：已列入专项检查、正在停业整改。",
            todo_en="For example: under a special campaign already, or closed for now.",
        )
    wanted = list(dict.fromkeys(key.strip() for key in keys if key.strip()))
    found = entities_by_key(wanted, directory.division)
    if missing := [key for key in wanted if key not in found]:
        raise Problem(
            zh=f"有 {len(missing)} 个代码不是本名录辖区内的主体：{'、'.join(missing[:5])}{'…' if missing[5:] else ''}",
            en=f"{len(missing)} of them are no entities of the directory's division: {', '.join(missing[:5])}",
            where=directory.name,
            todo_zh="请核对统一社会信用代码。一个也没有列入。",
            todo_en="Check the unified social credit codes. None was listed.",
        )
    there = directory.members.count()
    if not wanted or there + len(wanted) > MEMBERS:
        raise Problem(
            zh="没有写明对象。" if not wanted else f"手工列入最多 {MEMBERS:,} 户，已有 {there:,} 户。",
            en="Nobody is named." if not wanted else f"At most {MEMBERS:,} are listed by hand; {there:,} are there.",
            where=directory.name,
            todo_zh="请每行填写一个统一社会信用代码。" if not wanted else "请改用条件来划定。",
            todo_en="Give one unified social credit code a line." if not wanted else "Say it by conditions.",
        )
    DirectoryMember.objects.bulk_create(
        [
            DirectoryMember(directory=directory, entity_id=pk, kind=kind, reason=reason, added_by=user)
            for pk in found.values()
        ],
        update_conflicts=True,
        unique_fields=["directory", "entity"],
        update_fields=["kind", "reason", "added_by"],
        batch_size=CHUNK,
    )
    _touch(directory, user)
    after = {"kind": str(kind), "reason": reason, "count": len(wanted), "keys": wanted[:200]}
    audit_record(user=user, action="supervision.directory.list", obj=directory, after=after)
    return len(wanted)


@transaction.atomic
def directory_unlist(*, member: DirectoryMember, user: User | None) -> None:
    """Take back that an entity was listed by hand or kept out."""
    before = {"key": member.entity.key, "kind": member.kind, "reason": member.reason}
    audit_record(user=user, action="supervision.directory.unlist", obj=member.directory, before=before)
    member.delete()
    _touch(member.directory, user)


@transaction.atomic
def inspector_save(*, user: User | None, inspector: Inspector | None = None, **said: Any) -> Inspector:
    """Enter an inspector or change his entry. Problem where the number or account is taken, or the unit lies outside of
    the user's jurisdiction."""
    unit = said.get("unit")
    division = (unit or (user.unit if user else None) or Unit(division="")).division
    within_jurisdiction(user, division, said.get("name", ""))
    found = inspector or Inspector()
    before = {name: _plain(getattr(found, name)) for name in said} if inspector else None
    for name, value in (said | {"division": division}).items():
        setattr(found, name, value)
    taken = Inspector.objects.exclude(pk=found.pk)
    if taken.filter(number=found.number).exists() or (
        found.account_id and taken.filter(account=found.account_id).exists()
    ):
        raise Problem(
            zh=f"编号“{found.number}”或这个账号已登记给别人。",
            en=f"The number {found.number} or this account belongs to somebody else.",
            where=found.name,
            todo_zh="请核对名录。",
            todo_en="Check the register.",
        )
    found.save()
    action = f"supervision.inspector.{'change' if inspector else 'create'}"
    after = {name: _plain(value) for name, value in said.items()}
    audit_record(user=user, action=action, obj=found, before=before, after=after)
    return found


@dataclass
class Entered:
    """What an import does: numbers of the people."""

    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)


def inspectors_read(path: Path, user: User | None) -> InspectorsRead:
    """The people of a file, checked against this instance as `user` sees it. Raises Problem."""
    listed = read_rows(path)
    units = Unit.objects.filter(in_jurisdiction(user)) if user else Unit.objects.all()
    accounts = User.objects.filter(in_jurisdiction(user, "unit__division")) if user else User.objects.all()
    known = Known(
        districts=frozenset(
            Entity.objects.exclude(district="").order_by().values_list("district", flat=True).distinct()
        ),
        units={name: unit.pk for unit in units for name in (unit.name, unit.code)},
        accounts=dict(accounts.values_list("username", "pk")),
        firms=entities_by_key(list(firms_named(listed))),
    )
    read = check_rows(listed, known)
    _not_of_others(read, user)
    return read


def inspectors_change(read: InspectorsRead) -> Entered:
    """What an import of `read` would do."""
    entered = Entered()
    there = Inspector.objects.in_bulk([one["number"] for one in read.people], field_name="number")
    conflicts = _conflicts_there(there)
    for one in read.people:
        found = there.get(one["number"])
        if found is None:
            entered.new.append(one["number"])
        elif _differences(found, one) or not set(one["conflicts"]) <= conflicts.get(found.pk, set()):
            entered.changed.append(one["number"])
        else:
            entered.same.append(one["number"])
    return entered


@transaction.atomic
def inspectors_import(*, read: InspectorsRead, user: User | None, source: str = "", simulated: bool = False) -> Entered:
    """Enter the people of `inspectors_read`; who is there already, by number, is changed. Again the same file changes
    nothing. Firms to stay away from are added, never taken away: that is done by hand."""
    entered = inspectors_change(read)
    divisions = dict(Unit.objects.values_list("pk", "division"))
    own = user.unit.division if user and user.unit else ""
    there = Inspector.objects.in_bulk([one["number"] for one in read.people], field_name="number")
    for one in read.people:
        said = {name: value for name, value in one.items() if name != "conflicts"}
        found = there.setdefault(one["number"], Inspector(simulated=simulated))
        if found.pk and not said["account_id"]:
            said.pop("account_id")
        for name, value in said.items():
            setattr(found, name, value)
        found.division = divisions.get(found.unit_id, found.division if found.pk else own)
        if one["number"] not in entered.same:
            found.save()
    pairs = _conflicts_there(there)
    InspectorConflict.objects.bulk_create(
        InspectorConflict(inspector=there[one["number"]], entity_id=pk, reason="名录导入", declared_by=user)
        for one in read.people
        for pk in one["conflicts"]
        if pk not in pairs.get(there[one["number"]].pk, set())
    )
    if entered.new or entered.changed:
        some = there[(entered.new or entered.changed)[0]]
        after = {"source": source, "new": entered.new[:500], "changed": entered.changed[:500]}
        audit_record(user=user, action="supervision.inspector.import", obj=some, after=after)
    return entered


@transaction.atomic
def conflict_declare(*, inspector: Inspector, key: str, reason: str, user: User | None) -> InspectorConflict:
    """Note that an inspector stays away from a firm (回避), by himself or by his unit."""
    reason = reason.strip()
    pk = entities_by_key([key.strip()]).get(key.strip())
    if pk is None or not reason:
        raise Problem(
            zh="没有这个主体。" if pk is None else "要写明回避的原因。",
            en="There is no such entity." if pk is None else "Say why.",
            where=key,
            todo_zh="请填写统一社会信用代码。" if pk is None else "例如：亲属任职、曾在该企业工作。",
            todo_en="Give its unified social credit code." if pk is None else "For example: a relative works there.",
        )
    found, made = InspectorConflict.objects.get_or_create(
        inspector=inspector, entity_id=pk, defaults={"reason": reason, "declared_by": user}
    )
    if made:
        after = {"key": key.strip(), "reason": reason}
        audit_record(user=user, action="supervision.inspector.conflict", obj=inspector, after=after)
    return found


@transaction.atomic
def conflict_end(*, conflict: InspectorConflict, user: User | None) -> None:
    before = {"key": conflict.entity.key, "reason": conflict.reason}
    audit_record(user=user, action="supervision.inspector.conflict_end", obj=conflict.inspector, before=before)
    conflict.delete()


@transaction.atomic
def last_visits_refresh() -> int:
    """Work out anew, from the lake and the tasks, when each entity was inspected last; how many ever were."""
    from ..selectors.visits import last_visits

    days = last_visits()
    pks: dict[str, int] = {}
    keys = list(days)
    for at in range(0, len(keys), CHUNK):
        pks |= dict(Entity.ever.filter(key__in=keys[at : at + CHUNK]).values_list("key", "pk"))
    LastVisit.objects.bulk_create(
        [LastVisit(entity_id=pks[key], on=day) for key, day in days.items() if key in pks],
        update_conflicts=True,
        unique_fields=["entity"],
        update_fields=["on"],
        batch_size=CHUNK,
    )
    return len(days)


def entities_by_key(keys: Sequence[str], division: str = "") -> dict[str, int]:
    """key -> primary key of the entities below `division` that have these keys."""
    found: dict[str, int] = {}
    for at in range(0, len(keys), CHUNK):
        rows = Entity.objects.filter(key__in=keys[at : at + CHUNK], division__startswith=division)
        found |= dict(rows.values_list("key", "pk"))
    return found


def _touch(directory: ObjectDirectory, user: User | None) -> None:
    """Who is in changed: counts that are kept go by the moment of the last change."""
    directory.changed_by = user
    directory.save(update_fields=["changed_by", "changed_at"])


def _word(directory: ObjectDirectory | InspectorDirectory) -> str:
    return "directory" if isinstance(directory, ObjectDirectory) else "inspector_directory"


def _plain(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    return value if isinstance(value, str | int | bool | list | dict) or value is None else str(value)


def _differences(found: Inspector, one: dict[str, Any]) -> list[str]:
    names = [name for name in one if name != "conflicts" and (name != "account_id" or one[name])]
    return [name for name in names if getattr(found, name) != one[name]]


def _conflicts_there(people: dict[str, Inspector]) -> dict[int, set[int]]:
    from ..selectors.directories import conflicts_of

    return {pk: set(entities) for pk, entities in conflicts_of(people.values(), "entity_id").items()}


def _not_of_others(read: InspectorsRead, user: User | None) -> None:
    """Leave out whoever stands in the register of another jurisdiction, and say so."""
    if user is None:
        return
    numbers = [one["number"] for one in read.people]
    own = Inspector.objects.filter(in_jurisdiction(user)).values("pk")
    others = Inspector.objects.filter(number__in=numbers).exclude(pk__in=own)
    taken = set(others.values_list("number", flat=True))
    rows = {row.cells["number"] or row.cells["certificate"]: row.number for row in read.listed.rows}
    for number in taken:
        read.listed.say(
            rows[number],
            "number",
            zh=f"编号“{number}”的人员在其他辖区的名录中",
            en=f"{number} stands in the register of another jurisdiction",
            todo_zh="请由其所在单位修改。",
            todo_en="His own unit can change the entry.",
        )
    read.people = [one for one in read.people if one["number"] not in taken]
