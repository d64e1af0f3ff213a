"""An interview: notice in time, record signed by two officers and the firm, undertakings followed to the last."""

import datetime as dt

import pytest
from django.utils import timezone

from mingcha.apps.credit import services
from mingcha.apps.credit.models import Interview
from mingcha.apps.law.models import Clock
from mingcha.problems import Problem

from .conftest import upload


def at(day, hour=9):
    return timezone.make_aware(dt.datetime.combine(day, dt.time(hour)))


@pytest.fixture
def interview(firm, officer, today):
    return services.interview_open(
        entity=firm, reason="冷藏柜多次超温，未及时消除隐患", basis="《食品安全法》第一百一十四条",
        source_type="result", source_id="RW-2026-1", at=at(dt.date(2026, 11, 27)), place="三楼会议室",
        by="周楠、陈序", user=officer,
    )  # fmt: skip


@pytest.fixture
def notified(interview, officer):
    services.interview_notify(interview=interview, user=officer)
    return interview


@pytest.fixture
def served(notified, officer):
    services.interview_serve(interview=notified, on=dt.date(2026, 11, 20), how="直接送达", to="沈某", user=officer)
    return notified


def held(interview, user, **given):
    given = {
        "held_at": at(dt.date(2026, 11, 27)), "officers": "周楠、陈序", "attended": "沈某", "attended_as": "经理",
        "record": "已当面告知。", "undertakings": [("更换冷藏柜", dt.date(2026, 12, 15))], "file": upload(),
    } | given  # fmt: skip
    services.interview_hold(interview=interview, user=user, **given)
    interview.refresh_from_db()


def test_the_notice_goes_out_in_time_and_bears_a_number(interview, officer, on_day):
    assert services.interview_notify(interview=interview, user=officer) == "云市监约〔2026〕001号"
    with pytest.raises(Problem, match="isn't possible"):
        services.interview_notify(interview=interview, user=officer)


def test_a_late_notice_needs_its_reason(interview, officer, on_day):
    on_day(dt.date(2026, 11, 25))
    with pytest.raises(Problem, match="had to go out by 2026-11-24"):
        services.interview_notify(interview=interview, user=officer)
    services.interview_notify(interview=interview, user=officer, urgent="隐患紧急")
    assert interview.events.last().note == "隐患紧急"


def test_it_isn_t_set_in_the_past(firm, officer, today):
    with pytest.raises(Problem, match="has passed"):
        services.interview_open(
            entity=firm, reason="x", basis="x", at=at(dt.date(2026, 11, 19)), place="x", by="x", user=officer
        )


def test_served_once(notified, officer):
    service = {"interview": notified, "on": dt.date(2026, 11, 20), "how": "直接送达", "to": "沈某", "user": officer}
    services.interview_serve(**service, file=upload("回证.jpg", b"\xff\xd8\xff\xe0"))
    with pytest.raises(Problem, match="written down"):
        services.interview_serve(**service)
    assert notified.papers.get().mime == "image/jpeg"


def test_postponed_the_firm_is_told_again(notified, officer):
    services.interview_serve(interview=notified, on=dt.date(2026, 11, 20), how="邮寄", to="沈某", user=officer)
    stale = Interview.objects.get()
    services.interview_postpone(interview=notified, at=at(dt.date(2026, 12, 1)), reason="企业申请", user=officer)
    found = Interview.objects.get()
    assert (found.notified_on, found.at) == (None, at(dt.date(2026, 12, 1)))
    with pytest.raises(Problem, match="postponed it already"):
        services.interview_postpone(interview=stale, at=at(dt.date(2026, 12, 2)), reason="x", user=officer)


def test_postponed_it_is_announced_in_time_or_says_why_not(served, officer):
    tomorrow = {"interview": served, "at": at(dt.date(2026, 11, 21)), "reason": "x", "user": officer}
    with pytest.raises(Problem, match="had to go out by"):
        services.interview_postpone(**tomorrow)
    assert Interview.objects.get().notified_on
    services.interview_postpone(**tomorrow, urgent="隐患紧急")
    assert served.events.last().data["urgent"] == "隐患紧急"


