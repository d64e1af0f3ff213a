"""Writes: corrections of the calendar. Clocks that run across a corrected day are worked out anew, with an event."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable, Iterable

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.permissions import whole_bureau
from mingcha.apps.accounts.services import audit_record
from mingcha.problems import Problem

from .. import hooks
from ..choices import OPEN, ClockState, EventKind
from ..models import CalendarDay, CalendarYear, Clock, ClockEvent, Rule
from ..rules import Calendar, in_force
from ..selectors import calendar_forget, calendar_now
from .clocks import CHUNK, WARN, clock_due, due_fields

AT_ONCE = 5_000  # clocks that a request works out anew itself; beyond, the worker


@transaction.atomic
def calendar_day_set(*, day: dt.date, works: bool, reason: str, user: User | None, wait: bool = True) -> int | None:
    """Make a day a working day or a day of rest. How many clocks moved. `wait` False: where there are more than
    AT_ONCE to be worked out anew the worker does it, and None is given."""
    _check_say(user)
    _need(reason, day)
    before = CalendarDay.objects.filter(day=day).first()
    row, _made = CalendarDay.objects.update_or_create(
        day=day, defaults={"works": works, "reason": reason.strip()[:200], "made_by": user}
    )
    moved = _changed([day], user, wait)
    audit_record(
        user=user,
        action="law.calendar.change",
        obj=row,
        before=before and {"works": before.works, "reason": before.reason},
        after={"works": works, "reason": row.reason, "clocks": moved},
    )
    return moved


@transaction.atomic
def calendar_day_clear(*, day: dt.date, user: User | None, wait: bool = True) -> int | None:
    """Take a correction back. How many clocks moved; `wait` as in calendar_day_set."""
    _check_say(user)
    row = CalendarDay.objects.filter(day=day).first()
    if row is None:
        return 0
    CalendarDay.objects.filter(day=day).delete()
    moved = _changed([day], user, wait)
    audit_record(
        user=user,
        action="law.calendar.change",
        obj=row,
        before={"works": row.works, "reason": row.reason},
        after={"works": None, "clocks": moved},
    )
    return moved


@transaction.atomic
def calendar_import(
    *, year: int, text: str, source: str, user: User | None, wait: bool = True
) -> tuple[int, int | None]:
    """Take the State Council's arrangement of a year over, as lines or CSV (see `arrangement`). What was corrected in
    that year before goes. How many days it says something of, and how many clocks moved; `wait` as in
    calendar_day_set."""
    _check_say(user)
    days = arrangement(year, text)
    source = source.strip()
    _need(source, dt.date(year, 1, 1))
    before = dict(CalendarDay.objects.filter(day__year=year).values_list("day", "works"))
    CalendarDay.objects.filter(day__year=year).delete()
    CalendarDay.objects.bulk_create(
        CalendarDay(day=day, works=works, reason=(name or source)[:200], made_by=user)
        for day, (works, name) in sorted(days.items())
    )
    row, _made = CalendarYear.objects.update_or_create(year=year, defaults={"source": source[:200], "made_by": user})
    moved = _changed([dt.date(year, 1, 1), dt.date(year, 12, 31)], user, wait)
    audit_record(
        user=user,
        action="law.calendar.import",
        obj=row,
        before={d.isoformat(): works for d, works in sorted(before.items())},
        after={"source": source, "days": {d.isoformat(): w for d, (w, _n) in sorted(days.items())}, "clocks": moved},
    )
    return len(days), moved


_DAY = r"(?:(\d{4})\s*[-年/.]\s*)?(\d{1,2})\s*[-月/.]\s*(\d{1,2})\s*日?"
_SPAN = re.compile(
    _DAY + r"(?:\s*[（(][^）)]*[）)])?"  # 10月1日（周四）
    r"(?:\s*(?:至|到|-{1,2}|—{1,2}|–|~|～|\.\.)\s*(?:" + _DAY + r"|(\d{1,2})\s*日)(?:\s*[（(][^）)]*[）)])?)?"
)
_REST, _WORK = re.compile(r"放假|休息|调休|休$|\brest\b|\boff\b|\bholiday\b", re.I), re.compile(r"上班|\bwork\b", re.I)


def arrangement(year: int, text: str) -> dict[dt.date, tuple[bool, str]]:
    """Days of rest and of work as the State Council's notice or a CSV says them: day -> (works, name of the holiday).

    Lines like 「春节：2月15日（周日）至23日（周一）放假调休，共9天。2月14日（周六）、2月28日上班。」, or
    `2027-02-06,rest,春节`.
    Problem names the line that says nothing, or a day that doesn't exist or lies in another year.
    """
    days: dict[dt.date, tuple[bool, str]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#") or re.match(r"\s*(day|日期)\s*,", line, re.I):
            continue
        found = list(_of_line(year, number, line))
        if not found:
            raise _line(number, line, "这一行看不出哪些天放假、哪些天上班。", "It doesn't say which days are off.")
        for day, works, name in found:
            if day in days and days[day][0] != works:
                raise _line(number, line, f"{day} 前后说法不一。", f"{day} is said to be both off and worked.")
            days[day] = (works, name)
    if not days:
        raise Problem(
            zh="没有内容。",
            en="There is nothing in it.",
            where=str(year),
            todo_zh="请粘贴国务院办公厅节假日安排的通知，每个节日一行。",
            todo_en="Paste the notice of the State Council, one holiday a line.",
        )
    return days


def _of_line(year: int, number: int, line: str) -> Iterable[tuple[dt.date, bool, str]]:
    title = re.sub(r"^\s*[一二三四五六七八九十\d]+[、.．]\s*(?!\d)", "", line)
    name = re.split("[：:]", title)[0].strip() if re.search("[：:]", title) else ""
    cells = [c.strip() for c in line.split(",")]
    if len(cells) >= 2 and re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}", cells[0]):
        name = cells[2] if len(cells) > 2 else ""
    body = line.split("：", 1)[-1] if "：" in line else line
    for clause in re.split(r"[。；;]", body):
        works = bool(_WORK.search(clause))
        if not works and not _REST.search(clause):
            if _SPAN.search(clause):
                raise _line(
                    number,
                    line,
                    "有日期，但没有写明放假还是上班。",
                    "It doesn't say whether these days are off.",
                )
            continue
        if works and _REST.search(clause):
            raise _line(
                number,
                line,
                "放假和上班请用句号或分号隔开。",
                "Off and worked need a stop between them.",
            )
        for match in _SPAN.finditer(clause):
            y1, m1, d1, y2, m2, d2, d3 = match.groups()
            first = _date(number, line, y1 or year, m1, d1)
            last = _date(number, line, y2 or y1 or year, m2 or m1, d2 or d3) if d2 or d3 else first
            if last < first or (last - first).days > 31:
                raise _line(number, line, "起止日期颠倒或过长。", "The last day lies before the first, or too far off.")
            for n in range((last - first).days + 1):
                day = first + dt.timedelta(days=n)
                if day.year != year:
                    raise _line(number, line, f"{day} 不在 {year} 年。", f"{day} isn't in {year}.")
                yield day, works, name


def _date(number: int, line: str, year, month, day) -> dt.date:
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        raise _line(
            number, line, f"没有 {year}-{month}-{day} 这一天。", f"There is no day {year}-{month}-{day}."
        ) from None


def _line(number: int, line: str, zh: str, en: str) -> Problem:
    return Problem(zh=zh, en=en, where=f"{number}: {line.strip()[:80]}")


def _check_say(user: User | None) -> None:
    """The calendar moves everybody's clocks: it is the bureau's own to change."""
    if user is not None and not whole_bureau(user):
        raise Problem(
            zh="工作日历全局适用，只能由最上级单位更正。",
            en="The calendar holds for everyone: only the bureau itself changes it.",
            where=str(user.unit or ""),
            todo_zh="请报上级单位办理。",
            todo_en="Ask an administrator of the bureau.",
        )


def _need(reason: str, day: dt.date) -> None:
    if not reason.strip():
        raise Problem(
            zh="没有写明依据。",
            en="The reason is missing.",
            where=day.isoformat(),
            todo_zh="请写明依据的通知或文号。",
            todo_en="Name the notice that it follows.",
        )


def _changed(days: list[dt.date], user: User | None, wait: bool) -> int | None:
    transaction.on_commit(calendar_forget)
    first, last = min(days), max(days)
    if not wait and hooks.LATER and _touched(first, last).order_by()[: AT_ONCE + 1].count() > AT_ONCE:
        for later in hooks.LATER:
            later(first, last, user)
        return None
    return clocks_recalculate(first, last)


def _touched(first: dt.date, last: dt.date) -> QuerySet[Clock]:
    """The open clocks whose period touches these days."""
    return Clock.objects.filter(state__in=OPEN).filter(
        _reaches(first, last, "started_on", "due_on") | _reaches(first, last, "due_on", "started_on")
    )


def clocks_recalculate(
    first: dt.date, last: dt.date, *, progress: Callable[[int, int], None] = lambda done, total: None
) -> int:
    """Work out anew the open clocks whose period touches [first, last]; how many moved. A late clock whose last day
    turns out to be to come runs again. In sets: clocks that began on one day by one rule move together. Where the
    calendar is corrected once more meanwhile they are worked out once more."""
    moved, used = 0, None
    while (calendar := calendar_now()) != used:
        moved += _recalculate(first, last, calendar, progress)
        used = calendar
    return moved


@transaction.atomic
def _recalculate(first: dt.date, last: dt.date, calendar: Calendar, progress: Callable[[int, int], None]) -> int:
    today = timezone.localdate()
    warnings = list(Rule.objects.filter(key=WARN))
    touched = _touched(first, last)
    total, read = 2 * touched.count(), 0  # read, then written
    known: dict[tuple, dict] = {}
    moves: dict[tuple, list[tuple[int, dt.date]]] = defaultdict(list)
    for clock in touched.select_related("rule").iterator(chunk_size=2000):
        read += 1
        progress(read, total)
        warn = in_force(warnings, clock.started_on, clock.division)
        same = (clock.rule_id, clock.started_on, str(clock.pauses), str(clock.extensions), warn and warn.value)
        if same not in known:
            found = clock_due(clock, calendar, int(warn.value) if warn and warn.value else 0)
            known[same] = due_fields(found, ClockState.RUNNING)
        fields = known[same]
        state = ClockState(clock.state)
        if state == ClockState.LATE and fields["due_on"] >= today:
            state = ClockState.RUNNING
        if (clock.due_on, clock.warn_on, clock.unannounced, clock.state) != (
            fields["due_on"],
            fields["warn_on"],
            fields["unannounced"],
            state,
        ):
            moves[(same, clock.state, state)].append((clock.pk, clock.due_on))
    moved = 0
    for (same, old_state, state), clocks in moves.items():
        fields = dict(known[same]) | {"state": state}
        if state != ClockState.RUNNING:
            fields["look_at"] = None
        if old_state == ClockState.LATE and state == ClockState.RUNNING:
            fields["late_at"] = None
        for at in range(0, len(clocks), CHUNK):
            part = clocks[at : at + CHUNK]
            progress(read + moved, total)
            Clock.objects.filter(pk__in=[pk for pk, _due in part], state=old_state).update(**fields)
            events = [
                ClockEvent(
                    clock_id=pk, kind=EventKind.RECALCULATED, on=today, due_before=before, due_after=fields["due_on"]
                )
                for pk, before in part
                if before != fields["due_on"]
            ]
            ClockEvent.objects.bulk_create(events)
            moved += len(events)
    return moved


def _reaches(first: dt.date, last: dt.date, low: str, high: str) -> Q:
    return Q(**{f"{low}__lte": last, f"{high}__gte": first})
