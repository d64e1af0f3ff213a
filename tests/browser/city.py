"""A small simulated town for the browser tests: all that a page shows, by the ORM and the draw's engine."""

from __future__ import annotations

import datetime
import random
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
from django.utils import timezone

from mingcha.apps.accounts.models import Unit, User
from mingcha.apps.accounts.services import unit_save, user_create
from mingcha.apps.entities.models import Entity, EntityKey
from mingcha.apps.exchange.models import Batch, Dataset, LakeFile, QuarantineReason, SourceFile
from mingcha.apps.risk.models import RiskModel, Scoring
from mingcha.apps.risk.services.scoring import scores_put_in_force
from mingcha.apps.supervision.models import Plan
from mingcha.apps.supervision.selectors import draw_folder
from mingcha.engines.lake.reading import read_document

from .card import CARD

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "Cloud-Ting-2026"
DISTRICTS = (("980102", "临江区"), ("980103", "鹿鸣区"), ("980104", "望湖区"), ("980105", "东浦区"))
INDUSTRIES = ("餐饮服务", "食品零售", "药品零售", "美容美发", "住宿")
FIRST = (
    "汇味轩",
    "一品粥道",
    "麦香园",
    "鲜达",
    "川小馆",
    "老码头",
    "渔歌里",
    "锦禾",
    "江南雨",
    "望湖楼",
    "食光里",
    "云上茶",
    "福满楼",
)
LAST = (
    "餐饮管理有限公司",
    "快餐店",
    "小吃店",
    "火锅店",
    "大药房",
    "食品经营部",
    "饭店",
    "商贸有限公司",
    "烘焙坊",
    "美容店",
)
SURNAMES = "沈周陆许高何梁苏童陈林王李赵"


def build() -> None:
    """Units, a user of each role (password PASSWORD), 240 entities, three datasets, a model, plans in every state."""
    people()
    districts()
    entities()
    datasets()
    model()
    plans()


def people() -> None:
    bureau = unit_save(code="98", name="云汀市市场监督管理局", division="98")
    for code, name in DISTRICTS:
        unit_save(code=code, name=f"{name}市场监督管理局", division=code, parent=bureau)
    for role, name in (
        ("administrator", "陆一鸣"),
        ("clerk", "何苗"),
        ("planner", "许岚"),
        ("officer", "周楠"),
        ("auditor", "高宁"),
    ):
        user_create(username=role, password=PASSWORD, role=role, unit=bureau, name=name)
    lujia = Unit.objects.get(code="980103")
    user_create(username="deer", password=PASSWORD, role="planner", unit=lujia, name="童谣")


