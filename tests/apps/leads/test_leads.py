"""A lead from its opening to the decision, and who may not."""

import pytest
from django.conf import settings

from mingcha.apps.accounts.models import Unit, User
from mingcha.apps.law.models import Clock
from mingcha.apps.leads.models import Lead
from mingcha.apps.leads.services import lead_assign, lead_decide, lead_note, lead_open
from mingcha.problems import Problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    bureau = Unit.objects.create(code="b", name="局")
    east = Unit.objects.create(code="e", name="东", division="980101", parent=bureau)
    west = Unit.objects.create(code="w", name="西", division="980102", parent=bureau)
    make = User.objects.create
    return {
        "head": make(username="head", role="head", unit=bureau),
        "east": make(username="east", role="officer", unit=east),
        "west": make(username="west", role="officer", unit=west),
        "neighbour": make(username="neighbour", role="community", unit=east),
    }


@pytest.fixture
def lead(staff):
    return lead_open(title="疑似过期原料", text="冷库二号", division="980101", user=staff["east"])


def test_from_suspicion_to_decision(lead, staff):
    clock = Clock.objects.get(key="report.check")
    assert lead.number.startswith("XS-") and clock.state == "running" and len(lead.token) > 20
    lead_assign(lead=lead, to=staff["east"], user=staff["head"])
    lead_note(lead=lead, text="已取样", user=staff["east"])
    with pytest.raises(Problem, match="Who checked a lead"):
        lead_decide(lead=lead, founded=True, text="x", user=staff["east"])
    with pytest.raises(Problem, match="Say what was found"):
        lead_decide(lead=lead, founded=True, text=" ", user=staff["head"])
    lead_decide(lead=lead, founded=True, text="检验不合格", user=staff["head"])
    clock.refresh_from_db()
    assert (lead.state, clock.state) == ("founded", "met")
    assert [e.kind for e in lead.events.all()] == ["open", "assign", "note", "decide"]
    with pytest.raises(Problem, match="can't be done to it now"):
        lead_decide(lead=Lead.objects.get(pk=lead.pk), founded=False, text="x", user=staff["head"])


def test_nobody_of_another_jurisdiction_checks_it(lead, staff):
    with pytest.raises(Problem, match="isn't of the lead's jurisdiction"):
        lead_assign(lead=lead, to=staff["west"], user=staff["head"])


def test_one_object_gives_rise_to_one_lead(staff):
    first = lead_open(title="x", about=staff["east"], user=staff["head"])
    assert lead_open(title="y", about=staff["east"], user=staff["head"]) == first
    Lead.objects.filter(pk=first.pk).update(state="unfounded")
    assert lead_open(title="z", about=staff["east"], user=staff["head"]) != first  # that one is decided


def test_who_noted_the_check_does_not_decide_and_nothing_is_noted_afterwards(lead, staff):
    lead_assign(lead=lead, to=staff["east"], user=staff["head"])
    lead_note(lead=lead, text="自己看了", user=staff["head"])
    with pytest.raises(Problem, match="Who checked a lead"):
        lead_decide(lead=lead, founded=True, text="x", user=staff["head"])
    Lead.objects.filter(pk=lead.pk).update(state="founded")
    with pytest.raises(Problem, match="can't be done to it now"):
        lead_note(lead=lead, text="又一条", user=staff["east"])


@pytest.fixture
def desk(client, staff):
    def sign_in(name):
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
        client.force_login(staff[name], backend=settings.AUTHENTICATION_BACKENDS[-1])
        return client

    return sign_in


def test_the_code_opens_for_who_may_see_it(lead, staff, desk):
    assert desk("head").get(f"/leads/code/{lead.token}/").status_code == 302
    assert desk("west").get(f"/leads/code/{lead.token}/").status_code == 404
    assert desk("west").get(f"/leads/{lead.number}/").status_code == 404
    assert desk("neighbour").get(f"/leads/{lead.number}/").status_code == 404  # theirs only what they opened


def test_the_pages(lead, staff, desk):
    page = desk("head").get(f"/leads/{lead.number}/").content.decode()
    assert "疑似过期原料" in page and "report" in page.lower()
    assert f'<b aria-current="page">{lead.number}</b>' in page  # where one is, is no link
    client = desk("neighbour")
    assert client.post("/leads/new/", {"title": "占道", "source": "hand", "key": "NOBODY"}).status_code == 400
    assert client.post("/leads/new/", {"title": "占道", "source": "hand"}).status_code == 302
    mine = Lead.objects.get(title="占道")
    assert mine.division == "980101" and client.get(f"/leads/{mine.number}/").status_code == 200
    assert client.post(f"/leads/{mine.number}/decide/", {"founded": "1", "text": "x"}).status_code == 403
    client = desk("head")
    assert client.post(f"/leads/{lead.number}/assign/", {"to": staff["east"].pk}).status_code == 302
    assert desk("east").post(f"/leads/{lead.number}/note/", {"text": "已取样"}).status_code == 302
    assert desk("head").post(f"/leads/{lead.number}/decide/", {"founded": "0", "text": "查无实据"}).status_code == 302
    lead.refresh_from_db()
    assert lead.state == "unfounded"


def test_an_act_s_address_read_leads_to_the_page_and_does_nothing(lead, staff, desk):
    client = desk("head")
    for act in ("assign", "note", "decide"):
        answer = client.get(f"/leads/{lead.number}/{act}/")
        assert answer.status_code == 302 and answer.url == f"/leads/{lead.number}/", act
        assert client.put(f"/leads/{lead.number}/{act}/").status_code == 405, act
    lead.refresh_from_db()
    assert lead.state == "open" and lead.events.count() == 1
    assert desk("west").get(f"/leads/{lead.number}/assign/").status_code == 403
    assert desk("west").get(f"/leads/{lead.number}/note/").status_code == 404  # of another jurisdiction


def test_what_a_dialog_lacks_is_named(lead, desk):
    answer = desk("head").post(f"/leads/{lead.number}/decide/", {"founded": "1"})
    assert answer.status_code == 400 and "Where: Reason: This field is required." in answer.content.decode()
