"""What words may mean in supervision: plans and tasks by number or title."""

from __future__ import annotations

from django.db import connections
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from mingcha.apps.accounts.models import User
from mingcha.desk.offers import Found

from .selectors import plans_visible, tasks_visible


def found(user: User, words: str, limit: int) -> list[Found]:
    hits: list[Found] = []
    number = words.upper()
    if user.may("supervision.plan.view"):
        plans = plans_visible(user)
        rows = plans.filter(number__startswith=number) | plans.filter(title__icontains=words)
        hits += [
            Found(
                _("Inspection plans"),
                plan.title,
                reverse("supervision:plan", args=[plan.number]),
                plan.number,
                "dice-5",
                tag=plan.get_state_display(),
            )
            for plan in rows.order_by("-pk")[:limit]
        ]
    if number.startswith("RW") and user.may("supervision.task.view"):
        tasks = tasks_visible(user)
        if connections[tasks.db].vendor == "sqlite":  # whose LIKE reads no index
            tasks = tasks.filter(number__gte=number, number__lt=number + "~")
        else:
            tasks = tasks.filter(number__startswith=number)
        hits += [
            Found(
                _("Inspection tasks"),
                task.entity.name or task.entity.key,
                reverse("supervision:task", args=[task.number]),
                task.number,
                "clipboard-check",
                tag=task.get_state_display(),
            )
            for task in tasks.order_by("number")[:limit]
        ]
    return hits
