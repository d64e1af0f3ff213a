"""Corrections of the calendar: what a notice says, and the clocks that move with it."""

import datetime as dt

import pytest

from mingcha.apps.accounts.models import AuditRecord, Unit
from mingcha.apps.jobs.models import Job
from mingcha.apps.jobs.worker import drain
from mingcha.apps.law.models import CalendarDay, CalendarYear, Clock, ClockEvent
from mingcha.apps.law.rules import Calendar
from mingcha.apps.law.selectors import calendar_now
from mingcha.apps.law.services import (
    calendar,
    calendar_day_clear,
    calendar_day_set,
    calendar_import,
    clock_pause,
    clocks_start,
    clocks_sweep,
)
from mingcha.apps.law.services.calendar import arrangement
from mingcha.apps.law.services.clocks import Start, morning
from mingcha.problems import Problem

NOTICE_2026 = """
一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。
二、春节：2月15日（农历腊月二十八、周日）至23日（农历正月初七、周一）放假调休，共9天。2月14日（周六）、2月28日（周六）上班。
三、清明节：4月4日（周六）至6日（周一）放假，共3天。
四、劳动节：5月1日（周五）至5日（周二）放假调休，共5天。5月9日（周六）上班。
五、端午节：6月19日（周五）至21日（周日）放假，共3天。
六、中秋节：9月25日（周五）至27日（周日）放假，共3天。
七、国庆节：10月1日（周四）至7日（周三）放假调休，共7天。9月20日（周日）、10月10日（周六）上班。
"""


def day(text):
    return dt.date.fromisoformat(text)


def test_the_notice_as_it_is_published():
    said = arrangement(2026, NOTICE_2026)
    library, told = Calendar(), Calendar({d: works for d, (works, _name) in said.items()})
    every = [dt.date(2026, 1, 1) + dt.timedelta(n) for n in range(365)]
    assert [d for d in every if library.works(d) != told.works(d)] == []
    assert said[day("2026-02-17")] == (False, "春节") and said[day("2026-10-10")] == (True, "国庆节")
    assert len(said) == 33 + 6


def test_csv_and_other_ways_to_write_a_day():
    assert arrangement(2027, "day,what,name\n2027-02-06,rest,春节\n2027-02-20,work,春节\n") == {
        day("2027-02-06"): (False, "春节"),
        day("2027-02-20"): (True, "春节"),
    }
    spans = arrangement(2027, "国庆节：2027年10月1日-2027年10月3日放假；10月9日上班")
    assert sorted(spans) == [day("2027-10-01"), day("2027-10-02"), day("2027-10-03"), day("2027-10-09")]
    assert spans[day("2027-10-09")][0] is True


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "nothing in it"),
        ("春节放假", "doesn't say which days"),
        ("春节：2月30日放假", "no day 2027-2-30"),
        ("春节：2月15日至3日放假", "lies before"),
        ("春节：2月1日至12月1日放假", "too far off"),
        ("元旦：2026年12月31日放假", "isn't in 2027"),
        ("春节：2月5日", "whether these days are off"),
        ("春节：2月5日放假，2月6日上班", "need a stop"),
        ("春节：2月5日放假。\n调休：2月5日上班。", "both off and worked"),
    ],
)
def test_a_notice_that_can_t_be_read_names_its_line(text, said):
    with pytest.raises(Problem, match=said):
        arrangement(2027, text)


@pytest.mark.django_db
def test_a_correction_moves_the_clocks_that_run_across_it(clock, person, django_capture_on_commit_callbacks):
    across, beside = clock("case.serve", "2026-11-23"), clock("case.serve", "2026-11-10", subject="980102")
    calendar_clock = clock("case.fine.pay", "2026-11-16", subject="980102")  # ends on 1 December
    assert (across.due_on, beside.due_on) == (day("2026-12-02"), day("2026-11-19"))
    user = person("administrator")
    assert calendar_day_set(day=day("2026-11-30"), works=False, reason="市政府通知", user=user) == 1
    across.refresh_from_db()
    assert across.due_on == day("2026-12-03") and across.warn_on == day("2026-11-27")
    event = across.events.last()
    assert (event.kind, event.due_before, event.due_after) == ("recalculated", day("2026-12-02"), day("2026-12-03"))
    assert calendar_day_set(day=day("2026-12-01"), works=False, reason="市政府通知", user=user) == 2
    calendar_clock.refresh_from_db()
    assert calendar_clock.due_on == day("2026-12-02")
    assert calendar_day_clear(day=day("2026-11-30"), user=user) == 1
    beside.refresh_from_db()
    assert beside.due_on == day("2026-11-19") and beside.events.count() == 1
    records = AuditRecord.objects.filter(action="law.calendar.change").order_by("pk")
    assert [r.after["clocks"] for r in records] == [1, 2, 1] and records[0].user == user


