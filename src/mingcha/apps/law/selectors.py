"""Reads: the rule in force, the calendar, clocks of an object and of a user."""

from __future__ import annotations

import datetime as dt

from django.core.cache import cache
from django.db.models import Exists, Model, OuterRef, Q, QuerySet, Value
from django.db.models.functions import StrIndex, Substr
from django.utils import timezone

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.permissions import visible
from mingcha.problems import Problem

from . import rules
from .choices import OPEN, ClockState
from .models import CalendarDay, CalendarYear, Clock, Rule

_SHOWN = "law:calendar"


def rule_in_force(key: str, on: dt.date | None = None, division: str = "") -> Rule:
    """The version of `key` in force on a day (default today) in a division: its own before its parents', of those the
    one that began last. Problem where there is none."""
    on = on or timezone.localdate()
    found = rules.in_force(Rule.objects.filter(key=key), on, division)
    if found is None:
        raise Problem(
            zh=f"{on} 没有现行有效的规则“{key}”。",
            en=f"No rule {key!r} is in force on {on}.",
            where=division,
            todo_zh="请在“法规时限”中查看，或用 mingcha law rules 列出全部规则。",
            todo_en="See the rules of law, or list them with mingcha law rules.",
        )
    return found


def rule_terms(key: str, on: dt.date | None = None, division: str = "") -> dict:
    """The terms of a rule whose unit is terms."""
    return rule_in_force(key, on, division).terms


def rule_versions(key: str) -> list[Rule]:
    """The versions of a rule, the newest first; for each `ends`: the last day on which it is in force in its division,
    which is the day before a later version begins where that is earlier than its own end, None without end; and `now`:
    whether it is in force today."""
    today = timezone.localdate()
    rows = list(Rule.objects.filter(key=key).select_related("made_by").order_by("division", "-effective_from"))
    later: Rule | None = None
    for row in rows:
        takes_over = later.effective_from - rules.ONE if later and later.division == row.division else None
        row.ends = min((day for day in (row.effective_to, takes_over) if day), default=None)
        row.now = row == rules.in_force([r for r in rows if r.division == row.division], today, row.division)
        later = row
    return rows


def calendar_now() -> rules.Calendar:
    """The calendar as it is, for what binds: one or two small reads."""
    return rules.Calendar(
        corrections=dict(CalendarDay.objects.values_list("day", "works")),
        announced=frozenset(CalendarYear.objects.values_list("year", flat=True)),
    )


def calendar_shown() -> rules.Calendar:
    """The calendar for what is only shown: kept for a minute, so that a list of clocks doesn't read it row by row."""
    return cache.get_or_set(_SHOWN, calendar_now, 60) or calendar_now()


def calendar_forget() -> None:
    """Whoever changed the calendar shows the change at once."""
    cache.delete(_SHOWN)


def clocks_of(subject: Model) -> QuerySet[Clock]:
    """All clocks of an object, the open ones first, soonest due first."""
    return (
        Clock.objects.filter(subject_type=subject._meta.label_lower, subject_id=str(subject.pk))
        .select_related("rule", "assignee")
        .order_by("ended_on", "due_on", "pk")
    )


def clock_running(subject: Model, rule: str) -> Clock | None:
    """The open clock of an object by a rule's key, if there is one."""
    return clocks_of(subject).filter(key=rule, state__in=OPEN).first()


def clocks_visible(user: User, action: str = "law.clock.view") -> QuerySet[Clock]:
    """The clocks that a user reaches by an action."""
    return visible(Clock.objects.select_related("rule", "assignee"), user, action)


def clocks_open(user: User) -> QuerySet[Clock]:
    """Of what a user may see the clocks that haven't ended: running, paused or late; soonest due first."""
    return clocks_visible(user).filter(ended_on=None).order_by("due_on", "pk")


def clocks_due(user: User) -> QuerySet[Clock]:
    """What a user has to look after: clocks that run or are late in his jurisdiction, the latest and soonest first."""
    return clocks_open(user).exclude(state=ClockState.PAUSED)  # said so, the index of open clocks serves the order


def clock_people(clock: Clock) -> list[User]:
    """Whom a clock concerns: its assignee, else those of its role in the nearest unit in charge that has any: that of
    the clock's division, or one above."""
    if clock.assignee:
        return [clock.assignee]
    if not clock.role:
        return []
    above = [clock.division[:n] for n in range(len(clock.division) + 1)]
    people = list(User.objects.filter(role=clock.role, unit__division__in=above, is_active=True).select_related("unit"))
    nearest = max((len(user.unit.division) for user in people), default=0)
    return [user for user in people if len(user.unit.division) == nearest]


def laws() -> list[tuple[str, str]]:
    """The rules' keys with their titles in the user's language: the names of a filter's values."""
    from .templatetags.law import title

    return [(rule.key, title(rule)) for rule in Rule.objects.order_by("key", "effective_from")]


def rules_listed(on: dt.date | None) -> QuerySet[Rule]:
    """For the list: the versions in force on a day, of each division its own; None: all versions. With `system`, the
    first word of the key."""
    rows = Rule.objects.annotate(system=Substr("key", 1, StrIndex("key", Value(".")) - 1))
    if on is None:
        return rows
    standing = Q(effective_from__lte=on) & (Q(effective_to=None) | Q(effective_to__gte=on))
    later = Rule.objects.filter(
        standing, key=OuterRef("key"), division=OuterRef("division"), effective_from__gt=OuterRef("effective_from")
    )
    return rows.filter(standing).exclude(Exists(later))


def clocks_across(day: dt.date) -> QuerySet[Clock]:
    """Open clocks whose period a day lies in: what its correction may move."""
    return Clock.objects.filter(ended_on=None, started_on__lt=day, due_on__gte=day)
