"""Reads: plans and draws in a user's jurisdiction, the frame of a plan, what a plan may be expected to find."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from django.db.models import F, Q, QuerySet

from mingcha.apps.accounts.permissions import in_jurisdiction
from mingcha.apps.entities.choices import Status
from mingcha.apps.entities.models import Entity
from mingcha.instance import home
from mingcha.problems import Problem

from .models import Draw, Plan, Task

if TYPE_CHECKING:
    from mingcha.engines.sampling.frame import Frame

STRATA = ("district", "industry")  # an entity's fields that a frame may be stratified by


def plans_visible(user) -> QuerySet[Plan]:
    return Plan.objects.filter(in_jurisdiction(user)).select_related("risk_model", "created_by", "approved_by", "draw")


def tasks_visible(user) -> QuerySet[Task]:
    return Task.objects.filter(in_jurisdiction(user, "entity__division")).select_related("entity", "entity__risk")


def draw_folder(draw: Draw) -> Path:
    """The ceremony's folder; what is secret stands beside it, under its name with "-secret"."""
    return home() / "draws" / draw.folder


def drawn_units(draw: Draw) -> list[dict[str, str]]:
    """The drawn units with the probabilities that estimates use, as the draw wrote them (design.csv)."""
    from mingcha.engines.sampling.folder import secret_folder

    path = secret_folder(draw_folder(draw)) / "design.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:  # files.write_csv marks its files
        return list(csv.DictReader(file))


@dataclass(frozen=True)
class PlanFrame:
    """The eligible units of a plan, in order of id. `scores` are the probabilities of a violation."""

    ids: list[str]
    strata: list[str]
    classes: list[str]
    scores: np.ndarray

    def engine(self, *, targeted: bool) -> Frame:
        from mingcha.engines.sampling.frame import Frame

        return Frame(
            ids=self.ids,
            strata=self.strata,
            scores=self.scores if targeted else None,
            classes=self.classes if targeted else None,
        )


def plan_frame(plan: Plan) -> PlanFrame:
    """The object directory built by the plan's conditions: scored entities, in operation, keyed for certain.

    Raises Problem where nobody fits, or where nobody has been scored.
    """
    rows = Entity.objects.filter(
        Q(status=Status.ACTIVE) | Q(status=Status.UNKNOWN), risk__isnull=False, division__startswith=plan.division
    )
    if industry := plan.frame.get("industry"):
        rows = rows.filter(industry=industry)
    stratum = plan.frame.get("stratify_by", "")
    if stratum and stratum not in STRATA:
        raise Problem(
            zh=f"不能按“{stratum}”分层。",
            en=f"A frame can't be stratified by {stratum!r}.",
            where=plan.number,
            todo_zh="可选：" + "、".join(STRATA),
            todo_en="Choose one of: " + ", ".join(STRATA),
        )
    columns = ["key", "risk__risk_class", "risk__probability", *([stratum] if stratum else [])]
    found = list(rows.order_by("key").values_list(*columns))
    if not found:
        raise Problem(
            zh="检查对象名录为空：没有符合条件且已评分的主体。",
            en="The frame is empty: no scored entity fits the conditions.",
            where=plan.number,
            todo_zh="请放宽条件，或先运行 mingcha risk score。",
            todo_en="Widen the conditions, or run mingcha risk score first.",
        )
    return PlanFrame(
        ids=[row[0] for row in found],
        strata=[(row[3] or "其他") if stratum else "全部" for row in found],
        classes=[row[1] for row in found],
        scores=np.array([row[2] for row in found]),
    )


def plan_expected(plan: Plan) -> dict:
    """What the plan may be expected to find, beside the same number of visits drawn uniformly.

    From the scores: hit rate, visits to compliant firms, and the half-width of the 95% interval of the estimated
    violation rate. A forecast that is as good as the scores are calibrated, not a measurement.
    """
    from mingcha.engines.sampling.allocation import CLASS_WEIGHTS, allocate
    from mingcha.engines.sampling.encoding import MILLION

    frame = plan_frame(plan)
    p, n, size = frame.scores, plan.budget, len(frame.ids)

    def figures(targeted: bool) -> dict:
        allocation = allocate(
            frame.strata,
            n,
            scores=p if targeted else None,
            classes=frame.classes if targeted else None,
            exploration=plan.floor_share if targeted else 1.0,
            class_weights=plan.class_weights or CLASS_WEIGHTS,
            ceiling=plan.ceiling,
        )
        pi = allocation.P / MILLION
        mean = p.mean()
        # y is 1 with probability p: the expected square of the residual, over its design variance
        square = p * (1 - mean) ** 2 + (1 - p) * mean**2
        error = float(np.sqrt(np.sum((1 - pi) / pi * square)) / size)
        by_class = {}
        for letter in "ABCD":
            at = np.array([c == letter for c in frame.classes])
            by_class[letter] = {"units": int(at.sum()), "visits": float(pi[at].sum())}
        return {
            "hit_rate": float((pi * p).sum() / pi.sum()),
            "compliant_visits": float((pi * (1 - p)).sum()),
            "half_width": 1.96 * error,
            "classes": by_class,
        }

    return {"units": size, "visits": n, "plan": figures(plan.kind == "targeted"), "uniform": figures(False)}


def plan_next_number(year: int, quarter: int) -> str:
    """JH-2026-Q4-001, the next that is free."""
    prefix = f"JH-{year}-Q{quarter}-"
    last = Plan.objects.filter(number__startswith=prefix).order_by(F("number").desc()).values_list("number").first()
    return f"{prefix}{int(last[0].rsplit('-', 1)[1]) + 1 if last else 1:03d}"
