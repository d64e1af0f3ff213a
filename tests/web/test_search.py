"""One search: of what is one's own to see, by part of a name, initials, code or address; two characters suffice."""

from __future__ import annotations

import pytest

from mingcha.apps.entities.models import Entity
from mingcha.apps.supervision.models import Plan


@pytest.fixture
def plan(town):
    return Plan.objects.create(number="JH-2026-Q4-001", title="四季度餐饮定向抽查", budget=5, division="98")


@pytest.mark.parametrize("words", ["汇味", "汇味轩", "汇味轩快餐店"])
def test_any_part_of_a_name(signed_in, words):
    entity = Entity.objects.create(
        key="92980102MA0000000X",
        name="云汀汇味轩快餐店",
        division="980102",
        search="云汀 汀汇 汇味 味轩 轩快 快餐 餐店",
    )
    page = signed_in("planner").get("/search/", {"q": words, "part": "results"}).content.decode()
    assert f"/entities/{entity.key}/" in page and "<mark>" in page


def test_codes_addresses_and_initials(signed_in):
    one = Entity.objects.exclude(provisional=True).first()
    Entity.objects.filter(pk=one.pk).update(
        initials="ythwx", search=one.__class__.ever.get(pk=one.pk).search + " yth thw hwx"
    )
    client = signed_in("planner")
    for words in (one.key, one.key[:12], one.key[:15].lower(), "ythwx"):
        assert f"/entities/{one.key}/" in client.get("/search/", {"q": words}).content.decode(), words


def test_plans_by_number_and_title(signed_in, plan):
    client = signed_in("planner")
    for words in ("JH-2026", "jh-2026-q4-001", "餐饮定向"):
        assert f"/plans/{plan.number}/" in client.get("/search/", {"q": words, "part": "results"}).content.decode()


def test_nothing_of_another_jurisdiction(signed_in, plan):
    client = signed_in("deer")  # of 980103
    own = Entity.objects.filter(division="980103", provisional=False).first()
    other = Entity.objects.exclude(division="980103").filter(provisional=False).first()
    assert own.key in client.get("/search/", {"q": own.key}).content.decode()
    assert f"/entities/{other.key}/" not in client.get("/search/", {"q": other.key}).content.decode()
    assert plan.number not in client.get("/search/", {"q": "餐饮定向"}).content.decode()  # a plan of the whole bureau


def test_names_of_people_are_masked(signed_in):
    entity = Entity.objects.filter(provisional=False).first()
    Entity.objects.filter(pk=entity.pk).update(representative="欧阳明月")
    page = signed_in("planner").get("/search/", {"q": entity.key}).content.decode()
    assert "欧**" in page and "明月" not in page


def test_whom_the_matrix_refuses_classes_sees_none(signed_in):
    scored = Entity.objects.filter(risk__risk_class="D", provisional=False).first()
    assert "mc-cls-D" in signed_in("planner").get("/search/", {"q": scored.key}).content.decode()
    assert "mc-cls-" not in signed_in("clerk").get("/search/", {"q": scored.key}).content.decode()


@pytest.mark.parametrize("words", ["", " ", "汇", "%", "__", "'\"", "<b>x</b>", "𠮷𠮷", "x" * 5000, "(", "* AND *"])
def test_odd_words_find_nothing_and_break_nothing(signed_in, words):
    for part in ("", "results"):
        response = signed_in("planner").get("/search/", {"q": words, "part": part})
        assert response.status_code == 200 and b"<b>x</b>" not in response.content
