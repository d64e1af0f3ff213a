"""The rules that ship, and how an administrator amends them."""

import datetime as dt
from decimal import Decimal

import pytest

from mingcha.apps.accounts.models import AuditRecord
from mingcha.apps.law import shipped
from mingcha.apps.law.choices import PERIODS, Mark, RestDay, Unit
from mingcha.apps.law.models import Rule
from mingcha.apps.law.selectors import rule_in_force, rule_terms, rule_versions
from mingcha.apps.law.services import rule_amend, rules_load
from mingcha.problems import Problem

ON = dt.date(2026, 11, 20)


def test_every_shipped_rule_is_whole():
    for row in shipped.rows():
        where = row["key"]
        assert row["unit"] in Unit.values and row["mark"] in Mark.values, where
        assert row.get("rest_day", "next") in RestDay.values, where
        assert row["title_zh"] and row["title_en"] and row["law"], where
        assert (row["unit"] in (Unit.FLAG, Unit.TERMS)) <= ("value" not in row), where
        assert (row["unit"] == Unit.TERMS) <= bool(row.get("terms")), where
        if row["unit"] in PERIODS and "value" in row:  # a period without a value has no end
            assert row["value"] == int(row["value"]) and row["starts"]["zh"] and row["starts"]["en"], where
        assert row["mark"] == Mark.SECONDARY or row["article"], where  # what was read in the text has its article
        for extra in (*row.get("pauses", ()), *row.get("extensions", ())):
            assert extra["key"] and extra["zh"] and extra["en"], where
        for extension in row.get("extensions", ()):
            assert extension["by"] in ("officer", "head", "collective") and extension["unit"] in PERIODS, where


@pytest.mark.parametrize(
    ("key", "value", "unit", "law", "article", "mark"),
    [
        ("complaint.accept", 7, "working_day", "消费者权益保护法", "第46条", "T"),
        ("case.decide", 90, "calendar_day", "行政处罚法", "第60条", "T"),
        ("case.evidence.preserve", 7, "working_day", "行政处罚法", "第56条、第85条", "T"),
        ("case.seizure", 30, "calendar_day", "行政强制法", "第25条", "T"),
        ("case.fine.pay", 15, "calendar_day", "行政处罚法", "第67条", "T"),
        ("case.fine.late", 3, "percent", "行政处罚法", "第72条第1项", "T"),
        ("penalty.publish", 20, "working_day", "市场监督管理行政处罚信息公示规定", "第9条", "T"),
        ("supervision.result.publish", 20, "working_day", "国发〔2019〕5号", "", "S"),
        ("supervision.result.publish.food", 20, "working_day", "食品生产经营监督检查管理办法", "第39条", "T"),
        ("supervision.recheck.equipment", 10, "working_day", "特种设备安全监督检查办法", "第29条", "T"),
        ("credit.abnormal.list", 10, "working_day", "企业经营异常名录管理暂行办法", "第6条至第9条", "S"),
        ("report.check", 15, "working_day", "市场监督管理行政处罚程序规定", "第18条", "S"),
    ],
)
@pytest.mark.django_db
def test_rules_of_law_are_there(key, value, unit, law, article, mark):
    rule = rule_in_force(key, ON)
    assert (rule.value, rule.unit, rule.law, rule.article, rule.mark) == (value, unit, law, article, mark)


@pytest.mark.django_db
def test_the_complaint_procedure_changed_on_15_april_2026():
    old, new = (rule_in_force("complaint.mediate", dt.date(2026, 4, day)) for day in (14, 15))
    assert (old.value, old.unit, old.mark) == (45, "working_day", "T")
    assert (new.value, new.unit, new.mark) == (60, "calendar_day", "S")
    assert [r.ends for r in rule_versions("complaint.mediate")] == [None, dt.date(2026, 4, 14)]


@pytest.mark.django_db
def test_each_plan_kind_has_its_terms():
    kinds = [
        "targeted",
        "non_targeted",
        "joint",
        "focused",
        "campaign",
        "for_cause",
        "flight",
        "full_coverage",
        "revisit",
        "sampling",
    ]
    for kind in kinds:
        terms = rule_terms(f"supervision.kind.{kind}", ON)
        assert set(terms) == {"drawn", "capped", "counts", "notice", "approval", "published"}
        assert terms["notice"] in ("required", "never", "optional") and terms["approval"] in ("head", "planner")
    assert rule_terms("supervision.kind.flight", ON)["notice"] == "never"
    assert rule_terms("supervision.kind.for_cause", ON)["capped"] is False


