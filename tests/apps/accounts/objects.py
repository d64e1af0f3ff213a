"""How to make this room's objects for tests/web/test_guards.py."""

import datetime
import itertools

from django.utils import timezone

from mingcha.apps.accounts.models import ApiToken, AuditRecord, Certificate, Unit, User

_number = itertools.count(1)


def unit(division: str) -> dict:
    return {"code": Unit.objects.get(code=division).code}


def a_user(division: str, owner: User | None = None) -> User:
    return owner or User.objects.create(username=f"u{next(_number)}", unit=Unit.objects.get(code=division))


def a_certificate(division: str, owner: User | None = None) -> Certificate:
    day = datetime.date(2026, 1, 1)
    holder = a_user(division, owner)
    return Certificate.objects.create(user=holder, number=f"C{next(_number)}", valid_from=day, valid_to=day)


def a_token(division: str, owner: User | None = None) -> ApiToken:
    at = next(_number)
    return ApiToken.objects.create(
        user=a_user(division, owner), name=f"t{at}", digest=str(at), expires_at=timezone.now(), division=division
    )


def a_record(division: str) -> AuditRecord:
    return AuditRecord.objects.create(
        request="r", division=division, action="accounts.user.close", object_type="accounts.user", object_id="1"
    )


OBJECTS = {
    "accounts:code": unit,
    "accounts:pk": lambda division: {"pk": a_user(division).pk},
    "accounts:certificate": lambda division: {"certificate": a_certificate(division).pk},
    "accounts:token": lambda division: {"token": a_token(division).pk},
    "accounts:audit-record": lambda division: {"pk": a_record(division).pk},
}
WHOLE = {
    "accounts:kind,key": "a list: empty where none of the object's records is in one's jurisdiction",
    "accounts:key": "a list: empty where none of the request's records is in one's jurisdiction",
}
ROWS = {
    "accounts.Unit": lambda division, owner: Unit.objects.create(code=f"n{next(_number)}", division=division),
    "accounts.ApiToken": a_token,
    "accounts.User": a_user,
    "accounts.Certificate": a_certificate,
}
