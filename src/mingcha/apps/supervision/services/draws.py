"""Writes: a plan's draw, from the frozen frame to what is published. The draw itself is engines/sampling; here is who,
when and what came of it. The parties work on the ceremony's folder with keys of their own, which this system never
holds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from django.db import transaction
from django.utils import timezone

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.services import audit_record
from mingcha.apps.entities.models import Entity
from mingcha.engines.collector import uncollected
from mingcha.engines.sampling.folder import secret_folder
from mingcha.instance import home
from mingcha.problems import Problem

from ..choices import PlanKind, PlanState
from ..handed_in import Directory, read_departments, read_directory
from ..models import Draw, Plan, Task
from ..rules import NOT_BEGUN
from ..selectors import (
    PlanFrame,
    cap_holds,
    draw_folder,
    entities_by_key,
    frames_pending,
    inspector_directory_read,
    inspectors_read,
    joint_departments,
    joint_people,
    named,
    plan_frame,
    plans_beside,
    secret_table,
    visits_this_year,
)
from .issue import Visit, tasks_write
from .plans import advance, foresee, one_at_a_time


@uncollected()
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

    `inspectors`: their directory, a CSV (`handed_in.read_directory`), sealed with the frame; without it, that of the
    plan's own register. Certificates must be valid on `day`, by default the first of the visits; a joint plan needs two
    certified people of each department. `must_visit`: entities
    under focused supervision, listed apart from the draw. After a voided ceremony the frame is built anew, and the
    parties sign what became of that one. `alone`: with fewer than two parties; `anyway`: although entities could be
    given no team, which the plan then says.

    Who could get more visits than a cap allows, were he drawn from another frozen frame too, stands outside this one
    as reserved. Raises Problem, saying who and for which plan, where too few are left.
    """
    from mingcha.engines.sampling import steps
    from mingcha.engines.sampling.frame import read_frame

    one_at_a_time()
    advance(plan, PlanState.APPROVED, PlanState.FROZEN)
    directory = _directory(plan, inspectors, day)
    targeted = plan.kind == PlanKind.TARGETED
    frame = plan_frame(plan, frames_pending(plan))
    _refuse_strangers(plan, frame, must_visit)
    try:
        foresee(plan, frame)
    except Problem as problem:
        raise (_reserved(plan, frame, problem) if frame.reserved_by else problem) from None
    if directory and (departments := directory.sealed["rules"].get("departments")):
        plan.frame["departments"] = departments
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
    advance(plan, plan.state if plan.state == PlanState.COMMITTED else PlanState.FROZEN, PlanState.APPROVED)
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
    advance(draw.plan, PlanState.FROZEN, PlanState.COMMITTED)
    draw.committed_at = timezone.now()
    draw.save(update_fields=["committed_at"])
    audit_record(user=user, action="supervision.draw.commit", obj=draw, after={"parties": list(status.committed)})
    return draw