@pytest.mark.django_db
def test_loading_again_changes_nothing_and_an_amendment_stays(person):
    assert rules_load() == (0, 0)
    user = person("administrator")
    cap = rule_in_force("supervision.visit.cap", ON)
    amended = rule_amend(
        rule=cap, effective_from=dt.date(2026, 11, 1), user=user, reason="云汀市公告2026年第3号", value=Decimal(1)
    )
    assert rules_load() == (0, 0)
    assert rule_in_force("supervision.visit.cap", ON) == amended
    assert rule_in_force("supervision.visit.cap", dt.date(2026, 10, 31)).value == 2
    record = AuditRecord.objects.get(action="law.rule.amend")
    assert record.user == user and record.before["value"] == "2" and record.after["value"] == "1"


@pytest.mark.django_db
def test_a_shipped_rule_that_no_clock_ran_by_is_renewed_and_a_used_one_keeps_its_value(clock):
    Rule.objects.filter(key__in=("case.decide", "case.serve")).update(value=1, title_en="old words")
    clock("case.serve", "2026-11-02")
    assert rules_load() == (0, 2)
    assert rule_in_force("case.decide", ON).value == 90
    used = rule_in_force("case.serve", ON)
    assert used.value == 1 and used.title_en != "old words"


@pytest.mark.django_db
def test_a_division_s_own_rule_goes_before():
    cap = rule_in_force("supervision.visit.cap", ON)
    local = rule_amend(rule=cap, effective_from=ON, user=None, reason="临江区通知", value=Decimal(1), division="980101")
    assert rule_in_force("supervision.visit.cap", ON, "980101") == local
    assert rule_in_force("supervision.visit.cap", ON, "98010103") == local
    assert rule_in_force("supervision.visit.cap", ON, "980102") == cap


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": " "},
        {"value": Decimal(-1)},
        {"value": Decimal("1.5"), "unit": "month"},
        {"value": Decimal(10) ** 9, "unit": "year"},
        {"unit": "fortnight"},
        {"mark": "X"},
        {"division": "east"},
        {"effective_to": dt.date(2020, 1, 1)},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
@pytest.mark.django_db
def test_an_amendment_that_can_t_be(wrong):
    rule = rule_in_force("supervision.visit.cap", ON)
    before = Rule.objects.count()
    with pytest.raises(Problem):
        rule_amend(**({"rule": rule, "effective_from": ON, "user": None, "reason": "文"} | wrong))
    assert Rule.objects.count() == before


@pytest.mark.django_db
def test_a_district_amends_for_itself_only(person):
    cap = rule_in_force("supervision.visit.cap", ON)
    district, before = person("administrator", "980101"), Rule.objects.count()
    given = {"rule": cap, "effective_from": ON, "reason": "文", "value": Decimal(1)}
    for division in (None, "", "9801", "980102"):
        with pytest.raises(Problem, match="isn't within your jurisdiction"):
            rule_amend(**given, user=district, division=division)
    assert Rule.objects.count() == before
    assert rule_amend(**given, user=district, division="98010103").made_by == district
    assert rule_amend(**given, user=person("administrator"), division="980102").division == "980102"


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({}, "Missing: drawn, capped, counts, notice, approval, published"),
        ({"capped": None}, "Wrong kind: capped"),
        ({"drawn": 0, "approval": True}, "Wrong kind: drawn, approval"),
    ],
)
@pytest.mark.django_db
def test_terms_keep_what_their_readers_look_for(terms, said):
    kind = rule_in_force("supervision.kind.flight", ON)
    given = {"rule": kind, "effective_from": ON, "user": None, "reason": "文"}
    with pytest.raises(Problem, match=said):
        rule_amend(**given, terms=kind.terms | terms if terms else {"others": 1})
    assert rule_amend(**given, terms=kind.terms | {"capped": True}).terms["capped"] is True
    shares = rule_in_force("credit.class.percent", ON)
    assert rule_amend(**given | {"rule": shares}, terms=shares.terms | {"A": 1.5}).terms["A"] == 1.5


@pytest.mark.django_db
def test_two_amendments_from_one_day():
    rule = rule_in_force("supervision.visit.cap", ON)
    rule_amend(rule=rule, effective_from=ON, user=None, reason="文")
    with pytest.raises(Problem, match="begins on 2026-11-20 already"):
        rule_amend(rule=rule, effective_from=ON, user=None, reason="文")


@pytest.mark.django_db
def test_a_rule_that_is_not_there_is_a_problem():
    with pytest.raises(Problem, match=r"No rule 'complaint\.accept' is in force on 2019-12-31"):
        rule_in_force("complaint.accept", dt.date(2019, 12, 31))
