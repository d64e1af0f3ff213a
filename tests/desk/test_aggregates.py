"""Kept counts: counted once by one, shown with their time when they are stale, and no half counts."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from mingcha.desk import aggregates
from mingcha.desk.models import Aggregate, AggregateDay


@pytest.fixture
def counting(monkeypatch):
    """A count that says how often it was asked for."""
    asked: list[str] = []
    aggregates.all_names()  # what apps declare is there before we stand aside
    monkeypatch.setattr(aggregates, "_declared", {})

    @aggregates.aggregate("test.n", every=60, history=True)
    def count(division: str) -> int:
        asked.append(division)
        return len(asked)

    return asked


def test_nothing_is_counted_by_reading(db, counting):
    assert aggregates.read(["test.n"], "98") == {} and not counting
    assert aggregates.wanting(["test.n"], {}) == ["test.n"]


def test_a_count_is_kept_for_its_jurisdiction_and_day(db, counting):
    aggregates.refresh(["test.n"], "98")
    aggregates.refresh(["test.n"], "9801")
    assert counting == ["98", "9801"]
    kept = aggregates.read(["test.n"], "98")["test.n"]
    assert kept.value == 1 and not kept.stale
    assert aggregates.series("test.n", "98") == [(timezone.localdate(), 1)]


def test_a_stale_one_is_still_shown(db, counting):
    aggregates.refresh(["test.n"], "98")
    Aggregate.objects.update(computed_at=timezone.now() - dt.timedelta(minutes=2))
    kept = aggregates.read(["test.n"], "98")
    assert kept["test.n"].value == 1 and kept["test.n"].stale and aggregates.wanting(["test.n"], kept) == ["test.n"]
    aggregates.refresh(["test.n"], "98")
    assert aggregates.read(["test.n"], "98")["test.n"].value == 2
    assert AggregateDay.objects.get().value == 2


def test_two_at_once_count_once(db, counting):
    Aggregate.objects.create(name="test.n", division="98", claimed_at=timezone.now())
    aggregates.refresh(["test.n"], "98")
    assert not counting
    Aggregate.objects.update(claimed_at=timezone.now() - dt.timedelta(hours=1))  # who counted has died
    aggregates.refresh(["test.n"], "98")
    assert counting == ["98"]


def test_a_count_that_fails_leaves_the_last_one(db, counting, monkeypatch):
    aggregates.refresh(["test.n"], "98")

    def broken(division: str) -> int:
        raise OSError("the lake is away")

    aggregates.aggregate("test.n", every=0)(broken)
    aggregates.refresh(["test.n"], "98")
    assert aggregates.read(["test.n"], "98")["test.n"].value == 1
    assert Aggregate.objects.get().claimed_at is None
