"""How periods are counted: known answers around real holidays, and what must always hold."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingcha.apps.law.rules import Calendar, due, in_force, left

CALENDAR = Calendar()


def day(text):
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("start", "number", "unit", "ends"),
    [
        # Spring Festival 2026: off 15-23 February, worked on Saturdays 14 and 28 February
        ("2026-02-12", 2, "working_day", "2026-02-14"),
        ("2026-02-12", 3, "working_day", "2026-02-24"),
        ("2026-02-13", 7, "working_day", "2026-03-02"),
        ("2026-02-27", 1, "working_day", "2026-02-28"),
        ("2026-02-10", 5, "calendar_day", "2026-02-24"),  # the 15th is off, as are the eight days after it
        ("2026-02-10", 4, "calendar_day", "2026-02-14"),  # a Saturday that is worked
        # National Day and Mid-Autumn 2025: off 1-8 October, worked on 28 September and 11 October
        ("2025-09-26", 3, "working_day", "2025-09-30"),
        ("2025-09-30", 1, "working_day", "2025-10-09"),
        ("2025-09-30", 3, "working_day", "2025-10-11"),
        ("2025-09-05", 30, "calendar_day", "2025-10-09"),
        # National Day 2026: off 1-7 October, worked on 20 September and 10 October
        ("2026-09-30", 3, "working_day", "2026-10-10"),
        ("2026-09-18", 1, "working_day", "2026-09-20"),
        # a month has its corresponding day or its last; a day of rest moves on
        ("2026-01-31", 1, "month", "2026-02-28"),
        ("2024-02-29", 1, "year", "2025-02-28"),
        ("2026-04-01", 1, "month", "2026-05-06"),  # Labour Day, off until the 5th
    ],
)
def test_known_answers(start, number, unit, ends):
    assert due(day(start), [(number, unit)], CALENDAR).on == day(ends)


def test_a_law_may_keep_a_last_day_of_rest():
    kept = due(day("2026-02-10"), [(5, "calendar_day")], CALENDAR, rest_day="keep")
    assert kept.on == day("2026-02-15") and kept.unannounced is None
    assert due(day("2023-02-28"), [(3, "year")], CALENDAR, rest_day="keep").on == day("2026-02-28")


def test_a_notice_counts_back_from_the_hearing():
    # hearing on Monday 12 October 2026: 10 October is worked, 1-7 are off
    found = due(day("2026-10-12"), [(7, "working_day")], CALENDAR, before=True).on
    assert CALENDAR.working_days(found, day("2026-10-12")) == 7
    assert CALENDAR.works(found)


def test_extensions_follow_each_other():
    assert (
        due(day("2026-03-02"), [(15, "working_day"), (15, "working_day")], CALENDAR).on
        == due(day("2026-03-02"), [(30, "working_day")], CALENDAR).on
    )
    assert due(day("2026-01-31"), [(1, "month"), (1, "month")], CALENDAR).on == day("2026-03-31")
    both = due(day("2026-03-02"), [(10, "calendar_day"), (2, "working_day")], CALENDAR).on
    assert both == day("2026-03-16")  # the 12th, then Friday and Monday


def test_days_of_a_pause_are_not_counted():
    plain = due(day("2026-03-02"), [(30, "calendar_day")], CALENDAR, rest_day="keep").on
    pause = [(day("2026-03-10"), day("2026-03-24"))]
    assert due(
        day("2026-03-02"), [(30, "calendar_day")], CALENDAR, pauses=pause, rest_day="keep"
    ).on == plain + dt.timedelta(14)
    worked = due(day("2026-03-02"), [(15, "working_day")], CALENDAR, pauses=pause).on
    assert worked == due(day("2026-03-02"), [(25, "working_day")], CALENDAR).on
    assert due(day("2026-03-02"), [(1, "month")], CALENDAR, pauses=pause, rest_day="keep").on == day("2026-04-16")
    same_day = [(day("2026-03-10"), day("2026-03-10"))]
    assert due(day("2026-03-02"), [(30, "calendar_day")], CALENDAR, pauses=same_day, rest_day="keep").on == plain


def test_a_year_that_is_not_announced_is_named():
    found = due(day("2026-12-28"), [(7, "working_day")], CALENDAR)
    assert found.unannounced == 2027
    assert due(day("2026-12-20"), [(7, "working_day")], CALENDAR).unannounced is None
    assert due(day("2026-12-28"), [(30, "calendar_day")], CALENDAR).unannounced == 2027
    assert due(day("2026-12-28"), [(3, "year")], CALENDAR, rest_day="keep").unannounced is None
    told = Calendar({day("2027-01-04"): False}, frozenset({2027}))
    later = due(day("2026-12-28"), [(7, "working_day")], told)
    assert later.unannounced is None and later.on == due(found.on, [(1, "working_day")], CALENDAR).on


def test_soon_due_in_the_period_s_own_unit():
    assert due(day("2026-02-12"), [(7, "working_day")], CALENDAR, warn=3).warn_on == day("2026-02-25")
    assert due(day("2026-03-02"), [(30, "calendar_day")], CALENDAR, warn=3).warn_on == day("2026-03-29")


def test_time_left():
    assert left(day("2026-02-14"), day("2026-02-25"), "working_day", CALENDAR) == 2
    assert left(day("2026-02-25"), day("2026-02-25"), "working_day", CALENDAR) == 0
    assert left(day("2026-02-28"), day("2026-02-13"), "working_day", CALENDAR) == -6
    assert left(day("2026-02-28"), day("2026-02-13"), "calendar_day", CALENDAR) == -15


DAYS = st.dates(dt.date(2024, 1, 1), dt.date(2026, 6, 30))


@given(DAYS, st.integers(1, 60))
def test_working_days_are_as_many_as_said(start, number):
    found = due(start, [(number, "working_day")], CALENDAR)
    assert CALENDAR.works(found.on)
    assert CALENDAR.working_days(start, found.on) == number


@given(DAYS, st.integers(1, 400), st.sampled_from(["calendar_day", "month", "year"]))
def test_a_period_ends_on_a_working_day_and_no_earlier_one_would_do(start, number, unit):
    number = min(number, 5) if unit == "year" else min(number, 40) if unit == "month" else number
    kept = due(start, [(number, unit)], CALENDAR, rest_day="keep").on
    moved = due(start, [(number, unit)], CALENDAR).on
    assert CALENDAR.works(moved) and moved >= kept > start
    assert not any(CALENDAR.works(kept + dt.timedelta(n)) for n in range((moved - kept).days))


@given(DAYS, st.integers(1, 40), st.integers(1, 40), st.sampled_from(["working_day", "calendar_day", "month"]))
def test_longer_ends_no_earlier(start, one, two, unit):
    ends = [due(start, [(n, unit)], CALENDAR).on for n in sorted((one, two))]
    assert ends[0] <= ends[1]


@given(
    DAYS, st.integers(5, 60), st.integers(1, 4), st.integers(0, 30), st.sampled_from(["working_day", "calendar_day"])
)
def test_a_pause_never_shortens_and_its_days_do_not_count(start, number, after, length, unit):
    first = start + dt.timedelta(after)
    pause = (first, first + dt.timedelta(length))
    plain = due(start, [(number, unit)], CALENDAR, rest_day="keep").on
    paused = due(start, [(number, unit)], CALENDAR, pauses=[pause], rest_day="keep").on
    assert plain <= paused <= due(plain, [(length, unit)], CALENDAR, rest_day="keep").on
    if unit == "calendar_day":
        assert (paused - plain).days == length


@given(DAYS, st.integers(1, 30))
def test_counting_back_mirrors_counting_on(start, number):
    back = due(start, [(number, "working_day")], CALENDAR, before=True).on
    assert back < start and CALENDAR.working_days(back - dt.timedelta(1), start - dt.timedelta(1)) == number


class Version:
    def __init__(self, division, first, last=None):
        self.division, self.effective_from, self.effective_to = division, day(first), last and day(last)


def test_the_version_in_force():
    old, new = Version("", "2020-01-01", "2026-04-14"), Version("", "2026-04-15")
    local, passing = Version("9801", "2026-01-01"), Version("", "2026-06-01", "2026-06-30")
    rows = [old, new, local, passing]
    assert in_force(rows, day("2026-04-14")) is old
    assert in_force(rows, day("2026-04-15")) is new
    assert in_force(rows, day("2026-06-15")) is passing
    assert in_force(rows, day("2026-07-01")) is new
    assert in_force(rows, day("2026-06-15"), "980101") is local
    assert in_force(rows, day("2025-12-31"), "980101") is old
    assert in_force(rows, day("2026-06-15"), "98") is passing
    assert in_force(rows, day("2019-12-31")) is None
