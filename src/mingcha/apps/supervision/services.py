"""Writes: a plan from draft to its published draw. The draw itself is engines/sampling; here is who, when and what
came of it. The parties work on the ceremony's folder with keys of their own, which this system never holds.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.services import audit_record
from mingcha.apps.entities.models import Entity
from mingcha.apps.risk.models import RiskModel
from mingcha.problems import Problem

from .choices import PlanKind, PlanState
from .models import Draw, Plan, Task
from .selectors import draw_folder, drawn_units, plan_expected, plan_frame, plan_next_number


@transaction.atomic
def plan_create(
    *,
    title: str,
    budget: int,
    user: User | None,
    kind: str = PlanKind.TARGETED,
    division: str = "",
    industry: str = "",
    stratify_by: str = "",
    floor_share: float = 0.1,
    ceiling: float = 0.9,
    class_weights: Mapping[str, float] | None = None,
    public_source: str = "",
    basis: str = "",
    risk_model: RiskModel | None = None,
) -> Plan:
    """A draft, with what it may be expected to find. Raises Problem where frame and budget don't fit."""
    now = timezone.localtime()
    plan = Plan(
        number=plan_next_number(now.year, (now.month + 2) // 3),
        title=title,
        kind=kind,
        budget=budget,
        floor_share=floor_share,
        ceiling=ceiling,
        class_weights=dict(class_weights or {}),
        division=division,
        frame={"industry": industry, "stratify_by": stratify_by},
        public_source=public_source,
        basis=basis,
        risk_model=risk_model,
        created_by=user,
        simulated=bool(risk_model and risk_model.simulated),
    )
    plan.expected = plan_expected(plan)
    plan.save()
    audit_record(user=user, action="supervision.plan.create", obj=plan, after={"title": title, "budget": budget})
    return plan


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
    _advance(plan, PlanState.DRAFT, PlanState.APPROVED)
    plan.approved_by, plan.approved_at = user, timezone.now()
    plan.save(update_fields=["approved_by", "approved_at"])
    audit_record(user=user, action="supervision.plan.approve", obj=plan, after={"state": plan.state})
    return plan


@transaction.atomic
def draw_freeze(*, plan: Plan, parties: Mapping[str, bytes], user: User | None) -> Draw:
    """Freeze the frame: allocate, seal, and write the ceremony's folder for the `parties` {id: Ed25519 public key}."""
    from mingcha.engines.sampling import steps

    _require(plan, PlanState.APPROVED)
    targeted = plan.kind == PlanKind.TARGETED
    settings = steps.Plan(
        draw=plan.number,
        public_source=plan.public_source,
        take=plan.budget,
        exploration=plan.floor_share if targeted else 1.0,
        ceiling=plan.ceiling,
        model=plan.risk_model.digest if plan.risk_model else steps.NO_MODEL,
        **({"class_weights": plan.class_weights} if plan.class_weights else {}),
    )
    draw = Draw(plan=plan, name=plan.number, folder=plan.number)
    attempt = 1
    while draw_folder(draw).exists():  # left by a freeze that was cut off: no party has seen it, nobody's row names it
        attempt += 1
        draw.folder = f"{plan.number}-{attempt}"
    terms = steps.prepare(
        draw_folder(draw),
        plan_frame(plan).engine(targeted=targeted),
        settings,
        parties,
        extra={"simulated": 1} if plan.simulated else None,
    )
    draw.root = terms.root.hex()
    draw.units = sum(s["N"] for s in terms.params["strata"].values())
    draw.frozen_at = timezone.now()
    draw.save()
    audit_record(user=user, action="supervision.draw.freeze", obj=draw, after={"root": draw.root, "units": draw.units})
    return draw


@transaction.atomic
def draw_commitments_check(*, draw: Draw, user: User | None) -> Draw:
    """Note that every party has committed, once its file is in the folder."""
    from mingcha.engines.sampling import folder

    status = folder.status(draw_folder(draw))
    if status.uncommitted:
        raise Problem(
            zh=f"还有参与方没有承诺：{'、'.join(status.uncommitted)}",
            en=f"Not yet committed: {', '.join(status.uncommitted)}",
            where=draw.name,
            todo_zh="请等全部承诺文件到齐。",
            todo_en="Wait until all commitments are in the folder.",
        )
    _advance(draw.plan, PlanState.APPROVED, PlanState.COMMITTED)
    draw.committed_at = timezone.now()
    draw.save(update_fields=["committed_at"])
    audit_record(user=user, action="supervision.draw.commit", obj=draw, after={"parties": list(status.committed)})
    return draw


@transaction.atomic
def draw_run(*, draw: Draw, public_value: str, user: User | None, without: tuple[str, ...] = ()) -> Draw:
    """Draw: seed from the reveals and the public value, tickets, the drawn firms as tasks."""
    from mingcha.engines.sampling import results, steps
    from mingcha.engines.sampling.folder import status

    _advance(draw.plan, PlanState.COMMITTED, PlanState.DRAWN)
    path = draw_folder(draw)
    state = status(path)
    if state.drawn:  # a run that was cut off after its files were written
        record, _, _ = results.drawn(state)
    else:
        record, _, _ = steps.run(path, public_value, without=without)
    design = sorted(drawn_units(draw), key=lambda unit: (unit["stratum"], unit["id"]))
    entities = {e.key: e for e in Entity.objects.filter(key__in=[unit["id"] for unit in design])}
    Task.objects.bulk_create(
        Task(
            number=f"{draw.name.replace('JH', 'RW', 1)}-{place:04d}",
            draw=draw,
            entity=entities[unit["id"]],
            stratum=unit["stratum"],
            pi=float(unit["pi"]),
        )
        for place, unit in enumerate(design, 1)
    )
    draw.seed, draw.result = record.seed.hex(), record.result.hex()
    draw.taken, draw.drawn_at = len(design), timezone.now()
    draw.save()
    audit_record(user=user, action="supervision.draw.run", obj=draw, after={"result": draw.result, "taken": draw.taken})
    return draw


@transaction.atomic
def draw_publish(*, draw: Draw, user: User | None) -> Draw:
    """Open the draw's public page. What it shows is public.json: no probability, no undrawn name."""
    _advance(draw.plan, PlanState.DRAWN, PlanState.PUBLISHED)
    draw.published_at = timezone.now()
    draw.save(update_fields=["published_at"])
    audit_record(user=user, action="supervision.draw.publish", obj=draw, after={"at": draw.published_at.isoformat()})
    return draw


def _require(plan: Plan, state: PlanState) -> None:
    if plan.state != state:
        raise Problem(
            zh=f"计划现为“{plan.get_state_display()}”，须先“{PlanState(state).label}”。",
            en=f"The plan is {plan.state}; this step needs it to be {state.value}.",
            where=plan.number,
        )


def _advance(plan: Plan, source: PlanState, target: PlanState) -> None:
    """Move the plan on, or raise Problem: the conditional update lets one of two clerks at once win."""
    _require(plan, source)
    if Plan.objects.filter(pk=plan.pk, state=source).update(state=target) != 1:
        plan.refresh_from_db()
        _require(plan, source)
    plan.state = target
