"""Writes: a clock's life. Its moves are conditional updates, so that of two at once one wins; each leaves an event."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils import timezone

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.services import audit_record
from mingcha.problems import Problem

from ..choices import OPEN, PERIODS, ClockState, EventKind
from ..models import Clock, ClockEvent, Rule
from ..rules import Calendar, Due, due, in_force
from ..selectors import calendar_now, rule_in_force

CHUNK = 500  # rows a statement names: SQLite takes no more than so many parameters
WARN = "law.clock.warn"  # the rule that says how long before its end a clock is soon due


@dataclass(frozen=True)
class Start:
    """A clock to be started in bulk. As the arguments of clock_start."""

    subject: Model
    title: str
    url: str
    division: str
    started: dt.date | dt.datetime
    assignee: User | None = None
    role: str = ""


@transaction.atomic
def clock_start(
    *,
    rule: str | Rule,
    subject: Model,
    title: str,
    url: str,
    division: str,
    started: dt.date | dt.datetime,
    user: User | None,
    assignee: User | None = None,
    role: str = "",
) -> Clock:
    """Start a clock by the rule in force on the day it starts. Where one is open for this object and rule, that one is
    returned: a second start changes nothing. Problem: no rule in force, or one that is no period."""
    key = rule.key if isinstance(rule, Rule) else rule
    if found := _open(subject, key):
        return found
    row = Start(subject, title, url, division, started, assignee, role)
    clock = _new(row, _rule_of(rule, row), calendar_now(), _warn(row.started, division), {})
    try:
        with transaction.atomic():
            clock.save()
    except IntegrityError:  # another started it this moment
        if found := _open(subject, key):
            return found
        raise
    _event(clock, EventKind.START, user, clock.started_on, after=clock.due_on)
    audit_record(user=user, action="law.clock.start", obj=clock, after={"rule": key, "due": clock.due_on.isoformat()})
    return clock


@transaction.atomic
def clocks_start(rows: Iterable[Start], *, rule: str | Rule, user: User | None) -> int:
    """Start many clocks by one rule; those that are open already stay. How many were started."""
    key = rule.key if isinstance(rule, Rule) else rule
    rows = list(rows)
    if not rows:
        return 0
    label = rows[0].subject._meta.label_lower
    ids = [str(row.subject.pk) for row in rows]
    taken: set[str] = set()
    for at in range(0, len(ids), CHUNK):
        there = Clock.objects.filter(subject_type=label, subject_id__in=ids[at : at + CHUNK], key=key, state__in=OPEN)
        taken.update(there.values_list("subject_id", flat=True))
    versions = [rule] if isinstance(rule, Rule) else list(Rule.objects.filter(key=key))
    warnings = list(Rule.objects.filter(key=WARN))
    calendar, known, clocks = calendar_now(), {}, []
    for row in rows:
        if str(row.subject.pk) in taken:
            continue
        taken.add(str(row.subject.pk))
        on = day_of(row.started)
        found = rule if isinstance(rule, Rule) else in_force(versions, on, row.division)
        if found is None:
            found = rule_in_force(key, on, row.division)  # says what is missing
        _check_period(found)
        warn = in_force(warnings, on, row.division)
        clocks.append(_new(row, found, calendar, int(warn.value) if warn else 0, known))
    Clock.objects.bulk_create(clocks, batch_size=500)
    ClockEvent.objects.bulk_create(
        (ClockEvent(clock=c, on=c.started_on, kind=EventKind.START, user=user, due_after=c.due_on) for c in clocks),
        batch_size=500,
    )
    if clocks:
        audit_record(
            user=user, action="law.clock.start", obj=clocks[0].rule, after={"rule": key, "clocks": len(clocks)}
        )
    return len(clocks)


@transaction.atomic
def clock_meet(
    *, subject: Model, rule: str, user: User | None, at: dt.date | dt.datetime | None = None
) -> Clock | None:
    """What the clock waited for was done, on the day `at` (default today). None where no clock is open, as when another
    was quicker: to have met a period twice does no harm."""
    clock = _open(subject, rule)
    if clock is None:
        return None
    return clock if _end(clock, ClockState.MET, EventKind.MEET, user, day_of(at)) else None


@transaction.atomic
def clock_cancel(*, subject: Model, rule: str, reason: str, user: User | None) -> Clock | None:
    """The clock's reason fell away (withdrawn, transferred). None where no clock is open."""
    _need(reason, "请写明停止计时的原因。", "Say why the clock is cancelled.")
    clock = _open(subject, rule)
    if clock is None:
        return None
    return clock if _end(clock, ClockState.CANCELLED, EventKind.CANCEL, user, day_of(None), reason) else None


