"""Writes: a plan from draft to its published draw. The draw itself is engines/sampling; here is who, when and what
came of it. The parties work on the ceremony's folder with keys of their own, which this system never holds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from django.db import transaction
from django.utils import timezone

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.services import audit_record
from mingcha.apps.entities.models import Entity
from mingcha.apps.risk.models import RiskModel
from mingcha.engines.sampling.folder import secret_folder
from mingcha.instance import home
from mingcha.problems import Problem

from .choices import PlanKind, PlanState
from .handed_in import read_directory
from .models import Draw, Plan, Task
from .selectors import (
    PlanFrame,
    cap_holds,
    draw_folder,
    frames_pending,
    named,
    plan_expected,
    plan_frame,
    plan_next_number,
    plans_beside,
    secret_table,
    visits_this_year,
)


@transaction.atomic
def plan_create(
    *,
    title: str,
    budget: int,
    user: User | None,
    public_source: str,
    public_on: dt.date | None = None,
    kind: str = PlanKind.TARGETED,
    division: str = "",
    industry: str = "",
    stratify_by: str = "",
    skills: str = "",
    floor_share: float = 0.1,
    ceiling: float = 0.9,
    class_weights: Mapping[str, float] | None = None,
    cap: int | None = None,
    basis: str = "",
    risk_model: RiskModel | None = None,
) -> Plan:
    """A draft, with what it may be expected to find. Raises Problem where frame and budget don't fit, the frame reaches
    beyond the user's jurisdiction, or no public value is named: without it the frame could never be frozen.

    `risk_model`: names the risk point that a targeted plan aims at; its frame takes the scores in force of that.
    `skills`: what an inspector must be certified for to make these visits, a list as `inspectors.listed` cuts it.
    `cap`: visits a year. `public_on`: the day of the public value, before which nothing is drawn.
    """
    division = _jurisdiction(user, division)
    public_source = public_source.strip()
    if not public_source:
        raise Problem(
            zh="没有指明公开值：用哪一天、哪一处公布的数。",
            en="No public value is named: which numbers, published where and on which day.",
            where=title,
            todo_zh="请填写“公开值”（--public-source），其公布须晚于各方揭示，如“双色球 2026-11-30 开奖号码”。",
            todo_en="Name it (--public-source); it must come out after the last party has revealed, like the numbers "
            "of a lottery on a day to come.",
        )
    now = timezone.localtime()
    if public_on and public_on < now.date():
        raise Problem(
            zh=f"公开值的公布日 {public_on} 已过：这个数已经有人知道。",
            en=f"The public value came out on {public_on}: it is known already.",
            where=title,
            todo_zh="请另指明一个日后才公布的数。",
            todo_en="Name one that is still to come.",
        )
    if kind == PlanKind.TARGETED and risk_model is None:
        raise Problem(
            zh="定向抽查要有现行的风险模型。",
            en="A targeted plan needs a risk model in force.",
            todo_zh="先训练并签发模型、运行 mingcha risk score；或改为不定向抽查。",
            todo_en="Train and sign a model and run mingcha risk score first; or make it non-targeted.",
        )
    plan = Plan(
        number=plan_next_number(now.year, (now.month + 2) // 3),
        title=title,
        kind=kind,
        budget=budget,
        floor_share=floor_share,
        ceiling=ceiling,
        class_weights=dict(class_weights or {}),
        cap=cap,
        division=division,
        frame={"industry": industry, "stratify_by": stratify_by, "skills": skills},
        public_source=public_source,
        public_on=public_on,
        basis=basis,
        risk_model=risk_model,
        created_by=user,
        simulated=bool(risk_model and risk_model.simulated),
    )
    _foresee(plan, plan_frame(plan))
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
    _advance(plan, state, PlanState.WITHDRAWN)
    plan.withdrawn_by, plan.withdrawn_at, plan.withdraw_reason = user, timezone.now(), reason
    plan.save(update_fields=["withdrawn_by", "withdrawn_at", "withdraw_reason"])
    audit_record(
        user=user, action="supervision.plan.withdraw", obj=plan, before={"state": state}, after={"reason": reason}
    )
    return plan


@transaction.atomic
def draw_freeze(
    *,
    plan: Plan,
    parties: Mapping[str, bytes],
    user: User | None,
    inspectors: Path | None = None,
    day: str = "",
    must_visit: Collection[str] = (),
    alone: bool = False,
    anyway: bool = False,
) -> Draw:
    """Freeze the frame: allocate, seal, and write the ceremony's folder for the `parties` {id: Ed25519 public key}.

    `inspectors`: their directory, a CSV (`handed_in.read_directory`), sealed with the frame; certificates must be valid
    on `day`. `must_visit`: entities under focused supervision, listed apart from the draw. After a voided ceremony the
    frame is built anew, and the parties sign what became of that one. `alone`: with fewer than two parties; `anyway`:
    although entities could be given no team, which the plan then says.

    Who could get more visits than a cap allows, were he drawn from another frozen frame too, stands outside this one
    as reserved. Raises Problem, saying who and for which plan, where too few are left.
    """
    from mingcha.engines.sampling import steps
    from mingcha.engines.sampling.frame import read_frame

    _one_at_a_time()
    _advance(plan, PlanState.APPROVED, PlanState.FROZEN)
    directory = read_directory(inspectors, day) if inspectors else None
    targeted = plan.kind == PlanKind.TARGETED
    frame = plan_frame(plan, frames_pending(plan))
    _refuse_strangers(plan, frame, must_visit)
    try:
        _foresee(plan, frame)
    except Problem as problem:
        raise (_reserved(plan, frame, problem) if frame.reserved_by else problem) from None
    plan.save(update_fields=["risk_model", "expected", "frame"])
    settings = steps.Plan(
        draw=plan.number,
        public_source=plan.public_source,
        take=plan.budget,
        exploration=plan.floor_share if targeted else 1.0,
        ceiling=plan.ceiling,
        cap=plan.cap,
        model=frame.model.digest if frame.model else steps.NO_MODEL,
        public_on=plan.public_on.isoformat() if plan.public_on else "",
        **({"class_weights": plan.class_weights} if plan.class_weights else {}),
    )
    draw = Draw(plan=plan, name=plan.number, folder=plan.number)
    attempt = 1
    while draw_folder(draw).exists() or secret_folder(draw_folder(draw)).exists():  # voided, or cut off and never seen
        attempt += 1
        draw.folder = f"{plan.number}-{attempt}"
    voided = plan.draws.exclude(voided_at=None).last()
    with TemporaryDirectory(dir=home() / "tmp") as place:
        table = Path(place) / "frame.csv"
        frame.write(table, targeted=targeted, must_visit=must_visit, skills=plan.frame.get("skills", ""))
        made = steps.prepare(
            draw_folder(draw),
            read_frame(table, plan.cap),  # what the parties will recompute from
            settings,
            parties,
            inspectors=directory.sealed if directory else None,
            after=draw_folder(voided) if voided else None,
            outside=frame.beyond,
            extra=({"as_of": frame.as_of.isoformat()} if frame.as_of else {})
            | ({"simulated": 1} if plan.simulated else {}),
            alone=alone,
            anyway=anyway,
        )
        table.replace(secret_folder(draw_folder(draw)) / table.name)
    draw.inspectors = directory.people if directory else []
    draw.root = made.terms.root.hex()
    draw.units = sum(s["N"] for s in made.terms.params["strata"].values())
    draw.frozen_at = timezone.now()
    draw.save()
    plan.frame["short"] = [asdict(one) for one in made.short]
    plan.save(update_fields=["frame"])
    audit_record(
        user=user,
        action="supervision.draw.freeze",
        obj=draw,
        after={"root": draw.root, "units": draw.units, "outside": made.terms.params["outside"]}
        | ({"reserved_by": frame.reserved_by} if frame.reserved_by else {}),
    )
    return draw


@transaction.atomic
def draw_void(*, draw: Draw, reason: str, user: User | None) -> Draw:
    """Give a ceremony up, on the record, because a party stays away; the frame can then be frozen again.

    Once somebody has revealed it is allowed once: the next ceremony goes on without who stays away.
    """
    from mingcha.engines.sampling import files, folder, steps

    plan, path = draw.plan, draw_folder(draw)
    _advance(plan, plan.state if plan.state == PlanState.COMMITTED else PlanState.FROZEN, PlanState.APPROVED)
    if not folder.status(path).void:  # a void that was cut off after its file is gone on with
        steps.void(path, reason)
    record = files.read_json(path / "void.json", "void")
    draw.voided_at, draw.void_reason, draw.no_show = timezone.now(), record["reason"], record["no_show"]
    draw.save(update_fields=["voided_at", "void_reason", "no_show"])
    audit_record(
        user=user,
        action="supervision.draw.void",
        obj=draw,
        after={"reason": draw.void_reason, "no_show": draw.no_show, "revealed": record["revealed"]},
    )
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
    _advance(draw.plan, PlanState.FROZEN, PlanState.COMMITTED)
    draw.committed_at = timezone.now()
    draw.save(update_fields=["committed_at"])
    audit_record(user=user, action="supervision.draw.commit", obj=draw, after={"parties": list(status.committed)})
    return draw


@transaction.atomic
def draw_run(*, draw: Draw, public_value: str, user: User | None, without: Sequence[str] = ()) -> Draw:
    """Draw: seed from the reveals and the public value, tickets, the drawn firms as tasks, and by the same seed their
    inspectors. `without`: parties that did not reveal, named on purpose; after a voided ceremony only."""
    from mingcha.engines.sampling import fieldwork, results, steps
    from mingcha.engines.sampling.folder import status

    _advance(draw.plan, PlanState.COMMITTED, PlanState.DRAWN)
    path = draw_folder(draw)
    state = status(path)
    if state.drawn:  # a run that was cut off after its files were written
        record, _, _ = results.drawn(state)
    else:
        record, _, _ = steps.run(path, public_value, without=without, today=timezone.localdate())
    teams = {}
    if "inspectors" in record.terms.params:
        names = {one["id"]: {"id": one["id"], "name": one["name"]} for one in draw.inspectors}
        assigned = fieldwork.assign(path)["teams"]
        teams = {team["id"]: [names[inspector] for inspector in team["inspectors"]] for team in assigned}
    design = sorted(secret_table(draw, "design.csv"), key=lambda unit: (unit["stratum"], unit["id"]))
    classes = _classes(draw)
    entities = {e.key: e for e in Entity.ever.filter(key__in=[unit["id"] for unit in design])}
    Task.objects.bulk_create(
        Task(
            number=_task_number(draw, place),
            draw=draw,
            entity=entities[unit["id"]],
            stratum=unit["stratum"],
            pi=float(unit["pi"]),
            risk_class=classes[unit["id"]],
            inspectors=teams.get(unit["id"], []),
        )
        for place, unit in enumerate(design, 1)
    )
    draw.seed, draw.result = record.seed.hex(), record.result.hex()
    draw.taken, draw.drawn_at = len(design), timezone.now()
    draw.save()
    audit_record(user=user, action="supervision.draw.run", obj=draw, after={"result": draw.result, "taken": draw.taken})
    return draw


@transaction.atomic
def draw_publish(*, draw: Draw, user: User | None) -> list[str]:
    """Gather the attestations into public.json and open the draw's public page: no probability, no undrawn name.

    Gives the parties that have not attested. Their signature is what vouches for the probabilities, so whoever calls
    this says who is missing. May be done again, for attestations that come later.
    """
    from mingcha.engines.sampling import folder, results

    if draw.plan.state != PlanState.PUBLISHED:
        _advance(draw.plan, PlanState.DRAWN, PlanState.PUBLISHED)
        draw.published_at = timezone.now()
        draw.save(update_fields=["published_at"])
    attested = [attestation.id for attestation in results.publish(draw_folder(draw)).attestations]
    audit_record(user=user, action="supervision.draw.publish", obj=draw, after={"attested": attested})
    return [party for party in folder.status(draw_folder(draw)).parties if party not in attested]


@transaction.atomic
def draw_replace(*, draw: Draw, key: str, reason: str, user: User | None) -> Task:
    """Take a drawn entity out that was in the frame by mistake; the task of who comes in, the next of its stratum.

    The probabilities of its stratum are corrected, and the reason is published. Nobody is drawn to make the new visit:
    who is sent is for the unit to decide. Refused where who comes in has had the year's visits, or may get them from
    another frozen plan: the draw leaves no choice of another. A replacement that was cut off after its files is gone
    on with, under the reason that stands there.
    """
    from mingcha.engines.sampling import fieldwork

    plan, folder = draw.plan, draw_folder(draw)
    state = PlanState.PUBLISHED if plan.state == PlanState.PUBLISHED else PlanState.DRAWN
    _one_at_a_time()
    _advance(plan, state, state)
    replaced = set(draw.tasks.exclude(replaced_at=None).values_list("entity__key", flat=True))
    if key not in {one["out"] for one in fieldwork.replacements(folder)} - replaced:
        fieldwork.replace_unit(folder, key, reason, may_come=partial(_refuse_beyond_cap, plan))
    pi = {unit["id"]: float(unit["pi"]) for unit in secret_table(draw, "design.csv")}
    for one in fieldwork.replacements(folder):
        if one["out"] not in replaced:
            _take_in(draw, one, pi, user)
    tasks = list(draw.tasks.filter(replaced_at=None).select_related("entity"))
    for task in tasks:
        task.pi = pi[task.entity.key]
    Task.objects.bulk_update(tasks, ["pi"], batch_size=500)
    return draw.tasks.get(replaces__entity__key=key)


def _take_in(draw: Draw, one: dict, pi: Mapping[str, float], user: User | None) -> None:
    """Note one replacement that replacements.json tells of."""
    out, new = draw.tasks.get(entity__key=one["out"]), one["in"]
    out.replaced_at, out.replace_reason = timezone.now(), one["reason"]
    out.save(update_fields=["replaced_at", "replace_reason"])
    made = Task.objects.create(
        number=_task_number(draw, draw.tasks.count() + 1),
        draw=draw,
        entity=Entity.ever.get(key=new["id"]),
        stratum=new["stratum"],
        pi=pi.get(new["id"], 0),  # 0: has gone out again since
        risk_class=_classes(draw)[new["id"]],
        replaces=out,
    )
    audit_record(
        user=user,
        action="supervision.draw.replace",
        obj=draw,
        before={"out": one["out"], "task": out.number},
        after={"in": new["id"], "task": made.number, "reason": one["reason"]},
    )


def _refuse_beyond_cap(plan: Plan, key: str) -> None:
    """Problem if a visit to this entity could break a cap, this plan's or another's."""
    beside = plans_beside(key, frames_pending(plan))
    if any(one.cap for one in (plan, *beside)) and not cap_holds(plan, visits_this_year()[key], beside):
        numbers = [other.number for other in beside]
        raise Problem(
            zh="替入者依规则只能是该层下一户，而该户本年度检查已达上限"
            + ("，或可能由其他已冻结的计划抽中" if beside else ""),
            en="Who comes in is the next of the stratum, by rule, and that one has had the year's visits"
            + (", or may get them from another frozen plan" if beside else ""),
            where=f"{plan.number}: {named([key])}",
            todo_zh=f"先完成 {'、'.join(numbers)} 的抽取，再替换。"
            if beside
            else "不替换；保留原任务，在检查结果中写明其误入名录。",
            todo_en=f"Draw {', '.join(numbers)} first, then replace."
            if beside
            else "Don't replace: keep the task, and note in its result that it was in the frame by mistake.",
        )


def _task_number(draw: Draw, place: int) -> str:
    return f"{draw.name.replace('JH', 'RW', 1)}-{place:04d}"


def _classes(draw: Draw) -> dict[str, str]:
    """Risk class of each entity on the day of the freeze."""
    return {unit["id"]: unit.get("class", "") for unit in secret_table(draw, "frame.csv")}


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


def _foresee(plan: Plan, frame: PlanFrame) -> None:
    """Note what the frame, as it is now, may be expected to give."""
    plan.expected = plan_expected(plan, frame)
    plan.risk_model = frame.model or plan.risk_model
    capped, reserved = int(frame.capped.sum()), int(frame.reserved.sum())
    counts = ({"cap": capped} if plan.cap else {}) | ({"reserved": reserved} if reserved else {})
    plan.frame |= {"outside": frame.outside | counts, "reserved_by": frame.reserved_by}
    if frame.as_of:
        plan.frame["as_of"] = frame.as_of.isoformat()


def _reserved(plan: Plan, frame: PlanFrame, problem: Problem) -> Problem:
    """`problem`, of a frame with too few entities, with who is missing and when they can be drawn."""
    who = [name for name, reserved in zip(frame.ids, frame.reserved, strict=True) if reserved]
    plans = frame.reserved_by
    return Problem(
        zh=f"{problem.zh}。另有 {len(who)} 户在其他已冻结、尚未抽取的计划名录内，再抽可能突破年度检查上限",
        en=f"{problem.en}. {len(who)} more stand in another frozen plan's frame: drawn from both, they could get more "
        "visits than the yearly cap allows",
        where=f"{plan.number}: {named(who)}",
        todo_zh=f"先完成 {'、'.join(plans)} 的抽取（或作废），再冻结本计划；或调整条件、减少户次。",
        todo_en=f"Draw {', '.join(plans)} first (or void it), then freeze this plan; or change conditions or visits.",
    )


def _one_at_a_time() -> None:
    """Two plans that are frozen at once must see each other: the second waits here until the first has ended. SQLite
    has one writer as it is."""
    under_way = (PlanState.APPROVED, PlanState.FROZEN, PlanState.COMMITTED)
    list(Plan.objects.select_for_update().filter(state__in=under_way).order_by("pk").values_list("pk"))


def _refuse_strangers(plan: Plan, frame: PlanFrame, must_visit: Collection[str]) -> None:
    if strangers := sorted(set(must_visit) - set(frame.ids)):
        raise Problem(
            zh=f"重点监管名单中有 {len(strangers)} 户不在本计划的名录内：{'、'.join(strangers[:5])}",
            en=f"{len(strangers)} that must be visited are not in this plan's directory: {', '.join(strangers[:5])}",
            where=plan.number,
            todo_zh="请核对统一社会信用代码；不符合计划条件的主体不列入。",
            todo_en="Check their codes; leave out those whom the plan's conditions don't fit.",
        )


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
