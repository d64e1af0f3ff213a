"""An appeal is written down with the score that it speaks of, answered by name, and changes no score by hand."""

import datetime as dt

import pytest
from django.contrib.auth.models import AnonymousUser

from mingcha.apps.accounts.models import AuditRecord, Unit, User
from mingcha.apps.accounts.permissions import may
from mingcha.apps.entities.models import Entity
from mingcha.apps.exchange.models import Dataset
from mingcha.apps.risk.appeals import appeal_answer, appeal_file, appeals_listed, appeals_of
from mingcha.apps.risk.models import RiskModel, RiskScore
from mingcha.problems import Problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def scored():
    model = RiskModel.objects.create(
        number="M-1", dataset=Dataset.objects.create(name="inspections", document={}), risk_point="violation",
        title="t", trained_until=dt.date(2026, 1, 1), folder="m", digest="1", card={}, state="champion",
    )  # fmt: skip
    entity = Entity.objects.create(key="E1", name="企业")
    RiskScore.objects.create(entity=entity, model=model, probability=0.4, risk_class="D", as_of=dt.date(2026, 2, 1))
    return entity


def test_an_appeal_keeps_the_score_that_it_speaks_of(scored):
    appeal_file(entity=scored, text=" 我店已停业半年 ")
    RiskScore.objects.filter(entity=scored).update(probability=0.1, risk_class="A")
    kept = appeals_of(scored).get()
    assert (kept.text, kept.risk_class, kept.probability, str(kept.as_of)) == ("我店已停业半年", "D", 0.4, "2026-02-01")
    assert AuditRecord.objects.filter(action="risk.appeal.file").exists()


def test_one_waits_at_a_time_and_is_answered_once_by_name(scored):
    user = User.objects.create(username="a", role="administrator", unit=Unit.objects.create(code="1", name="市局"))
    stranger = User.objects.create(username="s", role="administrator")  # of no unit: sees nothing
    filed = appeal_file(entity=scored, text="x")
    with pytest.raises(Problem, match="without an answer"):
        appeal_file(entity=scored, text="y")
    with pytest.raises(Problem, match="says nothing"):
        appeal_answer(number=filed.pk, upheld=True, answer=" ", user=user)
    with pytest.raises(Problem, match="No appeal number"):
        appeal_answer(number=filed.pk, upheld=True, answer="x", user=stranger)
    answered = appeal_answer(number=filed.pk, upheld=True, answer="记录已更正", user=user)
    assert (answered.state, answered.answered_by) == ("upheld", user)
    with pytest.raises(Problem, match="No appeal number"):
        appeal_answer(number=filed.pk, upheld=False, answer="z", user=user)
    later = appeal_file(entity=scored, text="y")
    assert list(appeals_listed()) == [later, answered]
    assert RiskScore.objects.get(entity=scored).risk_class == "D"


def test_who_has_no_class_has_nothing_to_appeal_against():
    with pytest.raises(Problem, match="no risk class"):
        appeal_file(entity=Entity.objects.create(key="E2"), text="x")


def test_who_may(scored):
    rights = {role: [may(User(role=role), f"risk.appeal.{act}") for act in ("file", "answer")]
              for role in ("administrator", "clerk", "officer", "auditor")}  # fmt: skip
    assert rights == {
        "administrator": [True, True], "clerk": [True, False], "officer": [False, False], "auditor": [False, False],
    }  # fmt: skip
    assert not may(AnonymousUser(), "risk.appeal.file")


def test_at_the_desk_a_clerk_writes_it_down_and_an_administrator_answers(scored, client):
    scored.division = "440605"
    scored.save()
    city = Unit.objects.create(code="4406", name="市局", division="4406")
    unit = {name: Unit.objects.create(code=name, name=name, division=name) for name in ("440605", "440606")}
    clerk = User.objects.create(username="c", role="clerk", unit=unit["440605"])
    boss = User.objects.create(username="b", role="administrator", unit=city)
    elsewhere = User.objects.create(username="e", role="clerk", unit=unit["440606"])
    client.force_login(elsewhere)
    assert client.post("/risk/appeals/file/E1/", {"text": "x"}).status_code == 404
    client.force_login(clerk)
    page = client.get("/entities/E1/").content.decode()
    assert "/risk/appeals/file/E1/" in page and "/appeals/answer/" not in page
    assert client.post("/risk/appeals/file/E1/", {"text": "我店已停业"}, follow=True).status_code == 200
    filed = appeals_of(scored).get()
    assert (filed.text, filed.filed_by) == ("我店已停业", clerk)
    assert "/risk/appeals/file/E1/" not in client.get("/entities/E1/").content.decode()  # one waits at a time
    answer = {"upheld": "yes", "answer": "已更正"}
    assert client.post("/risk/appeals/answer/E1/", answer).status_code == 403
    client.force_login(boss)
    assert "/risk/appeals/answer/E1/" in client.get("/entities/E1/").content.decode()
    client.post("/risk/appeals/answer/E1/", answer)
    filed.refresh_from_db()
    assert (filed.state, filed.answer, filed.answered_by) == ("upheld", "已更正", boss)
    assert client.get("/risk/appeals/answer/E1/").status_code == 405
