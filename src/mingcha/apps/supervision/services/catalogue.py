"""Writes: a catalogue of inspection items, from a draft that is filled from files or by hand to its publication."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from mingcha.apps.accounts.models import Unit, User
from mingcha.apps.accounts.services import audit_record
from mingcha.problems import Problem

from ..models import Catalogue, CatalogueItem
from ..register_choices import CatalogueState
from ..selectors.catalogue import CONTENT, Change, catalogue_change, catalogue_next_number


@transaction.atomic
def catalogue_create(
    *,
    year: int,
    title: str,
    unit: Unit | None,
    user: User | None,
    sample: bool = False,
    copy_of: Catalogue | None = None,
) -> Catalogue:
    """A draft, empty or with the items of `copy_of`. `unit`: whose it is, by default the user's own."""
    unit = unit or (user.unit if user else None) or Unit.objects.filter(parent=None).first()
    if unit is None:
        raise Problem(
            zh="还没有单位，清单不知归谁所有。",
            en="There is no unit yet whose catalogue it could be.",
            todo_zh="请先运行 mingcha init 或建立单位。",
            todo_en="Run mingcha init first, or make a unit.",
        )
    within_jurisdiction(user, unit.division, unit.name)
    catalogue = Catalogue.objects.create(
        number=catalogue_next_number(year),
        year=year,
        title=title.strip(),
        unit=unit,
        division=unit.division,
        sample=sample or bool(copy_of and copy_of.sample),
        created_by=user,
    )
    if copy_of:
        CatalogueItem.objects.bulk_create(
            CatalogueItem(
                catalogue=catalogue,
                code=item.code,
                position=item.position,
                condition=item.condition,
                **{name: getattr(item, name) for name in CONTENT},
            )
            for item in copy_of.items.all()
        )
    after = {"title": catalogue.title, "unit": unit.code} | ({"copy_of": copy_of.number} if copy_of else {})
    audit_record(user=user, action="supervision.catalogue.create", obj=catalogue, after=after)
    return catalogue


@transaction.atomic
def catalogue_import(
    *,
    catalogue: Catalogue,
    items: Sequence[dict[str, Any]],
    user: User | None,
    source: str = "",
    sha256: str = "",
    drop_gone: bool = False,
) -> Change:
    """Take the items that `catalogue_rows.read_items` found into a draft. What the file doesn't have stays, unless
    `drop_gone`. Again the same file changes nothing."""
    _lock_draft(catalogue)
    change = catalogue_change(catalogue, items)
    taken = set(catalogue.items.values_list("code", flat=True))
    place = len(taken)
    number = 0
    rows = []
    for item in change.new:
        code = item["code"]
        while not code or (not item["code"] and code in taken):
            number += 1
            code = f"{number:03d}"
        taken.add(code)
        place += 1
        content = {name: item[name] for name in CONTENT}
        rows.append(CatalogueItem(catalogue=catalogue, code=code, position=place, **content))
    CatalogueItem.objects.bulk_create(rows)
    for found, differs in change.changed:
        for name, value in differs.items():
            setattr(found, name, value)
    CatalogueItem.objects.bulk_update([found for found, _ in change.changed], CONTENT, batch_size=200)
    if drop_gone:
        catalogue.items.filter(pk__in=[item.pk for item in change.gone]).delete()
    Catalogue.objects.filter(pk=catalogue.pk).update(source=source[:255], source_sha256=sha256)
    after = {"new": len(change.new), "changed": len(change.changed), "same": len(change.same), "source": source}
    after |= {"dropped": [item.code for item in change.gone]} if drop_gone else {}
    audit_record(user=user, action="supervision.catalogue.import", obj=catalogue, after=after)
    return change


