"""An appeal is written down with the score that it speaks of, answered by name, and changes no score by hand."""

import datetime as dt
import hashlib
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from mingcha.apps.accounts.models import AuditRecord, Unit, User
from mingcha.apps.accounts.permissions import may
from mingcha.apps.entities.models import Entity
from mingcha.apps.exchange.models import Batch, Dataset
from mingcha.apps.risk import selectors
from mingcha.apps.risk.appeals import appeal_answer, appeal_file, appeals_listed, appeals_of
from mingcha.apps.risk.evidence import path_of
from mingcha.apps.risk.models import RiskModel, RiskScore, Scoring, ScoringCell
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
    assert filed.number == f"RA-{dt.date.today():%Y}-{filed.pk:06d}"
    say = {"number": filed.number, "outcome": "unchanged", "user": user}
    with pytest.raises(Problem, match="without an answer"):
        appeal_file(entity=scored, text="y")
    with pytest.raises(Problem, match="says nothing"):
        appeal_answer(**say, answer=" ")
    with pytest.raises(Problem, match="no outcome"):
        appeal_answer(**say | {"outcome": "granted"}, answer="x")
    with pytest.raises(Problem, match="No appeal"):
        appeal_answer(**say | {"user": stranger}, answer="x")
    answered = appeal_answer(**say, answer="依据 2025 年检查结果，理由充分")
    assert (answered.state, answered.outcome, answered.answered_by) == ("dismissed", "unchanged", user)
    with pytest.raises(Problem, match="No appeal"):
        appeal_answer(**say, answer="z")
    later = appeal_file(entity=scored, text="y")
    assert list(appeals_listed()) == [later, answered]
    assert RiskScore.objects.get(entity=scored).risk_class == "D"


def test_an_upheld_one_names_where_the_data_were_corrected(scored):
    user = User.objects.create(username="a", role="head", unit=Unit.objects.create(code="1", name="市局"))
    filed = appeal_file(entity=scored, text="x")
    say = {"number": filed.number, "outcome": "corrected", "user": user, "answer": "已更正"}
    for wrong in ({}, {"corrected_by": "hand_back", "corrected_in": "nowhere"},
                  {"corrected_by": "hand_back", "corrected_in": "inspections/9"},
                  {"corrected_by": "key", "corrected_in": "12"}, {"corrected_by": "magic"}):  # fmt: skip
        with pytest.raises(Problem, match=r"no correction|isn't said where"):
            appeal_answer(**say, **wrong)
    Batch.objects.create(
        dataset=Dataset.objects.get(), number=3, contract_digest="", version="1", rows_read=1, rows_accepted=1,
        rows_duplicate=0, rows_quarantined=0, seconds=0, received_at=timezone.now(),
    )  # fmt: skip
    done = appeal_answer(**say, corrected_by="hand_back", corrected_in="inspections/3")
    assert (done.state, done.corrected_by, done.corrected_in) == ("upheld", "hand_back", "inspections/3")
    assert AuditRecord.objects.get(action="risk.appeal.answer").after["corrected_in"] == "inspections/3"


def test_the_machine_computes_again_and_what_is_counted_moves_with_it(scored, monkeypatch):
    user = User.objects.create(username="a", role="head", unit=Unit.objects.create(code="1", name="市局"))
    scoring = Scoring.objects.create(
        model=RiskModel.objects.get(), as_of=dt.date(2026, 2, 1), scored=1, base_rate=0.1, in_force=True, compared=True
    )
    ScoringCell.objects.create(scoring=scoring, risk_class="D", before="C", entities=1, expected=0.4)
    RiskScore.objects.update(move="CD")
    monkeypatch.setattr(selectors, "explanation", lambda *a: {"probability": 0.16})
    monkeypatch.setattr(selectors, "base_rate", lambda model: 0.1)
    filed = appeal_file(entity=scored, text="x")
    done = appeal_answer(number=filed.number, outcome="recomputed", answer="已重算", user=user)
    assert (done.state, done.class_after, done.probability_after) == ("upheld", "C", 0.16)
    score = RiskScore.objects.get()
    assert (score.risk_class, score.probability, score.move) == ("C", 0.16, "")
    cells = {(c.risk_class, c.before): (c.entities, round(c.expected, 6)) for c in ScoringCell.objects.all()}
    assert cells == {("D", "C"): (0, 0.0), ("C", "C"): (1, 0.16)}
    assert AuditRecord.objects.get(action="risk.score.recompute").before["class"] == "D"


def test_where_it_cannot_be_computed_again_nothing_is_answered(scored):
    user = User.objects.create(username="a", role="head", unit=Unit.objects.create(code="1", name="市局"))
    filed = appeal_file(entity=scored, text="x")
    with pytest.raises(Problem):  # the model has no files here
        appeal_answer(number=filed.number, outcome="recomputed", answer="已重算", user=user)
    filed.refresh_from_db()
    assert (filed.state, filed.answer) == ("open", "")


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


