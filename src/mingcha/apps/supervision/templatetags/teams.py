"""The officers of a visit, department by department. Load with `{% load teams %}`."""

from __future__ import annotations

from typing import Any

from django import template

from ..models import Task
from ..rules import by_department

register = template.Library()


@register.filter
def teams(task: Task) -> list[tuple[str, list[dict[str, Any]]]]:
    """[(department, its officers)]: of a joint inspection every department, also one that sends nobody; else all
    officers together, under no name."""
    plan = task.plan
    return by_department(task.inspectors, plan.frame.get("departments") or plan.departments)
