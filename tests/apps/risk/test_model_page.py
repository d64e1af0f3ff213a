"""A model's papers: beside the champion, signed under a text of limits, drift over time, one page a factor."""

import datetime as dt

import pytest

from mingcha.apps.accounts.models import AuditRecord
from mingcha.apps.risk import card_page, overrides
from mingcha.apps.risk.limits import limits_latest, limits_of, versions
from mingcha.apps.risk.models import ModelSignature, RiskModel, Scoring
from mingcha.apps.risk.services import model_sign
from mingcha.problems import Problem

from .conftest import FACTORS

GAIN = {"value": 0.02, "low": -0.01, "high": 0.05}
FIGURE = {"value": 0.7, "ci95": [0.6, 0.8], "baselines": {"random": 0.5}}
UNFAIR = {"attribute": "industry", "level": "餐饮业", "rate": "false_positive", "ratio": 2.1, "limit": 1.25}


def card(**challenge):
    against = {"champion": "M-1", "rows": 90, "allowed": True, "better": True, "fair": True, "unfair": [], "gain": GAIN,
               "overlap": 0.5}  # fmt: skip
    return {"factors": FACTORS[:1], "figures": {"auc": FIGURE}, "challenge": against | challenge}


def test_each_gate_says_how_it_stands(city):
    champion = city.model
    assert card_page.gates(None, None) == []
    found = card_page.gates(champion, card()["challenge"])
    assert [g["passes"] for g in found] == [True, True, True] and found[1]["said"] == "+0.020 [−0.010, +0.050]"
    found = card_page.gates(champion, card(better=False, fair=False, unfair=[UNFAIR])["challenge"])
    assert [g["passes"] for g in found] == [True, False, False] and "餐饮业 ×2.10" in found[2]["said"]
    assert [g["passes"] for g in card_page.gates(champion, None)] == [False, None, None]


def test_the_dialog_says_that_the_gates_are_not_passed_and_the_signature_is_refused_without_a_reason(city, desk):
    city.made("M-2", card=card(better=False, allowed=False))
    client = desk(city.user("head"))
    page = client.get("/risk/models/M-2/").content.decode()
    assert "Challenger beside champion" in page and "It has NOT passed the gates against M-1" in page
    assert client.post("/risk/models/M-2/sign/").status_code == 400
    assert client.post("/risk/models/M-2/sign/", {"reason": "items changed"}).status_code == 302
    kept = ModelSignature.objects.get()
    assert (kept.passed, kept.reason, kept.before.number, kept.user) == (
        False,
        "items changed",
        "M-1",
        city.user("head"),
    )
    assert (kept.limits, kept.limits_digest) == (limits_latest().version, limits_latest().digest)
    page = client.get("/risk/models/M-2/").content.decode()
    assert "items changed" in page and "without passing the gates" in page


def test_one_that_passed_says_so(city, desk):
    city.made("M-2", card=card())
    page = desk(city.user("head")).get("/risk/models/M-2/").content.decode()
    assert "It has passed the gates against M-1" in page and "may take its place" in page


def test_models_are_the_bureau_s_a_district_s_head_may_not_sign_them(city, desk):
    city.made("M-2", card=card())
    client = desk(city.user("head", city.river))
    page = client.get("/risk/models/M-2/").content.decode()
    assert "/risk/models/M-2/sign/" not in page
    assert client.post("/risk/models/M-2/sign/").status_code == 403
    assert RiskModel.objects.get(number="M-2").state == "challenger"
    assert desk(city.user("planner")).post("/risk/models/M-2/sign/").status_code == 403


def test_two_who_sign_at_once_the_second_is_told(city):
    challenger = city.made("M-2", card=card())
    model_sign(model=challenger, user=city.user("head"))
    with pytest.raises(Problem, match="champion already"):
        model_sign(model=RiskModel.objects.get(pk=challenger.pk), user=city.user("administrator"))
    assert ModelSignature.objects.count() == 1 and AuditRecord.objects.filter(action="risk.model.sign").count() == 1


