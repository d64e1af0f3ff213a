"""The statement for a firm: plain words, nobody else's data, frozen under a digest that anyone can check."""

import datetime as dt
import json
import re

import pytest

from mingcha.apps.accounts.models import AuditRecord
from mingcha.apps.entities.models import Entity
from mingcha.apps.risk import selectors, statements, words
from mingcha.apps.risk.models import Statement
from mingcha.engines.factors.factor import Factor, Peer, Signal
from mingcha.engines.factors.titles import for_the_firm
from mingcha.engines.lake.reading import contract_of
from mingcha.problems import Problem

SAID = {
    "reasons": [
        {"factor": "own", "value": 6.0, "log_odds": 0.9, "points": 0.1},
        {"factor": "near", "value": 0.77, "log_odds": 0.4, "points": 0.05},
        {"factor": "calendar.month", "value": 11.0, "log_odds": 0.3, "points": 0.02},
        {"factor": "state", "value": 0.0, "log_odds": -0.2, "points": -0.02},
        {"factor": "none", "value": None, "log_odds": 0.001, "points": 0.0},
    ],
    "changes": [
        {"factor": "own", "value": 6.0, "to": 1.0, "probability": 0.2431},
        {"factor": "near", "value": 0.77, "to": 0.1, "probability": 0.3},
    ],
}


def told(text: str, own: bool = True, mendable: bool = True, unit: str = "times"):
    return words.Told({"zh": f"贵单位{text}（模拟数据）", "en": text}, unit, own, mendable, "complaints", "某法", "46")


TOLD = {
    "own": told("投诉次数"),
    "near": told("周边总体情况", own=False, mendable=False),
    "state": told("欠缴", unit="flag"),
    "none": told("无"),
}
SOURCES = {
    "complaints": {
        "zh": "投诉（模拟数据）",
        "en": "Complaints",
        "department_zh": "12315",
        "department_en": "12315",
        "as_of": "2026-01-31",
    }
}


def content(**more):
    given = {
        "entity": {"name": "甲店", "key": "E00", "address": ""}, "risk_class": "D", "model": "M-1", "told": TOLD,
        "point": {"zh": "发现问题", "en": "a violation"}, "as_of": dt.date(2026, 2, 1), "sources": SOURCES,
        "reasons": SAID["reasons"], "changes": SAID["changes"], "bureau": "市局", "days": 20,
    }  # fmt: skip
    return words.content(**given | more)


def test_it_tells_the_firm_s_own_record_and_of_others_only_that_there_are_others():
    zh = content()["zh"]
    assert [(r["text"], r["value"], r["raises"]) for r in zh["reasons"]] == [
        ("贵单位投诉次数", "6 次", True), ("贵单位周边总体情况", "", True), ("贵单位欠缴", "否", False),
    ]  # fmt: skip
    assert zh["reasons"][0]["way"] == "主要原因，使风险升高" and zh["reasons"][0]["basis"] == "《某法》第 46 条"
    assert zh["changes"] == ["贵单位投诉次数：若为“1 次”，风险会降低。"]
    assert zh["sources"] == [{"title": "投诉", "department": "12315", "as_of": "2026-01-31"}]


def test_it_tells_no_probability_and_no_neighbour_s_figure():
    text = json.dumps(content(), ensure_ascii=False)
    assert not re.search(r"0\.\d|24\.|0\.77|\d%", text)


def test_the_same_words_have_the_same_digest_and_one_changed_letter_another():
    given = ("RE-2026-000001", "2026-02-01T10:00:00+08:00")
    first = words.digest_of(*given, content())
    assert first == words.digest_of(*given, json.loads(json.dumps(content())))
    assert first != words.digest_of(*given, content(bureau="市局 "))
    assert first != words.digest_of("RE-2026-000002", given[1], content())


def factor(family="count", statistic="count", signal=None, **more) -> Factor:
    return Factor(name="f", dataset="complaints", family=family, statistic=statistic, signal=signal or Signal(), **more)


@pytest.fixture(scope="module")
def complaints():
    import yaml

    from .conftest import CONTRACT

    return contract_of(yaml.safe_load((CONTRACT.parent / "complaints.yaml").read_text("utf-8")))


def test_what_a_factor_looks_at_in_words_for_the_firm(complaints):
    said = for_the_firm(factor(window=365), complaints)
    assert said["zh"].startswith("贵单位近 365 天在“") and "记录次数" in said["zh"]
    assert said["en"].startswith("Your firm in “") and "last 365 days" in said["en"]
    assert for_the_firm(factor("calendar", "part"), None) is None
    peers = for_the_firm(factor("peers", peer=Peer("x", "address", "address")), complaints)
    assert "总体情况" in peers["zh"] and "no single firm" in peers["en"]
    near = for_the_firm(factor("density", radius=300), complaints)
    assert "周边" in near["zh"] and "300" not in near["zh"]
    topic = for_the_firm(factor(signal=Signal("topic", "content", value="要求退|定金")), complaints)
    assert "定金" not in topic["zh"] and "定金" not in topic["en"]
    strict = for_the_firm(factor("rate", "rate", Signal("condition", "x", adjusted=True)), complaints)
    assert "检查人员" not in strict["zh"] and "inspector" not in strict["en"]


