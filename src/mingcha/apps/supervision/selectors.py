"""Reads: plans and draws in a user's jurisdiction, the frame of a plan, what a plan may be expected to find."""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from django.db.models import F, QuerySet
from django.utils import timezone

from mingcha.apps.accounts.permissions import in_jurisdiction
from mingcha.apps.entities.choices import Status
from mingcha.apps.entities.models import Entity
from mingcha.apps.risk.choices import ModelState
from mingcha.apps.risk.models import RiskModel
from mingcha.apps.risk.selectors import scores_in_force
from mingcha.engines.sampling.frame import reasons
from mingcha.instance import home
from mingcha.problems import Problem

from .choices import PlanKind
from .models import Draw, Plan, Task

Pending = Sequence[tuple[Plan, Collection[str]]]  # plans under way, each with the keys in its frozen frame
STRATA = ("district", "industry")  # an entity's fields that a frame may be stratified by


def plans_visible(user) -> QuerySet[Plan]:
    return Plan.objects.filter(in_jurisdiction(user)).select_related("risk_model", "created_by", "approved_by")


def tasks_visible(user) -> QuerySet[Task]:
    return Task.objects.filter(in_jurisdiction(user, "entity__division")).select_related("entity")


def draw_folder(draw: Draw) -> Path:
    """The ceremony's folder; what is secret stands beside it, under its name with "-secret"."""
    return home() / "draws" / draw.folder


def secret_table(draw: Draw, name: str) -> list[dict[str, str]]:
    """Rows of a CSV that the draw's keeper holds: design.csv (the drawn, with the probabilities that estimates use),
    frame.csv (everyone whom the conditions fit, as the parties check them)."""
    from mingcha.engines.sampling.folder import secret_folder

    path = secret_folder(draw_folder(draw)) / name
    with path.open(encoding="utf-8-sig", newline="") as file:  # files.write_csv marks its files
        return list(csv.DictReader(file))


@dataclass(frozen=True)
class PlanFrame:
    """The object directory of a plan, in order of id: whoever its conditions fit, those at their yearly cap too.

    `scores`: probabilities of a violation, NaN where there is none. `reserved`: whose cap the frozen plans
    `reserved_by` could break together with this one. `beyond`: the keys of all others of the plan's division, by the
    reason for which they are not in the directory. `model`, `as_of`: of the scores, where they give the probabilities.
    """

    ids: list[str]
    strata: list[str]
    areas: list[str]
    classes: list[str]
    scores: np.ndarray
    visits: np.ndarray
    reserved: np.ndarray
    reserved_by: list[str]
    cap: int | None
    beyond: dict[str, list[str]]
    model: RiskModel | None
    as_of: dt.date | None

    @property
    def outside(self) -> dict[str, int]:
        return {reason: len(keys) for reason, keys in self.beyond.items()}

    @property
    def drawable(self) -> np.ndarray:
        """Places of those that stand in the draw's frame."""
        return np.flatnonzero(~(self.capped | self.reserved))

    @property
    def capped(self) -> np.ndarray:
        return self.visits >= (self.cap or np.inf)

    def write(self, path: Path, *, targeted: bool, must_visit: Collection[str] = (), skills: str = "") -> None:
        """As the CSV that the parties recompute the probabilities from (`mingcha draw attest --frame`)."""
        from mingcha.engines.sampling.files import write_csv

        columns = {"id": self.ids, "stratum": self.strata, "area": self.areas}
        if targeted:
            columns |= {"score": self.scores.tolist(), "class": self.classes}
        if self.cap:
            columns["visits"] = self.visits.tolist()
        if self.reserved.any():
            columns["reserved"] = self.reserved.astype(int).tolist()
        if must_visit:
            columns["must_visit"] = [int(name in must_visit) for name in self.ids]
        if skills:
            columns["skills"] = [skills] * len(self.ids)
        write_csv(path, list(columns), list(zip(*columns.values(), strict=True)))


