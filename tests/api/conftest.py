"""A small town: a bureau, two sub-bureaux, their people, firms, a plan, tasks; and tokens."""

import datetime as dt
import itertools
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client

from mingcha.apps.accounts.models import Certificate, Unit, User
from mingcha.apps.accounts.services import token_create
from mingcha.apps.entities.models import Entity
from mingcha.apps.supervision.models import Inspector, Plan, Task, TaskEvent

HERE, THERE = "980103", "980104"
_keys = itertools.count(1)


class Caller:
    """A client with a token. A POST has a key of its own unless one is given."""

    def __init__(self, token: str = "", language: str = "en") -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {"Accept-Language": language} | ({"Authorization": f"Bearer {token}"} if token else {})

    def get(self, path: str, **query: Any):
        return self.client.get(f"/api/v1{path}", query, headers=self.headers)

    def post(self, path: str, body: Any = None, key: str | None = None):
        headers = self.headers | {"Idempotency-Key": key or f"test-key-{next(_keys):06d}"}
        return self.client.post(f"/api/v1{path}", body or {}, content_type="application/json", headers=headers)


@dataclass
class Town:
    people: dict[str, User]
    plan: Plan
    tasks: list[Task] = field(default_factory=list)

    def token(self, who: str, *scopes: str, division: str = "", name: str = "") -> str:
        made = token_create(
            owner=User.objects.select_related("unit").get(username=who),
            name=name or f"{who}-{next(_keys)}",
            scopes=scopes or ("*.view",),
            division=division,
            user=None,
        )
        return made[1]

    def caller(self, who: str, *scopes: str, division: str = "", language: str = "en") -> Caller:
        return Caller(self.token(who, *scopes, division=division), language)


@pytest.fixture(autouse=True)
def counts(tmp_path, settings):
    settings.API_COUNTS = tmp_path / "counts.sqlite3"
    settings.API_RATE = settings.API_PUBLIC_RATE = settings.API_FAILURES = 100_000


@pytest.fixture
def town(db) -> Town:
    return make_town()


def make_town() -> Town:
    bureau = Unit.objects.create(code="98", name="局", division="98")
    here, there = (
        Unit.objects.create(code=code, name=code, division=code, parent=bureau, kind="sub_bureau")
        for code in (HERE, THERE)
    )
    make = User.objects.create
    people = {
        "admin": make(username="admin", role="administrator", unit=bureau, is_active=True),
        "head": make(username="head", role="head", unit=bureau),
        "planner": make(username="planner", role="planner", unit=bureau),
        "officer": make(username="officer", role="officer", unit=here),
        "other": make(username="other", role="officer", unit=here),
        "stranger": make(username="stranger", role="administrator", unit=there),
    }
    today = dt.date.today()
    for name in ("officer", "other"):
        person = people[name]
        Certificate.objects.create(
            user=person, number=f"C-{name}", valid_from=today - dt.timedelta(9), valid_to=today + dt.timedelta(99)
        )
        Inspector.objects.create(number=f"I-{name}", name=name, account=person, unit=here, division=HERE)
    firms = [
        Entity.objects.create(
            key=f"E{i:03d}",
            name=f"企业{i}",
            division=(HERE, THERE)[i % 2],
            industry="餐饮",
            status="active",
            representative="张三丰",
        )
        for i in range(12)
    ]
    plan = Plan.objects.create(
        number="JH-2026-Q4-001", title="t", kind="flight", budget=6, division="98", state="issued"
    )
    team = [{"id": "I-officer", "name": "officer"}, {"id": "I-other", "name": "other"}]
    town = Town(people, plan)
    for i, firm in enumerate(firms[:6]):
        task = Task.objects.create(
            number=f"RW-2026-Q4-001-{i + 1:04d}", plan=plan, entity=firm, division=firm.division, inspectors=team
        )
        TaskEvent.objects.create(task=task, kind="issue")
        if firm.division == HERE:
            task.members.set([people["officer"], people["other"]])
        town.tasks.append(task)
    return town
