"""How to make this room's objects for tests/web/test_guards.py."""

import datetime
import itertools

from django.utils import timezone
from tests.apps.entities.objects import entity

from mingcha.apps.accounts.models import User
from mingcha.apps.entities.models import Entity
from mingcha.apps.exchange.models import Dataset
from mingcha.apps.risk.models import Appeal, PointScore, RiskModel, RiskScore, Statement

_number = itertools.count(1)
DAY = datetime.date(2026, 1, 1)


def _model() -> RiskModel:
    dataset, _ = Dataset.objects.get_or_create(name="visits", defaults={"title": "t", "document": {}})
    return RiskModel.objects.get_or_create(
        number="M-T", defaults={"dataset": dataset, "risk_point": "p", "title": "t", "trained_until": DAY, "card": {}}
    )[0]


def _firm(division: str) -> Entity:
    return Entity.objects.create(key=f"P-r{next(_number)}", division=division, name="某店")


def _score(division: str) -> dict:
    return {"entity": _firm(division), "model": _model(), "probability": 0.1, "risk_class": "A", "as_of": DAY}


def an_appeal(division: str, owner=None) -> Appeal:
    return Appeal.objects.create(number=f"RA-T{next(_number)}", text="t", **_score(division))


def a_statement(division: str, owner=None) -> Statement:
    issuer, _ = User.objects.get_or_create(username="issuer")
    sheet = {"entity": _firm(division), "model": _model(), "content": {"zh": {}, "en": {}}, "digest": "0" * 64}
    return Statement.objects.create(number=f"RE-T{next(_number)}", issued_at=timezone.now(), issued_by=issuer, **sheet)


OBJECTS = {
    "risk:appeal-evidence-file": lambda division: {"number": an_appeal(division).number, "sha256": "0" * 64},
    "risk:appeal-file": entity,
    "risk:appeal*": lambda division: {"number": an_appeal(division).number},
    "risk:statement-issue": entity,
    "risk:statement-preview": entity,
    "risk:statement*": lambda division: {"number": a_statement(division).number},
    "risk:key": entity,
}
WHOLE = {
    "risk:number": "a model scores the whole instance",
    "risk:number,place": "a model's factor",
    "risk:pk": "a backtest is of a dataset",
    "risk:point": "a list: of the firms in one's jurisdiction",
}
EMPTY = {  # of an entity that no model has scored
    f"risk:{name}" for name in ("why", "appeal-evidence-file", "appeal-letter", "statement-issue", "statement-preview")
}
ROWS = {
    "risk.RiskScore": lambda division, owner: RiskScore.objects.create(**_score(division)),
    "risk.PointScore": lambda division, owner: PointScore.objects.create(**_score(division)),
    "risk.Appeal": an_appeal,
    "risk.Statement": a_statement,
}