def plan_frame(plan: Plan, pending: Pending = ()) -> PlanFrame:
    """The object directory that the plan's conditions build: in operation, keyed for certain, and for a targeted plan
    scored. A provisional entity may be the twin of a certain one and would give a firm two chances.

    `pending`: the frames of other plans (`frames_pending`), where this one is to be frozen beside them. Raises Problem
    where nobody fits, or where the scores aren't those of one model in force.
    """
    targeted = plan.kind == PlanKind.TARGETED
    stratum = plan.frame.get("stratify_by", "")
    if stratum and stratum not in STRATA:
        raise Problem(
            zh=f"不能按“{stratum}”分层。",
            en=f"A frame can't be stratified by {stratum!r}.",
            where=plan.number,
            todo_zh="可选：" + "、".join(STRATA),
            todo_en="Choose one of: " + ", ".join(STRATA),
        )
    scores = _scores(plan)
    rows, beyond = _sorted_out(plan, scores if targeted else None, stratum or "district")
    made = visits_this_year() if any(one.cap for one in (plan, *(p for p, _ in pending))) else Counter()
    if not any(not plan.cap or made[row[1]] < plan.cap for row in rows):
        zh, en = reasons({reason: len(keys) for reason, keys in beyond.items()} | {"cap": len(rows)})
        raise Problem(
            zh=f"检查对象名录为空。名录之外：{zh}。",
            en=f"The frame is empty. Outside: {en}.",
            where=plan.number,
            todo_zh="请放宽条件，或先运行 mingcha risk score。",
            todo_en="Widen the conditions, or run mingcha risk score first.",
        )
    found = [scores.get(row[0], (float("nan"), "", None, None)) for row in rows]
    visits = np.array([made[row[1]] for row in rows])
    beside = [plans_beside(row[1], pending) for row in rows]
    held = [bool(others) and not cap_holds(plan, n, others) for n, others in zip(visits, beside, strict=True)]
    reserved = np.array(held) & (visits < (plan.cap or np.inf))
    model, as_of = _model_in_force(plan, {score[2:] for score in found}) if targeted else (None, None)
    return PlanFrame(
        ids=[row[1] for row in rows],
        strata=[(row[3] or "其他") if stratum else "全部" for row in rows],
        areas=[row[2] for row in rows],
        classes=[score[1] for score in found],
        scores=np.array([score[0] for score in found]),
        visits=visits,
        reserved=reserved,
        reserved_by=sorted({other.number for i in np.flatnonzero(reserved) for other in beside[i]}),
        cap=plan.cap,
        beyond=beyond,
        model=model,
        as_of=as_of,
    )


def _sorted_out(
    plan: Plan, scores: Collection[int] | None, stratum: str
) -> tuple[list[tuple[int, str, str, str]], dict[str, list[str]]]:
    """Everyone in the plan's division: (pk, key, district, stratum) of whom its conditions fit, and the keys of all
    others by the first reason that keeps them out. `scores`: who has one, where that is a condition."""
    industry = plan.frame.get("industry", "")
    beyond: dict[str, list[str]] = {"not_in_operation": [], "provisional": [], "unknown_status": []}
    beyond |= {"other_industry": []} if industry else {}
    beyond |= {} if scores is None else {"unscored": []}
    columns = ("pk", "key", "district", stratum, "industry", "status", "provisional")
    everyone = Entity.objects.filter(division__startswith=plan.division).order_by("key").values_list(*columns)
    rows = []
    for pk, key, district, layer, trade, status, provisional in everyone.iterator(chunk_size=20_000):
        if industry and trade != industry:
            beyond["other_industry"].append(key)
        elif status not in (Status.ACTIVE, Status.UNKNOWN):
            beyond["not_in_operation"].append(key)
        elif provisional:
            beyond["provisional"].append(key)
        elif status == Status.UNKNOWN:
            beyond["unknown_status"].append(key)
        elif scores is not None and pk not in scores:
            beyond["unscored"].append(key)
        else:
            rows.append((pk, key, district, layer))
    return rows, beyond


