"""Reads: the departments of a joint inspection (部门联合抽查), and whom each of them may send."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable

from django.utils import timezone

from mingcha.apps.accounts.models import Unit, User
from mingcha.apps.law.models import Rule
from mingcha.apps.law.selectors import rule_in_force
from mingcha.problems import Problem

from ..models import Inspector, InspectorDirectory, Plan
from .directories import inspector_directory_people, inspectors_visible

JOINT = "supervision.kind.joint"


def departments_known(user: User) -> list[str]:
    """Departments of which the register, in the user's jurisdiction, has people that can be drawn."""
    names = inspectors_visible(user).filter(active=True).exclude(department="").order_by()
    return sorted({department_name(name) for name in names.values_list("department", flat=True).distinct()})


def own_department(user: User) -> str:
    """What the user's own unit is called in the register, "" where that is unknown."""
    return _commonest(_of_unit(user.unit))


def department_name(text: str) -> str:
    """A department's name as it is sealed."""
    return unicodedata.normalize("NFC", text.strip())


def joint_rule(plan: Plan) -> Rule | None:
    """The row of law for joint inspections, as it was in force when the plan was drawn up; None for other plans."""
    if not plan.departments:
        return None
    drawn_up = timezone.localdate(plan.created_at) if plan.created_at else None
    return rule_in_force(JOINT, drawn_up, plan.division)


def joint_departments(plan: Plan, listed: Iterable[str]) -> tuple[str, ...]:
    """All departments that come, our own and the others, in the order in which they are sealed.

    Our own goes by the name that `listed`, the department of each inspector, has: the lead department of most of the
    plan's items; where that names none of them, the commonest of the unit's inspectors; else the commonest beside the
    others. Problem where there is none.
    """
    others = set(plan.departments)
    there = Counter(name for name in map(department_name, listed) if name)
    leads = map(department_name, plan.items.values_list("department", flat=True))
    led = Counter(name for name in leads if name in there and name not in others)
    beside = Counter({name: n for name, n in there.items() if name not in others})
    found = led or _of_unit(plan.unit) or beside
    if not found:
        raise Problem(
            zh="检查人员名录里没有本部门的人员，联合抽查派不出本部门的一组。",
            en="The register has nobody of our own department, who would go with the others.",
            where=plan.number,
            todo_zh="请在检查人员名录中填写本单位人员的所属部门。",
            todo_en="Enter the department of the unit's own people in the register of inspectors.",
        )
    return tuple(sorted({_commonest(found), *others}, key=str.encode))


def joint_people(plan: Plan) -> list[Inspector]:
    """Whom a joint plan may send: those of its inspector directory; of a department that this has nobody of, or where
    the plan names no directory, everyone in the register."""
    division = plan.unit.division if plan.unit else plan.division
    directory = plan.inspectors or InspectorDirectory(division=division)
    people = inspector_directory_people(directory)
    there = {department_name(one.department) for one in people}
    if missing := [name for name in plan.departments if name not in there]:
        whole = InspectorDirectory(division=directory.division, condition={"departments": missing})
        people += inspector_directory_people(whole)
    return people


def _of_unit(unit: Unit | None) -> Counter[str]:
    """How many of the unit's own inspectors are of which department: those with an account, which other departments'
    people have not; else whoever is entered under the unit."""
    rows = Inspector.objects.filter(active=True).exclude(department="").values_list("department", flat=True)
    if unit is None:
        return Counter()
    by_account = Counter(map(department_name, rows.filter(account__unit=unit)))
    return by_account or Counter(map(department_name, rows.filter(unit=unit)))


def _commonest(names: Counter[str]) -> str:
    return max(sorted(names), key=lambda name: names[name], default="")
