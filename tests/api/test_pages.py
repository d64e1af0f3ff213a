"""Pages lose no row and repeat none, though rows come in between."""

import datetime as dt

from mingcha.apps.entities.models import Entity


def test_rows_that_come_in_between_shift_nothing(town):
    caller = town.caller("admin")
    before, seen, cursor = set(Entity.objects.values_list("key", flat=True)), [], ""
    for n in range(100):
        page = caller.get("/entities", limit=2, cursor=cursor).json()
        seen += [one["key"] for one in page["items"]]
        Entity.objects.create(key=f"E000-{n}", name="new", division="980103")  # before, and
        Entity.objects.create(key=f"{seen[-1]}-a{n}" if n < 3 else f"D{n}", name="new", division="980103")
        cursor = page["next"]
        if not cursor:
            break
    assert len(seen) == len(set(seen)) and before <= set(seen)


def test_a_feed_tells_everything_once_and_goes_on(town, monkeypatch):
    monkeypatch.setattr("mingcha.apps.supervision.api.tasks.HELD_BACK", dt.timedelta(0))
    caller, told, cursor = town.caller("admin", "*.view", "supervision.*"), [], ""
    for _ in range(4):
        page = caller.get("/tasks/changes", limit=4, cursor=cursor).json()
        told += [one["id"] for one in page["items"]]
        cursor = page["next"]
    assert len(told) == len(set(told)) == 6 and cursor
    number = town.tasks[0].number
    assert caller.post(f"/tasks/{number}/cancel", {"reason": "closed down"}).status_code == 200
    page = caller.get("/tasks/changes", cursor=cursor).json()
    assert [(one["task"], one["kind"]) for one in page["items"]] == [(number, "cancel")]
    last = page["items"][0]["id"] - 1
    changed = caller.get("/tasks", changed_after=last).json()["items"]
    assert [one["number"] for one in changed] == [number]


def test_a_cursor_is_ours_and_of_its_list(town):
    caller = town.caller("admin")
    cursor = caller.get("/entities", limit=2).json()["next"]
    for wrong in ("x", cursor[:-2], cursor + "x"):
        assert caller.get("/entities", cursor=wrong).status_code == 422
    assert caller.get("/tasks", cursor=cursor).status_code == 422


def test_a_page_has_its_limit(town):
    caller = town.caller("admin")
    assert len(caller.get("/entities", limit=500).json()["items"]) == 12
    for limit in (0, 501, "x"):
        assert caller.get("/entities", limit=limit).status_code == 422


def test_a_list_costs_the_same_however_long_the_page(town, django_assert_max_num_queries):
    caller = town.caller("admin")
    caller.get("/tasks")
    with django_assert_max_num_queries(5):  # of them the keys of the page, then its rows
        assert len(caller.get("/tasks").json()["items"]) == 6