@pytest.fixture
def reasons(city, monkeypatch):
    city.score("DDCCBBBBAAAAAAAA")
    monkeypatch.setattr(selectors, "explanation", lambda *a: SAID)
    monkeypatch.setattr(statements, "_told", lambda model: TOLD)
    monkeypatch.setattr(statements, "_sources", lambda names, as_of: SOURCES)
    return city


def test_it_is_issued_printed_handed_out_once_and_all_of_it_is_on_the_trail(reasons, desk):
    user = reasons.user("officer")
    client = desk(user)
    page = client.get("/risk/statements/of/E00/").content.decode()
    assert "Draft, not issued" in page and not Statement.objects.exists()  # looking issues nothing
    assert client.post("/risk/statements/of/E00/issue/").status_code == 302
    kept = Statement.objects.get()
    assert kept.issued_by == user and statements.statement_holds(kept)
    here = f"/risk/statements/{kept.number}/"
    zh = client.post(f"{here}print/", {"lang": "zh"}).content.decode()
    assert "信用风险分类情况说明" in zh and kept.digest in zh and "20 个工作日" in zh
    en = client.post(f"{here}print/", {"lang": "en"}).content.decode()
    assert "Statement on the credit risk class" in en and kept.number in en
    assert client.get(f"{here}print/").status_code == 405
    assert client.post(f"{here}hand/", {"how": "in_person", "to": " "}).status_code == 400
    assert client.post(f"{here}hand/", {"how": "in_person", "to": "王某"}).status_code == 302
    assert client.post(f"{here}hand/", {"how": "post", "to": "李某"}).status_code == 400  # once
    kept.refresh_from_db()
    assert (kept.handed_to, kept.handed_how, kept.handed_by) == ("王某", "in_person", user)
    actions = list(AuditRecord.objects.filter(action__startswith="risk.explanation").values_list("action", flat=True))
    assert sorted(actions) == ["risk.explanation.hand", "risk.explanation.issue", *["risk.explanation.print"] * 2]


def test_what_was_issued_stays_whatever_is_scored_later(reasons, desk):
    kept = statements.statement_issue(entity=Entity.objects.get(key="E00"), user=reasons.user("head"))
    reasons.score("AAAAAAAAAAAAAAAA")
    kept.refresh_from_db()
    assert kept.content["zh"]["class"] == "D" and statements.statement_holds(kept)
    Statement.objects.update(content=content(risk_class="A"))
    page = desk(reasons.user("head")).get(f"/risk/statements/{kept.number}/").content.decode()
    assert "no longer those of the digest" in page


def test_anyone_checks_a_paper_and_learns_nothing_of_the_firm(reasons, client):
    kept = statements.statement_issue(entity=Entity.objects.get(key="E00"), user=reasons.user("head"))
    found = client.get(f"/public/statements/{kept.number}/{kept.digest[:16]}/")
    text = found.content.decode()
    assert found.status_code == 200 and kept.digest in text and "E00" not in text and "企业0" not in text
    for number, mark in ((kept.number, "0" * 16), (kept.number, kept.digest[:4]), ("RE-2026-999999", kept.digest[:16])):
        wrong = client.get(f"/public/statements/{number}/{mark}/")
        assert wrong.status_code == 404 and kept.digest not in wrong.content.decode()


def test_another_district_and_who_has_no_right(reasons, desk):
    kept = statements.statement_issue(entity=Entity.objects.get(key="E01"), user=reasons.user("head"))  # 鹿鸣区
    client = desk(reasons.user("planner", reasons.river))
    assert client.get("/risk/statements/of/E01/").status_code == 404
    assert client.post("/risk/statements/of/E01/issue/").status_code == 404
    for act in ("", "print/", "hand/"):
        method = client.post if act else client.get
        assert method(f"/risk/statements/{kept.number}/{act}").status_code == 404
    assert kept.number not in client.get("/risk/statements/").content.decode()
    clerk = desk(reasons.user("clerk"))
    assert clerk.get("/risk/statements/").status_code == 403
    assert clerk.post("/risk/statements/of/E01/issue/").status_code == 403


def test_without_a_score_or_the_model_s_files_it_says_so(city):
    city.score("D---------------")
    with pytest.raises(Problem, match="no score"):
        statements.statement_issue(entity=Entity.objects.get(key="E01"), user=city.user("head"))
    with pytest.raises(Problem):
        statements.statement_issue(entity=Entity.objects.get(key="E00"), user=city.user("head"))
    assert not Statement.objects.exists()
