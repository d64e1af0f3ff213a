"""The risk of a jurisdiction: what a scoring counted is what counting by hand gives, for whom it is his to see."""

import csv
import io
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mingcha.apps.accounts.models import AuditRecord
from mingcha.apps.risk import insight
from mingcha.apps.risk.models import PointScore, RiskScore, ScoringCell

FIRST = "DDCCBBBBAAAAAAAA"
SECOND = "DCDCBABBAAAAAAD-"  # 1: D to C, 2: C to D, 5: B to A, 14: A to D, 15: gone


def test_a_composition_is_what_counting_by_hand_gives(city):
    scoring = city.score(FIRST)
    found = insight.overview(scoring, city.user("planner"))
    assert found["total"] == {"n": 16, "expected": pytest.approx(2.0), "rate": pytest.approx(0.125)}
    classes = {c["letter"]: (c["n"], round(c["expected"], 6), round(c["random"], 6)) for c in found["classes"]}
    assert classes == {"D": (2, 0.8, 0.25), "C": (2, 0.4, 0.25), "B": (4, 0.4, 0.5), "A": (8, 0.4, 1.0)}
    for field, groups in (("district", found["districts"]), ("industry", found["industries"])):
        for group in groups:
            scores = RiskScore.objects.filter(**{f"entity__{field}": group["name"]})
            assert group["n"] == scores.count()
            assert group["chosen"] == scores.filter(risk_class__in="CD").count()
            assert group["expected"] == pytest.approx(sum(s.probability for s in scores))
    cells = {(row["industry"], c["district"]): c["chosen"] for row in found["pivot"] for c in row["cells"]}
    assert sum(cells.values()) == 4 and cells["餐饮业", "临江区"] == 1
    assert found["moves"] is None  # the first scoring has nothing to be compared with


def test_who_rose_and_who_fell_and_each_number_has_its_list(city, desk):
    city.score(FIRST)
    scoring = city.score(SECOND)
    moves = insight.overview(scoring, city.user("planner"))["moves"]
    assert [moves[turn] for turn in ("to_d", "up", "from_d", "down", "new", "gone")] == [2, 0, 1, 1, 0, 1]
    client = desk(city.user("planner"))
    page = client.get("/risk/").content.decode()
    links = {link.replace("&amp;", "&") for link in re.findall(r'href="(/risk/firms/\?[^"]*)"', page)}
    assert "/risk/firms/?turn=to_d" in links and len(links) > 15
    for link in links:
        number = client.get(link).content.decode()
        shown = int(re.search(r'data-item-count="(\d+)"', number)[1])
        assert shown > 0, link
    assert 'data-item-count="2"' in client.get("/risk/firms/?turn=to_d").content.decode()
    assert 'data-item-count="1"' in client.get("/risk/firms/?move=DC").content.decode()


def test_only_the_last_two_scorings_keep_their_cells(city):
    for letters in (FIRST, SECOND, FIRST, SECOND):
        last = city.score(letters)
    assert set(ScoringCell.objects.values_list("scoring", flat=True)) == {last.pk, last.before_id}
    assert sum(ScoringCell.objects.filter(scoring=last).values_list("entities", flat=True)) == RiskScore.objects.count()


def test_a_jurisdiction_sees_its_own(city, desk):
    city.score(FIRST)
    scoring = city.score(SECOND)
    whole = insight.overview(scoring, city.user("planner"))
    river = insight.overview(scoring, city.user("planner", city.river))
    village = insight.overview(scoring, city.user("officer", city.village))  # counted now: its code is too long
    assert whole["total"]["n"] == 15 and river["total"]["n"] == 8
    assert [d["name"] for d in river["districts"]] == ["临江区"]
    assert village["total"] == pytest.approx(river["total"]) and village["moves"]["table"] == river["moves"]["table"]
    client = desk(city.user("planner", city.river))
    assert 'data-item-count="8"' in client.get("/risk/firms/").content.decode()
    page = client.get("/risk/firms/?district=鹿鸣区").content.decode()
    assert 'data-item-count="0"' in page and "E01" not in page
    assert "鹿鸣区" not in client.get("/risk/").content.decode()


def test_who_may_not(city, desk):
    city.score(FIRST)
    for role in ("clerk", "community"):
        client = desk(city.user(role))
        assert client.get("/risk/").status_code == 403 and client.get("/risk/firms/").status_code == 403
    nobody = city.user("planner", city.river)
    nobody.unit = None
    nobody.save()
    assert 'data-item-count="0"' in desk(nobody).get("/risk/firms/").content.decode()
    officer = desk(city.user("officer"))
    assert officer.get("/risk/firms/?as=csv")["Content-Type"].startswith("text/html")  # sees, may not take away
    assert not AuditRecord.objects.filter(action="risk.scores.export").exists()
    assert officer.post("/risk/").status_code == 405


def test_a_list_says_why_and_since_when_and_leaves_with_an_audit(city, desk):
    city.score(FIRST)
    city.score(SECOND)
    client = desk(city.user("head"))
    page = client.get("/risk/firms/").content.decode()
    assert "Complaints in 365 days" in page and "2025-05-05" in page and "A → D" in page
    taken = b"".join(client.get("/risk/firms/?as=csv&class=D").streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(taken)))
    assert len(rows) == 4 and "Complaints in 365 days; B" in rows[1]
    assert AuditRecord.objects.get(action="risk.scores.export").after["filters"] == {"class": ["D"]}


def test_a_risk_point_that_gives_no_class_has_its_own_list(city, desk, monkeypatch):
    city.score(FIRST)
    other = city.made("M-2", "other", state="champion")
    city.score("AAAAAAAAAAAAAADD", model=other)
    assert PointScore.objects.count() == 16 and RiskScore.objects.filter(risk_class="D").count() == 2
    client = desk(city.user("planner"))
    page = client.get("/risk/?point=spot_inspections.other").content.decode()
    assert "/risk/firms/spot_inspections.other/?class=D" in page
    listed = client.get("/risk/firms/spot_inspections.other/?class=D").content.decode()
    assert 'data-item-count="2"' in listed and "E14" in listed and "E00" not in listed
    assert client.get("/risk/firms/spot_inspections.nothing/").status_code == 404
    assert client.get("/risk/?point=nonsense&classes=zzz").status_code == 200


def test_an_empty_instance_says_what_belongs_there(city, desk):
    client = desk(city.user("planner"))
    assert "Nobody is rated yet" in client.get("/risk/").content.decode()
    assert "Nobody is rated yet" in client.get("/risk/firms/").content.decode()


def test_the_page_asks_as_often_however_many_there_are(city, desk):
    city.score(FIRST)
    client = desk(city.user("planner"))
    client.get("/risk/")
    with CaptureQueriesContext(connection) as asked:
        client.get("/risk/")
    assert len(asked) <= 9
    assert not [q for q in asked if "risk_riskscore" in q["sql"]]  # nobody is counted on a request