@transaction.atomic
def clock_pause(*, clock: Clock, cause: str, user: User | None, on: dt.date | None = None) -> Clock:
    """Stop counting from the day `on` (default today), for a cause that the rule names. Problem: the rule has no such
    pause, the clock doesn't run, the day lies before the start or after the end."""
    clock = _locked(clock)
    found = next((p for p in clock.rule.pauses if p["key"] == cause), None)
    if found is None:
        raise Problem(
            zh="规则没有这项不计入期限的情形。",
            en=f"The rule doesn't stop the clock for {cause!r}.",
            where=str(clock),
            todo_zh="可选：" + ("、".join(p["zh"] for p in clock.rule.pauses) or "无"),
            todo_en="It has: " + (", ".join(p["key"] for p in clock.rule.pauses) or "none"),
        )
    if clock.state != ClockState.RUNNING:
        raise _not(clock, ClockState.RUNNING)
    on = on or timezone.localdate()
    if not clock.started_on <= on <= clock.due_on or (clock.pauses and on.isoformat() < clock.pauses[-1][1]):
        raise Problem(
            zh=f"{on} 不在这个时限之内。",
            en=f"{on} isn't within this period.",
            where=str(clock),
            todo_zh=f"请填 {clock.started_on} 至 {clock.due_on} 之间、上次恢复之后的日期。",
            todo_en=f"Give a day from {clock.started_on} to {clock.due_on}, after the last pause.",
        )
    before = clock.due_on
    clock.pauses = [*clock.pauses, [on.isoformat(), None]]
    _move(clock, (ClockState.RUNNING,), ClockState.PAUSED, look_at=None)
    _event(clock, EventKind.PAUSE, user, on, before=before, after=before, detail=cause)
    audit_record(user=user, action="law.clock.pause", obj=clock, after={"cause": cause, "on": on.isoformat()})
    return clock


@transaction.atomic
def clock_resume(*, clock: Clock, user: User | None, on: dt.date | None = None) -> Clock:
    """Count again from the day `on` (default today): the days of the pause aren't counted."""
    clock = _locked(clock)
    if clock.state != ClockState.PAUSED:
        raise _not(clock, ClockState.PAUSED)
    on, since = on or timezone.localdate(), clock.pauses[-1][0]
    if on.isoformat() < since:
        raise Problem(
            zh=f"恢复日 {on} 早于中止日 {since}。",
            en=f"It can't go on on {on}, before it was paused on {since}.",
            where=str(clock),
        )
    before = clock.due_on
    clock.pauses = [*clock.pauses[:-1], [since, on.isoformat()]]
    found = clock_due(clock, calendar_now(), _warn(clock.started_on, clock.division))
    _move(clock, (ClockState.PAUSED,), ClockState.RUNNING, found)
    _event(clock, EventKind.RESUME, user, on, before=before, after=clock.due_on)
    audit_record(
        user=user,
        action="law.clock.resume",
        obj=clock,
        before={"due": before.isoformat()},
        after={"due": clock.due_on.isoformat()},
    )
    return clock


