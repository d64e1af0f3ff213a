import datetime as dt

import pytest

from mingcha.apps.accounts.models import Unit
from mingcha.apps.accounts.services import unit_save, user_create
from mingcha.apps.law.services import clock_start


@pytest.fixture
def bureau(db):
    bureau = unit_save(code="9801", name="云汀市局", division="9801")
    unit_save(code="980101", name="临江分局", division="980101", parent=bureau)
    unit_save(code="980102", name="鹿鸣分局", division="980102", parent=bureau)
    return bureau


@pytest.fixture
def person(bureau):
    """person(role, unit code) -> a user of that role."""

    def make(role, unit="9801"):
        name = f"{role}_{unit}"
        password = "Cloud-Ting-2026"
        return user_create(username=name, password=password, role=role, unit=Unit.objects.get(code=unit), name=name)

    return make


@pytest.fixture
def on_day(monkeypatch):
    """on_day(date): from now on it is that day."""
    from django.utils import timezone

    def set_day(day):
        monkeypatch.setattr(timezone, "localdate", lambda value=None, timezone=None: value.date() if value else day)

    return set_day


@pytest.fixture
def clock(bureau):
    """clock(rule, started, ...) -> a clock on a unit (any object will do)."""

    def make(rule, started, subject="980101", **more):
        unit = Unit.objects.get(code=subject)
        fields = {
            "title": f"{rule} {unit}",
            "url": f"/units/{unit.pk}/",
            "division": unit.division,
            "user": None,
        } | more
        return clock_start(rule=rule, subject=unit, started=dt.date.fromisoformat(started), **fields)

    return make
