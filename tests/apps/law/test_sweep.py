"""Clocks that are soon due or late are marked exactly once, at midnight where the instance is, whatever fails."""

import datetime as dt

import pytest

from mingcha.apps.law import hooks
from mingcha.apps.law.models import Clock
from mingcha.apps.law.services import clock_meet, clocks_sweep
from mingcha.apps.notices.models import Notification

pytestmark = pytest.mark.django_db


def at(text):
    """A moment in Shanghai."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.timezone(dt.timedelta(hours=8)))


@pytest.fixture
def told(monkeypatch):
    """What the hooks were told: (which, the clock's subject)."""
    said = []
    monkeypatch.setattr(hooks, "ON_WARN", [lambda c: said.append(("warn", c.subject_id))])
    monkeypatch.setattr(hooks, "ON_LATE", [lambda c: said.append(("late", c.subject_id))])
    return said


def test_warned_then_late_each_once(clock, told):
    found = clock("case.serve", "2026-09-28")  # 29, 30 September, 8, 9, 10 October (a worked Saturday), 12, 13
    assert found.due_on == dt.date(2026, 10, 13) and found.warn_on == dt.date(2026, 10, 9)
    assert clocks_sweep(at("2026-10-08T23:59:59")).warned == 0
    assert clocks_sweep(at("2026-10-09T00:00:01")).warned == 1
    assert clocks_sweep(at("2026-10-13T23:59:59")).late == 0  # it ends at 24:00
    assert clocks_sweep(at("2026-10-14T00:00:01")).late == 1
    assert clocks_sweep(at("2026-10-20T00:00:00")).late == 0
    assert [kind for kind, _subject in told] == ["warn", "late"]
    assert [e.kind for e in found.events.all()] == ["start", "warn", "late"]


def test_a_clock_that_passes_midnight_in_a_holiday(clock, told):
    found = clock("complaint.accept", "2026-09-22")  # 23, 24, 28, 29, 30 September, 8, 9 October
    assert found.due_on == dt.date(2026, 10, 9)
    for day in range(1, 9):
        assert clocks_sweep(at(f"2026-10-0{day}T00:00:01")).late == 0
    assert clocks_sweep(at("2026-10-10T00:00:01")).late == 1


def test_slept_through_it_is_late_at_once(clock, told):
    clock("case.serve", "2026-09-28")
    done = clocks_sweep(at("2026-11-01T08:00:00"))
    assert (done.warned, done.late) == (0, 1) and [kind for kind, _s in told] == ["late"]


def test_what_is_met_is_left_alone(clock, bureau, told):
    clock("case.serve", "2026-09-28")
    clock_meet(subject=bureau.children.get(code="980101"), rule="case.serve", user=None, at=dt.date(2026, 10, 8))
    assert clocks_sweep(at("2026-11-01T08:00:00")).late == 0 and not told


def test_one_bad_row_doesn_t_stop_the_loop_and_comes_again(clock, told, caplog):
    bad, good = clock("case.serve", "2026-09-28"), clock("case.serve", "2026-09-28", subject="980102")

    def fail(c):
        if c.pk == bad.pk:
            raise RuntimeError("no mail today")

    hooks.ON_LATE.append(fail)
    done = clocks_sweep(at("2026-10-14T00:00:01"))
    assert (done.late, done.failed) == (1, 1)
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.state, good.state) == ("running", "late") and bad.events.count() == 1
    assert clocks_sweep(at("2026-10-14T00:05:00")).failed == 0  # not at once
    hooks.ON_LATE.remove(fail)
    assert clocks_sweep(at("2026-10-14T00:11:00")).late == 1


def test_a_row_that_another_loop_has_is_left_to_it(clock, told, monkeypatch):
    found = clock("case.serve", "2026-09-28")
    real = Clock.objects.filter

    def stolen(*args, **kwargs):
        if "look_at" in kwargs:  # the other claims it between our reading and our claiming
            real(pk=found.pk).update(look_at=at("2026-10-14T00:10:00"))
        return real(*args, **kwargs)

    monkeypatch.setattr(Clock.objects, "filter", stolen)
    assert clocks_sweep(at("2026-10-14T00:00:01")).late == 0 and not told


def test_whoever_it_concerns_is_told(clock, person):
    officer, head = person("officer", "980101"), person("head", "980102")
    clock("case.serve", "2026-09-28", assignee=officer)
    clock("case.serve", "2026-09-28", subject="980102", role="head")
    clocks_sweep(at("2026-10-14T00:00:01"))
    assert {n.user for n in Notification.objects.all()} == {officer, head}
