"""Key figures of supervision for the home page, each beside the same number of visits drawn all at random."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from mingcha.apps.accounts.permissions import may
from mingcha.desk.aggregates import Kept
from mingcha.desk.offers import Figure

from .choices import PlanState
from .selectors import plans_visible

VISITS = "supervision.visits"
PROGRESS = "supervision.progress"
AGGREGATES = (VISITS, PROGRESS)
ENOUGH = 30  # visits from which on a hit rate is shown as measured, not as expected
MOST = 200  # plans of a year that are looked at


def figures(user: Any, kept: Mapping[str, Kept]) -> list[Figure]:
    if not may(user, "supervision.plan.view"):
        return []
    year = timezone.localdate().year
    plans = plans_visible(user).filter(created_at__year=year).exclude(state__in=(PlanState.DRAFT, PlanState.WITHDRAWN))
    rows = plans.values_list("budget", "expected")[:MOST]
    known = [(n, said["plan"], said["uniform"]) for n, said in rows if "plan" in said]
    uniform = sum(n * said["hit_rate"] for n, _plan, said in known) / sum(n for n, *_ in known) if known else None
    found = kept[VISITS].value if VISITS in kept else None
    at = kept[VISITS].at if found else None
    first = [_made(found, at)] if found and found["issued"] else []
    if found and found["made"] >= ENOUGH:
        return [*first, *_measured(found, uniform, at)]
    return [*first, *_expected(known, uniform)]


def _made(found: dict[str, Any], at: Any) -> Figure:
    month = found["month"]
    today = timezone.localdate()
    passed = _("%(share)s of the year has passed") % {"share": f"{100 * today.timetuple().tm_yday / 365:.0f}%"}
    done = _("%(share)s of the year's tasks") % {"share": f"{100 * found['made'] / found['issued']:.0f}%"}
    return Figure(
        _("Visits made this month"),
        f"{month['made']:,}",
        reverse("supervision:tasks"),
        unit=_("of %(n)s due") % {"n": f"{month['due']:,}"} if month["due"] else "",
        note=f"{done} · {passed}",
        trend=_trend([n for _day, n, _hits in found["months"]]),
        at=at,
        order=20,
    )


def _measured(found: dict[str, Any], uniform: float | None, at: Any) -> list[Figure]:
    made, hits = found["made"], found["hits"]
    rate = hits / made
    half = 1.96 * math.sqrt(rate * (1 - rate) / made)
    beyond = bool(uniform) and rate - half > uniform  # else chance alone may have done it
    monthly = [hits / n for _day, n, hits in found["months"] if n]
    calm, calm_base = made - hits, made * (1 - uniform) if uniform is not None else None
    url = reverse("supervision:tasks")
    base = _("all at random %(base)s") % {"base": f"{100 * uniform:.1f}%"} if uniform is not None else ""
    return [
        Figure(
            _("Hit rate"),
            f"{100 * rate:.1f}%",
            url,
            unit=f"±{100 * half:.1f}",
            note=base,
            good=_times(rate, uniform) if beyond else "",
            trend=_trend(monthly),
            base=uniform,
            at=at,
            order=30,
        ),
        Figure(
            _("Visits to compliant firms"),
            f"{calm:,}",
            url,
            unit=_("this year"),
            note=_("all at random %(base)s") % {"base": f"{calm_base:,.0f}"} if calm_base else "",
            good=_fewer(calm, calm_base) if beyond else "",
            at=at,
            order=40,
        ),
    ]


def _expected(known: list[tuple[int, dict[str, Any], dict[str, Any]]], uniform: float | None) -> list[Figure]:
    """Before there are results: what the plans may be expected to find."""
    if not known or uniform is None:
        return []
    visits = sum(n for n, *_ in known)
    hit = sum(n * plan["hit_rate"] for n, plan, _uniform in known) / visits
    half = (sum((n * plan["half_width"]) ** 2 for n, plan, _uniform in known) ** 0.5) / visits
    beyond = hit - half > uniform
    calm, calm_base = (sum(said[i]["compliant_visits"] for _n, *said in known) for i in (0, 1))
    url = reverse("supervision:plans")
    return [
        Figure(
            _("Expected hit rate"),
            f"{100 * hit:.1f}%",
            url,
            unit=f"±{100 * half:.1f}",
            note=_("all at random %(base)s") % {"base": f"{100 * uniform:.1f}%"},
            good=_times(hit, uniform) if beyond else "",
            order=30,
        ),
        Figure(
            _("Visits to compliant firms"),
            f"{calm:,.0f}",
            url,
            unit=_("expected"),
            note=_("all at random %(base)s") % {"base": f"{calm_base:,.0f}"},
            good=_fewer(calm, calm_base) if beyond else "",
            order=40,
        ),
    ]


def _times(ours: float, base: float | None) -> str:
    return _("%(times)s times") % {"times": f"{ours / base:.1f}"} if base and ours > base else ""


def _fewer(ours: float, base: float | None) -> str:
    return _("%(share)s fewer") % {"share": f"{100 * (1 - ours / base):.1f}%"} if base and ours < base else ""


def _trend(values: list[float]) -> list[float]:
    return values if len(values) > 2 and len(set(values)) > 1 else []
