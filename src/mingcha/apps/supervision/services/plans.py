"""Writes: a plan from draft to approval or withdrawal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_noop

from mingcha.apps.accounts.choices import Role
from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.services import audit_record
from mingcha.apps.entities.models import Entity
from mingcha.apps.law.models import Rule
from mingcha.apps.law.selectors import rule_in_force
from mingcha.apps.notices.services import notice_send
from mingcha.apps.risk.models import RiskModel
from mingcha.problems import Problem

from ..choices import PlanKind, PlanState
from ..models import CatalogueItem, InspectorDirectory, ObjectDirectory, Plan, YearEntry
from ..rules import joint_terms
from ..selectors import (
    PlanFrame,
    department_name,
    joint_rule,
    plan_directory,
    plan_expected,
    plan_frame,
    plan_next_number,
)
from ..selectors.joint import JOINT


@transaction.atomic
def plan_create(
    *,
    title: str,
    user: User | None,
    budget: int | None = None,
    public_source: str = "",
    public_on: dt.date | None = None,
    kind: str = PlanKind.TARGETED,
    division: str = "",
    industry: str = "",
    keys: Sequence[str] = (),
    directory: ObjectDirectory | None = None,
    inspectors: InspectorDirectory | None = None,
    items: Iterable[CatalogueItem] = (),
    entry: YearEntry | None = None,
    departments: Sequence[str] = (),
    starts_on: dt.date | None = None,
    ends_on: dt.date | None = None,
    stratify_by: str = "",
    skills: str = "",
    floor_share: float = 0.1,
    ceiling: float = 0.9,
    class_weights: Mapping[str, float] | None = None,
    cap: int | None = None,
    basis: str = "",
    cause: str = "",
    risk_model: RiskModel | None = None,
) -> Plan:
    """A draft. What its kind asks for is a row of law (supervision.kind.<kind>), which the plan keeps.

    A kind that is drawn needs a budget and a public value; another visits everyone whom `keys` name or its conditions
    fit. `risk_model`: names the risk point that a targeted plan aims at; its frame takes the scores in force of that.
    `departments`: who else comes along in the same visit; the rule for joint inspections then holds beside the kind's.
    `skills`: what an inspector must be certified for to make these visits, a list as `inspectors.listed` cuts it.
    `cap`: visits a year; default, where the kind is bound by one: the rule in force. `public_on`: the day of the public
    value, before which nothing is drawn. Raises Problem where something is missing, frame and budget don't fit, or the
    frame reaches beyond the user's jurisdiction.
    """
    division = _jurisdiction(user, division)
    rule = rule_in_force(f"supervision.kind.{kind}", division=division)
    departments = sorted({department_name(name) for name in departments if name.strip()}, key=str.encode)
    terms = _with_joint(rule.terms, rule_in_force(JOINT, division=division) if departments else None)
    now = timezone.localtime()
    public_source = public_source.strip()
    _check_period(title, starts_on, ends_on)
    if terms["drawn"]:
        _check_chance(title, budget, public_source, public_on, now.date())
    if kind == PlanKind.TARGETED and risk_model is None:
        raise Problem(
            zh="定向抽查要有现行的风险模型。",
            en="A targeted plan needs a risk model in force.",
            todo_zh="先训练并签发模型、运行 mingcha risk score；或改为不定向抽查。",
            todo_en="Train and sign a model and run mingcha risk score first; or make it non-targeted.",
        )
    if kind in (PlanKind.FOR_CAUSE, PlanKind.FOCUSED) and not keys and directory is None:
        raise Problem(
            zh="此类检查须写明到哪些户。",
            en="A plan of this kind names whom it visits.",
            where=title,
            todo_zh="请填写检查对象的统一社会信用代码。",
            todo_en="Give their codes.",
        )
    if kind == PlanKind.FOR_CAUSE and not cause.strip():
        raise Problem(
            zh="有因检查须写明因由：投诉、举报、线索或转办的编号和内容。",
            en="A visit for cause needs its cause: the number and matter of the complaint, report or lead.",
            where=title,
            todo_zh="请填写因由。",
            todo_en="Give it.",
        )
    if terms["capped"] and (limit := visit_cap(division)):
        cap = min(cap or limit, limit)  # stricter than the law's is the unit's to choose, looser is not
    plan = Plan(
        number=plan_next_number(now.year, (now.month + 2) // 3),
        title=title,
        kind=kind,
        rule=rule,
        budget=budget or 0,
        floor_share=floor_share,
        ceiling=ceiling,
        class_weights=dict(class_weights or {}),
        cap=cap if terms["capped"] else None,
        division=division,
        unit=user.unit if user else None,
        keys=sorted(set(keys)),
        directory=directory,
        inspectors=inspectors,
        entry=entry,
        departments=departments,
        starts_on=starts_on,
        ends_on=ends_on,
        frame={"industry": industry, "stratify_by": stratify_by, "skills": skills, "cause": cause.strip()},
        public_source=public_source,
        public_on=public_on,
        basis=basis,
        risk_model=risk_model,
        created_by=user,
        simulated=Entity.objects.filter(division__startswith=division, simulated=True).exists(),
    )
    if terms["drawn"]:
        foresee(plan, plan_frame(plan))
    else:
        _count(plan)
    _save_numbered(plan, now)
    plan.items.set(items)
    audit_record(user=user, action="supervision.plan.create", obj=plan, after={"title": title, "budget": plan.budget})
    if plan.unit:
        notice_send(
            to=User.objects.filter(unit=plan.unit, role=Role.HEAD),
            text=gettext_noop("The plan “%(plan)s” waits for your approval."),
            params={"plan": plan.title},
            url=reverse("supervision:plan", args=[plan.number]),
        )
    return plan


def _save_numbered(plan: Plan, now: dt.datetime) -> None:
    """Save under the next number that is free, though somebody else draws up a plan at the same moment."""
    for last in (False, False, False, True):
        try:
            with transaction.atomic():
                plan.save()
            return
        except IntegrityError:
            if last:
                raise
            plan.number = plan_next_number(now.year, (now.month + 2) // 3)


def plan_terms(plan: Plan) -> Mapping[str, Any]:
    """What the plan's kind means in law: {"drawn", "capped", "counts", "notice", "approval", "published"}; where other
    departments come along, the rule for joint inspections beside it."""
    rule = plan.rule or rule_in_force(f"supervision.kind.{plan.kind}", division=plan.division)
    return _with_joint(rule.terms, joint_rule(plan))


def _with_joint(terms: Mapping[str, Any], joint: Rule | None) -> Mapping[str, Any]:
    return joint_terms(terms, joint.terms) if joint else terms


def may_approve(plan: Plan, user: User) -> bool:
    """Whether the plan's kind lets `user` approve it; its author never may."""
    action = "supervision.plan.approve" if plan_terms(plan)["approval"] == "head" else "supervision.plan.create"
    return plan.created_by_id != user.pk and user.may(action)


