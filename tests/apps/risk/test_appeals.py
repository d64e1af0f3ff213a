"""An appeal is written down with the score that it speaks of, answered by name, and changes no score by hand."""

import datetime as dt

import pytest
from django.contrib.auth.models import AnonymousUser

from mingcha.apps.accounts.models import AuditRecord, User
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
    user = User.objects.create(username="a", role="administrator")
    filed = appeal_file(entity=scored, text="x")
    with pytest.raises(Problem, match="without an answer"):
        appeal_file(entity=scored, text="y")
    with pytest.raises(Problem, match="says nothing"):
        appeal_answer(number=filed.pk, upheld=True, answer=" ", user=user)
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
