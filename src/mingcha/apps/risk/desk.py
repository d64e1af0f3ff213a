"""What the home page shows of risk: how the classes are spread, and how often each was found in violation."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

from django.core.cache import cache
from django.utils import timezone

from mingcha.apps.accounts.permissions import division_of
from mingcha.desk.aggregates import Kept, series

from .choices import ModelState
from .models import RiskModel, RiskScore
from .rules import CLASS_FROM

CLASSES = "risk.classes"  # the kept count (aggregates.py)
WIDTH = 118  # of the drawing of an interval
MONTH = 30  # days; the number of a month ago is of the nearest day kept before that


def classes_card(user: Any, kept: Kept | None) -> dict[str, Any]:
    """Of the user's jurisdiction: {"rows": [{"letter", "n", "share", "change", "observed"}], "total", "at", "model",
    "base"}. `observed`: the rate found in the test period among visits predicted to be of that class, with its 95%
    interval and its drawing; None where there were none. `base`: the rate of all visits of that period."""
    numbers = kept.value["all"] if kept else {}
    total = sum(numbers.values())
    if not kept or not total:
        return {"rows": [], "total": 0, "at": kept.at if kept else None, "counted": kept is not None}
    before = _before(user)
    model = RiskModel.objects.filter(state=ModelState.CHAMPION).defer("card", "drift").order_by("dataset_id").first()
    base, observed = _kept(model) if model else (None, {})
    most = max([base or 0, *(row["high"] for row in observed.values())], default=1) or 1
    rows = [
        {
            "letter": letter,
            "n": numbers[letter],
            "share": numbers[letter] / total,
            "change": numbers[letter] - before[letter] if before else None,
            "observed": _drawn(observed[letter], most) if letter in observed else None,
        }
        for letter in "ABCD"
    ]
    line = f"{WIDTH * base / most:.1f}" if base else ""
    found = {"rows": rows, "total": total, "at": kept.at, "counted": True}
    return found | {"model": model, "base": base, "base_x": line, "width": WIDTH}


def model_any() -> bool:
    return RiskModel.objects.filter(state=ModelState.CHAMPION).exists()


def scored_any() -> bool:
    return RiskScore.objects.exists()


def _before(user: Any) -> dict[str, int] | None:
    day = timezone.localdate() - dt.timedelta(days=MONTH)
    division = division_of(user)
    earlier = [value for on, value in series(CLASSES, division, 2 * MONTH) if on <= day] if division is not None else []
    return earlier[-1]["all"] if earlier else None


def _kept(model: RiskModel) -> tuple[float | None, dict[str, dict[str, float]]]:
    """What the model's card says of the classes. The card is long, and never changes."""
    return cache.get_or_set(f"observed:{model.digest}", lambda: _observed(model.card), 3600)


def _observed(card: dict[str, Any]) -> tuple[float | None, dict[str, dict[str, float]]]:
    """Out of the card's calibration: its groups of visits gathered by the class that their prediction means."""
    trained, tested = card.get("trained", {}), card.get("tested", {})
    base_rate = trained.get("base_rate") or (trained.get("positives", 0) / max(trained.get("rows", 0), 1))
    gathered: dict[str, list[float]] = {}
    for group in card.get("calibration", ()):
        times = group["predicted"] / base_rate if base_rate else 0
        letter = [name for name, begins in CLASS_FROM.items() if times >= begins][-1]
        sums = gathered.setdefault(letter, [0, 0])
        sums[0] += group["rows"]
        sums[1] += group["rows"] * group["observed"]
    base = tested["positives"] / tested["rows"] if tested.get("rows") else None
    return base, {letter: _interval(found / n, n) for letter, (n, found) in gathered.items() if n}


def _interval(p: float, n: float, z: float = 1.96) -> dict[str, float]:
    """Wilson's."""
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return {"value": p, "low": max(0.0, middle - half), "high": min(1.0, middle + half)}


def _drawn(row: dict[str, float], most: float) -> dict[str, Any]:
    return row | {
        name: f"{WIDTH * row[key] / most:.1f}" for name, key in (("x", "value"), ("x1", "low"), ("x2", "high"))
    }
