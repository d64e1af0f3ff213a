"""Reads: the frame of a plan, and what the plan may be expected to find in it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mingcha.apps.entities.choices import Status
from mingcha.apps.entities.models import Entity
from mingcha.apps.risk.choices import ModelState
from mingcha.apps.risk.models import RiskModel
from mingcha.apps.risk.selectors import scores_in_force
from mingcha.engines.sampling.frame import reasons
from mingcha.problems import Problem

from ..choices import PlanKind
from ..models import Draw, Plan
from .directories import directory_entities
from .plans import draw_folder
from .visits import visits_this_year

Pending = Sequence[tuple[Plan, Collection[str]]]  # plans under way, each with the keys in its frozen frame
STRATA = ("district", "industry")  # an entity's fields that a frame may be stratified by


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
    listed = set(directory_entities(plan.directory).values_list("pk", flat=True)) if plan.directory else None
    beyond |= {} if listed is None else {"not_in_directory": []}
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
        elif listed is not None and pk not in listed:
            beyond["not_in_directory"].append(key)
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
