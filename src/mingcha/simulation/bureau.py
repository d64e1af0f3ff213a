"""The demo's story after the model: registers, the year's plan, visits and what follows them, told through the same
services as a person's acts. What officers find is drawn by lot from each firm's score: as invented as the city.

Every step may be run again over its own half-done work.
"""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import Any

from django.utils import timezone

from .words import CITY, DISTRICTS, DIVISIONS, GIVEN, SURNAMES

INSPECTORS = 40
VISITED, CAMPAIGN = 48, "冷链食品专项检查"
SAMPLE = Path(__file__).resolve().parents[1] / "apps" / "supervision" / "samples" / "catalogue.csv"
FOUND = {  # what is written down of each kind of result
    "none": "",
    "rectify": "冷藏柜温度记录缺失两日，灭火器过期一具，已当场责令改正。（模拟）",
    "follow_up": "部分进口食品未能出示入境检验检疫证明，需进一步核查。（模拟）",
    "unreachable": "按登记地址两次上门，现场为其他单位，电话无人接听。（模拟）",
}


def registers() -> dict[str, Any]:
    """The item catalogue, the directories of objects and inspectors, and the year's plan, approved and published."""
    from mingcha.apps.supervision.catalogue_rows import read_items
    from mingcha.apps.supervision.conditions import Condition, InspectorCondition
    from mingcha.apps.supervision.models import Catalogue, InspectorDirectory, ObjectDirectory, YearPlan
    from mingcha.apps.supervision.services import catalogue as catalogues
    from mingcha.apps.supervision.services import directories, years

    planner, head = staff("planner"), staff("head")
    year = timezone.localdate().year
    if not Catalogue.objects.exists():
        made = catalogues.catalogue_create(
            year=year, title="随机抽查事项清单（示例）", unit=planner.unit, user=planner, sample=True
        )
        catalogues.catalogue_import(catalogue=made, items=read_items(SAMPLE).items, user=planner, source=SAMPLE.name)
        catalogues.catalogue_publish(catalogue=made, user=head)
    if not ObjectDirectory.objects.exists():
        for name, condition in (
            ("全部在营主体", Condition()),
            ("餐饮与食品零售", Condition(industries=("餐饮业", "食品零售业"))),
        ):
            directories.directory_save(name=name, condition=condition, user=planner, division="9801")
    if not InspectorDirectory.objects.exists():
        directories.directory_save(name="全部持证人员", condition=InspectorCondition(), user=planner, division="9801")
    if not YearPlan.objects.exists():
        plan = years.year_create(
            year=year, title=f"{year} 年度双随机抽查计划（模拟）", unit=planner.unit, user=planner, simulated=True
        )
        items = {item.code: item for item in Catalogue.objects.get().items.all()}
        everyone, food = ObjectDirectory.objects.order_by("pk")
        for title, kind, directory, chosen, first, last in (
            ("公示信息与登记事项抽查", "non_targeted", everyone, ("GS-01", "GS-02"), 3, 6),
            ("四季度双随机定向抽查", "targeted", everyone, ("DJ-01", "DJ-02"), 10, 12),
            (CAMPAIGN, "campaign", food, ("SP-02", "SP-04"), 11, 12),
        ):
            years.entry_save(
                plan=plan,
                items=[items[code] for code in chosen],
                user=planner,
                title=title,
                kind=kind,
                directory=directory,
                department="市场监督管理局",
                visits=200,
                month_from=first,
                month_to=last,
            )
        years.year_approve(plan=plan, user=head)
        years.year_publish(plan=plan, user=head)
    return {"items": Catalogue.objects.get().items.count(), "entries": YearPlan.objects.get().entries.count()}


def officers() -> None:
    """Each district's inspectors: in the register with their certificates; one of each district has an account."""
    from mingcha.apps.accounts.models import Unit, User
    from mingcha.apps.accounts.services import certificate_save, user_create
    from mingcha.apps.supervision.models import Inspector

    from .demo import PASSWORD
    from .own import inspector_numbers

    for i, number in enumerate(inspector_numbers(INSPECTORS)):
        district = i % len(DISTRICTS)
        unit = Unit.objects.get(code=DIVISIONS[district])
        ends = dt.date(2026, 9, 30) if i % 13 == 12 else dt.date(2028, 12, 31)  # some have let it run out
        account = None
        if i < len(DISTRICTS):
            username = f"officer{i + 1}"
            account = User.objects.filter(username=username).first() or user_create(
                username=username, password=PASSWORD, role="officer", unit=unit, name=_name(i)
            )
            certificate_save(
                account=account, number=number, valid_from=dt.date(2024, 1, 1), valid_to=ends, issuer=f"{CITY}司法局"
            )
        Inspector.objects.get_or_create(
            number=number,
            defaults={
                "name": _name(i),
                "account": account,
                "department": "市场监督管理局",
                "unit": unit,
                "division": "9801",
                "areas": [DISTRICTS[district]],
                "certified_to": ends,
                "load": 60,
                "simulated": True,
            },
        )