def test_a_draft_is_postponed_freely_and_asked_at_its_notice(interview, officer):
    services.interview_postpone(interview=interview, at=at(dt.date(2026, 11, 21)), reason="x", user=officer)
    with pytest.raises(Problem, match="had to go out by"):
        services.interview_notify(interview=interview, user=officer)


def test_it_is_served_and_held_after_its_notice(notified, officer, on_day):
    on_day(dt.date(2026, 11, 27), 11)
    with pytest.raises(Problem, match="No service"):
        held(notified, officer)
    with pytest.raises(Problem, match="before the notice"):
        services.interview_serve(interview=notified, on=dt.date(2026, 11, 19), how="邮寄", to="沈某", user=officer)
    services.interview_serve(interview=notified, on=dt.date(2026, 11, 23), how="邮寄", to="沈某", user=officer)
    for day in (19, 22):
        with pytest.raises(Problem, match="before the notice"):
            held(notified, officer, held_at=at(dt.date(2026, 11, day)))
    held(notified, officer)
    assert notified.state == "held"


def test_unserved_says_how_the_firm_knew(notified, officer, on_day):
    on_day(dt.date(2026, 11, 27), 11)
    held(notified, officer, unserved="电话通知，负责人到场确认")
    assert notified.events.last().data["unserved"] == "电话通知，负责人到场确认"


def test_the_record_wants_two_officers_the_firm_and_a_signature(served, officer, on_day):
    on_day(dt.date(2026, 11, 27), 11)
    with pytest.raises(Problem, match="At least 2 officers"):
        held(served, officer, officers="周楠")
    with pytest.raises(Problem, match="scan of the signed record"):
        held(served, officer, file=None)
    with pytest.raises(Problem, match="who came for the firm"):
        held(served, officer, attended=" ")
    with pytest.raises(Problem, match="due before the talk"):
        held(served, officer, undertakings=[("x", dt.date(2026, 11, 26))])
    assert not served.papers.exists() and served.state == "notified"
    held(served, officer)
    assert served.state == "held" and served.papers.get().sha256


def test_undertakings_are_followed_to_the_last(served, officer, on_day):
    on_day(dt.date(2026, 11, 27), 11)
    held(served, officer)
    undertaking = served.undertakings.get()
    assert Clock.objects.get(key="credit.interview.recheck").due_on == dt.date(2026, 12, 29)
    with pytest.raises(Problem, match="aren't checked yet"):
        services.interview_close(interview=served, outcome="x", user=officer)
    services.undertaking_check(undertaking=undertaking, done=False, note="仍未更换", user=officer)
    with pytest.raises(Problem, match="checked already"):
        services.undertaking_check(undertaking=undertaking, done=False, note="x", user=officer)
    services.undertaking_check(undertaking=undertaking, done=True, note="已更换", user=officer, file=upload())
    assert undertaking.papers.count() == 1
    services.interview_close(interview=served, outcome="整改完成", user=officer)
    assert Interview.objects.get().state == "closed"
    assert Clock.objects.get(key="credit.interview.recheck").state == "met"


def test_who_doesn_t_come(notified, officer, on_day):
    with pytest.raises(Problem, match="hasn't come yet"):
        services.interview_absent(interview=notified, reason="未到场", user=officer)
    services.interview_absent(interview=notified, reason="明确拒绝", refused=True, user=officer)
    services.interview_postpone(interview=notified, at=at(dt.date(2026, 12, 1)), reason="再次通知", user=officer)
    assert Interview.objects.get().state == "notified"
    on_day(dt.date(2026, 12, 1), 18)
    services.interview_absent(interview=notified, reason="未到场", user=officer)
    services.interview_close(interview=notified, outcome="移送线索", user=officer)
    assert [e.what for e in notified.events.all()][-4:] == ["absent", "postpone", "absent", "close"]


def test_unsigned_says_why(served, officer, on_day):
    on_day(dt.date(2026, 11, 27), 11)
    held(served, officer, file=None, unsigned="拒绝签字，有见证人")
    assert served.events.last().note == "拒绝签字，有见证人"
