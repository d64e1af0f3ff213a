"""Two clerks at one moment, each with a connection of his own."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from mingcha.apps.accounts.models import Unit
from mingcha.apps.accounts.services import unit_save, user_create
from mingcha.apps.law.models import Clock, ClockEvent
from mingcha.apps.law.services import clock_extend, clock_meet, clock_start, clocks_sweep
from mingcha.problems import Problem

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's writers wait for each other"),
]


@pytest.fixture
def both():
    """both(act) -> what each of two threads got from act(), which begin together."""

    def run(act):
        start = Barrier(2)

        def one():
            start.wait()
            try:
                return act()
            except Problem as problem:
                return problem
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pool:
            return [future.result() for future in [pool.submit(one), pool.submit(one)]]

    return run


@pytest.fixture
def start():
    unit = unit_save(code="980101", name="临江分局", division="980101")

    def begin(rule="case.seizure", started=None):
        started = started or dt.date.today()
        subject = Unit.objects.get(pk=unit.pk)
        return clock_start(
            rule=rule, subject=subject, title="事项", url="/", division="980101", started=started, user=None
        )

    return begin


def test_started_twice_is_one_clock(both, start):
    one, two = both(start)
    assert one == two and Clock.objects.count() == 1 and ClockEvent.objects.count() == 1


def test_met_twice_is_met_once(both, start):
    unit = Unit.objects.get(pk=start().subject_id)
    got = both(lambda: clock_meet(subject=unit, rule="case.seizure", user=None))
    assert sorted(g is None for g in got) == [False, True]
    assert ClockEvent.objects.filter(kind="meet").count() == 1


def test_extended_twice_is_refused_once(both, start):
    found = start()
    head = user_create(username="head", password="Cloud-Ting-2026", role="head", unit=Unit.objects.get())
    got = both(lambda: clock_extend(clock=found, extension="complex", reason="复杂", user=head))
    assert sorted(isinstance(g, Problem) for g in got) == [False, True]
    assert len(Clock.objects.get().extensions) == 1


def test_two_loops_mark_once(both, start):
    start(started=dt.date.today() - dt.timedelta(60))
    got = both(clocks_sweep)
    assert sum(g.late for g in got) == 1 and ClockEvent.objects.filter(kind="late").count() == 1
