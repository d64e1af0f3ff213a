"""The pages of law: what each role sees and may do, and of which districts."""

import datetime as dt
import json
import re

import pytest
from django.conf import settings

from mingcha.apps.accounts.choices import Role
from mingcha.apps.accounts.models import AuditRecord
from mingcha.apps.accounts.permissions import matrix
from mingcha.apps.law.models import CalendarDay, Clock, Rule
from mingcha.apps.law.selectors import rule_in_force

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 16)


@pytest.fixture
def enter(client, person):
    """enter(role, unit) -> the client with that person's session, in English."""

    def sign_in(role, unit="9801"):
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
        client.force_login(person(role, unit), backend=settings.AUTHENTICATION_BACKENDS[-1])
        return client

    return sign_in


def text(response):
    return response.content.decode()


def test_the_rules_in_force_on_a_day(enter):
    client = enter("officer")
    page = text(client.get("/law/"))
    assert f'data-item-count="{len(set(Rule.objects.values_list("key", flat=True)))}"' in page
    assert client.get("/law/?on=2026-04-14").url == "/law/on/2026-04-14/"
    assert client.get("/law/?on=yesterday").url == "/law/"
    assert client.get("/law/on/2026-13-01/").status_code == 404
    before = text(client.get("/law/on/2026-04-14/?q=mediation ends without"))
    assert "45 working days" in before and "60 calendar days" not in before
    after = text(client.get("/law/on/2026-04-15/?q=mediation ends without"))
    assert "60 calendar days" in after and "45 working days" not in after
    assert 'data-item-count="2"' in text(client.get("/law/all/?q=complaint.mediate"))
    only = text(client.get("/law/?mark=S&law=国办发〔2024〕54号"))
    assert "supervision.visit.cap" in only and "case.decide" not in only


def test_a_rule_in_time(enter, clock):
    clock("case.decide", "2026-11-02", title="甲公司案")
    clock("case.decide", "2026-11-02", subject="980102", title="乙公司案")
    page = text(enter("officer", "980101").get("/law/rules/case.decide/"))
    assert "90 calendar days" in page and "Penalty" not in page
    assert "甲公司案" in page and "乙公司案" not in page  # of his district only
    assert enter("auditor").get("/law/rules/no.such.rule/").status_code == 404
    two = text(enter("clerk").get("/law/rules/complaint.mediate/"))
    assert two.index("60 calendar days") < two.index("45 working days")


def test_an_administrator_amends(enter):
    cap = rule_in_force("supervision.visit.cap")
    asked = {"base": cap.pk, "effective_from": "2027-01-01", "value": "1", "unit": "count", "law": "云市监〔2026〕9号"}
    asked |= {"mark": "T", "article": "第3条", "reason": "本市公布的上限", "division": ""}
    assert enter("head").post("/law/rules/supervision.visit.cap/amend/", asked).status_code == 403
    client = enter("administrator")
    assert 'id="amend"' in text(client.get("/law/rules/supervision.visit.cap/"))
    wrong = client.post("/law/rules/supervision.visit.cap/amend/", asked | {"value": "many"})
    assert wrong.status_code == 422 and "errorlist" in text(wrong)
    assert client.post("/law/rules/supervision.visit.cap/amend/", asked | {"base": "0"}).status_code == 404
    assert client.post("/law/rules/supervision.visit.cap/amend/", asked).status_code == 302
    assert rule_in_force("supervision.visit.cap", dt.date(2027, 1, 1)).value == 1
    assert rule_in_force("supervision.visit.cap", dt.date(2026, 12, 31)) == cap
    assert client.post("/law/rules/supervision.visit.cap/amend/", asked).status_code == 400  # sent twice
    assert Rule.objects.filter(key="supervision.visit.cap").count() == 2


def test_terms_are_amended_as_json(enter):
    kind = rule_in_force("supervision.kind.flight")
    client = enter("administrator")
    asked = {"base": kind.pk, "effective_from": "2027-01-01", "law": "x", "mark": "S", "reason": "y"}
    address = "/law/rules/supervision.kind.flight/amend/"
    assert client.post(address, asked | {"terms": "[1]"}).status_code == 422
    assert client.post(address, asked | {"terms": '{"drawn": false, "capped": true}'}).status_code == 400
    wanted = kind.terms | {"capped": True}
    assert client.post(address, asked | {"terms": json.dumps(wanted)}).status_code == 302
    assert rule_in_force("supervision.kind.flight", dt.date(2027, 1, 1)).terms == wanted


def test_a_district_s_administrator_amends_for_his_district(enter):
    cap = rule_in_force("supervision.visit.cap")
    client = enter("administrator", "980101")
    page = text(client.get("/law/rules/supervision.visit.cap/"))
    assert 'name="division" value="980101"' in page
    asked = {"base": cap.pk, "effective_from": "2027-01-01", "value": "1", "unit": "count", "law": "x", "mark": "S"}
    asked |= {"reason": "y", "division": ""}
    assert client.post("/law/rules/supervision.visit.cap/amend/", asked).status_code == 400
    assert client.post("/law/rules/supervision.visit.cap/amend/", asked | {"division": "980101"}).status_code == 302


def test_the_calendar_is_the_bureau_s_to_change(enter):
    client = enter("administrator", "980101")
    assert "Correct the calendar" not in text(client.get("/law/calendar/2026/?day=2026-11-30"))
    for address, asked in (
        ("/law/calendar/day/2026-11-30/", {"works": "0", "reason": "x"}),
        ("/law/calendar/day/2026-11-30/", {"works": ""}),
        ("/law/calendar/2027/import/", {"source": "x", "text": "元旦：1月1日至3日放假。", "sure": "1"}),
    ):
        assert client.post(address, asked).status_code == 400
    assert not CalendarDay.objects.exists()


