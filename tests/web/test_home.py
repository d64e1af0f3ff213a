"""The first page: what waits by the time left, figures that are kept, for each role its own."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from mingcha.apps.accounts.models import User
from mingcha.apps.entities.models import Entity
from mingcha.apps.supervision.models import Plan
from mingcha.desk.offers import Todo
from mingcha.web import todos as waiting


def _todo(title: str, days: int | None = None, url: str = "", **more) -> Todo:
    due = timezone.localdate() + dt.timedelta(days=days) if days is not None else None
    return Todo("plan", "Plans", title, url or f"/{title}/", "Look", due=due, **more)


@pytest.fixture
def offering(monkeypatch):
    """offering(*lists): each list is what one system says waits."""

    def offer(*lists):
        monkeypatch.setattr(
            waiting, "offered", lambda module, name: [lambda user, limit, all_=one: all_ for one in lists]
        )

    return offer


def test_by_the_time_left_and_those_without_a_deadline_last(town, offering):
    offering([_todo("none"), _todo("late", -2)], [_todo("soon", 2), _todo("today", 0), _todo("far", 40)])
    found = waiting.todos_of(User.objects.get(username="planner"))
    assert [t.title for t in found] == ["late", "today", "soon", "far", "none"]
    assert [t.urgency for t in found] == ["hot", "hot", "warm", "ok", ""]


def test_a_clock_and_a_system_that_speak_of_one_thing_are_one_line(town, offering):
    offering([_todo("clock", 3, "/x/", article="第46条", mark="T")], [_todo("appeal", url="/x/", entity="汇味轩")])
    (one,) = waiting.todos_of(User.objects.get(username="planner"))
    assert (one.title, one.entity, one.article, one.days) == ("appeal", "汇味轩", "第46条", 3)


def test_numbers_stand_beside_the_navigation(signed_in):
    Plan.objects.create(number="JH-1", title="待批", budget=5, division="98")
    client = signed_in("administrator")
    page = client.get("/").content.decode()
    assert "待批" in page and "To approve" in page
    nav = client.get("/entities/").content.decode().split("</nav>")[0]
    assert nav.count("waiting for me") >= 4  # beside the desk and the plans, each with its word for the ear


def test_nobody_is_asked_to_approve_his_own_plan(signed_in):
    planner = User.objects.get(username="administrator")
    Plan.objects.create(number="JH-1", title="自己起草的", budget=5, division="98", created_by=planner)
    assert "自己起草的" not in signed_in("administrator").get("/todos/").content.decode()


def test_figures_are_counted_by_a_request_of_their_own(signed_in, django_assert_max_num_queries):
    client = signed_in("administrator")
    first = client.get("/").content.decode()
    assert "/home/counted/" in first and f">{Entity.objects.count()}<" not in first
    counted = client.get("/home/counted/").content.decode()
    assert f">{Entity.objects.count()}<small>" in counted and "hx-swap-oob" in counted
    assert "/home/counted/" not in client.get("/").content.decode()  # kept


def test_figures_are_of_the_jurisdiction(signed_in):
    page = signed_in("deer").get("/home/counted/").content.decode()
    assert f">{Entity.objects.filter(division='980103').count()}<small>" in page


def test_an_instance_without_a_plan_says_what_to_do_first(signed_in):
    page = signed_in("planner").get("/").content.decode()
    assert "What to do first" in page and "mingcha import CONTRACT FILE" in page
    Plan.objects.create(number="JH-1", title="t", budget=5, division="98")
    assert "What to do first" not in signed_in("planner").get("/").content.decode()


@pytest.mark.parametrize(
    ("role", "there", "not_there"),
    [
        ("clerk", ["Last deliveries", "Inspection plans"], ["Credit risk classes", "district map"]),
        ("officer", ["Credit risk classes", "By district"], ["Last deliveries"]),
        ("auditor", ["Inspection plans", "Last deliveries"], ["What may be done"]),
    ],
)
def test_each_role_its_own(signed_in, role, there, not_there):
    Plan.objects.create(number="JH-1", title="t", budget=5, division="98")
    page = signed_in(role).get("/").content.decode()
    assert all(words in page for words in there) and not any(words in page for words in not_there)


def test_a_community_assistant_gets_a_lean_page(signed_in):
    User.objects.filter(username="officer").update(role="community")
    page = signed_in("officer").get("/").content.decode()
    assert 'class="mc-card mc-find"' in page and "Key figures" not in page and "By district" not in page


def test_one_kind_only(signed_in):
    Plan.objects.create(number="JH-1", title="待批", budget=5, division="98")
    client = signed_in("administrator")
    assert "待批" in client.get("/todos/?part=card&kind=approval").content.decode()
    assert "Nothing of this kind waits" in client.get("/todos/?part=card&kind=nothing").content.decode()


def test_who_has_no_unit_sees_no_figures(signed_in):
    """An account whose unit isn't entered yet is of nowhere, as in every list; never of the whole instance."""
    client = signed_in("administrator")
    client.get("/home/counted/")  # the whole instance's figures are kept by now
    User.objects.filter(username="officer").update(unit=None)
    client = signed_in("officer")
    for address in ("/", "/home/counted/"):
        page = client.get(address).content.decode()
        assert f">{Entity.objects.count()}<" not in page and "Credit risk classes" not in page
        assert 'hx-get="/home/counted/' not in page
