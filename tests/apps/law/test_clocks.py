"""A clock's life: start, pause, extend, meet; twice, too late, and by two at once."""

import datetime as dt

import pytest

from mingcha.apps.accounts.models import AuditRecord, Unit
from mingcha.apps.law.choices import ClockState
from mingcha.apps.law.models import Clock, ClockEvent
from mingcha.apps.law.selectors import clock_people, clock_running, clocks_due, clocks_of, rule_in_force
from mingcha.apps.law.services import (
    clock_cancel,
    clock_extend,
    clock_meet,
    clock_pause,
    clock_resume,
    clocks_start,
)
from mingcha.apps.law.services.clocks import Start, day_of
from mingcha.problems import Problem

pytestmark = pytest.mark.django_db


def day(text):
    return dt.date.fromisoformat(text)


def unit(code="980101"):
    return Unit.objects.get(code=code)


def test_a_clock_starts_by_the_rule_of_that_day(clock):
    old, new = clock("complaint.mediate", "2026-04-14"), clock("complaint.mediate", "2026-04-15", subject="980102")
    assert old.rule.unit == "working_day" and old.due_on == day("2026-06-18")
    assert new.rule.unit == "calendar_day" and new.due_on == day("2026-06-15")  # the 14th is a Sunday
    assert [e.kind for e in old.events.all()] == ["start"]
    assert AuditRecord.objects.filter(action="law.clock.start").count() == 2


