"""How a period is counted. Pure: days in, days out.

The day of the start isn't counted; the period ends at 24:00 of its last day. Working days follow the calendar. Months
and years end on the corresponding day, or on the last of a month that has none. A period in days, months or years whose
last day is a day of rest ends on the next working day (Civil Code arts. 201-203), unless its rule says otherwise. Days
of a pause aren't counted: from the day it begins up to the day before the clock goes on.
"""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

Period = tuple[int, str]  # how many, of which unit: "working_day", "calendar_day", "month", "year"
Pause = tuple[dt.date, dt.date | None]  # from, to (not in it); None: still on
ONE = dt.timedelta(days=1)


@cache
def _library() -> tuple[frozenset[dt.date], frozenset[dt.date], frozenset[int]]:
    """Days of rest and make-up working days as the State Council arranged them, and the years that are known."""
    from chinese_calendar import constants

    return (
        frozenset(constants.holidays),
        frozenset(constants.workdays),
        frozenset(day.year for day in constants.holidays),
    )


@dataclass(frozen=True)
class Calendar:
    """Which days are worked: an administrator's corrections over the kept library; a year that neither knows has its
    weekdays. `announced`: years that an administrator took over."""

    corrections: Mapping[dt.date, bool] = field(default_factory=dict)
    announced: frozenset[int] = frozenset()

    def works(self, day: dt.date) -> bool:
        if (corrected := self.corrections.get(day)) is not None:
            return corrected
        rest, make_up, _years = _library()
        return (day.weekday() < 5 and day not in rest) or day in make_up

    def knows(self, year: int) -> bool:
        """Whether the holidays of `year` are announced."""
        return year in self.announced or year in _library()[2]

    def holiday(self, day: dt.date) -> bool:
        """Whether `day` is off, or worked, against its weekday."""
        return self.works(day) != (day.weekday() < 5)

    def working_days(self, after: dt.date, until: dt.date) -> int:
        """Working days in (after, until]; negative where `until` lies before."""
        if until < after:
            return -self.working_days(until, after)
        return sum(self.works(after + dt.timedelta(days=n)) for n in range(1, (until - after).days + 1))

    def unknown(self, first: dt.date, last: dt.date) -> int | None:
        """The first year of [first, last] whose holidays aren't announced."""
        first, last = min(first, last), max(first, last)
        return next((year for year in range(first.year, last.year + 1) if not self.knows(year)), None)


@dataclass(frozen=True)
class Due:
    """The last day of a period, the day from which it is soon due, and the first year it depends on whose holidays
    aren't announced."""

    on: dt.date
    warn_on: dt.date
    unannounced: int | None = None


def due(
    start: dt.date,
    periods: Sequence[Period],
    calendar: Calendar,
    *,
    pauses: Iterable[Pause] = (),
    rest_day: str = "next",
    before: bool = False,
    warn: int = 0,
) -> Due:
    """When the `periods`, one after the other, end that began on `start`.

    `before`: they are counted back from `start`; the due day is the last on which the act is still in time. `warn`: how
    long before the due day it is soon due, in the first period's unit if that is working days, else in days.
    """
    step = -ONE if before else ONE
    # A pause that is still on takes no days yet: the due day is what it was when the pause began.
    paused = [(first, last) for first, last in pauses if last and last > first]
    day = start
    for number, unit in _joined(periods):
        if unit == "working_day":
            day = _count(day, number, step, lambda d: calendar.works(d) and not _within(d, paused))
        elif unit == "calendar_day":
            day = _count(day, number, step, lambda d: not _within(d, paused))
        else:
            target = months_after(day, (12 if unit == "year" else 1) * number * (-1 if before else 1))
            lost = sum(max(0, (last - max(first, day + ONE)).days) for first, last in paused)
            day = _shifted(target, lost, step)
    end = day
    rolls = rest_day == "next"
    while rolls and not calendar.works(end):
        end += step
    by_work = any(unit == "working_day" for _number, unit in periods)
    unknown = calendar.unknown(start + step if by_work else day, end) if by_work or rolls else None
    warn_on = end
    if warn:
        warn_on = (
            _count(end, warn, -ONE, calendar.works) if periods[0][1] == "working_day" else _shifted(end, warn, -ONE)
        )
    return Due(end, warn_on, unknown)


def left(today: dt.date, due_on: dt.date, unit: str, calendar: Calendar) -> int:
    """How many (working) days are left after today; 0: it ends today; negative: it is over by so many."""
    return calendar.working_days(today, due_on) if unit == "working_day" else (due_on - today).days


def in_force(rows: Iterable, on: dt.date, division: str = ""):
    """Of one key's versions (`effective_from`, `effective_to`, `division`) the one in force on a day in a division:
    the most specific division first, of those the one that began last. None where there is none."""
    fitting = (
        row
        for row in rows
        if division.startswith(row.division)
        and row.effective_from <= on
        and (row.effective_to is None or on <= row.effective_to)
    )
    return max(fitting, key=lambda row: (len(row.division), row.effective_from), default=None)


def _joined(periods: Sequence[Period]) -> list[Period]:
    """Periods of one unit that follow each other run as one: 1 + 1 months from 31 January end on 31 March."""
    joined: list[Period] = []
    for number, unit in periods:
        if joined and joined[-1][1] == unit:
            joined[-1] = (joined[-1][0] + number, unit)
        else:
            joined.append((number, unit))
    return joined


def _count(day: dt.date, number: int, step: dt.timedelta, counts) -> dt.date:
    while number > 0:
        day += step
        number -= bool(counts(day))
    return day


def _within(day: dt.date, paused: Sequence[tuple[dt.date, dt.date]]) -> bool:
    return any(first <= day < last for first, last in paused)


def months_after(day: dt.date, number: int) -> dt.date:
    """The same day so many months later (earlier, where negative), or the month's last."""
    index = day.year * 12 + day.month - 1 + number
    year, month = index // 12, index % 12 + 1
    return dt.date(year, month, min(day.day, monthrange(year, month)[1]))


def _shifted(day: dt.date, days: int, step: dt.timedelta) -> dt.date:
    return day + days * step
