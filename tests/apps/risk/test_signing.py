"""A challenger takes the champion's place only through the gates, or for a reason that is kept."""

import datetime as dt

import pytest

from mingcha.apps.accounts.models import AuditRecord, User
from mingcha.apps.exchange.models import Dataset
from mingcha.apps.risk.models import RiskModel
from mingcha.apps.risk.selectors import model_get
from mingcha.apps.risk.services import model_sign
from mingcha.problems import Problem

pytestmark = pytest.mark.django_db
GAIN = {"value": 0.02, "low": -0.01, "high": 0.05}


def model(number, challenge=None, **more):
    dataset, _ = Dataset.objects.get_or_create(name="inspections", defaults={"document": {}})
    return RiskModel.objects.create(
        number=number, dataset=dataset, risk_point="violation", title="t", trained_until=dt.date(2026, 1, 1),
        folder=number, digest=number, card={"challenge": challenge}, **more,
    )  # fmt: skip


def states():
    return dict(RiskModel.objects.values_list("number", "state"))


def test_the_first_model_needs_a_signature_only():
    model_sign(model=model("M-1"), user=User.objects.create(username="a"))
    assert states() == {"M-1": "champion"}


@pytest.mark.parametrize(
    ("challenge", "said"),
    [
        (None, "not compared"),
        ({"champion": "M-0", "rows": 90, "allowed": True}, "not compared"),
        ({"rows": 0, "allowed": False}, "no visits that neither"),
        ({"rows": 90, "allowed": False, "better": False, "gain": GAIN}, r"\+0.020 \[-0.010, \+0.050\]"),
        ({"rows": 90, "allowed": False, "better": True, "gain": GAIN}, "unfair"),
    ],
)
def test_a_challenger_that_fails_a_gate_is_refused_without_a_reason(challenge, said):
    user = User.objects.create(username="a")
    model_sign(model=model("M-1"), user=user)
    challenger = model("M-2", challenge and {"champion": "M-1", **challenge})
    with pytest.raises(Problem, match=said):
        model_sign(model=challenger, user=user, reason="  ")
    assert states() == {"M-1": "champion", "M-2": "challenger"}
    model_sign(model=challenger, user=user, reason="the old one lost its factors")
    assert states() == {"M-1": "retired", "M-2": "champion"}
    assert AuditRecord.objects.latest("pk").after["reason"] == "the old one lost its factors"


def test_a_challenger_that_passes_is_signed():
    user = User.objects.create(username="a")
    model_sign(model=model("M-1"), user=user)
    model_sign(model=model("M-2", {"champion": "M-1", "rows": 900, "allowed": True}), user=user)
    assert states() == {"M-1": "retired", "M-2": "champion"}


def test_what_passed_against_a_champion_that_is_gone_hasnt_passed():
    """Two challengers beat M-1; once M-2 is in force, M-3 was never compared with it."""
    user = User.objects.create(username="a")
    model_sign(model=model("M-1"), user=user)
    passed = {"champion": "M-1", "rows": 900, "allowed": True}
    second, third = model("M-2", passed), model("M-3", passed)
    model_sign(model=second, user=user)
    with pytest.raises(Problem, match="not compared"):
        model_sign(model=third, user=user)
    assert states() == {"M-1": "retired", "M-2": "champion", "M-3": "challenger"}


def test_which_model_is_meant_is_never_guessed():
    user = User.objects.create(username="a")
    with pytest.raises(Problem, match="No model has been trained"):
        model_get()
    first = model("M-1")
    assert model_get() == first and model_get(to_sign=True) == first
    second = model("M-2")
    with pytest.raises(Problem, match="more than one") as caught:
        model_get(to_sign=True)
    assert "M-1" in caught.value.todo_en and "M-2" in caught.value.todo_en
    model_sign(model=first, user=user)
    assert model_get() == first and model_get(to_sign=True) == second
    RiskModel.objects.filter(pk=second.pk).update(risk_point="other", state="champion")
    with pytest.raises(Problem, match="more than one"):
        model_get()
    with pytest.raises(Problem, match="No model waits"):
        model_get(to_sign=True)
    with pytest.raises(Problem, match="no model 'M-9'"):
        model_get("M-9")
    assert model_get("M-2") == second