@pytest.mark.django_db
def test_a_late_clock_runs_again_where_its_last_day_is_to_come(clock, on_day):
    found = clock("case.serve", "2026-11-10")  # due on the 19th
    on_day(day("2026-11-20"))
    clocks_sweep(morning(day("2026-11-20")))
    found.refresh_from_db()
    assert found.state == "late"
    calendar_day_set(day=day("2026-11-19"), works=False, reason="更正", user=None)
    found.refresh_from_db()
    assert (found.state, found.due_on, found.late_at) == ("running", day("2026-11-20"), None)
    clocks_sweep(morning(day("2026-11-21")))
    found.refresh_from_db()
    assert found.state == "late" and [e.kind for e in found.events.all()].count("late") == 2


@pytest.mark.django_db
def test_a_paused_clock_keeps_its_pause(clock, on_day):
    found = clock("case.seizure", "2026-11-02")
    on_day(day("2026-11-10"))
    clock_pause(clock=found, cause="testing", user=None)
    calendar_day_set(day=day("2026-12-02"), works=False, reason="更正", user=None)
    found.refresh_from_db()
    assert found.state == "paused" and found.look_at is None


@pytest.mark.django_db
def test_a_year_that_is_announced_later(clock, person):
    found = clock("case.serve", "2026-12-28")
    assert found.unannounced == 2027 and found.due_on == day("2027-01-06")
    user = person("administrator")
    days, moved = calendar_import(
        year=2027, text="元旦：1月1日（周五）至3日（周日）放假，共3天。", source="国办发明电〔2026〕0号", user=user
    )
    assert (days, moved) == (3, 1)
    found.refresh_from_db()
    assert found.unannounced is None and found.due_on == day("2027-01-07")
    assert calendar_now().knows(2027) and CalendarYear.objects.get(year=2027).made_by == user
    with pytest.raises(Problem):
        calendar_import(year=2027, text="元旦：1月40日放假", source="x", user=user)
    assert CalendarDay.objects.filter(day__year=2027).count() == 3  # what was good is kept
    calendar_import(year=2027, text="元旦：1月1日放假。", source="更正", user=user)
    assert CalendarDay.objects.filter(day__year=2027).count() == 1


@pytest.mark.django_db
def test_many_clocks_move_in_sets(bureau, django_assert_max_num_queries):
    Unit.objects.bulk_create(Unit(code=f"u{n}", name=str(n), division="980101") for n in range(1200))
    rows = [Start(u, u.name, "/", u.division, day("2026-11-23")) for u in Unit.objects.filter(code__startswith="u")]
    clocks_start(rows, rule="supervision.result.publish", user=None)
    with django_assert_max_num_queries(40):
        assert calendar_day_set(day=day("2026-11-30"), works=False, reason="更正", user=None) == 1200
    assert set(Clock.objects.values_list("due_on", flat=True)) == {day("2026-12-22")}
    assert ClockEvent.objects.filter(kind="recalculated").count() == 1200


@pytest.mark.django_db
def test_more_clocks_than_a_request_should_move_are_the_worker_s(clock, person, client, monkeypatch):
    """The calendar is corrected at once, its clocks in the background; few are moved by the request itself."""
    from django.conf import settings

    for unit in ("980101", "980102"):
        clock("case.serve", "2026-11-23", subject=unit)  # due on 2 December
    administrator = person("administrator")
    client.force_login(administrator, backend=settings.AUTHENTICATION_BACKENDS[1])
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    address = "/law/calendar/day/2026-11-30/"
    monkeypatch.setattr(calendar, "AT_ONCE", 2)
    assert client.post(address, {"works": "0", "reason": "通知"}).status_code == 302
    assert set(Clock.objects.values_list("due_on", flat=True)) == {day("2026-12-03")} and not Job.objects.exists()
    monkeypatch.setattr(calendar, "AT_ONCE", 1)
    said = client.post(address, {"works": ""}, follow=True).content.decode()
    assert "in the background" in said and not CalendarDay.objects.exists()
    assert set(Clock.objects.values_list("due_on", flat=True)) == {day("2026-12-03")}
    with pytest.raises(Problem, match="under way"):  # one at a time, and nothing half-done
        calendar_day_set(day=day("2026-12-01"), works=False, reason="x", user=administrator, wait=False)
    assert not CalendarDay.objects.exists()
    drain()
    (job,) = Job.objects.all()
    assert (job.state, job.result, job.user) == ("done", {"clocks": 2}, administrator)
    assert set(Clock.objects.values_list("due_on", flat=True)) == {day("2026-12-02")}
    calendar_day_set(day=day("2026-12-01"), works=False, reason="x", user=None)  # a command waits for it
    assert set(Clock.objects.values_list("due_on", flat=True)) == {day("2026-12-03")}


@pytest.mark.django_db
def test_a_calendar_that_changes_meanwhile_is_heeded(clock):
    """What the worker reckoned by a calendar that isn't in force any more, it reckons again."""
    found = clock("case.serve", "2026-11-23")
    changes = [dt.date(2026, 11, 30)]

    def meanwhile(done, total):
        if changes:
            CalendarDay.objects.create(day=changes.pop(), works=False, reason="x")

    assert calendar.clocks_recalculate(day("2026-11-01"), day("2026-12-31"), progress=meanwhile) == 1
    found.refresh_from_db()
    assert found.due_on == day("2026-12-03")