def _scores(plan: Plan) -> dict[int, tuple[float, str, int, dt.date]]:
    """Entity -> (probability, class, model, as of), of the plan's risk point; by whichever model scored it."""
    if plan.risk_model is None:
        return {}
    columns = ("entity_id", "probability", "risk_class", "model_id", "as_of")
    rows = scores_in_force(plan.risk_model).values_list(*columns)
    return {row[0]: row[1:] for row in rows.iterator(chunk_size=20_000)}


def _model_in_force(plan: Plan, found: set[tuple[int, dt.date]]) -> tuple[RiskModel, dt.date]:
    """The one model in force, and the one day, that all scores of the frame are of: the parties sign its digest."""
    models = RiskModel.objects.in_bulk({number for number, _ in found})
    if len(found) == 1:
        ((number, day),) = found
        if models[number].state == ModelState.CHAMPION:
            return models[number], day
    said = sorted(f"{models[number].number} ({models[number].state}), {day}" for number, day in found)
    raise Problem(
        zh="名录中的风险分不都是同一现行模型、同一天的，各方无法核对概率。",
        en="The frame's scores are not all of one model in force and one day: the parties couldn't check them.",
        where=f"{plan.number}: {'; '.join(said[:5])}",
        todo_zh="请先运行 mingcha risk score，用现行模型为全部主体重新评分。",
        todo_en="Run mingcha risk score first: it scores everyone anew by the model in force.",
    )


def frames_pending(plan: Plan) -> Pending:
    """The frames that other plans have frozen and not yet drawn from: whoever stands there may still get a visit."""
    from mingcha.engines.sampling.folder import secret_folder
    from mingcha.engines.sampling.frame import read_frame

    draws = Draw.objects.filter(frozen_at__isnull=False, drawn_at=None, voided_at=None).exclude(plan=plan)
    return [
        (draw.plan, frozenset(read_frame(secret_folder(draw_folder(draw)) / "frame.csv", draw.plan.cap).ids))
        for draw in draws.select_related("plan")
    ]


def plans_beside(key: str, pending: Pending) -> list[Plan]:
    return [plan for plan, keys in pending if key in keys]


def cap_holds(plan: Plan, made: int, beside: Collection[Plan]) -> bool:
    """Whether an entity with `made` visits may get one more from `plan`, were it drawn for all plans `beside` too:
    neither this plan's cap nor any of theirs is broken then."""
    caps = [one.cap for one in (plan, *beside) if one.cap]
    return not caps or made + len(beside) < min(caps)


def draw_reserved(draw: Draw) -> list[str]:
    """Who stands outside the frame because another frozen plan may bring the year's last visit, by key."""
    return [row["id"] for row in secret_table(draw, "outside.csv") if row["reason"] == "reserved"]


def named(keys: Sequence[str], most: int = 5) -> str:
    """The first of some entities, by name and key."""
    names = dict(Entity.ever.filter(key__in=keys[:most]).values_list("key", "name"))
    return ", ".join(f"{names.get(key, '')} {key}".strip() for key in keys[:most]) + (" …" if len(keys) > most else "")


def visits_this_year() -> Counter[str]:
    """Planned visits of this calendar year by entity key: made, as the lake has them, and drawn but not yet made.

    A visit with a cause (a complaint, a lead) is no planned one. A task counts until a visit after its draw is there;
    one that was replaced doesn't.
    """
    year = timezone.localdate().year
    made = _planned_visits(year)
    counts = Counter({key: len(days) for key, days in made.items()})
    drawn: dict[str, list[dt.date]] = {}
    tasks = Task.objects.filter(draw__voided_at=None, draw__drawn_at__year=year, replaced_at=None)
    for key, at in tasks.values_list("entity__key", "draw__drawn_at"):
        drawn.setdefault(key, []).append(timezone.localdate(at))
    for key, days in drawn.items():
        since = sum(day >= min(days) for day in made.get(key, ()))
        counts[key] += max(0, len(days) - since)
    return counts


