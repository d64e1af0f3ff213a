"""A simulated bureau of any size, for benchmarks of the desk: entities with their lake, scores, plans, tasks, results,
clocks and people. Written in sets: a million entities and 200,000 tasks take minutes, not hours."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
from benchmarks import entity_file
from django.db import connection, transaction
from django.utils import timezone
from tests.browser.card import CARD

PASSWORD = "Bench-web-2026"
DISTRICTS = 10
INDUSTRIES = ("零售业", "批发业", "餐饮业", "食品零售业", "制造业", "商务与居民服务业", "住宿业", "药品零售")
STATES = ("issued", "accepted", "on_site", "rectifying", "recheck", "recorded", "closed", "closed", "closed", "closed")
OFFICERS, TASKS_A_PLAN = 400, 10_000
RNG = np.random.default_rng(20261130)


def build(entities: int, tasks: int, records: int, say: Any) -> None:
    say("entities and their records")
    entity_file._build(entities, records, quiet=True)
    describe(entities)
    say("people")
    people()
    say("scores")
    scores()
    say("plans and tasks")
    plans(tasks)
    with connection.cursor() as cursor:  # what a database in service does by itself
        cursor.execute("VACUUM (ANALYZE)" if connection.vendor == "postgresql" else "PRAGMA optimize=0x10002")


def describe(entities: int) -> None:
    """Division, district, industry and state of every entity: nine tenths in operation."""
    industries = " ".join(f"WHEN {i} THEN '{name}'" for i, name in enumerate(INDUSTRIES))
    sql = f"""UPDATE entities_entity SET
        division = CASE WHEN id % {DISTRICTS} = 9 THEN '980110' ELSE '98010' || (id % {DISTRICTS} + 1) END,
        district = '区' || (id % {DISTRICTS} + 1),
        industry = CASE (id / {DISTRICTS}) % {len(INDUSTRIES)} {industries} END,
        kind = CASE WHEN id % 3 = 0 THEN '个体工商户' ELSE '有限责任公司' END,
        status = CASE WHEN (id / 80) % 10 = 7 THEN 'cancelled' ELSE 'active' END,
        representative = '沈某某', simulated = {"true" if connection.vendor == "postgresql" else 1}"""
    with connection.cursor() as cursor:
        cursor.execute(sql)


def people() -> None:
    from mingcha.apps.accounts.models import Certificate, Unit, User
    from mingcha.apps.accounts.services import unit_save, user_create
    from mingcha.apps.supervision.models import Inspector, InspectorDirectory

    bureau = unit_save(code="9801", name="云汀市市场监督管理局（模拟）", division="9801")
    units = [
        unit_save(code=code, name=f"区{i + 1}分局", division=code, parent=bureau)
        for i, code in enumerate([f"98010{i + 1}" for i in range(DISTRICTS - 1)] + ["980110"])
    ]
    for role in ("administrator", "head", "clerk", "planner", "auditor"):
        user_create(username=role, password=PASSWORD, role=role, unit=bureau, name=role)
    first = user_create(username="officer0", password=PASSWORD, role="officer", unit=units[0], name="人员0")
    User.objects.bulk_create(
        User(
            username=f"officer{i}", password=first.password, role="officer", unit=units[i % DISTRICTS], name=f"人员{i}"
        )
        for i in range(1, OFFICERS)
    )
    officers = list(User.objects.filter(role="officer").order_by("pk"))
    until = timezone.localdate() + dt.timedelta(days=700)
    Certificate.objects.bulk_create(
        Certificate(user=user, number=f"YT{i:05d}", valid_from=dt.date(2024, 1, 1), valid_to=until)
        for i, user in enumerate(officers)
    )
    Inspector.objects.bulk_create(
        Inspector(
            number=f"YT{i:05d}",
            name=user.name,
            account=user,
            department="市场监管",
            unit=user.unit,
            division="9801",
            areas=[f"区{i % DISTRICTS + 1}"],
            certified_to=until,
            load=200,
            simulated=True,
        )
        for i, user in enumerate(officers)
    )
    InspectorDirectory.objects.create(name="全部持证人员", division="9801", condition={})
    assert Unit.objects.count() == DISTRICTS + 1


def scores() -> None:
    """A champion of a card of real size, and everyone's score by the service that puts scores in force."""
    import polars as pl

    from mingcha.apps.accounts.models import User
    from mingcha.apps.entities.models import Entity
    from mingcha.apps.exchange.models import Dataset
    from mingcha.apps.risk.models import RiskModel, Scoring
    from mingcha.apps.risk.services.scoring import scores_put_in_force

    today = timezone.localdate()
    model = RiskModel.objects.create(
        number="M-2026.11-1",
        dataset=Dataset.objects.get(name="events_002"),
        risk_point="violation",
        title="双随机检查：检查发现问题（模拟）",
        state="champion",
        trained_until=today - dt.timedelta(days=30),
        folder="M-2026.11-1",
        digest="5e" * 32,
        card=CARD,
        signed_by=User.objects.get(username="head"),
        signed_at=timezone.now(),
        simulated=True,
    )
    keys = list(Entity.objects.filter(status="active").order_by("pk").values_list("key", flat=True))
    p = np.minimum(0.93, RNG.beta(1.3, 9.0, len(keys)))
    letters = np.array(list("ABCD"))[np.searchsorted([0.12, 0.29, 0.49], p)]
    scoring = Scoring.objects.create(model=model, as_of=today, scored=len(keys), base_rate=0.126, in_force=True)
    scores_put_in_force(scoring=scoring, table=pl.DataFrame({"key": keys, "probability": p, "risk_class": letters}))


