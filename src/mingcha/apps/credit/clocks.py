"""What this room asks of the law: periods, and the clocks that run by them on listings, interviews, undertakings.

An empty key of a rule means that the law sets no period: nothing is started, nothing met.
"""

from __future__ import annotations

import datetime as dt

from mingcha.apps.accounts.models import User
from mingcha.apps.law import rules
from mingcha.apps.law.choices import OPEN
from mingcha.apps.law.selectors import calendar_now, clocks_of, rule_in_force
from mingcha.apps.law.services import clock_cancel, clock_meet, clock_start, clocks_start
from mingcha.apps.law.services.clocks import Start

from .models import Interview, Listing, Undertaking

Subject = Listing | Interview | Undertaking


def due(rule: str, started: dt.date, division: str = "") -> dt.date:
    """The last day of the period of `rule` that began on `started`; of one that is counted back, the day by which the
    act must be done."""
    found = rule_in_force(rule, started, division)
    period = [(int(found.value or 0), found.unit)]
    return rules.due(started, period, calendar_now(), rest_day=found.rest_day, before=found.before).on


def number(rule: str, division: str = "") -> int:
    return int(rule_in_force(rule, None, division).value or 0)


def flag(rule: str, division: str = "") -> bool:
    """Whether a rule of 1 or 0 holds: an agency that it doesn't bind amends it to 0."""
    found = rule_in_force(rule, None, division)
    return bool(found.value)


def start(
    subject: Subject,
    rule: str,
    started: dt.date,
    *,
    user: User | None,
    role: str = "",
    of: Interview | None = None,
) -> None:
    """Start the clock of `rule`; `of`: the object whose page it leads to, where that isn't the subject itself."""
    if rule:
        clock_start(rule=rule, user=user, **vars_of(subject, started, role, of))


def start_many(subjects: list[Listing], rule: str, started: dt.date, *, user: User | None, role: str = "") -> None:
    if rule:
        clocks_start((Start(**vars_of(s, started, role)) for s in subjects), rule=rule, user=user)


def vars_of(subject: Subject, started: dt.date, role: str, of: Interview | None = None) -> dict:
    page = of or subject
    assert isinstance(page, Listing | Interview)
    return {
        "subject": subject,
        "title": f"{page.entity}：{subject.text if isinstance(subject, Undertaking) else title(page)}",
        "url": page.get_absolute_url(),
        "division": page.division,
        "started": started,
        "role": role,
    }


def title(of: Listing | Interview) -> str:
    from .grounds import ground

    return ground(of.ground).zh if isinstance(of, Listing) else "约谈"


def meet(subject: Subject, rule: str, *, user: User | None, on: dt.date | None = None) -> None:
    if rule:
        clock_meet(subject=subject, rule=rule, user=user, at=on)


def cancel(subject: Subject, rule: str, *, reason: str, user: User | None) -> None:
    if rule:
        clock_cancel(subject=subject, rule=rule, reason=reason, user=user)


def cancel_all(subject: Subject, *, reason: str, user: User | None) -> None:
    for key in list(clocks_of(subject).filter(state__in=OPEN).values_list("key", flat=True)):
        cancel(subject, key, reason=reason, user=user)