def test_the_calendar(enter, clock):
    clock("case.serve", "2026-11-23")
    client = enter("officer")
    page = text(client.get("/law/calendar/2026/"))
    assert len(re.findall(r'class="d ', page)) == 365 and 'class="d work on"' in page and 'class="d rest off"' in page
    assert "aren&#x27;t announced" not in page and "Correct the calendar" not in page
    assert client.post("/law/calendar/day/2026-11-30/", {"works": "0", "reason": "x"}).status_code == 403
    assert client.get("/law/calendar/1999/").status_code == 404
    assert client.get("/law/calendar/2026/?day=nonsense").status_code == 200
    client = enter("administrator")
    assert "announced yet" in text(client.get("/law/calendar/2027/"))
    panel = text(client.get("/law/calendar/2026/?day=2026-11-30", headers={"HX-Request": "true"}))
    assert "1 clocks run across" in panel and "<html" not in panel
    assert client.post("/law/calendar/day/2026-11-30/", {"works": "0", "reason": "通知"}).status_code == 302
    assert CalendarDay.objects.get().works is False and Clock.objects.get().due_on == dt.date(2026, 12, 3)
    client.post("/law/calendar/day/2026-11-30/", {"works": ""})
    assert not CalendarDay.objects.exists() and Clock.objects.get().due_on == dt.date(2026, 12, 2)
    assert AuditRecord.objects.filter(action="law.calendar.change").count() == 2


def test_a_year_s_arrangement_is_shown_before_it_is_taken_over(enter):
    asked = {"source": "国办发明电", "text": "元旦：1月1日至3日放假。"}
    assert enter("head").post("/law/calendar/2027/import/", asked).status_code == 403
    client = enter("administrator")
    seen = client.post("/law/calendar/2027/import/", asked)
    assert "2027-01-02" in text(seen) and not CalendarDay.objects.exists()
    assert client.post("/law/calendar/2027/import/", asked | {"text": ""}).status_code == 422
    assert client.post("/law/calendar/2027/import/", asked | {"sure": "1"}).status_code == 302
    assert CalendarDay.objects.count() == 3


def test_clocks_of_one_s_own_district(enter, clock):
    clock("case.serve", "2026-11-02", title="东区事项")
    other = clock("case.serve", "2026-11-02", subject="980102", title="西区事项")
    page = text(enter("officer", "980101").get("/law/clocks/"))
    assert "东区事项" in page and "西区事项" not in page
    client = enter("planner", "980101")
    assert client.get(f"/law/clocks/{other.pk}/").status_code == 404
    for act in ("pause", "resume", "extend"):
        assert client.post(f"/law/clocks/{other.pk}/{act}/").status_code == 404
    assert 'data-item-count="0"' in text(client.get("/law/clocks/mine/"))
    assert 'data-item-count="0"' in text(client.get("/law/clocks/ended/"))
    assert "西区事项" in text(enter("auditor").get("/law/clocks/"))


def test_pause_go_on_extend_on_the_page(enter, clock, on_day):
    on_day(TODAY)
    found = clock("case.seizure", "2026-11-02")
    address = f"/law/clocks/{found.pk}/"
    client = enter("planner", "980101")
    assert 'id="pause"' in text(client.get(address)) and 'id="extend"' not in text(client.get(address))
    assert client.post(address + "pause/", {"cause": "testing"}).status_code == 302
    assert "Paused" in text(client.get(address)) and 'id="resume"' in text(client.get(address))
    again = client.post(address + "pause/", {"cause": "testing"})  # sent twice: refused, and said why
    assert again.status_code == 400 and "paused" in text(again)
    assert client.post(address + "resume/").status_code == 302
    client = enter("head", "980101")
    assert 'id="extend"' in text(client.get(address))
    assert client.post(address + "extend/", {"extension": "complex", "reason": "案情复杂"}).status_code == 302
    assert Clock.objects.get().due_on == dt.date(2027, 1, 1)
    assert client.get(address + "pause/").status_code == 405


PAGES = [
    ("get", "/law/", "law.rule.view"),
    ("get", "/law/rules/case.decide/", "law.rule.view"),
    ("get", "/law/calendar/", "law.calendar.view"),
    ("get", "/law/clocks/", "law.clock.view"),
    ("post", "/law/rules/case.decide/amend/", "law.rule.amend"),
    ("post", "/law/calendar/day/2026-11-30/", "law.calendar.change"),
    ("post", "/law/calendar/2027/import/", "law.calendar.change"),
    ("post", "/law/clocks/1/pause/", "law.clock.pause"),
]


@pytest.mark.parametrize("role", Role.values)
def test_the_matrix_decides(enter, role):
    client = enter(role, "980102")
    for method, address, action in PAGES:
        refused = getattr(client, method)(address).status_code == 403
        assert refused == (role not in matrix()[action]), (role, address)


def test_lists_cost_a_bounded_number_of_queries(enter, clock, django_assert_max_num_queries):
    for code in ("9801", "980101", "980102"):
        for key in ("case.serve", "case.decide", "case.seizure", "complaint.accept"):
            clock(key, "2026-11-02", subject=code)
    client = enter("head")
    client.get("/law/clocks/")
    with django_assert_max_num_queries(14):
        client.get("/law/clocks/")
    with django_assert_max_num_queries(14):
        client.get("/law/")
    with django_assert_max_num_queries(10):
        client.get("/law/rules/case.decide/")
