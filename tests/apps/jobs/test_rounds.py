"""What comes round is done when it is due, by one worker, and what fails can't stop the rest."""

import datetime as dt

import pytest
from django.db import models
from django.utils import timezone

from mingcha.apps.jobs import registry, services
from mingcha.apps.jobs.models import Schedule


@pytest.fixture
def rounds(monkeypatch, db):
    monkeypatch.setattr(registry, "ROUNDS", {})
    monkeypatch.setattr(services, "ROUNDS", registry.ROUNDS)
    return registry.ROUNDS


def test_done_when_due_and_not_before(rounds):
    calls = []
    registry.every("tests.sweep", minutes=10)(lambda: calls.append(1) or "7 met")
    now = timezone.now()
    assert services.rounds_run(now=now) == ["tests.sweep"]
    assert services.rounds_run(now=now + dt.timedelta(minutes=9)) == []
    assert services.rounds_run(now=now + dt.timedelta(minutes=10)) == ["tests.sweep"]
    assert len(calls) == 2 and Schedule.objects.get().said == "7 met"


def test_one_that_fails_stops_neither_the_rest_nor_itself(rounds):
    def broken():
        raise RuntimeError("no")

    registry.every("tests.a", minutes=1)(broken)
    registry.every("tests.b", minutes=1)(lambda: 3)
    now = timezone.now()
    assert services.rounds_run(now=now) == ["tests.a", "tests.b"]
    failed, well = Schedule.objects.order_by("name")
    assert failed.failed and "RuntimeError: no" in failed.said and failed.due_at > now and well.said == "3"
    assert "tests.a" in services.rounds_run(now=now + dt.timedelta(minutes=1))


def test_another_worker_that_was_quicker_has_it(rounds, monkeypatch):
    calls = []
    registry.every("tests.sweep", minutes=10)(lambda: calls.append(1))
    now = timezone.now()
    services.rounds_run(now=now)
    later = now + dt.timedelta(minutes=20)
    update = models.QuerySet.update

    def quicker(self, **values):
        if "due_at" in values:
            update(Schedule.objects.all(), due_at=later + dt.timedelta(minutes=10))
        return update(self, **values)

    monkeypatch.setattr(models.QuerySet, "update", quicker)
    assert services.rounds_run(now=later) == [] and len(calls) == 1


def test_every_round_of_ours_runs(db):
    names = services.rounds_run()
    assert {"notices.prune", "jobs.prune"} <= set(names)
    assert not Schedule.objects.filter(failed=True)