def districts() -> None:
    """Four squares beside each other on the map."""
    from mingcha.desk.models import Region

    for i, (code, name) in enumerate(DISTRICTS):
        x, y = 124.5 + 0.1 * (i % 2), 30.1 + 0.1 * (i // 2)
        ring = [[x, y], [x + 0.1, y], [x + 0.1, y + 0.1], [x, y + 0.1], [x, y]]
        geometry = {"type": "Polygon", "coordinates": [ring]}
        Region.objects.create(
            division=code, name=name, geometry=geometry, longitude=x + 0.05, latitude=y + 0.05, simulated=True
        )


def entities(n: int = 240) -> None:
    from mingcha.engines.linkage.spelling import words
    from mingcha.simulation.identifiers import uscc

    chance = random.Random(7)
    divisions = [chance.choice(DISTRICTS) for _ in range(n)]
    codes = pa.array(uscc(["92"] * n, [d for d, _ in divisions], np.arange(n, dtype=np.int64))).to_pylist()
    rows = []
    for i, (division, district) in enumerate(divisions):
        provisional = i % 23 == 5
        name = f"{chance.choice(FIRST)}{chance.choice(LAST)}" + (f"（{chance.randint(2, 30)}店）" if i % 5 == 0 else "")
        rows.append(
            Entity(
                key=f"P-{i:012x}" if provisional else codes[i],
                provisional=provisional,
                name=name,
                search=" ".join(dict.fromkeys(words(name) + words(district))),
                kind=chance.choice(("个体工商户", "有限责任公司")),
                status=chance.choice(("active",) * 8 + ("revoked", "cancelled", "unknown")),
                representative=chance.choice(SURNAMES) + "某某",
                industry=chance.choice(INDUSTRIES),
                address=f"{district}鹿鸣路 {chance.randint(1, 400)} 号 {chance.randint(1, 5)} 层",
                division=division,
                district=district,
                capital="50 万元",
                scope="餐饮服务；食品销售；外卖递送服务。依法须经批准的项目，经相关部门批准后方可开展经营活动。",
                opened_on=datetime.date(2012, 1, 1) + datetime.timedelta(days=chance.randint(0, 5000)),
                simulated=True,
            )
        )
    Entity.objects.bulk_create(rows)
    now = timezone.now()
    made = list(Entity.objects.order_by("pk"))
    EntityKey.objects.bulk_create(
        EntityKey(
            value=f"{'licence:yunting-food' if e.provisional else 'uscc'}:{e.key}",
            entity=e,
            known_at=now,
            recorded_at=now,
            source="business_registration",
        )
        for e in made
    )


def datasets() -> None:
    names = ("business_registration", "complaints", "spot_inspections")
    now = timezone.now()
    for number, name in enumerate(names):
        contract, document, text = read_document(ROOT / "contracts" / "demo" / f"{name}.yaml")
        dataset = Dataset.objects.create(
            name=contract.name,
            title=contract.title,
            department=contract.department,
            contract=text,
            document=document,
            version=contract.version,
            digest=contract.digest,
            keyed_by=contract.keyed_by,
            simulated=contract.simulated,
        )
        for round_ in range(2):
            held = 137 + 11 * number if round_ else 0
            batch = Batch.objects.create(
                dataset=dataset,
                number=round_ + 1,
                contract_digest=contract.digest,
                version=contract.version,
                rows_read=20_000 + held,
                rows_accepted=19_400,
                rows_duplicate=600,
                rows_quarantined=held,
                seconds=1.8,
                received_at=now - datetime.timedelta(days=30 * (2 - round_) - number),
            )
            SourceFile.objects.create(
                dataset=dataset,
                batch=batch,
                position=1,
                name=f"{name}-2026{round_ + 9:02d}.csv",
                sha256=f"{number}{round_}" + "a7" * 31,
                bytes=4_718_592,
                encoding="gb18030",
                rows=batch.rows_read,
            )
            if held:
                quarantined(batch, held)
                QuarantineReason.objects.create(
                    batch=batch,
                    field="uscc",
                    rule="uscc",
                    reason_zh="统一社会信用代码校验位不符",
                    reason_en="the check character of the credit code is wrong",
                    rows=held - 20,
                )
                QuarantineReason.objects.create(
                    batch=batch,
                    field="published_on",
                    rule="not_future",
                    reason_zh="日期在将来",
                    reason_en="the date lies in the future",
                    rows=20,
                )
                QuarantineReason.objects.create(
                    batch=batch,
                    field="phone",
                    rule="phone_cn",
                    reason_zh="电话号码不完整",
                    reason_en="the telephone number is incomplete",
                    rows=412,
                    warning=True,
                )


def quarantined(batch: Batch, n: int) -> None:
    """The batch's quarantine file, as the import writes it."""
    from mingcha.apps.exchange.selectors import lake_folder
    from mingcha.engines.lake.quarantine import Quarantine, schema

    path = f"{batch.dataset.name}/quarantine-{batch.number}.parquet"
    (lake_folder() / path).parent.mkdir(parents=True, exist_ok=True)
    uscc = {"field": "uscc", "rule": "uscc", "reason_zh": "统一社会信用代码校验位不符"}
    uscc |= {"reason_en": "the check character of the credit code is wrong"}
    late = {"field": "published_on", "rule": "not_future", "reason_zh": "日期在将来", "value": "2062-11-02"}
    late |= {"reason_en": "the date lies in the future"}
    rows = [
        {"file": 1, "row": 37 * i + 5, "cells": "{}", "raw": None, "faults": [uscc | {"value": f"92980102MA{i:07d}X"}]}
        for i in range(n - 20)
    ] + [{"file": 1, "row": 41 * i + 9, "cells": "{}", "raw": None, "faults": [late]} for i in range(20)]
    with Quarantine(lake_folder() / path) as held:
        held.write(pa.Table.from_pylist(rows, schema=schema()))
    LakeFile.objects.create(
        dataset=batch.dataset, batch=batch, kind=LakeFile.Kind.QUARANTINE, path=path, rows=n, bytes=4096
    )


def model() -> None:
    chance = random.Random(11)
    champion = RiskModel.objects.create(
        number="M-2026.11-1",
        dataset=Dataset.objects.get(name="spot_inspections"),
        risk_point="violation",
        title="双随机检查：检查发现问题",
        state="champion",
        trained_until=datetime.date(2026, 10, 1),
        folder="M-2026.11-1",
        digest="5e" * 32,
        card=CARD,
        signed_by=User.objects.get(username="administrator"),
        signed_at=timezone.now(),
        simulated=True,
    )
    keys = list(Entity.objects.filter(status="active").order_by("pk").values_list("key", flat=True))
    probability = [min(0.93, chance.betavariate(1.3, 5.5)) for _ in keys]
    for day, shift in ((datetime.date(2026, 10, 20), 0.9), (datetime.date(2026, 11, 20), 1.0)):
        table = pl.DataFrame({"key": keys, "probability": [p * shift for p in probability]}).with_columns(
            pl.col("probability").cut([0.12, 0.29, 0.49], labels=list("ABCD")).cast(pl.String).alias("risk_class")
        )
        scoring = Scoring.objects.create(model=champion, as_of=day, scored=len(keys), base_rate=0.18, in_force=True)
        scores_put_in_force(scoring=scoring, table=table.with_columns(reasons=pl.lit("0,2")))


def plans() -> None:
    """One plan published, one committed, one draft."""
    from mingcha.apps.supervision import services

    planner, head = User.objects.get(username="planner"), User.objects.get(username="administrator")
    champion = RiskModel.objects.get()

    def create(title: str, budget: int, **more) -> Plan:
        return services.plan_create(
            title=title,
            budget=budget,
            user=planner,
            division="98",
            public_source="中国福利彩票双色球 2026-11-22 期全部号码",
            basis="抽查事项清单 2026 版第 14 项",
            risk_model=champion,
            stratify_by="district",
            **more,
        )

    published = create("四季度餐饮定向抽查", 36)
    services.plan_approve(plan=published, user=head)
    drawing = ceremony(published, reveal=True)
    services.draw_run(draw=drawing, public_value="03 09 14 21 27 30 + 11", user=planner)
    services.draw_publish(draw=drawing, user=planner)

    committed = create("冷链食品专项定向抽查", 24)
    services.plan_approve(plan=committed, user=head)
    ceremony(committed, reveal=False)
    create("公示信息不定向抽查", 20, kind="non_targeted")


def ceremony(plan: Plan, *, reveal: bool):
    """Freeze, commit and perhaps reveal, by three parties with keys of their own."""
    from mingcha.apps.supervision import services
    from mingcha.engines.sampling import keys, steps

    planner = User.objects.get(username="planner")
    place = draw_folder_of(plan).parent / f"keys-{plan.number}"
    parties = {}
    for name in ("市司法局", "市纪委监委", "临江公证处"):
        parties[name] = keys.keygen(name, place / name)
    drawing = services.draw_freeze(plan=plan, parties=parties, user=planner)
    for name in parties:
        steps.commit(draw_folder(drawing), place / name)
    services.draw_commitments_check(draw=drawing, user=planner)
    if reveal:
        for name in parties:
            steps.reveal(draw_folder(drawing), place / name)
    return drawing


def draw_folder_of(plan: Plan) -> Path:
    from mingcha.apps.supervision.models import Draw

    return draw_folder(Draw(plan=plan, name=plan.number, folder=plan.number))
