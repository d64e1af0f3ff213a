"""How to make this room's objects for tests/web/test_guards.py."""

import itertools

from tests.apps.entities.objects import entity

from mingcha.apps.accounts.models import Unit
from mingcha.apps.entities.models import Entity
from mingcha.apps.supervision.models import (
    Catalogue,
    Inspector,
    InspectorDirectory,
    ObjectDirectory,
    Plan,
    Task,
    YearPlan,
)

_number = itertools.count(1)


def a_plan(division: str, owner=None) -> Plan:
    return Plan.objects.create(number=f"JH-T{next(_number)}", title="t", budget=5, division=division, created_by=owner)


def a_task(division: str, owner=None) -> Task:
    firm = Entity.objects.get(key=entity(division)["key"])
    made = Task.objects.create(number=f"RW-T{next(_number)}", plan=a_plan(division), entity=firm, division=division)
    made.members.set([owner] if owner else [])
    return made


def a_directory(model):
    return lambda division, owner=None: model.objects.create(
        name=f"d{next(_number)}", division=division, created_by=owner
    )


def an_inspector(division: str, owner=None) -> Inspector:
    return Inspector.objects.create(number=f"I{next(_number)}", name="某某", division=division, account=owner)


def a_year(division: str, owner=None) -> YearPlan:
    unit, at = Unit.objects.get(code=division), next(_number)
    return YearPlan.objects.create(
        number=f"ND-T{at}", year=2000 + at, title="t", unit=unit, division=division, created_by=owner
    )


def a_catalogue(division: str) -> Catalogue:
    unit = Unit.objects.get(code=division)
    return Catalogue.objects.create(number=f"QD-T{next(_number)}", year=2026, title="t", unit=unit, division=division)


def an_item(division: str) -> dict[str, object]:
    catalogue = a_catalogue(division)
    return {"number": catalogue.number, "pk": catalogue.items.create(code="1", name="i", basis="b").pk}


def an_entry(division: str) -> dict[str, object]:
    plan = a_year(division)
    return {"number": plan.number, "pk": plan.entries.create(title="e", kind="flight", visits=1).pk}


def two_entries(division: str) -> dict[str, object]:
    made = an_entry(division)
    plan = YearPlan.objects.get(number=made["number"])
    return made | {"other": plan.entries.create(title="f", kind="flight", visits=1).pk}


def an_adjustment(division: str) -> dict[str, object]:
    plan = a_year(division)
    return {"number": plan.number, "pk": plan.adjustments.create(kind="add", reason="r").pk}


def a_member(division: str) -> dict[str, object]:
    directory = a_directory(ObjectDirectory)(division)
    firm = Entity.objects.get(key=entity(division)["key"])
    return {"pk": directory.pk, "member": directory.members.create(entity=firm, kind="included").pk}


def a_conflict(division: str) -> dict[str, object]:
    inspector = an_inspector(division)
    firm = Entity.objects.get(key=entity(division)["key"])
    return {"pk": inspector.pk, "conflict": inspector.conflicts.create(entity=firm, reason="r").pk}


OBJECTS = {
    "supervision:item-create": lambda division: {"number": a_catalogue(division).number},
    "supervision:catalogue*": lambda division: {"number": a_catalogue(division).number},
    "supervision:item*": an_item,
    "supervision:directory-unlist": a_member,
    "supervision:directory*": lambda division: {"pk": a_directory(ObjectDirectory)(division).pk},
    "supervision:inspector-directory*": lambda division: {"pk": a_directory(InspectorDirectory)(division).pk},
    "supervision:inspector-conflict-end": a_conflict,
    "supervision:inspector*": lambda division: {"pk": an_inspector(division).pk},
    "supervision:entry-create": lambda division: {"number": a_year(division).number},
    "supervision:entry-join": two_entries,
    "supervision:entry*": an_entry,
    "supervision:adjustment-decide": an_adjustment,
    "supervision:year*": lambda division: {"number": a_year(division).number},
    "supervision:task*": lambda division: {"number": a_task(division).number},
    "supervision:number": lambda division: {"number": a_plan(division).number},
    "supervision:number,unit": lambda division: {"number": a_plan(division).number, "unit": "x"},
}
ROWS = {
    "supervision.Plan": a_plan,
    "supervision.Task": a_task,
    "supervision.ObjectDirectory": a_directory(ObjectDirectory),
    "supervision.InspectorDirectory": a_directory(InspectorDirectory),
    "supervision.Inspector": an_inspector,
    "supervision.YearPlan": a_year,
}
EMPTY = {  # of a plan without a draw, a task without a result
    f"supervision:{name}"
    for name in (
        *("withdraw", "void", "commitments", "draw", "publish", "audit-file", "frame-file", "receipt"),
        *("task-correct", "task-publish"),
        "inspector-declare",  # asks which firm
    )
}
