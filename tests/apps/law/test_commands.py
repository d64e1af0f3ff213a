"""`mingcha law`, as a clerk runs it."""

import json

import pytest
from typer.testing import CliRunner

from mingcha.apps.law.commands import app
from mingcha.apps.law.models import CalendarDay
from mingcha.apps.law.selectors import rule_in_force
from mingcha.problems import Problem

pytestmark = pytest.mark.django_db


def run(*words):
    done = CliRunner().invoke(app, list(words))
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_rules_on_a_day():
    rows = json.loads(run("rules", "complaint.mediate", "--on", "2026-04-14", "--json"))
    assert [(r["value"], r["unit"], r["mark"]) for r in rows] == [(45, "working_day", "T")]
    assert "No rule matches" in run("rules", "nothing of the kind")
    assert "行政处罚法" in run("rules", "case.decide")
    with pytest.raises(Problem, match="is no day"):
        run("rules", "--on", "tomorrow")


def test_a_rule():
    said = run("rule", "complaint.mediate")
    assert said.index("2026-04-15") < said.index("2020-01-01 – 2026-04-14")
    with pytest.raises(Problem, match="no rule 'x'"):
        run("rule", "x")


def test_amend_needs_a_person_with_the_right(person):
    words = ("amend", "supervision.visit.cap", "--from", "2027-01-01", "--reason", "本市通知", "--value", "1")
    with pytest.raises(Problem, match="nobody is named"):
        run(*words)
    officer = person("officer")
    with pytest.raises(Problem, match="may not do this"):
        run(*words, "--by", officer.username)
    run(*words, "--by", person("administrator").username)
    import datetime as dt

    assert rule_in_force("supervision.visit.cap", dt.date(2027, 1, 1)).value == 1


def test_calendar(person, tmp_path, clock):
    assert json.loads(run("calendar", "2026", "--json"))["working_days"] == 248
    assert "aren't announced yet" in run("calendar", "2027")
    clock("case.serve", "2026-11-23")
    by = person("administrator").username
    said = run("calendar", "2026", "--day", "2026-11-30", "--rest", "--reason", "通知", "--by", by)
    assert "1 clocks moved" in said
    notice = tmp_path / "notice.txt"
    notice.write_text("元旦：1月1日至3日放假。", "utf-8")
    assert "3 days" in run("calendar", "2027", "--import", str(notice), "--reason", "国办发明电", "--by", by)
    assert CalendarDay.objects.count() == 4
    with pytest.raises(Problem, match="--work or --rest"):
        run("calendar", "2026", "--day", "2026-11-30", "--by", by)


def test_clocks_and_sweep(clock, person):
    clock("case.serve", "2026-09-28", title="送达甲")
    clock("case.serve", "2026-09-28", subject="980102", title="送达乙")
    assert "late 2" in run("sweep")
    assert {r["state"] for r in json.loads(run("clocks", "--late", "--json"))} == {"late"}
    own = run("clocks", "--by", person("head", "980101").username)
    assert "送达甲" in own and "送达乙" not in own
    assert "No clock is running" in run("clocks", "--rule", "case.decide")