PDF = b"%PDF-1.4\n%simulated\n"


@pytest.fixture
def staff(scored):
    scored.division = "440605"
    scored.save()
    city = Unit.objects.create(code="4406", name="市局", division="4406")
    unit = {name: Unit.objects.create(code=name, name=name, division=name) for name in ("440605", "440606")}
    return {
        "clerk": User.objects.create(username="c", role="clerk", unit=unit["440605"]),
        "boss": User.objects.create(username="b", role="administrator", unit=city),
        "officer": User.objects.create(username="o", role="officer", unit=unit["440605"]),
        "elsewhere": User.objects.create(username="e", role="clerk", unit=unit["440606"]),
    }


def test_at_the_desk_a_clerk_writes_it_down_and_an_administrator_answers(scored, client, staff):
    client.force_login(staff["elsewhere"])
    assert client.post("/risk/appeals/file/E1/", {"text": "x"}).status_code == 404
    client.force_login(staff["clerk"])
    page = client.get("/entities/E1/").content.decode()
    assert "/risk/appeals/file/E1/" in page
    assert client.post("/risk/appeals/file/E1/", {"text": "我店已停业"}, follow=True).status_code == 200
    filed = appeals_of(scored).get()
    here = f"/risk/appeals/{filed.number}/"
    assert (filed.text, filed.filed_by) == ("我店已停业", staff["clerk"])
    assert "/risk/appeals/file/E1/" not in client.get("/entities/E1/").content.decode()  # one waits at a time
    page = client.get(here).content.decode()
    assert f"{here}answer/" not in page and "40.0%" not in page and "mc-cls-D" not in page  # a clerk sees no score
    assert "我店已停业" in client.get(f"{here}receipt/").content.decode()
    assert client.get(f"{here}letter/").status_code == 400  # not answered yet
    answer = {"outcome": "unchanged", "answer": "理由充分"}
    assert client.post(f"{here}answer/", answer).status_code == 403
    client.force_login(staff["boss"])
    assert f"{here}answer/" in client.get(here).content.decode()
    client.post(f"{here}answer/", answer)
    filed.refresh_from_db()
    assert (filed.state, filed.answer, filed.answered_by) == ("dismissed", "理由充分", staff["boss"])
    assert client.post(f"{here}answer/", answer).status_code == 400  # the second of two at once is told
    assert "理由充分" in client.get(f"{here}letter/").content.decode()
    assert client.get(f"{here}answer/").status_code == 405
    assert filed.number in client.get("/risk/appeals/?state=dismissed").content.decode()


def test_evidence_is_taken_by_its_bytes_and_kept_under_its_digest(scored, client, staff):
    filed = appeal_file(entity=scored, text="x")
    here = f"/risk/appeals/{filed.number}/"
    client.force_login(staff["clerk"])

    def hand_in(name, data):
        return client.post(f"{here}evidence/", {"file": SimpleUploadedFile(name, data)}).status_code

    assert hand_in("停业证明.pdf", PDF) == 302
    kept = filed.evidence.get()
    assert (kept.mime, kept.bytes, kept.sha256) == ("application/pdf", len(PDF), hashlib.sha256(PDF).hexdigest())
    assert hand_in("again.pdf", PDF) == 400  # the same bytes
    assert hand_in("证明.pdf", b"MZ\x90 a program") == 400
    assert hand_in("证明.jpg", PDF + b" ") == 400  # a name that says another kind
    assert hand_in("empty.pdf", b"") == 400
    assert hand_in("../../x.pdf", PDF + b"2") == 302
    assert sorted(filed.evidence.values_list("name", flat=True)) == ["x.pdf", "停业证明.pdf"]
    got = client.get(f"{here}evidence/{kept.sha256}/")
    assert got.content == PDF and got["X-Content-Type-Options"] == "nosniff"
    assert got["Content-Disposition"].startswith("attachment")
    assert kept.sha256 in client.get(f"{here}receipt/").content.decode()
    path = Path(default_storage.path(path_of(kept.sha256)))
    path.write_bytes(b"%PDF-changed")
    assert client.get(f"{here}evidence/{kept.sha256}/").status_code == 400
    path.write_bytes(PDF)
    client.force_login(staff["elsewhere"])
    for address in ("", "receipt/", f"evidence/{kept.sha256}/"):
        assert client.get(here + address).status_code == 404
    assert client.post(f"{here}evidence/", {"file": SimpleUploadedFile("a.pdf", PDF)}).status_code == 404
    client.force_login(staff["officer"])
    assert client.get(here).status_code == 403
    appeal_answer(number=filed.number, outcome="unchanged", answer="x", user=staff["boss"])
    client.force_login(staff["clerk"])
    assert hand_in("late.pdf", PDF + b"3") == 400