def visits() -> dict[str, Any]:
    """Of the quarter's plan the first visits are made and told: results of every kind, published by another person;
    one corrected, one override, one handed on as a lead, one firm talked to, one proposed for the abnormal list."""
    from mingcha.apps.supervision import services
    from mingcha.apps.supervision.models import Plan, Result

    head, clerk = staff("head"), staff("clerk")
    plan = Plan.objects.get(state="published")
    chance = random.Random(20261122)  # noqa: S311 an invented outcome
    tasks = plan.tasks.filter(replaced_at=None, members__isnull=False).distinct().order_by("number")
    for i, task in enumerate(tasks[:VISITED]):
        if task.results.exists():
            continue
        result = _visit(task, i, chance)
        if result and i % 6:
            services.result_publish(result=result, user=clerk)
    _follow(plan, head, clerk)
    delivered = services.results_deliver()
    return {
        "visits": Result.objects.filter(version=1).count(),
        "published": Result.objects.exclude(published_at=None).count(),
        "labels": delivered["delivered"],
    }


def _visit(task: Any, i: int, chance: random.Random) -> Any:
    from mingcha.apps.supervision import services

    officer = task.members.order_by("pk").first()
    today = timezone.localdate()
    if task.state == "issued":
        services.task_accept(task=task, user=officer)
    if i % 12 == 11:
        return None  # accepted, still to be visited
    if task.notified_at is None:
        services.task_notify(task=task, how="电话通知企业负责人（模拟）", user=officer)
    if task.state == "accepted":
        services.task_enter(task=task, user=officer)
    score = getattr(getattr(task.entity, "risk", None), "probability", 0.1)
    kind = "none"
    if chance.random() < score:
        kind = chance.choice(["rectify", "rectify", "follow_up"])
    elif i % 17 == 5:
        kind = "unreachable"
    return services.result_record(
        task=task,
        kind=kind,
        visited_on=today,
        summary=FOUND[kind],
        user=officer,
        rectify_by=today + dt.timedelta(days=15) if kind == "rectify" else None,
    )


def _follow(plan: Any, head: Any, clerk: Any) -> None:
    """What follows some of the results."""
    from mingcha.apps.credit.models import Interview, Listing
    from mingcha.apps.credit.services import interview_open, listing_propose
    from mingcha.apps.supervision import services
    from mingcha.apps.supervision.models import Result, TaskEvent

    current = Result.objects.filter(task__plan=plan, current=True).select_related("task__entity")
    if (found := current.filter(kind="unreachable").first()) and not Listing.objects.exists():
        listing_propose(
            entity=found.task.entity,
            kind="abnormal",
            ground="unreachable",
            evidence=found.summary,
            source_type="result",
            source_id=found.task.number,
            user=clerk,
            found_on=found.visited_on,
        )
    followed = current.filter(kind="follow_up").select_related("task").first()
    if followed and not TaskEvent.objects.filter(task=followed.task, kind="transfer").exists():
        officer = followed.task.members.order_by("pk").first()
        services.task_transfer(task=followed.task, text="进口食品来源不明（模拟）", user=officer)
    ordered = current.filter(kind="rectify").first()
    if ordered and not Interview.objects.exists():
        interview_open(
            entity=ordered.task.entity,
            reason="食品贮存温度控制不到位（模拟）",
            basis="食品安全法第一百一十四条",
            at=timezone.now() + dt.timedelta(days=5),
            place=f"{CITY}市场监督管理局三楼会议室",
            by="许岚、周楠",
            user=head,
            source_type="result",
            source_id=ordered.task.number,
        )
    public = current.filter(kind="rectify").exclude(published_at=None).last()
    if public and not Result.objects.filter(task__plan=plan, version=2).exists():
        corrected = services.result_correct(
            result=public,
            kind="none",
            summary="复核温度计检定证书后，原记录的温度读数有误。（模拟）",
            reason="温度计未检定，读数不足为据",
            user=head,
        )
        services.result_publish(result=corrected, user=clerk)
    waiting = plan.tasks.filter(state="issued", replaced_at=None).order_by("number").last()
    if waiting and not waiting.events.filter(override=True).exists():
        from mingcha.apps.supervision.models import Inspector

        others = Inspector.objects.filter(active=True, certified_to__gt=timezone.localdate())
        others = others.exclude(number__in=[one["id"] for one in waiting.inspectors]).order_by("number")[:2]
        team = [{"id": one.number, "name": one.name} for one in others]
        services.task_assign(task=waiting, inspectors=team, reason="原派人员申请回避（模拟）", user=head)


def campaign() -> dict[str, Any]:
    """A special campaign: no draw, everyone of a directory that the cap leaves; its tasks wait with the districts."""
    from mingcha.apps.supervision import services
    from mingcha.apps.supervision.models import ObjectDirectory, Plan, YearEntry

    planner, head = staff("planner"), staff("head")
    found = Plan.objects.filter(kind="campaign").first()
    if found is None:
        today = timezone.localdate()
        found = services.plan_create(
            title=CAMPAIGN,
            kind="campaign",
            user=planner,
            division=DIVISIONS[0],
            directory=ObjectDirectory.objects.get(name="餐饮与食品零售"),
            entry=YearEntry.objects.filter(title=CAMPAIGN).first(),
            starts_on=today,
            ends_on=today + dt.timedelta(days=40),
            basis="食品生产经营监督检查管理办法第十条（模拟）",
        )
        found.simulated = True
        found.save(update_fields=["simulated"])
    if found.state == "draft":
        services.plan_approve(plan=found, user=head)
    if found.state == "approved":
        services.plan_issue(plan=found, user=planner, leave_out=True)
    return {"plan": found.number, "tasks": found.tasks.count(), "left_out": len(found.frame.get("left_out", ()))}


def staff(username: str) -> Any:
    from mingcha.apps.accounts.models import User

    return User.objects.get(username=username)


def _name(i: int) -> str:
    return SURNAMES[i % len(SURNAMES)] + GIVEN[7 * i % len(GIVEN)]
