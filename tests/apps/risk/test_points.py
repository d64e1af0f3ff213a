"""Several risk points, several datasets: one gives entities their class, each aims its own plans."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
import yaml

from mingcha.apps.entities.models import Entity
from mingcha.apps.exchange.models import Dataset
from mingcha.apps.risk.models import PointScore, RiskModel, RiskScore, Scoring
from mingcha.apps.risk.selectors import leads, scores_in_force
from mingcha.apps.risk.services.scoring import scores_put_in_force

pytestmark = pytest.mark.django_db
CONTRACT = Path(__file__).parents[3] / "contracts" / "demo" / "spot_inspections.yaml"


@pytest.fixture
def champion():
    for key in ("a", "b"):
        Entity.objects.create(key=key)

    def made(dataset, point):
        text = CONTRACT.read_text(encoding="utf-8")
        about = {"contract": text, "document": yaml.safe_load(text), "keyed_by": "entity"}
        where, _ = Dataset.objects.get_or_create(name=dataset, defaults=about)
        return RiskModel.objects.create(
            number=f"{dataset}-{point}", dataset=where, risk_point=point, title="t", state="champion",
            trained_until=dt.date(2026, 1, 1), folder="m", digest=f"{dataset}{point}", card={},
        )  # fmt: skip

    return made


def put(model, *probabilities):
    letters = ["D" if p > 0.5 else "A" for p in probabilities]
    scoring = Scoring.objects.create(
        model=model, as_of=dt.date(2026, 2, 1), scored=len(letters), base_rate=0.2, in_force=True
    )
    table = pl.DataFrame({"key": ["a", "b"][: len(letters)], "probability": probabilities, "risk_class": letters})
    scores_put_in_force(scoring=scoring, table=table)
    return scoring


def test_the_first_point_gives_the_class_and_each_keeps_its_own_scores(champion):
    first, second, elsewhere = champion("one", "violation"), champion("one", "other"), champion("two", "violation")
    assert [leads(model) for model in (first, second, elsewhere)] == [True, False, False]
    put(second, 0.9, 0.1)
    put(elsewhere, 0.7, 0.8)
    put(first, 0.2, 0.6)
    put(second, 0.3, 0.4)
    assert [e.risk.risk_class for e in Entity.objects.order_by("key")] == ["A", "D"]
    assert RiskScore.objects.count() == 2 and PointScore.objects.count() == 4
    found = {
        m.number: sorted(scores_in_force(m).values_list("probability", flat=True)) for m in (first, second, elsewhere)
    }
    assert found == {"one-violation": [0.2, 0.6], "one-other": [0.3, 0.4], "two-violation": [0.7, 0.8]}