def test_a_moment_before_midnight_is_that_day_s_where_the_instance_is():
    late = dt.datetime(2026, 11, 19, 23, 59, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    same = dt.datetime(2026, 11, 19, 16, 1, tzinfo=dt.UTC)  # 00:01 on the 20th in Shanghai
    assert day_of(late) == day("2026-11-19") and day_of(same) == day("2026-11-20")


def test_a_second_start_changes_nothing(clock):
    first = clock("complaint.accept", "2026-11-10")
    assert clock("complaint.accept", "2026-11-19") == first
    assert clock("complaint.mediate", "2026-11-10") != first
    assert ClockEvent.objects.filter(clock=first).count() == 1
    clock_meet(subject=unit(), rule="complaint.accept", user=None, at=day("2026-11-12"))
    assert clock("complaint.accept", "2026-11-19") != first  # once it ended, the period may run anew


def test_no_clock_by_a_rule_that_is_no_period(clock):
    with pytest.raises(Problem, match="is no period"):
        clock("supervision.visit.cap", "2026-11-10")


def test_many_at_once(bureau, django_assert_max_num_queries):
    Unit.objects.bulk_create(Unit(code=f"u{n}", name=str(n), division="980101") for n in range(1200))
    rows = [Start(u, u.name, "/", u.division, day("2026-11-10")) for u in Unit.objects.filter(code__startswith="u")]
    with django_assert_max_num_queries(60):
        assert clocks_start(rows, rule="supervision.result.publish", user=None) == 1200
    assert clocks_start([*rows, *rows], rule="supervision.result.publish", user=None) == 0
    assert set(Clock.objects.values_list("due_on", "warn_on")) == {(day("2026-12-08"), day("2026-12-03"))}
    assert ClockEvent.objects.count() == 1200 and AuditRecord.objects.filter(action="law.clock.start").count() == 1


def test_met_once(clock, person):
    found = clock("complaint.accept", "2026-11-10")
    user = person("officer")
    met = clock_meet(subject=unit(), rule="complaint.accept", user=user, at=day("2026-11-19"))
    assert met == found and met.state == ClockState.MET and met.ended_on == day("2026-11-19")
    assert clock_meet(subject=unit(), rule="complaint.accept", user=user) is None
    assert [e.kind for e in found.events.all()] == ["start", "meet"]


def test_cancelled_with_a_reason(clock):
    clock("complaint.accept", "2026-11-10")
    with pytest.raises(Problem):
        clock_cancel(subject=unit(), rule="complaint.accept", reason="", user=None)
    assert clock_cancel(subject=unit(), rule="complaint.accept", reason="撤回", user=None).state == "cancelled"
    assert clock_running(unit(), "complaint.accept") is None and clocks_of(unit()).count() == 1


def test_testing_is_not_counted(clock, on_day):
    found = clock("case.seizure", "2026-11-02")
    assert found.due_on == day("2026-12-02")
    on_day(day("2026-11-10"))
    paused = clock_pause(clock=found, cause="testing", user=None)
    assert paused.state == ClockState.PAUSED and paused.look_at is None
    with pytest.raises(Problem):
        clock_pause(clock=found, cause="testing", user=None)  # as a second clerk would, with the row as he saw it
    on_day(day("2026-11-24"))
    going = clock_resume(clock=found, user=None)
    assert going.due_on == day("2026-12-16") and going.state == ClockState.RUNNING
    with pytest.raises(Problem):
        clock_resume(clock=found, user=None)
    assert [e.kind for e in found.events.all()] == ["start", "pause", "resume"]


def test_only_for_causes_that_the_rule_names(clock, on_day):
    on_day(day("2026-11-10"))
    with pytest.raises(Problem, match="'holiday'"):
        clock_pause(clock=clock("case.seizure", "2026-11-02"), cause="holiday", user=None)
    with pytest.raises(Problem):
        clock_pause(clock=clock("complaint.accept", "2026-11-09"), cause="testing", user=None)


def test_extended_by_whom_and_how_often(clock, person, on_day):
    found = clock("case.seizure", "2026-11-02")
    on_day(day("2026-11-20"))
    officer, head = person("officer"), person("head")
    with pytest.raises(Problem, match="head's to grant"):
        clock_extend(clock=found, extension="complex", reason="案情复杂", user=officer)
    with pytest.raises(Problem):
        clock_extend(clock=found, extension="complex", reason="", user=head)
    longer = clock_extend(clock=found, extension="complex", reason="案情复杂", user=head)
    assert longer.due_on == day("2027-01-01") and longer.unannounced is None  # kept on a day of rest
    with pytest.raises(Problem, match=r"1 time"):
        clock_extend(clock=found, extension="complex", reason="再延", user=head)  # `found` is the row before
    assert found.events.count() == 2


def test_one_extension_after_the_other_and_as_long_as_said(clock, person, on_day):
    found, head = clock("case.decide", "2026-09-01"), person("head")
    on_day(day("2026-11-20"))
    with pytest.raises(Problem, match="follows another"):
        clock_extend(clock=found, extension="collective", reason="集体讨论", user=head, value=20)
    clock_extend(clock=found, extension="head", reason="复杂", user=head)
    with pytest.raises(Problem, match="for how long"):
        clock_extend(clock=found, extension="collective", reason="集体讨论", user=head)
    longer = clock_extend(clock=found, extension="collective", reason="集体讨论", user=head, value=20)
    assert longer.due_on == dt.date(2026, 9, 1) + dt.timedelta(140) and longer.unannounced == 2027


def test_not_when_it_is_over(clock, person, on_day):
    found = clock("case.seizure", "2026-11-02")
    on_day(day("2026-12-03"))
    with pytest.raises(Problem, match="ended on 2026-12-02"):
        clock_extend(clock=found, extension="complex", reason="复杂", user=person("head"))


def test_a_paused_one_is_extended_after_the_day_it_stood_at(clock, person, on_day):
    found, head = clock("case.seizure", "2026-11-02"), person("head")
    on_day(day("2026-11-10"))
    clock_pause(clock=found, cause="testing", user=None)
    on_day(day("2026-12-10"))
    longer = clock_extend(clock=found, extension="complex", reason="复杂", user=head)
    assert longer.state == ClockState.PAUSED and longer.look_at is None
    assert clock_resume(clock=found, user=None).due_on == day("2027-01-31")


def test_the_nearest_unit_that_has_the_role_is_told(clock, person):
    found = clock("case.serve", "2026-11-02", division="98010103", role="head")
    assert clock_people(found) == []
    bureau = person("head")
    person("head", "980102")
    assert clock_people(found) == [bureau]
    Unit.objects.filter(code="9801").update(division="")
    assert clock_people(found) == [bureau]
    district = person("head", "980101")
    assert clock_people(found) == [district]


def test_what_is_due_in_one_s_jurisdiction(clock, person):
    clock("case.serve", "2026-11-02", subject="980101")
    clock("case.decide", "2026-11-02", subject="980101")
    clock("case.serve", "2026-11-02", subject="980102")
    assert clocks_due(person("head")).count() == 3
    mine = person("officer", "980102")
    assert [c.division for c in clocks_due(mine)] == ["980102"]
    assistant = person("community", "980101")
    assert not clocks_due(assistant)
    own = clock("complaint.accept", "2026-11-02", subject="980101", assignee=assistant)
    assert list(clocks_due(assistant)) == [own]
    due = [c.due_on for c in clocks_due(person("head", "980101"))]
    assert due == sorted(due) and len(due) == 3


def test_a_record_keeps_the_rule_that_governed_it(clock):
    from mingcha.apps.law.services import rule_amend

    found = clock("case.serve", "2026-11-02")
    old = rule_in_force("case.serve", day("2026-11-02"))
    rule_amend(rule=old, effective_from=day("2026-11-01"), user=None, reason="改", value=3)
    found.refresh_from_db()
    assert found.rule == old and found.due_on == day("2026-11-11")
    assert clock("case.serve", "2026-11-02", subject="980102").due_on == day("2026-11-05")