def _planned_visits(year: int) -> dict[str, list[dt.date]]:
    """Days of the year's planned visits by entity key, from every dataset of inspections: all of its visits, whatever
    its risk points ask of them, so that no label has to be worked out."""
    import pyarrow.compute as pc

    from mingcha.apps.entities.selectors import lake_view
    from mingcha.engines.factors.labels import labels
    from mingcha.engines.lake.contract import RiskPoint

    every = RiskPoint("every_visit", "检查", "Visits", label="FALSE")
    view = lake_view()
    found: dict[str, list[dt.date]] = {}
    for name, source in view.sources.items():
        inspections = source.contract.inspections
        if not (inspections and source.files):
            continue
        asked = replace(source.contract, inspections=replace(inspections, risk_points=(every,), inspector=""))
        visits = labels(replace(view, sources={name: replace(source, contract=asked)}), name, every.name)
        visits = visits.filter(pc.and_(visits["planned"], pc.equal(pc.year(visits["as_of"]), year)))
        for key, day in zip(visits["entity"].to_pylist(), visits["as_of"].to_pylist(), strict=True):
            found.setdefault(key, []).append(day)
    return found


def plan_expected(plan: Plan, frame: PlanFrame) -> dict:
    """What the plan may be expected to find, beside the same number of visits drawn uniformly.

    The highest probability; and from the scores: hit rate, visits to compliant firms, and the half-width of the 95%
    interval of the estimated violation rate. A forecast that is as good as the scores are calibrated, not a
    measurement; none where somebody of a non-targeted frame has no score. Raises Problem where the visits don't fit the
    frame.
    """
    from mingcha.engines.sampling.allocation import CLASS_WEIGHTS, allocate
    from mingcha.engines.sampling.encoding import MILLION
    from mingcha.engines.sampling.estimators import expected_half_width

    rows = frame.drawable
    p, n, size = frame.scores[rows], plan.budget, len(rows)
    strata, classes = ([column[i] for i in rows] for column in (frame.strata, frame.classes))

    def probabilities(targeted: bool) -> np.ndarray:
        allocation = allocate(
            strata,
            n,
            scores=p if targeted else None,
            classes=classes if targeted else None,
            exploration=plan.floor_share if targeted else 1.0,
            class_weights=plan.class_weights or CLASS_WEIGHTS,
            ceiling=plan.ceiling,
        )
        return allocation.P / MILLION

    def figures(pi: np.ndarray) -> dict:
        by_class = {}
        for letter in "ABCD":
            at = np.array([c == letter for c in classes])
            by_class[letter] = {"units": int(at.sum()), "visits": float(pi[at].sum())}
        return {
            "hit_rate": float((pi * p).sum() / pi.sum()),
            "compliant_visits": float((pi * (1 - p)).sum()),
            "half_width": expected_half_width(p, pi),
            "classes": by_class,
        }

    ours, uniform = probabilities(plan.kind == PlanKind.TARGETED), probabilities(False)
    known = {} if np.isnan(p).any() else {"plan": figures(ours), "uniform": figures(uniform)}
    return {"units": size, "visits": n, "highest": float(ours.max())} | known


def plan_next_number(year: int, quarter: int) -> str:
    """JH-2026-Q4-001, the next that is free."""
    prefix = f"JH-{year}-Q{quarter}-"
    last = Plan.objects.filter(number__startswith=prefix).order_by(F("number").desc()).values_list("number").first()
    return f"{prefix}{int(last[0].rsplit('-', 1)[1]) + 1 if last else 1:03d}"
