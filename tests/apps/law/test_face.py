"""A clock as the desk shows it."""

import datetime as dt

import pytest
from django.template import Context, Template
from django.utils import translation

from mingcha.apps.accounts.models import Unit
from mingcha.apps.law.services import clock_cancel, clock_meet, clock_pause
from mingcha.apps.law.templatetags.law import face
from mingcha.apps.law.todos import todos


def day(text):
    return dt.date.fromisoformat(text)


@pytest.fixture(autouse=True)
def in_chinese():
    with translation.override("zh-hans"):
        yield


@pytest.mark.parametrize(
    ("today", "look", "words", "small"),
    [
        ("2026-11-13", "ok", "余 4 个工作日", "11-19 截止"),
        ("2026-11-14", "ok", "余 4 个工作日", "11-19 截止"),  # a Saturday
        ("2026-11-16", "warm", "余 3 个工作日", "11-19 截止"),
        ("2026-11-18", "warm", "余 1 个工作日", "11-19 截止"),
        ("2026-11-19", "hot", "今日到期", "24:00 截止"),
        ("2026-11-20", "late", "逾期 1 个工作日", "11-19 截止"),
        ("2026-11-21", "late", "逾期 1 个工作日", "11-19 截止"),
        ("2027-01-04", "late", "逾期 32 个工作日", "2026-11-19 截止"),
    ],
)
def test_time_left(clock, on_day, today, look, words, small):
    found = clock("case.serve", "2026-11-10")
    on_day(day(today))
    shown = face(found)
    assert (shown.look, shown.words, shown.small) == (look, words, small)


@pytest.mark.parametrize("today", ["2026-11-14", "2026-11-18", "2026-11-19", "2026-11-20", "2026-11-21", "2026-11-22"])
def test_what_waits_says_what_the_clock_s_face_says(clock, person, on_day, today):
    """On a day of rest no working day has passed since the last day: late all the same, never due today."""
    officer = person("officer", "980101")
    found = clock("case.serve", "2026-11-11", assignee=officer)  # due on the 20th, a Friday
    on_day(day(today))
    (waits,) = todos(officer, 5)
    assert waits.left == face(found).words and waits.basis == found.rule.title_zh


def test_other_states(clock, on_day):
    on_day(day("2026-11-16"))
    seizure = clock("case.seizure", "2026-11-02")
    assert face(seizure).words == "余 16 日"
    paused = clock_pause(clock=seizure, cause="testing", user=None)
    assert (face(paused).look, face(paused).small) == ("paused", "自 11-16 起不计入")
    unit = Unit.objects.get(code="980101")
    clock("case.serve", "2026-11-10")
    assert face(clock_meet(subject=unit, rule="case.serve", user=None)).look == "met"
    clock("case.serve", "2026-11-02")
    assert face(clock_meet(subject=unit, rule="case.serve", user=None)).words == "逾期办结"
    clock("case.serve", "2026-11-10")
    assert face(clock_cancel(subject=unit, rule="case.serve", reason="移送", user=None)).look == "none"


def test_what_isn_t_known_is_not_guessed(clock, on_day):
    assert face(None).words == "无法定期限"
    found = clock("case.serve", "2026-11-10")
    found.due_on = None
    assert face(found).words == "时钟未知"
    on_day(day("2026-12-28"))
    assert face(clock("report.check", "2026-12-28")).unannounced == 2027


def test_with_its_article_and_mark(clock, on_day):
    on_day(day("2026-11-16"))
    page = Template("{% load law %}{% clock c %}|{% clock c False %}|{% clock nothing %}")
    whole, bare, none = page.render(Context({"c": clock("case.serve", "2026-12-28"), "nothing": None})).split("|")
    assert "行政处罚法 第61条、第85条" in whole and ">T<" in whole and "2027 年节假日尚未公布" in whole
    assert "第61条" not in bare and "无法定期限" in none
    with translation.override("en"):
        assert "working days left" in page.render(Context({"c": clock("case.serve", "2026-12-28")}))