def plans(tasks: int) -> None:
    """Plans of up to 10,000 tasks each, in every state of their lives; results of those that were made, published for
    four of five, with the clocks of the others running."""
    from mingcha.apps.accounts.models import Unit, User
    from mingcha.apps.entities.models import Entity
    from mingcha.apps.law.selectors import rule_in_force
    from mingcha.apps.law.services import clocks_start
    from mingcha.apps.law.services.clocks import Start
    from mingcha.apps.supervision.models import Plan, Result, Task, TaskEvent

    planner, clerk = User.objects.get(username="planner"), User.objects.get(username="clerk")
    officers = list(User.objects.filter(role="officer").select_related("unit").order_by("pk"))
    units = {unit.division: unit for unit in Unit.objects.all()}
    rule = rule_in_force("supervision.kind.campaign", division="9801")
    every = max(1, Entity.objects.count() // tasks)
    rows = list(
        Entity.objects.filter(status="active")
        .order_by("pk")
        .values_list("pk", "division")[:: max(1, every - 1)][:tasks]
    )
    today, now = timezone.localdate(), timezone.now()
    made = {"recorded", "rectifying", "recheck", "closed"}
    for number, start in enumerate(range(0, len(rows), TASKS_A_PLAN), 1):
        piece = rows[start : start + TASKS_A_PLAN]
        with transaction.atomic():
            plan = Plan.objects.create(
                number=f"JH-2026-Q3-{number:03d}",
                title=f"专项检查第 {number} 批（模拟）",
                kind="campaign",
                state="issued",
                rule=rule,
                budget=len(piece),
                division="9801",
                unit=planner.unit,
                starts_on=today - dt.timedelta(days=60),
                ends_on=today + dt.timedelta(days=30),
                expected={"units": len(piece), "visits": len(piece)},
                frame={},
                created_by=planner,
                simulated=True,
            )
            found = Task.objects.bulk_create(
                (
                    Task(
                        number=f"RW-2026-Q3-{number:03d}-{i:05d}",
                        plan=plan,
                        entity_id=pk,
                        division=division,
                        unit=units[division],
                        state=STATES[(start + i) % len(STATES)],
                        inspectors=[{"id": f"YT{(start + i) % OFFICERS:05d}", "name": f"人员{(start + i) % OFFICERS}"}],
                        issued_at=now - dt.timedelta(days=60),
                        due_on=plan.ends_on - dt.timedelta(days=(start + i) % 80),
                        visited_on=today - dt.timedelta(days=i % 50)
                        if STATES[(start + i) % len(STATES)] in made
                        else None,
                    )
                    for i, (pk, division) in enumerate(piece)
                ),
                batch_size=2_000,
            )
            through = Task.members.through
            through.objects.bulk_create(
                (through(task=task, user=officers[(start + i) % OFFICERS]) for i, task in enumerate(found)),
                batch_size=5_000,
            )
            TaskEvent.objects.bulk_create(
                (
                    TaskEvent(task=task, kind=kind, user=planner)
                    for task in found
                    for kind in (("issue", "accept", "enter", "record") if task.state in made else ("issue",))
                ),
                batch_size=5_000,
            )
            results = [
                Result(
                    task=task,
                    kind=("none", "none", "none", "rectify", "unreachable")[i % 5],
                    summary="冷藏柜温度计损坏，已责令改正（模拟）。" if i % 5 == 3 else "",
                    visited_on=task.visited_on,
                    recorded_by=officers[(start + i) % OFFICERS],
                    published_at=now if i % 5 else None,
                    published_by=clerk if i % 5 else None,
                    delivered_at=now,
                )
                for i, task in enumerate(found)
                if task.state in made
            ]
            Result.objects.bulk_create(results, batch_size=5_000)
            clocks_start(
                [
                    Start(
                        subject=result.task,
                        title=result.task.number,
                        url=f"/tasks/{result.task.number}/",
                        division=result.task.division,
                        started=result.visited_on,
                    )
                    for result in results
                    if result.published_at is None
                ],
                rule="supervision.result.publish",
                user=None,
            )


def draw(units: int, take: int) -> tuple[float, float, Any]:
    """(seconds of the draw with officers assigned and tasks written, seconds of the freeze, the draw): `take` of a
    frame of about `units`, among three parties."""
    import shutil
    import time

    from mingcha.apps.accounts.models import User
    from mingcha.apps.risk.models import RiskModel
    from mingcha.apps.supervision import services
    from mingcha.apps.supervision.models import InspectorDirectory
    from mingcha.apps.supervision.selectors import draw_folder
    from mingcha.engines.sampling import keys, steps
    from mingcha.instance import home

    planner, head = User.objects.get(username="planner"), User.objects.get(username="head")
    plan = services.plan_create(
        title="万户抽查（模拟）",
        budget=take,
        user=planner,
        division="9801",
        stratify_by="district",
        public_source="模拟的公共随机数",
        risk_model=RiskModel.objects.get(),
        inspectors=InspectorDirectory.objects.get(),
        cap=100,
    )
    services.plan_approve(plan=plan, user=head)
    place = home() / "bench-keys"
    shutil.rmtree(place, ignore_errors=True)
    names = ("司法局", "纪委监委", "公证处")
    parties = {name: keys.keygen(name, place / name) for name in names}
    begun = time.perf_counter()
    frozen = services.draw_freeze(plan=plan, parties=parties, user=planner)
    freeze_s = time.perf_counter() - begun
    for step in (steps.commit, steps.reveal):
        for name in names:
            step(draw_folder(frozen), place / name)
        if step is steps.commit:
            services.draw_commitments_check(draw=frozen, user=planner)
    told: list[int] = []
    begun = time.perf_counter()
    done = services.draw_run(
        draw=frozen, public_value="03 09 14 21 27 30", user=planner, progress=lambda n, total: told.append(n)
    )
    draw_s = time.perf_counter() - begun
    assert done.taken == take == done.tasks.count() and told[-1] == take
    return draw_s, freeze_s, done
