"""A request that comes twice is done once."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone
from tests.api.conftest import make_town

from mingcha.api.models import Answer
from mingcha.apps.leads.models import Lead
from mingcha.apps.supervision.models import TaskEvent

LEAD = {"title": "无照经营", "text": "t"}


def test_the_same_key_gives_the_same_answer(town):
    caller = town.caller("admin", "leads.*")
    first, again = (caller.post("/leads", LEAD, key="key-00000001") for _ in range(2))
    assert first.status_code == again.status_code == 201 and first.json() == again.json()
    assert "Idempotency-Replayed" not in first.headers and again.headers["Idempotency-Replayed"] == "true"
    assert Lead.objects.count() == 1


def test_a_key_is_for_one_request_and_one_token(town):
    caller = town.caller("admin", "leads.*")
    caller.post("/leads", LEAD, key="key-00000001")
    other = caller.post("/leads", LEAD | {"text": "other"}, key="key-00000001")
    assert other.status_code == 422 and other.json()["type"].endswith("#key-reused")
    assert town.caller("admin", "leads.*").post("/leads", LEAD, key="key-00000001").status_code == 201
    assert Lead.objects.count() == 2


def test_a_key_is_asked_for(town):
    caller = town.caller("admin", "leads.*")
    for key in ("short", "with space in it", "x" * 129):
        refused = caller.post("/leads", LEAD, key=key)
        assert (refused.status_code, refused.json()["where"]) == (400, "Idempotency-Key")
    assert not Lead.objects.exists()


def test_what_was_refused_may_be_tried_again_with_its_key(town):
    caller = town.caller("officer", "supervision.*")
    path = f"/tasks/{town.tasks[0].number}/enter"
    assert caller.post(path, {}, key="key-00000001").status_code == 422  # not accepted yet
    assert not Answer.objects.exists()
    caller.post(f"/tasks/{town.tasks[0].number}/accept")
    assert caller.post(path, {}, key="key-00000001").status_code != 409


def test_one_under_way_is_waited_for_and_one_abandoned_taken_over(town):
    caller = town.caller("admin", "leads.*")
    caller.post("/leads", LEAD, key="key-00000001")
    Answer.objects.update(status=None, body="", lease="0" * 32)
    assert caller.post("/leads", LEAD, key="key-00000001").status_code == 409
    Answer.objects.update(at=timezone.now() - dt.timedelta(minutes=6))
    assert caller.post("/leads", LEAD, key="key-00000001").status_code == 201


def test_a_day_later_a_key_is_new(town):
    caller = town.caller("admin", "leads.*")
    caller.post("/leads", LEAD, key="key-00000001")
    Answer.objects.update(at=timezone.now() - dt.timedelta(hours=25))
    assert caller.post("/leads", LEAD | {"text": "other"}, key="key-00000001").status_code == 201


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only SQLite has them wait for each other")
@pytest.mark.django_db(transaction=True)
def test_two_at_once_are_done_once():
    town, start = make_town(), Barrier(2)
    caller = town.caller("officer", "supervision.*")
    number = town.tasks[0].number

    def one(_):
        start.wait()
        try:
            return caller.post(f"/tasks/{number}/accept", key="key-00000001").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(one, range(2)))
    assert said[0] == 200 and said[1] in (200, 409)
    assert TaskEvent.objects.filter(kind="accept").count() == 1
    assert caller.post(f"/tasks/{number}/accept", key="key-00000001").status_code == 200