@transaction.atomic
def clock_extend(*, clock: Clock, extension: str, reason: str, user: User, value: int | None = None) -> Clock:
    """Lengthen the period by one of its rule's extensions. `value`: how many, where the rule leaves that to whoever
    grants it. Problem: no such extension, granted as often as may be, too late, or not his to grant."""
    clock = _locked(clock)
    _need(reason, "请写明延长的理由。", "Say why it is extended.")
    found = next((e for e in clock.rule.extensions if e["key"] == extension), None)
    if found is None:
        raise Problem(
            zh="规则没有这种延长。",
            en=f"The rule has no extension {extension!r}.",
            where=str(clock),
            todo_zh="可选：" + ("、".join(e["zh"] for e in clock.rule.extensions) or "无"),
            todo_en="It has: " + (", ".join(e["key"] for e in clock.rule.extensions) or "none"),
        )
    if found["by"] in ("head", "collective") and not user.may("law.clock.extend"):
        raise Problem(
            zh=f"“{found['zh']}”须由单位负责人批准。",
            en=f"The extension “{found['en']}” is the head's to grant.",
            where=str(clock),
            todo_zh="请报单位负责人。",
            todo_en="Ask the head of the unit.",
        )
    granted = [e[0] for e in clock.extensions]
    if found.get("times") and granted.count(extension) >= found["times"]:
        raise Problem(
            zh=f"“{found['zh']}”已用 {found['times']} 次，不得再延。",
            en=f"It was extended {found['times']} time(s) already by “{found['en']}”.",
            where=str(clock),
        )
    if (first := found.get("after")) and first not in granted:
        raise Problem(
            zh="须先用前一种延长。",
            en=f"This extension follows another, {first!r}, which wasn't granted yet.",
            where=str(clock),
        )
    number = found.get("value") or value
    if not number or number < 1 or number > 36_500:
        raise Problem(zh="没有写明延长多久。", en="It isn't said for how long.", where=str(clock))
    over = clock.state == ClockState.RUNNING and clock.due_on < timezone.localdate()  # a paused one moves on
    if clock.state == ClockState.LATE or over:
        raise Problem(
            zh=f"时限已于 {clock.due_on} 届满，不能再延长。",
            en=f"The period ended on {clock.due_on}: it can't be extended any more.",
            where=str(clock),
        )
    before = clock.due_on
    clock.extensions = [*clock.extensions, [extension, number, found["unit"]]]
    due_now = clock_due(clock, calendar_now(), _warn(clock.started_on, clock.division))
    state = ClockState(clock.state)
    _move(clock, (ClockState.RUNNING, ClockState.PAUSED), state, due_now, warned_at=None)
    _event(clock, EventKind.EXTEND, user, timezone.localdate(), before, clock.due_on, extension, reason)
    audit_record(
        user=user,
        action="law.clock.extend",
        obj=clock,
        before={"due": before.isoformat()},
        after={"due": clock.due_on.isoformat(), "extension": extension, "reason": reason.strip()},
    )
    return clock


def clock_due(clock: Clock, calendar: Calendar, warn: int) -> Due:
    """When a clock is due, from what its row holds."""
    rule = clock.rule
    return due(
        clock.started_on,
        [(int(rule.value), rule.unit), *((number, unit) for _key, number, unit in clock.extensions)],
        calendar,
        pauses=[(dt.date.fromisoformat(a), dt.date.fromisoformat(b) if b else None) for a, b in clock.pauses],
        rest_day=rule.rest_day,
        before=rule.before,
        warn=warn,
    )


def due_fields(found: Due, state: str) -> dict[str, Any]:
    """The columns that follow from a due day. A running clock is looked at when soon due, then when over."""
    look = morning(found.warn_on) if state == ClockState.RUNNING else None
    return {"due_on": found.on, "warn_on": found.warn_on, "unannounced": found.unannounced, "look_at": look}


