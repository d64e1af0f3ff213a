"""A small city of scored firms: two districts, two industries, a champion, staff of the bureau and of a district."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
import yaml

from mingcha.apps.accounts.models import Unit, User
from mingcha.apps.entities.models import Entity
from mingcha.apps.exchange.models import Dataset
from mingcha.apps.risk.models import RiskModel, Scoring
from mingcha.apps.risk.services.scoring import scores_put_in_force

CONTRACT = Path(__file__).parents[3] / "contracts" / "demo" / "spot_inspections.yaml"
PLACES = (("980102001001", "临江区"), ("980103002001", "鹿鸣区"))
TRADES = ("餐饮业", "零售业")
FACTORS = [
    {"name": "complaints.rows.count.365d", "title": {"zh": "近 365 天投诉次数", "en": "Complaints in 365 days"},
     "meaning": {"zh": "来源：12315", "en": "Source: 12315"}, "dataset": "complaints", "direction": "up",
     "basis": {"law": "消费者权益保护法", "article": "46", "purpose": "分级监管"}, "importance": 0.6, "stability": 0.9,
     "psi": 0.1, "missing": 0.0, "weak": False, "same_cluster": [["complaints.rows.count.all", 0.9]]},
    {"name": "b", "title": {"zh": "乙", "en": "B"}, "meaning": {"zh": "", "en": ""}, "dataset": "", "direction": "none",
     "basis": {}, "importance": 0.4, "stability": None, "psi": None, "missing": None, "weak": None, "same_cluster": []},
]  # fmt: skip


class City:
    """`model`: the champion of the leading risk point. `score(letters)`: everyone's class, in the order of keys."""

    def __init__(self, n: int = 16) -> None:
        self.bureau = Unit.objects.create(code="98", name="市局", division="98")
        self.river = Unit.objects.create(code="980102", name="临江局", division="980102", parent=self.bureau)
        self.village = Unit.objects.create(code="v", name="村", division=PLACES[0][0], parent=self.river)
        for i in range(n):
            division, district = PLACES[i % 2]
            Entity.objects.create(
                key=f"E{i:02d}", name=f"企业{i}", division=division, district=district, industry=TRADES[i // 2 % 2],
                status="active",
            )  # fmt: skip
        text = CONTRACT.read_text(encoding="utf-8")
        about = {
            "contract": text,
            "document": yaml.safe_load(text),
            "keyed_by": "entity",
            "title": "检查 / Inspections",
        }
        self.dataset = Dataset.objects.create(name="spot_inspections", **about)
        self.model = self.made("M-1", state="champion")

    def made(self, number: str, point: str = "violation", card: dict | None = None, **more) -> RiskModel:
        return RiskModel.objects.create(
            number=number, dataset=self.dataset, risk_point=point, title="检查发现问题 / A violation found",
            trained_until=dt.date(2026, 1, 1), folder=number, digest=number, card=card or {"factors": FACTORS}, **more,
        )  # fmt: skip

    def score(self, letters: str, *, model: RiskModel | None = None, day: dt.date = dt.date(2026, 2, 1)) -> Scoring:
        rate = {"A": 0.05, "B": 0.1, "C": 0.2, "D": 0.4}
        scoring = Scoring.objects.create(
            model=model or self.model, as_of=day, scored=len(letters), base_rate=0.1, in_force=True
        )
        rows = [(f"E{i:02d}", rate[c], c, "0,1" if c in "CD" else "", dt.date(2025, 5, 5) if i == 0 else None)
                for i, c in enumerate(letters) if c in rate]  # fmt: skip
        schema = {"key": pl.String, "probability": pl.Float64, "risk_class": pl.String, "reasons": pl.String,
                  "last_visit": pl.Date}  # fmt: skip
        scores_put_in_force(scoring=scoring, table=pl.DataFrame(rows, schema=schema, orient="row"))
        scoring.refresh_from_db()
        return scoring

    def user(self, role: str, unit: Unit | None = None) -> User:
        unit = unit or self.bureau
        name = f"{role}-{unit.code}"
        return User.objects.filter(username=name).first() or User.objects.create(username=name, role=role, unit=unit)


@pytest.fixture
def city(db) -> City:
    return City()


@pytest.fixture
def desk(client, settings):
    """desk(user) -> the client, signed in as the user, in English."""
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"

    def sign_in(user: User):
        client.force_login(user)
        return client

    return sign_in
