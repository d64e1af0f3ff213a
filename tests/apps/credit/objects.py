"""How to make this room's objects for tests/web/test_guards.py."""

import datetime as dt
import itertools

from django.utils import timezone

from mingcha.apps.accounts.models import User
from mingcha.apps.credit.models import ClassInForce, CreditBatch, Interview, Listing, Removal, Undertaking
from mingcha.apps.entities.models import Entity

_number = itertools.count(1)
DAY = dt.date(2026, 1, 5)


def a_firm(division: str) -> Entity:
    return Entity.objects.create(key=f"C{next(_number):05}", name="企业", division=division)


def a_listing(division: str, owner: User | None = None) -> Listing:
    number = f"{next(_number)}号"
    return Listing.objects.create(
        kind="abnormal", ground="unreachable", basis="x", entity=a_firm(division), division=division, facts="x",
        found_on=DAY, proposed_at=timezone.now(), proposed_by=owner, told_number=number, decision_number=number,
    )  # fmt: skip


def a_removal(division: str, owner: User | None = None) -> Removal:
    return Removal.objects.create(
        listing=a_listing(division, owner), kind="application", state="granted", text="x", applied_on=DAY,
        decision_number=f"{next(_number)}号",
    )  # fmt: skip


def an_interview(division: str, owner: User | None = None) -> Interview:
    return Interview.objects.create(
        entity=a_firm(division), division=division, state="notified", reason="x", basis="x", at=timezone.now(),
        place="x",
        opened_by=owner or User.objects.create(username=f"o{next(_number)}"), opened_at=timezone.now(),
        number=f"{next(_number)}号",
    )  # fmt: skip


def an_undertaking(division: str, owner: User | None = None) -> Undertaking:
    return Undertaking.objects.create(interview=an_interview(division, owner), text="x", due_on=DAY)


def a_batch(division: str = "", owner: User | None = None) -> CreditBatch:
    return CreditBatch.objects.create(
        source="省局", as_of=DAY, name="a.csv", sha256=str(next(_number)), size=1, received_at=timezone.now()
    )


def a_class(division: str, owner: User | None = None) -> ClassInForce:
    return ClassInForce.objects.create(entity=a_firm(division), grade="A", as_of=DAY, batch=a_batch())


def _removal(division: str) -> dict:
    made = a_removal(division)
    return {"pk": made.listing_id, "removal": made.pk}


def _undertaking(division: str) -> dict:
    made = an_undertaking(division)
    return {"pk": made.interview_id, "undertaking": made.pk}


OBJECTS = {
    "credit:propose": lambda division: {"kind": "abnormal", "key": a_firm(division).key},
    "credit:draft": lambda division: {"key": a_firm(division).key},
    "credit:listing-document": lambda division: {"pk": a_listing(division).pk, "name": "decision"},
    "credit:removal-document": _removal,
    "credit:listing*": lambda division: {"pk": a_listing(division).pk},
    "credit:interview-document": lambda division: {"pk": an_interview(division).pk, "name": "notice"},
    "credit:check": _undertaking,
    "credit:interview*": lambda division: {"pk": an_interview(division).pk},
    "credit:hold": lambda division: {"pk": an_interview(division).pk},
}
WHOLE = {"credit:batch": "a delivery is about everyone; it names no firm but in its faults, which the bureau sees"}
ROWS = {
    "credit.Listing": a_listing,
    "credit.Removal": a_removal,
    "credit.Interview": an_interview,
    "credit.Undertaking": an_undertaking,
    "credit.CreditBatch": a_batch,
    "credit.ClassInForce": a_class,
}
