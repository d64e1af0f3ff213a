"""What the law's clocks say waits: those of the user, and those of his role that nobody has taken on."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from mingcha.apps.accounts.permissions import may
from mingcha.desk.offers import Todo

from .models import Clock
from .selectors import clocks_due
from .templatetags.law import face, title


def todos(user: Any, limit: int) -> list[Todo]:
    if not may(user, "law.clock.view"):
        return []
    due = clocks_due(user)
    mine = list(due.filter(assignee=user)[:limit])
    for_role = list(due.filter(assignee=None, role=user.role)[:limit])
    today = timezone.localdate()
    clocks = sorted((*mine, *for_role), key=lambda clock: (clock.due_on, clock.pk))[:limit]
    return [_todo(clock, today) for clock in clocks]


def _todo(clock: Clock, today: Any) -> Todo:
    rule = clock.rule
    period = (clock.due_on - clock.started_on).days or 1
    return Todo(
        "deadline",
        _("Deadlines"),
        clock.title,
        clock.url,
        _("Look"),
        due=clock.due_on,
        left=face(clock).words,
        share=min(1.0, max(0.0, (today - clock.started_on).days / period)),
        basis=title(rule),
        article=f"{rule.law} {rule.article}".strip(),
        mark=rule.mark,
    )