@uncollected()
@transaction.atomic
def draw_run(
    *,
    draw: Draw,
    public_value: str,
    user: User | None,
    without: Sequence[str] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Draw:
    """Draw: seed from the reveals and the public value, tickets, the drawn firms as tasks, and by the same seed their
    inspectors. `without`: parties that did not reveal, named on purpose; after a voided ceremony only. `progress`: is
    told how many tasks of how many are written; they are seen when all are."""
    from mingcha.engines.sampling import fieldwork, results, steps
    from mingcha.engines.sampling.folder import status

    advance(draw.plan, PlanState.COMMITTED, PlanState.DRAWN)
    path = draw_folder(draw)
    state = status(path)
    if state.drawn:  # a run that was cut off after its files were written
        done = results.drawn(state)
    else:
        done = steps.run(path, public_value, without=without, today=timezone.localdate())
    record = done[0]
    teams: dict[str, list[dict[str, str]]] = {}
    if "inspectors" in record.terms.params:
        names = {one["id"]: {"id": one["id"], "name": one["name"]} for one in draw.inspectors}
        for team in fieldwork.assign(path, done)["teams"]:  # in a joint inspection one of each department
            of = {"department": team["department"]} if "department" in team else {}
            teams.setdefault(team["id"], []).extend(names[inspector] | of for inspector in team["inspectors"])
    design = sorted(secret_table(draw, "design.csv"), key=lambda unit: (unit["stratum"], unit["id"]))
    classes = _classes(draw, {unit["id"] for unit in design})
    entities = entities_by_key([unit["id"] for unit in design])
    visits = [
        Visit(
            entities[unit["id"]],
            unit["stratum"],
            float(unit["pi"]),
            classes[unit["id"]],
            teams.get(unit["id"], ()),
        )
        for unit in design
    ]
    tasks_write(plan=draw.plan, draw=draw, visits=visits, user=user, progress=progress)
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
        advance(draw.plan, PlanState.DRAWN, PlanState.PUBLISHED)
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
    one_at_a_time()
    advance(plan, state, state)
    _refuse_visited(draw, key)
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


def _refuse_visited(draw: Draw, key: str) -> None:
    """Problem if the visit is under way or made: then it has a result, whoever was in the frame by mistake."""
    begun = draw.tasks.filter(entity__key=key, replaced_at=None).exclude(state__in=NOT_BEGUN).first()
    if begun:
        raise Problem(
            zh=f"任务已是“{begun.get_state_display()}”，不能再替换。",
            en=f"The task is {begun.state}: it can't be replaced any more.",
            where=begun.number,
            todo_zh="请在检查结果中写明其误入名录。",
            todo_en="Note in its result that it was in the frame by mistake.",
        )


def _take_in(draw: Draw, one: dict, pi: Mapping[str, float], user: User | None) -> None:
    """Note one replacement that replacements.json tells of."""
    out, new = draw.tasks.get(entity__key=one["out"]), one["in"]
    out.replaced_at, out.replace_reason = timezone.now(), one["reason"]
    out.save(update_fields=["replaced_at", "replace_reason"])
    visit = Visit(
        Entity.ever.get(key=new["id"]),
        new["stratum"],
        pi.get(new["id"], 0),  # 0: has gone out again since
        _classes(draw, {new["id"]})[new["id"]],
    )
    tasks_write(plan=draw.plan, draw=draw, visits=[visit], user=user, first=draw.tasks.count() + 1)
    made = draw.tasks.get(entity=visit.entity)
    made.replaces = out
    made.save(update_fields=["replaces"])
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


def _classes(draw: Draw, keys: Collection[str]) -> dict[str, str]:
    """Risk class of each of these entities on the day of the freeze."""
    import polars as pl

    frame = pl.scan_csv(secret_folder(draw_folder(draw)) / "frame.csv", infer_schema=False)
    if "class" not in frame.collect_schema():
        return dict.fromkeys(keys, "")
    drawn = frame.filter(pl.col("id").is_in(list(keys))).select("id", pl.col("class").fill_null("")).collect()
    return dict(drawn.iter_rows())


def _directory(plan: Plan, file: Path | None, day: str) -> Directory | None:
    """Who may be sent: from a file that was handed in, else from the register; None where the plan draws nobody."""
    if plan.departments and file:
        return read_directory(file, day, joint_departments(plan, read_departments(file)))
    if plan.departments:
        people = joint_people(plan)
        departments = joint_departments(plan, [one.department for one in people])
        return inspectors_read(people, day or plan.starts_on or timezone.localdate(), departments)
    if file:
        return read_directory(file, day)
    if plan.inspectors is None:
        return None
    return inspector_directory_read(plan.inspectors, day or plan.starts_on or timezone.localdate())


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


def _refuse_strangers(plan: Plan, frame: PlanFrame, must_visit: Collection[str]) -> None:
    if strangers := sorted(set(must_visit) - set(frame.ids)):
        raise Problem(
            zh=f"重点监管名单中有 {len(strangers)} 户不在本计划的名录内：{'、'.join(strangers[:5])}",
            en=f"{len(strangers)} that must be visited are not in this plan's directory: {', '.join(strangers[:5])}",
            where=plan.number,
            todo_zh="请核对统一社会信用代码；不符合计划条件的主体不列入。",
            todo_en="Check their codes; leave out those whom the plan's conditions don't fit.",
        )
