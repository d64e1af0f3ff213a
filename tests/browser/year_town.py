"""The town at the beginning of its year: people with certificates, firms, a model with its scores; nothing planned."""

from __future__ import annotations

import datetime

from django.utils import timezone

from mingcha.apps.accounts.models import Unit, User
from mingcha.apps.accounts.services import certificate_save, user_create

from . import city

OFFICERS = (("officer", "周楠"), ("wang", "汪河"))


def build() -> None:
    city.people()
    city.entities()
    city.datasets()
    city.model()
    bureau, today = Unit.objects.get(code="98"), timezone.localdate()
    user_create(username="head", password=city.PASSWORD, role="head", unit=bureau, name="林正")
    user_create(username="wang", password=city.PASSWORD, role="officer", unit=bureau, name="汪河")
    for number, (name, _called) in enumerate(OFFICERS, 1):
        certificate_save(
            account=User.objects.get(username=name),
            number=f"98-{number:04d}",
            valid_from=today - datetime.timedelta(days=400),
            valid_to=today + datetime.timedelta(days=700),
            scopes=["食品安全", "登记注册"],
            issuer="云汀市人民政府",
        )