@transaction.atomic
def item_save(
    *, catalogue: Catalogue, user: User | None, item: CatalogueItem | None = None, **content: Any
) -> CatalogueItem:
    """Add an item to a draft, or change one of it. Problem where its code is taken."""
    _lock_draft(catalogue)
    found = item or CatalogueItem(catalogue=catalogue, position=catalogue.items.count() + 1)
    before = {name: str(getattr(found, name)) for name in content} if item else None
    for name, value in content.items():
        setattr(found, name, value)
    if catalogue.items.filter(code=found.code).exclude(pk=found.pk).exists():
        raise Problem(
            zh=f"事项编码“{found.code}”已被使用。",
            en=f"The code {found.code} is taken.",
            where=catalogue.number,
            todo_zh="请换一个编码。",
            todo_en="Choose another one.",
        )
    found.save()
    audit_record(
        user=user,
        action="supervision.catalogue.item",
        obj=found,
        before=before,
        after={name: str(value) for name, value in content.items()},
    )
    return found


@transaction.atomic
def item_delete(*, item: CatalogueItem, user: User | None) -> None:
    """Take an item out of a draft."""
    _lock_draft(item.catalogue)
    audit_record(
        user=user,
        action="supervision.catalogue.item_delete",
        obj=item,
        before={"catalogue": item.catalogue.number, "code": item.code, "name": item.name},
    )
    item.delete()


@transaction.atomic
def catalogue_publish(*, catalogue: Catalogue, user: User | None) -> Catalogue:
    """Publish a draft; the unit's catalogue in force until now is superseded. Afterwards it can't be changed."""
    if not catalogue.items.exists():
        raise Problem(
            zh="清单里还没有事项，不能公布。",
            en="There is no item in the catalogue: it can't be published.",
            where=catalogue.number,
            todo_zh="请先导入或逐条录入事项。",
            todo_en="Import items or write them first.",
        )
    _lock_draft(catalogue)
    now = timezone.now()
    before = Catalogue.objects.filter(unit=catalogue.unit, state=CatalogueState.PUBLISHED)
    superseded = list(before.values_list("number", flat=True))
    before.update(state=CatalogueState.SUPERSEDED)
    published = Catalogue.objects.filter(pk=catalogue.pk)
    published.update(state=CatalogueState.PUBLISHED, published_at=now, published_by=user)
    catalogue.refresh_from_db()
    after = {"state": catalogue.state, "superseded": superseded}
    audit_record(user=user, action="supervision.catalogue.publish", obj=catalogue, after=after)
    return catalogue


@transaction.atomic
def catalogue_discard(*, catalogue: Catalogue, user: User | None) -> None:
    """Give a draft up, with its items. The audit trail keeps that it was there."""
    _lock_draft(catalogue)
    before = {"title": catalogue.title, "items": catalogue.items.count()}
    audit_record(user=user, action="supervision.catalogue.discard", obj=catalogue, before=before)
    catalogue.delete()


def within_jurisdiction(user: User | None, division: str, where: str = "") -> None:
    """Problem where `division` lies outside of the user's jurisdiction."""
    if user is None or (user.unit and division.startswith(user.unit.division)):
        return
    raise Problem(
        zh=f"“{division or '全市'}”不在您的辖区内。",
        en=f"The division {division or 'of everyone'} is outside your jurisdiction.",
        where=where,
        todo_zh="请选本单位或下级单位，或由上级单位办理。",
        todo_en="Choose your own unit or one below it, or let the unit above do it.",
    )


def _lock_draft(catalogue: Catalogue) -> None:
    """Hold the draft for this transaction, so that nobody publishes it meanwhile."""
    if Catalogue.objects.filter(pk=catalogue.pk, state=CatalogueState.DRAFT).update(year=catalogue.year) != 1:
        raise _not_draft(catalogue)


def _not_draft(catalogue: Catalogue) -> Problem:
    return Problem(
        zh="清单已公布，不能再改。",
        en="The catalogue is published: it can't be changed any more.",
        where=catalogue.number,
        todo_zh="请“修订”出新的一版，改好后公布，旧版随之被替代。",
        todo_en="Revise it: a new version is drawn up, and supersedes it when it is published.",
    )
