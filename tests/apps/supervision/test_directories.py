"""Directories: a condition says who is in; people may be listed by hand or kept out; inspectors come ready to draw."""

import datetime as dt

import pytest
from django.utils import timezone

from mingcha.apps.credit.models import ClassInForce, CreditBatch, Listing
from mingcha.apps.entities.models import Entity, EntityKey
from mingcha.apps.law.rules import months_after
from mingcha.apps.supervision.models import (
    DirectoryMember,
    Inspector,
    InspectorConflict,
    InspectorDirectory,
    LastVisit,
    ObjectDirectory,
)
from mingcha.apps.supervision.selectors import directory_entities, inspector_directory_read
from mingcha.apps.supervision.selectors.directories import period_of
from mingcha.problems import Problem

pytestmark = pytest.mark.django_db
DAY = "2026-12-01"


def keys(condition, division="", **members):
    directory = ObjectDirectory.objects.create(name="库", division=division, condition=condition)
    for key, kind in members.items():
        entity = Entity.objects.get(key=key)
        DirectoryMember.objects.create(directory=directory, entity=entity, kind=kind)
    found = set(directory_entities(directory).values_list("key", flat=True))
    ObjectDirectory.objects.all().delete()
    return found


def test_a_condition_says_who_is_in(scored):
    everyone = set(Entity.objects.values_list("key", flat=True))
    assert keys({}) == everyone
    assert keys({}, "980102") == keys({"division": "980102"}) == keys({"districts": ["区1"]})
    assert keys({"industries": ["药品"]}) == set()
    assert keys({"classes": ["D"]}) == {f"E{i:03d}" for i in range(120) if i // 40 >= 3}
    Entity.objects.filter(key="E000").update(opened_on=dt.date(2020, 5, 1), status="revoked")
    Entity.objects.filter(key="E001").update(opened_on=dt.date(2020, 5, 2), provisional=True)
    Entity.objects.filter(key="E002").update(opened_on=dt.date(2021, 1, 1))
    assert keys({"opened_from": "2020-05-01", "opened_to": "2020-12-31"}) == {"E000"}
    assert keys({"opened_from": "2020-05-01", "statuses": ["active"]}) == {"E002"}


def test_a_licence_counts_while_it_is_held(scored):
    now = timezone.now()
    for key, ended in (("E003", None), ("E004", now - dt.timedelta(days=1))):
        entity = Entity.objects.get(key=key)
        EntityKey.objects.create(value=f"licence:food:{key}", entity=entity, known_at=now, recorded_at=now)
        EntityKey.objects.filter(entity=entity).update(valid_to=ended)
    assert keys({"licence": "licence:food"}) == {"E003"}


def test_who_was_inspected_lately_is_left_alone(scored):
    today = timezone.localdate()
    LastVisit.objects.create(entity=Entity.objects.get(key="E005"), on=today - dt.timedelta(days=20))
    LastVisit.objects.create(entity=Entity.objects.get(key="E006"), on=today - dt.timedelta(days=500))
    found = keys({"not_visited_months": 6})
    assert "E005" not in found and "E006" in found and len(found) == 119


def test_lists_and_the_province_s_classes_are_conditions(scored):
    now = timezone.now()
    for key, kind, state in (
        ("E001", "abnormal", "published"),
        ("E002", "dishonest", "decided"),
        ("E003", "abnormal", "removed"),
    ):
        Listing.objects.create(
            kind=kind,
            ground="g",
            basis="b",
            facts="f",
            entity=Entity.objects.get(key=key),
            state=state,
            found_on=now.date(),
            proposed_at=now,
        )
    assert keys({"listed": "abnormal"}) == {"E001"} and keys({"listed": "any"}) == {"E001", "E002"}
    assert len(keys({"listed": "none"})) == 118
    batch = CreditBatch.objects.create(source="省局", as_of=now.date(), name="a", sha256="0", size=1, received_at=now)
    ClassInForce.objects.create(entity=Entity.objects.get(key="E004"), grade="D", as_of=now.date(), batch=batch)
    assert keys({"credit_classes": ["D"]}) == {"E004"} and keys({"credit_classes": ["A"]}) == set()


def test_last_visits_are_what_the_lake_says(scored, monkeypatch):
    from mingcha.apps.supervision.selectors import visits
    from mingcha.apps.supervision.services.directories import last_visits_refresh

    days = {"E005": dt.date(2025, 3, 1), "gone": dt.date(2025, 3, 1)}
    monkeypatch.setattr(visits, "last_visits", lambda: days)
    last_visits_refresh()
    days["E005"] = dt.date(2026, 3, 1)
    last_visits_refresh()
    assert [(one.entity.key, one.on) for one in LastVisit.objects.all()] == [("E005", dt.date(2026, 3, 1))]


def test_people_are_listed_and_kept_out_by_hand(scored):
    assert keys({"industries": ["药品"]}, E007="included") == {"E007"}
    assert "E008" not in keys({}, E008="excluded")
    assert keys({"by_hand": True}, E009="included", E010="excluded") == {"E009"}
    assert keys({"by_hand": True}) == set()
    assert keys({"by_hand": True}, "980102", E000="included", E001="included") == {"E001"}  # E000 lies elsewhere


@pytest.fixture
def people(scored):
    def make(number, **more):
        given = {"name": f"人{number}", "department": "市场监管局", "areas": ["区0"], "skills": ["食品"], "load": 5}
        return Inspector.objects.create(
            number=number, **(given | {"certified_to": dt.date(2027, 6, 30), "load_period": "quarter"} | more)
        )

    return make


def test_inspectors_come_as_from_a_file(people):
    first, second = people("Z1", areas=["区1", "区0"], skills=["食品", "药品"]), people("Z2")
    people("Z3", certified_to=None)
    people("Z4", active=False)
    people("Z5", department="公安局")
    InspectorConflict.objects.create(inspector=first, entity=Entity.objects.get(key="E001"), reason="亲属任职")
    directory = InspectorDirectory.objects.create(name="食品组", condition={"departments": ["市场监管局"]})
    read = inspector_directory_read(directory, DAY)
    assert [one["id"] for one in read.sealed["inspectors"]] == ["Z1", "Z2"]
    assert read.sealed["rules"]["day"] == DAY
    assert read.sealed["inspectors"][0] == {
        "id": "Z1",
        "areas": ["区0", "区1"],
        "certified": "2027-06-30",
        "load": 5,
        "skills": ["药品", "食品"],
        "conflicts": ["E001"],
    }
    assert [one["name"] for one in read.people] == [first.name, second.name]


def test_too_few_certified_inspectors_are_refused(people):
    people("Z1")
    people("Z2", certified_to=dt.date(2026, 11, 30))
    directory = InspectorDirectory.objects.create(name="全部")
    with pytest.raises(Problem, match="certified on 2026-12-01"):
        inspector_directory_read(directory, DAY)
    with pytest.raises(Problem):
        inspector_directory_read(directory, "soon")


def test_periods_and_months():
    assert period_of(dt.date(2026, 12, 5), "quarter") == (dt.date(2026, 10, 1), dt.date(2027, 1, 1))
    assert period_of(dt.date(2026, 12, 5), "month") == (dt.date(2026, 12, 1), dt.date(2027, 1, 1))
    assert period_of(dt.date(2026, 2, 5), "year") == (dt.date(2026, 1, 1), dt.date(2027, 1, 1))
    assert months_after(dt.date(2026, 8, 31), -6) == dt.date(2026, 2, 28)


def test_without_inspections_there_is_nothing_to_work_out(scored, monkeypatch):
    """A new instance isn't told every six hours of a job that found nothing."""
    from mingcha.apps.jobs.models import Job
    from mingcha.apps.supervision import tasks

    tasks.refresh_last_visits()
    assert not Job.objects.exists()
    monkeypatch.setattr(tasks, "visits_any", lambda: True)
    tasks.refresh_last_visits()
    assert Job.objects.get().kind == "supervision.last_visits.refresh"