def test_drift_over_time_is_drawn_from_the_scorings(city, desk):
    for month, psi in ((1, 0.0), (2, 0.12), (3, 0.4)):
        Scoring.objects.create(
            model=city.model, as_of=dt.date(2026, month, 1), scored=1, base_rate=0.1, in_force=True,
            drift={"as_of": f"2026-0{month}-01", "since": "2026-01-01", "visits": 0, "cusum": None,
                   "psi": {"score": psi / 2, FACTORS[0]["name"]: psi, "b": 0.0}},
        )  # fmt: skip
    scorings = list(city.model.scorings.order_by("-pk"))
    found = card_page.drift_history(scorings, city.model.card)
    assert [r["psi"] for r in found["rows"]] == [0.4, 0.12, 0.0] and len(found["lines"]["score"].split()) == 3
    assert card_page.drift_history(scorings[:1], city.model.card) is None
    page = desk(city.user("auditor")).get("/risk/models/M-1/").content.decode()
    assert "Drift over time" in page and "Complaints in 365 days" in page


def test_the_cusum_is_drawn_with_its_limit():
    assert card_page.cusum({}) is None and card_page.cusum({"cusum": {"up": [1], "down": [0], "limit": 13}}) is None
    found = card_page.cusum({"cusum": {"up": [0.0, 13.0, 26.0], "down": [0.0, 0.0, 0.0], "limit": 13.0}})
    assert found["limit"] == "50.0" and found["up"].split() == ["0.0,100.0", "200.0,50.0", "400.0,0.0"]


def test_each_factor_has_its_page(city, desk):
    client = desk(city.user("planner"))
    page = client.get("/risk/models/M-1/factors/0/").content.decode()
    for said in ("Complaints in 365 days", "消费者权益保护法", "art. 46", "complaints.rows.count.all", "60.0%", "90%"):
        assert said in page, said
    assert "none declared" in client.get("/risk/models/M-1/factors/1/").content.decode()
    assert client.get("/risk/models/M-1/factors/2/").status_code == 404
    assert desk(city.user("officer")).get("/risk/models/M-1/factors/0/").status_code == 403


def test_what_it_may_not_be_used_for_is_open_to_all_staff_and_names_the_signature(city, desk):
    for role in ("officer", "clerk", "community"):
        page = desk(city.user(role)).get("/risk/models/M-1/limits/").content.decode()
        assert "What this model may not be used for" in page and "no evidence" in page
    city.made("M-2", card=card())
    model_sign(model=RiskModel.objects.get(number="M-2"), user=city.user("head"))
    page = desk(city.user("officer")).get("/risk/models/M-2/limits/").content.decode()
    assert f"under version {limits_latest().version} of this text" in page and limits_latest().digest in page
    assert "the next signature" in desk(city.user("clerk")).get("/risk/limits/").content.decode()


def test_every_version_of_the_limits_says_the_same_in_both_languages():
    for version in versions():
        text = limits_of(version).content
        assert set(text) == {"zh", "en"}
        shape = [[len(s["points"]) for s in text[lang]["sections"]] for lang in ("zh", "en")]
        assert shape[0] == shape[1] and text["zh"]["answers"] and text["en"]["answers"]
    with pytest.raises(KeyError):
        limits_of("../2026-11")


def test_overrides_are_told_by_whoever_counts_them(city, desk):
    client = desk(city.user("auditor"))
    assert "no tasks of its plans yet" in client.get("/risk/models/M-1/").content.decode()
    before = list(overrides._count)
    overrides.register(lambda model: overrides.Overrides(100, 7, 5, 1, 90, 30))
    try:
        page = client.get("/risk/models/M-1/").content.decode()
    finally:
        overrides._count[:] = before
    assert "7 / 100" in page and "1 / 5" in page and "30 / 90" in page
