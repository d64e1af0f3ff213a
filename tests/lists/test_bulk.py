"""Acts on many rows: what was ticked or what the filter finds, within rights and bounds; told what was not done."""

import csv
import io
from dataclasses import replace

import pytest
from django import forms
from tests.browser import city

from mingcha.apps.accounts.models import AuditRecord
from mingcha.apps.entities import tables, views
from mingcha.apps.entities.models import Entity
from mingcha.lists.bulk import BulkAct, Outcome


class Why(forms.Form):
    why = forms.CharField(label="Why", max_length=20)


def _mark(user, rows, why=""):
    refused = tuple((row.name, "is cancelled") for row in rows.filter(status="cancelled"))
    return Outcome(rows.exclude(status="cancelled").update(kind=f"marked {why}"), refused)


ACTS = {
    "plain": BulkAct("mark", "Mark", "flag", "entities.entity.decide", _mark, bound=50),
    "asks": BulkAct(
        "mark", "Mark", "flag", "entities.entity.decide", _mark, asks="Mark them?", effect="They are marked.", law=True
    ),
    "form": BulkAct(
        "mark", "Mark", "flag", "entities.entity.decide", _mark, asks="Mark?", form=lambda user, data: Why(data)
    ),
}


@pytest.fixture
def acts(monkeypatch):
    """acts(name) -> the list of entities has that act."""

    def declare(name):
        monkeypatch.setattr(
            views, "listing_for", lambda user: replace(tables.ENTITIES, sort="name", acts=(ACTS[name],))
        )

    return declare


def marked():
    return Entity.objects.filter(kind__startswith="marked").count()


def test_ticked_rows_are_done_and_refused_ones_named(desk_of, acts):
    acts("plain")
    client = desk_of("clerk")
    Entity.objects.update(status="active")
    picks = list(Entity.objects.values_list("pk", flat=True)[:4])
    Entity.objects.filter(pk=picks[0]).update(status="cancelled")
    answer = client.post("/entities/?sort=name", {"act": "mark", "pick": picks})
    assert answer.status_code == 302 and marked() == 3
    page = client.get(answer["Location"]).content.decode()
    assert "Mark: 3 done." in page and "1 was left as it was" in page and "is cancelled" in page
    assert "is cancelled" not in client.get(answer["Location"]).content.decode()  # told once


def test_all_that_the_filter_finds(desk_of, acts):
    acts("plain")
    client = desk_of("clerk")
    Entity.objects.update(status="active")
    wanted = Entity.objects.filter(industry="餐饮服务").count()
    client.post("/entities/?industry=餐饮服务", {"act": "mark", "all": "1"})
    assert marked() == wanted


def test_no_more_than_the_bound(desk_of, acts):
    acts("plain")
    client = desk_of("clerk")
    answer = client.post("/entities/", {"act": "mark", "all": "1"})  # 60 of 50
    assert marked() == 0 and "No more than 50 rows at once" in client.get(answer["Location"]).content.decode()


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"pick": ["x"]},
        {"pick": ["1' OR 1=1"]},
        {"pick": ["99999999"]},
        {"pick": ["9" * 23]},
        {"pick": ["-" + "9" * 23]},
        {"pick": ["9" * 5000]},
    ],
)
def test_nothing_or_nonsense_ticked(desk_of, acts, asked):
    acts("plain")
    client = desk_of("clerk")
    answer = client.post("/entities/", {"act": "mark", **asked})
    assert answer.status_code == 302 and marked() == 0


def test_beside_nonsense_what_is_ticked_is_done(desk_of, acts):
    acts("plain")
    client = desk_of("clerk")
    Entity.objects.update(status="active")
    client.post("/entities/", {"act": "mark", "pick": ["9" * 23, "x", Entity.objects.first().pk]})
    assert marked() == 1


def test_who_may_not_and_an_act_that_isnt(desk_of, acts):
    acts("plain")
    picks = list(Entity.objects.values_list("pk", flat=True)[:2])
    client = desk_of("officer")
    assert "formaction" not in client.get("/entities/").content.decode()
    assert client.post("/entities/", {"act": "mark", "pick": picks}).status_code == 403
    assert desk_of("clerk").post("/entities/", {"act": "delete", "pick": picks}).status_code == 403
    assert marked() == 0


def test_another_district_s_rows_stay(desk_of, acts, town):
    from mingcha.apps.accounts.models import Unit
    from mingcha.apps.accounts.services import user_create

    acts("plain")
    user_create(username="deer_clerk", password=city.PASSWORD, role="clerk", unit=Unit.objects.get(code="980103"))
    Entity.objects.update(status="active")
    own = Entity.objects.filter(division="980103").values_list("pk", flat=True)[:1]
    others = Entity.objects.exclude(division="980103").values_list("pk", flat=True)[:2]
    client = desk_of("deer_clerk")
    answer = client.post("/entities/", {"act": "mark", "pick": [*own, *others]})
    assert marked() == 1
    assert "outside your rights" in client.get(answer["Location"]).content.decode()


def test_an_act_that_asks_does_nothing_until_it_was_answered(desk_of, acts):
    acts("asks")
    client = desk_of("clerk")
    picks = list(Entity.objects.values_list("pk", flat=True)[:2])
    page = client.post("/entities/", {"act": "mark", "pick": picks}).content.decode()  # without script: a page
    assert marked() == 0 and "Mark them?" in page and "It concerns 2 entities" in page and 'class="mc-nav"' in page
    part = client.post("/entities/", {"act": "mark", "pick": picks}, headers={"HX-Request": "true"}).content.decode()
    assert "<dialog" in part and "mc-b law" in part and part.count('name="pick"') == 2 and "mc-nav" not in part
    Entity.objects.update(status="active")
    client.post("/entities/", {"act": "mark", "pick": picks, "sure": "1"})
    assert marked() == 2


def test_what_an_act_needs_to_know_is_asked_and_checked(desk_of, acts):
    acts("form")
    client = desk_of("clerk")
    Entity.objects.update(status="active")
    pick = Entity.objects.first().pk
    page = client.post("/entities/", {"act": "mark", "pick": pick, "sure": "1", "why": ""}).content.decode()
    assert marked() == 0 and "required" in page
    client.post("/entities/", {"act": "mark", "pick": pick, "sure": "1", "why": "old"})
    assert Entity.objects.filter(kind="marked old").count() == 1


def test_the_ticked_rows_are_exported_and_that_is_audited(desk_of):
    client = desk_of("planner")
    picks = list(Entity.objects.values_list("pk", flat=True)[:3])
    answer = client.post("/entities/?industry=餐饮服务", {"act": "csv", "pick": picks})
    lines = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert len(lines) == 4
    assert AuditRecord.objects.get(action="entities.entity.export").after["ticked"] == [str(p) for p in picks]
    assert desk_of("officer").post("/entities/", {"act": "csv", "pick": picks}).status_code == 403