def morning(day: dt.date) -> dt.datetime:
    """The first moment of a day where the instance is."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))


def day_of(moment: dt.date | dt.datetime | None) -> dt.date:
    """The day of a moment where the instance is; today for None."""
    if moment is None:
        return timezone.localdate()
    if isinstance(moment, dt.datetime):
        return timezone.localdate(moment) if timezone.is_aware(moment) else moment.date()
    return moment


def _new(row: Start, rule: Rule, calendar: Calendar, warn: int, known: dict) -> Clock:
    started = day_of(row.started)
    clock = Clock(
        rule=rule,
        key=rule.key,
        subject_type=row.subject._meta.label_lower,
        subject_id=str(row.subject.pk),
        title=row.title[:300],
        url=row.url,
        division=row.division,
        assignee=row.assignee,
        role=row.role,
        started_on=started,
    )
    same = (rule.pk, started, warn)
    if same not in known:
        known[same] = clock_due(clock, calendar, warn)
    for name, value in due_fields(known[same], ClockState.RUNNING).items():
        setattr(clock, name, value)
    return clock


def _rule_of(rule: str | Rule, row: Start) -> Rule:
    found = rule if isinstance(rule, Rule) else rule_in_force(rule, day_of(row.started), row.division)
    _check_period(found)
    return found


def _check_period(rule: Rule) -> None:
    if rule.unit not in PERIODS or rule.value is None:
        raise Problem(
            zh=f"规则“{rule.title_zh}”不是期限，不能计时。",
            en=f"The rule “{rule.title_en}” is no period: no clock can run by it.",
            where=rule.key,
        )


def _warn(started: dt.date | dt.datetime, division: str) -> int:
    found = in_force(Rule.objects.filter(key=WARN), day_of(started), division)
    return int(found.value) if found and found.value else 0


def _open(subject: Model, key: str) -> Clock | None:
    return (
        Clock.objects.filter(
            key=key, subject_type=subject._meta.label_lower, subject_id=str(subject.pk), state__in=OPEN
        )
        .select_related("rule")
        .first()
    )


def _locked(clock: Clock) -> Clock:
    """The clock as it is now, held until the transaction ends."""
    return Clock.objects.select_for_update(of=("self",)).select_related("rule").get(pk=clock.pk)


def _move(clock: Clock, sources: tuple[str, ...], target: str, found: Due | None = None, **more: Any) -> None:
    fields = (due_fields(found, target) if found else {}) | more
    fields |= {"state": target, "pauses": clock.pauses, "extensions": clock.extensions}
    if Clock.objects.filter(pk=clock.pk, state__in=sources).update(**fields) != 1:
        clock.refresh_from_db()
        raise _not(clock, *sources)
    for name, value in fields.items():
        setattr(clock, name, value)


def _end(clock: Clock, target: str, kind: str, user: User | None, on: dt.date, reason: str = "") -> bool:
    if Clock.objects.filter(pk=clock.pk, state__in=OPEN).update(state=target, ended_on=on, look_at=None) != 1:
        return False
    before, clock.state, clock.ended_on, clock.look_at = clock.state, target, on, None
    _event(clock, kind, user, on, before=clock.due_on, after=clock.due_on, reason=reason)
    audit_record(
        user=user,
        action=f"law.clock.{kind}",
        obj=clock,
        before={"state": str(before)},
        after={"on": on.isoformat(), "late": on > clock.due_on, "reason": reason.strip()},
    )
    return True


def _event(
    clock: Clock,
    kind: str,
    user: User | None,
    on: dt.date,
    before: dt.date | None = None,
    after: dt.date | None = None,
    detail: str = "",
    reason: str = "",
) -> None:
    ClockEvent.objects.create(
        clock=clock,
        kind=kind,
        user=user,
        on=on,
        due_before=before,
        due_after=after,
        detail=detail,
        reason=reason.strip(),
    )


def _need(text: str, zh: str, en: str) -> None:
    if not text.strip():
        raise Problem(zh=zh, en=en)


def _not(clock: Clock, *states: str) -> Problem:
    wanted = [ClockState(s) for s in states]
    return Problem(
        zh=f"这个时限现为“{clock.get_state_display()}”。",
        en=f"The clock is {clock.state}; this needs it to be {' or '.join(s.value for s in wanted)}.",
        where=str(clock),
    )
