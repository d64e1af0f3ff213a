"""A bureau with its people, and 120 scored entities."""

import pytest
from django.utils import timezone

from mingcha.apps.accounts.models import Unit, User
from mingcha.apps.entities.models import Entity
from mingcha.apps.exchange.models import Dataset
from mingcha.apps.risk.models import RiskModel, RiskScore


@pytest.fixture
def staff():
    bureau = Unit.objects.create(code="b", name="局")
    east = Unit.objects.create(code="e", name="东", division="980101", parent=bureau)
    make = User.objects.create
    return {
        "planner": make(username="planner", role="planner", unit=bureau),
        "head": make(username="head", role="administrator", unit=bureau),
        "east": make(username="east", role="officer", unit=east),
        "nobody": make(username="nobody", role="officer", unit=None),
    }


@pytest.fixture
def scored(db):
    dataset = Dataset.objects.create(
        name="visits", title="检查", document={}, contract="", version="1", digest="0", keyed_by="entity"
    )
    model = RiskModel.objects.create(
        number="M-1",
        dataset=dataset,
        risk_point="v",
        title="v",
        trained_until=timezone.localdate(),
        folder="m",
        digest="1" * 64,
        card={},
        state="champion",
    )
    for i in range(120):
        entity = Entity.objects.create(
            key=f"E{i:03d}",
            name=f"企业{i}",
            division=f"98010{1 + i % 2}",
            district=f"区{i % 2}",
            industry="餐饮",
            status="active",
        )
        letter = "ABCD"[min(3, i // 40)]
        RiskScore.objects.create(
            entity=entity, model=model, probability=0.02 + i / 200, risk_class=letter, as_of=timezone.localdate()
        )
    return model