def one_at_a_time() -> None:
    """Two plans that are frozen or issued at once must see each other: the second waits here until the first has ended.
    SQLite has one writer as it is."""
    under_way = (PlanState.APPROVED, PlanState.FROZEN, PlanState.COMMITTED)
    list(Plan.objects.select_for_update().filter(state__in=under_way).order_by("pk").values_list("pk"))


def visit_cap(division: str) -> int | None:
    """Planned visits of one entity a year, by the rule in force; None where none is laid down."""
    value = rule_in_force("supervision.visit.cap", division=division).value
    return int(value) if value else None


def _check_period(title: str, starts_on: dt.date | None, ends_on: dt.date | None) -> None:
    if starts_on and ends_on and ends_on < starts_on:
        raise Problem(
            zh=f"检查期限的止日 {ends_on} 早于起日 {starts_on}。",
            en=f"The period ends on {ends_on}, before it begins on {starts_on}.",
            where=title,
            todo_zh="请改正。",
            todo_en="Correct it.",
        )


def _check_chance(
    title: str, budget: int | None, public_source: str, public_on: dt.date | None, today: dt.date
) -> None:
    """What a draw can't do without: how many, and a public value that is still to come."""
    if not budget:
        raise Problem(
            zh="没有写明抽多少户次。",
            en="How many visits are to be drawn is missing.",
            where=title,
            todo_zh="请填写户次。",
            todo_en="Give the number of visits.",
        )
    if not public_source:
        raise Problem(
            zh="没有指明公开值：用哪一天、哪一处公布的数。",
            en="No public value is named: which numbers, published where and on which day.",
            where=title,
            todo_zh="请填写“公开值”（--public-source），其公布须晚于各方揭示，如“双色球 2026-11-30 开奖号码”。",
            todo_en="Name it (--public-source); it must come out after the last party has revealed, like the numbers "
            "of a lottery on a day to come.",
        )
    if public_on and public_on < today:
        raise Problem(
            zh=f"公开值的公布日 {public_on} 已过：这个数已经有人知道。",
            en=f"The public value came out on {public_on}: it is known already.",
            where=title,
            todo_zh="请另指明一个日后才公布的数。",
            todo_en="Name one that is still to come.",
        )


def _count(plan: Plan) -> None:
    """How many a plan without a draw visits. Problem where nobody fits, or a name is not to be found."""
    found = plan_directory(plan)
    if plan.keys:
        known = set(found.values_list("key", flat=True))
        if strangers := [key for key in plan.keys if key not in known]:
            raise Problem(
                zh=f"有 {len(strangers)} 户不在本单位辖区的一户一档中：{'、'.join(strangers[:5])}",
                en=f"{len(strangers)} are no entities of your jurisdiction: {', '.join(strangers[:5])}",
                where=plan.title,
                todo_zh="请核对统一社会信用代码。",
                todo_en="Check their codes.",
            )
    plan.budget = found.count()
    if not plan.budget:
        raise Problem(
            zh="没有符合条件的检查对象。",
            en="Nobody fits the plan's conditions.",
            where=plan.title,
            todo_zh="请放宽条件，或列出检查对象。",
            todo_en="Widen the conditions, or name whom to visit.",
        )
    plan.expected = {"units": plan.budget, "visits": plan.budget}


