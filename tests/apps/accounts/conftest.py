import datetime

import pytest

from mingcha.apps.accounts.models import Unit, User
from mingcha.apps.accounts.services import unit_save, user_create

PASSWORD = "Cloud-Ting-2026"


@pytest.fixture
def bureau(db) -> dict[str, User]:
    """A bureau, two districts and a station, and who works there, by user name."""
    top = unit_save(code="98", name="云汀市局", division="98")
    deer = unit_save(code="980103", name="鹿鸣区局", division="980103", parent=top)
    unit_save(code="980104", name="溪口区局", division="980104", parent=top)
    station = unit_save(code="980103001", name="鹿鸣所", division="980103001", parent=deer)
    people = (
        ("root", "administrator", top),
        ("audit", "auditor", top),
        ("officer", "officer", top),
        ("deer_admin", "administrator", deer),
        ("deer_audit", "auditor", deer),
        ("deer_officer", "officer", deer),
        ("station_officer", "officer", station),
        ("creek_officer", "officer", Unit.objects.get(code="980104")),
    )
    return {
        name: user_create(username=name, password=PASSWORD, role=role, unit=unit, name=f"{name} 某")
        for name, role, unit in people
    }


@pytest.fixture
def sign_in(bureau):
    """sign_in(user name) -> a client of his own, signed in by the page, in English."""
    from django.conf import settings
    from django.test import Client

    def done(username: str, password: str = PASSWORD):
        client = Client()
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
        client.post("/account/sign-in/", {"username": username, "password": password})
        return client

    return done


@pytest.fixture
def today() -> datetime.date:
    from django.utils import timezone

    return timezone.localdate()
