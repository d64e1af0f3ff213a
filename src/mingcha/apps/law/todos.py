"""What the law's clocks say waits: those of the user, and those of his role that nobody has taken on."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mingcha.apps.accounts.permissions import may
from mingcha.desk.offers import Todo
from mingcha.language import chinese

from .choices import Unit
from .models import Clock
from .rules import left
from .selectors import calendar_shown, clocks_due


def todos(user: Any, limit: int) -> list[Todo]:
    if not may(user, "law.clock.view"):
        return []
    due = clocks_due(user)
    mine = list(due.filter(assignee=user)[:limit])
    for_role = list(due.filter(assignee=None, role=user.role)[:limit])
    calendar, today = calendar_shown(), timezone.localdate()
    clocks = sorted((*mine, *for_role), key=lambda clock: (clock.due_on, clock.pk))[:limit]
    return [_todo(clock, left(today, clock.due_on, clock.rule.unit, calendar), today) for clock in clocks]


def _todo(clock: Clock, days: int, today: Any) -> Todo:
    rule = clock.rule
    period = (clock.due_on - clock.started_on).days or 1
    return Todo(
        "deadline",
        _("Deadlines"),
        clock.title,
        clock.url,
        _("Look"),
        due=clock.due_on,
        left=_words(days, rule.unit),
        share=min(1.0, max(0.0, (today - clock.started_on).days / period)),
        basis=rule.title_zh if chinese() else rule.title_en,
        article=f"{rule.law} {rule.article}".strip(),
        mark=rule.mark,
    )


def _words(days: int, unit: str) -> str:
    if days == 0:
        return _("Due today")
    n = {"n": abs(days)}
    if unit == Unit.WORKING_DAY:
        if days < 0:
            return ngettext("%(n)s working day late", "%(n)s working days late", abs(days)) % n
        return ngettext("%(n)s working day left", "%(n)s working days left", days) % n
    if days < 0:
        return ngettext("%(n)s day late", "%(n)s days late", abs(days)) % n
    return ngettext("%(n)s day left", "%(n)s days left", days) % n