@transaction.atomic
def plan_approve(*, plan: Plan, user: User) -> Plan:
    """Approve a draft. Whoever drew the plan up can't approve it."""
    if plan.created_by_id == user.pk:
        raise Problem(
            zh="计划不能由起草人自己批准。",
            en="A plan can't be approved by the one who drew it up.",
            where=plan.number,
            todo_zh="请由其他有批准权的人员批准。",
            todo_en="Ask another person with the right to approve.",
        )
    if not may_approve(plan, user):
        raise Problem(
            zh=f"“{plan.get_kind_display()}”须由单位负责人批准。",
            en=f"A plan of the kind {plan.kind!r} is approved by a head of unit.",
            where=plan.number,
            todo_zh="请报负责人批准。",
            todo_en="Ask the head.",
        )
    advance(plan, PlanState.DRAFT, PlanState.APPROVED)
    plan.approved_by, plan.approved_at = user, timezone.now()
    plan.save(update_fields=["approved_by", "approved_at"])
    audit_record(user=user, action="supervision.plan.approve", obj=plan, after={"state": plan.state})
    notice_send(
        to=[plan.created_by] if plan.created_by else [],
        text=gettext_noop("The plan “%(plan)s” is approved."),
        params={"plan": plan.title},
        url=reverse("supervision:plan", args=[plan.number]),
    )
    return plan


@transaction.atomic
def plan_withdraw(*, plan: Plan, reason: str, user: User | None) -> Plan:
    """Give a plan up of which no frame was ever frozen: a draft that is wrong, or an approved one that isn't needed.

    Once a frame was frozen parties may have signed it: such a ceremony is voided, on the record.
    """
    reason = reason.strip()
    if not reason:
        raise Problem(
            zh="撤回要写明原因。",
            en="Say why it is withdrawn.",
            where=plan.number,
            todo_zh="请填写原因（--reason）。",
            todo_en="Give the reason (--reason).",
        )
    if plan.draws.exists():
        raise Problem(
            zh="计划的名录冻结过，不能撤回。",
            en="A frame of this plan was frozen: it can't be withdrawn.",
            where=plan.number,
            todo_zh="尚未抽取的，请作废本次仪式（void），公开记录。",
            todo_en="Before it is drawn, void the ceremony, on the record.",
        )
    state = PlanState.APPROVED if plan.state == PlanState.APPROVED else PlanState.DRAFT
    advance(plan, state, PlanState.WITHDRAWN)
    plan.withdrawn_by, plan.withdrawn_at, plan.withdraw_reason = user, timezone.now(), reason
    plan.save(update_fields=["withdrawn_by", "withdrawn_at", "withdraw_reason"])
    audit_record(
        user=user, action="supervision.plan.withdraw", obj=plan, before={"state": state}, after={"reason": reason}
    )
    return plan


def foresee(plan: Plan, frame: PlanFrame) -> None:
    """Note what the frame, as it is now, may be expected to give."""
    plan.expected = plan_expected(plan, frame)
    plan.risk_model = frame.model or plan.risk_model
    capped, reserved = int(frame.capped.sum()), int(frame.reserved.sum())
    counts = ({"cap": capped} if plan.cap else {}) | ({"reserved": reserved} if reserved else {})
    plan.frame |= {"outside": frame.outside | counts, "reserved_by": frame.reserved_by}
    if frame.as_of:
        plan.frame["as_of"] = frame.as_of.isoformat()


def advance(plan: Plan, source: PlanState, target: PlanState) -> None:
    """Move the plan on, or raise Problem: the conditional update lets one of two clerks at once win."""
    _require(plan, source)
    if Plan.objects.filter(pk=plan.pk, state=source).update(state=target) != 1:
        plan.refresh_from_db()
        _require(plan, source)
    plan.state = target


def _jurisdiction(user: User | None, division: str) -> str:
    """The plan's division: the user's own where none is said. Problem where it lies outside of that."""
    if user is None:
        return division
    if user.unit and (division or user.unit.division).startswith(user.unit.division):
        return division or user.unit.division
    raise Problem(
        zh=f"“{division or '全部'}”不在您的辖区内。",
        en=f"The division {division or 'of everyone'} is outside your jurisdiction.",
        todo_zh="请填写本单位辖区的区划代码，或由上级单位拟订。",
        todo_en="Give a division of your own unit, or let the unit above draw the plan up.",
    )


def _require(plan: Plan, state: PlanState) -> None:
    if plan.state != state:
        raise Problem(
            zh=f"计划现为“{plan.get_state_display()}”，须先“{PlanState(state).label}”。",
            en=f"The plan is {plan.state}; this step needs it to be {state.value}.",
            where=plan.number,
        )
