"""Reads: what a plan may be expected to find, and how that changes with its design, before anyone commits to it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
from django.core.cache import cache

from mingcha.apps.accounts.models import User
from mingcha.apps.law.selectors import rule_in_force
from mingcha.problems import Problem

from ..choices import PlanKind
from ..models import Plan
from .frame import PlanFrame, plan_frame

SHARES = tuple(i / 20 for i in range(11))  # uniform shares at which the curves are worked out: 0 to 50%
KEPT = 300  # seconds
THIN = 20_000  # units of a thinned frame


@dataclass(frozen=True)
class Units:
    """The drawable units of a frame, or every k-th of them in order of stratum, class and score: `every` = k."""

    scores: np.ndarray  # (N,) probabilities of a violation; NaN: not known
    strata: list[str]
    classes: list[str]
    every: int = 1

    @property
    def size(self) -> int:
        """Of the whole frame."""
        return len(self.scores) * self.every


def units_of_frame(frame: PlanFrame) -> Units:
    rows = frame.drawable
    strata, classes = ([column[i] for i in rows] for column in (frame.strata, frame.classes))
    return Units(frame.scores[rows], strata, classes)


def thinned(units: Units, most: int = THIN) -> Units:
    """At most so many units that stand for all: quick enough to follow a slider, and off by less than a forecast is."""
    every = -(-len(units.scores) // most)
    if every <= 1:
        return units
    order = np.lexsort((np.nan_to_num(units.scores), np.array(units.classes), np.array(units.strata)))
    kept = order[every // 2 :: every]
    return Units(units.scores[kept], [units.strata[i] for i in kept], [units.classes[i] for i in kept], every)


def figures(
    units: Units,
    visits: int,
    *,
    targeted: bool,
    share: float,
    ceiling: float,
    weights: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """What `visits` may be expected to find: the highest probability; and where all scores are known hit rate, visits
    to compliant firms, half-width of the 95% interval of the estimated violation rate, and units and visits by class.

    A forecast that is as good as the scores are calibrated, not a measurement. Raises Problem where the visits don't
    fit the frame.
    """
    from mingcha.engines.sampling.allocation import CLASS_WEIGHTS, allocate
    from mingcha.engines.sampling.encoding import MILLION
    from mingcha.engines.sampling.estimators import expected_half_width

    allocation = allocate(
        units.strata,
        max(1, round(visits / units.every)),
        scores=units.scores if targeted else None,
        classes=units.classes if targeted else None,
        exploration=share if targeted else 1.0,
        class_weights=dict(weights) if weights else CLASS_WEIGHTS,
        ceiling=ceiling,
    )
    pi, p, k = allocation.P / MILLION, units.scores, units.every
    said: dict[str, Any] = {"highest": float(pi.max())}
    if np.isnan(p).any():
        return said
    letters = np.array(units.classes)
    by_class = {
        c: {"units": int((letters == c).sum()) * k, "visits": float(pi[letters == c].sum()) * k} for c in "ABCD"
    }
    return said | {
        "hit_rate": float((pi * p).sum() / pi.sum()),
        "compliant_visits": float((pi * (1 - p)).sum()) * k,
        "half_width": expected_half_width(p, pi) / math.sqrt(k),
        "classes": by_class,
    }


def plan_expected(plan: Plan, frame: PlanFrame) -> dict[str, Any]:
    """The plan's own figures, beside the same number of visits drawn uniformly: what it keeps and shows."""
    units = units_of_frame(frame)
    ours = figures(
        units,
        plan.budget,
        targeted=plan.kind == PlanKind.TARGETED,
        share=plan.floor_share,
        ceiling=plan.ceiling,
        weights=plan.class_weights,
    )
    uniform = figures(units, plan.budget, targeted=False, share=1.0, ceiling=plan.ceiling)
    highest = ours.pop("highest")
    uniform.pop("highest")
    known = {"plan": ours, "uniform": uniform} if ours else {}
    return {"units": units.size, "visits": plan.budget, "highest": highest} | known


def design_of(kind: str, draft: Mapping[str, Any], user: User) -> dict[str, Any]:
    """What a draft that isn't saved may be expected to find: {"units", "plan", "uniform", "curves", "thinned"}. Frames
    are kept for some minutes, so that a slider doesn't read the entities each time."""
    directory = draft.get("directory")
    division = draft.get("division") or (user.unit.division if user.unit else "")
    if user.unit is None or not division.startswith(user.unit.division):
        raise Problem(
            zh=f"“{division or '全部'}”不在您的辖区内。",
            en=f"The division {division or 'of everyone'} is outside your jurisdiction.",
            todo_zh="请填写本单位辖区的区划代码。",
            todo_en="Give a division of your own unit.",
        )
    plan = Plan(
        number="",
        kind=kind,
        division=division,
        directory=directory,
        risk_model=draft.get("risk_model"),
        cap=_cap(kind, draft.get("cap"), division),
        frame={"industry": draft.get("industry", ""), "stratify_by": draft.get("stratify_by", "")},
    )
    asked = (kind, division, directory and (directory.pk, str(directory.changed_at)), plan.risk_model_id, plan.cap)
    units, size = _kept((*asked, *plan.frame.values(), user.unit_id), plan)
    visits = draft.get("budget") or max(1, size // 100)
    weights, ceiling = draft.get("class_weights"), draft.get("ceiling") or 0.9
    targeted, share = kind == PlanKind.TARGETED, draft.get("floor_share") or 0.0
    said: dict[str, Any] = {
        "units": size,
        "visits": visits,
        "thinned": units.every > 1,
        "plan": figures(units, visits, targeted=targeted, share=share, ceiling=ceiling, weights=weights),
        "uniform": figures(units, visits, targeted=False, share=1.0, ceiling=ceiling),
        "share": share,
    }
    if targeted:
        said["curves"] = curves(units, visits, ceiling=ceiling, weights=weights)
    return said


def _cap(kind: str, given: int | None, division: str) -> int | None:
    """As services.plan_create has it: the law's, or a stricter one."""
    if not rule_in_force(f"supervision.kind.{kind}", division=division).terms["capped"]:
        return None
    limit = rule_in_force("supervision.visit.cap", division=division).value
    return min(given or int(limit), int(limit)) if limit else given


def _kept(asked: tuple, plan: Plan) -> tuple[Units, int]:
    key = "supervision.design." + sha256(repr(asked).encode()).hexdigest()
    if (found := cache.get(key)) is None:
        frame = plan_frame(plan)
        found = thinned(units_of_frame(frame)), len(frame.drawable)
        cache.set(key, found, KEPT)
    return found


def curves(
    units: Units,
    visits: int,
    *,
    ceiling: float,
    weights: Mapping[str, float] | None = None,
    shares: Sequence[float] = SHARES,
) -> list[dict[str, Any]]:
    """The figures of a targeted plan at each uniform share: [{"share", "hit_rate", "compliant_visits", ...}]."""
    return [
        {"share": share} | figures(units, visits, targeted=True, share=share, ceiling=ceiling, weights=weights)
        for share in shares
    ]
