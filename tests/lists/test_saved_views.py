"""Views that people save: their own, their unit's, the one a list opens with."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mingcha.apps.accounts.models import AuditRecord, User
from mingcha.lists.models import Opening, SavedView
from mingcha.lists.services import MOST, view_save

FOOD = "/entities/?industry=餐饮服务&sort=name"


def save(client, where=FOOD, **asked):
    return client.post(where, {"saving": "save", "name": "Food", **asked})


def test_a_view_keeps_filters_and_order_and_becomes_a_tab(desk_of):
    client = desk_of("planner")
    answer = save(client)
    view = SavedView.objects.get()
    assert answer["Location"].endswith(f"view={view.pk}") and "industry" in view.query and "sort=name" in view.query
    page = client.get(answer["Location"]).content.decode()
    assert "Food" in page and "This view" in page
    assert AuditRecord.objects.get(action="lists.view.save").after["name"] == "Food"


def test_it_tells_that_the_list_shows_something_else_by_now(desk_of):
    client = desk_of("planner")
    save(client)
    view = SavedView.objects.get()
    assert "mc-changed" not in client.get(f"/entities/?{view.query}&view={view.pk}").content.decode()
    assert "mc-changed" in client.get(f"/entities/?view={view.pk}").content.decode()


def test_the_list_opens_with_the_chosen_one_and_all_is_still_there(desk_of):
    client = desk_of("planner")
    save(client, opens="1")
    opening = client.get("/entities/")
    assert opening.status_code == 302 and "view=" in opening["Location"]
    assert client.get("/entities/?view=all").status_code == 200
    client.post("/entities/", {"saving": "opens", "saved": SavedView.objects.get().pk})
    assert not Opening.objects.exists() and client.get("/entities/").status_code == 200


def test_a_shared_view_is_the_unit_s_and_only_its_owner_changes_it(desk_of, colleague):
    client = desk_of("planner")
    save(client, shared="1")
    view = SavedView.objects.get()
    client = desk_of("colleague")
    assert "Food" in client.get("/entities/").content.decode()
    for step in ("change", "update", "left", "delete"):
        answer = client.post("/entities/", {"saving": step, "saved": view.pk, "name": "Mine"})
        assert answer.status_code == 404
    client.post("/entities/", {"saving": "opens", "saved": view.pk})
    assert Opening.objects.get().user == colleague
    client = desk_of("deer")  # of another unit
    assert "Food" not in client.get("/entities/").content.decode()
    desk_of("planner").post("/entities/", {"saving": "change", "saved": view.pk, "name": "Food"})  # no longer shared
    assert not Opening.objects.exists()


def test_who_may_not_share_saves_for_himself_only(desk_of):
    client = desk_of("officer")
    save(client, shared="1")
    assert not SavedView.objects.exists()
    assert "may not share" in client.get("/entities/").content.decode()
    save(client)
    assert SavedView.objects.get().unit is None


def test_a_view_by_what_one_may_not_see_is_not_shown(desk_of, colleague):
    """A clerk has no filter by class: the view would show everyone under the name of a class."""
    client = desk_of("planner")
    save(client, where="/entities/?class=D", name="Class D", shared="1")
    assert "Class D" in desk_of("colleague").get("/entities/").content.decode()
    assert "Class D" not in desk_of("clerk").get("/entities/").content.decode()


@pytest.mark.parametrize(("name", "said"), [("", "no name"), ("   ", "no name"), ("Food", "already")])
def test_a_bad_name_is_refused_where_it_was_given(desk_of, name, said):
    client = desk_of("planner")
    save(client)
    answer = save(client, name=name)
    assert answer.status_code == 302 and SavedView.objects.count() == 1
    assert said in client.get(answer["Location"]).content.decode()


def test_renamed_moved_deleted(desk_of):
    client = desk_of("planner")
    for name in ("One", "Two", "Three"):
        save(client, name=name)
    one, _, three = SavedView.objects.all()
    client.post(FOOD, {"saving": "left", "saved": three.pk})
    client.post(FOOD, {"saving": "change", "saved": one.pk, "name": "First"})
    assert list(SavedView.objects.values_list("name", flat=True)) == ["First", "Three", "Two"]
    client.post("/entities/?class=D", {"saving": "update", "saved": one.pk})
    assert SavedView.objects.get(pk=one.pk).query == "class=D"
    client.post(FOOD, {"saving": "delete", "saved": one.pk})
    assert SavedView.objects.count() == 2 and AuditRecord.objects.filter(action="lists.view.delete").exists()


def test_no_more_than_a_bar_holds_and_no_more_queries_for_many(desk_of):
    client = desk_of("planner")
    user = User.objects.get(username="planner")
    client.get("/entities/?class=D")
    with CaptureQueriesContext(connection) as few:
        client.get("/entities/?class=D")
    for i in range(MOST):
        view_save(listing="entities", name=f"v{i}", query=f"district=d{i}", user=user)
    save(client)
    assert SavedView.objects.count() == MOST
    client.get("/entities/?class=D")
    with CaptureQueriesContext(connection) as many:
        page = client.get("/entities/?class=D").content.decode()
    assert len(many) <= len(few) + 2 and "part=tabs" in page
    assert client.get("/entities/?part=tabs").content.decode().count('class="num"') == MOST + 4


def test_every_list_has_them(desk_of):
    client = desk_of("administrator")
    for where in ("/plans/", "/jobs/", "/notices/", "/data/"):
        assert client.post(where, {"saving": "save", "name": "Mine"}).status_code == 302
        assert "Mine" in client.get(where).content.decode()
