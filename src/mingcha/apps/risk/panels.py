"""What the risk model says on others' pages: an entity's class, and why; on the desk, how the classes are spread."""

from __future__ import annotations

import logging
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest
from django.utils.translation import gettext as _

from mingcha.apps.accounts.permissions import may
from mingcha.apps.entities.models import Entity
from mingcha.apps.entities.panels import Panel, register
from mingcha.problems import Problem

from . import selectors
from .appeals import appeals_of
from .choices import AppealState
from .forms import AppealForm

log = logging.getLogger(__name__)
SHOWN = 8  # reasons on the page; the rest are added up
WIDTH = 126  # of the waterfall


def why(request: HttpRequest, entity: Entity) -> dict[str, Any] | None:
    """The score in force; its reasons are fetched by the page, since they take a moment."""
    if not may(request.user, "risk.explanation.view"):
        return None
    score = getattr(entity, "risk", None)
    inspectors = bool(score and score.model.card.get("stringency", {}).get("groups"))
    return {"score": score, "inspectors": inspectors}


def appeals(request: HttpRequest, entity: Entity) -> dict[str, Any] | None:
    """What the entity said against its class, and the form of who may write it down. A clerk who
    may not see the class sees that it is appealed against."""
    user, score = request.user, getattr(entity, "risk", None)
    sees = may(user, "risk.explanation.view")
    if not (sees or may(user, "risk.appeal.file") or may(user, "risk.appeal.view")):
        return None
    filed = list(appeals_of(entity)[:5])
    waiting = any(appeal.state == AppealState.OPEN for appeal in filed)
    file = AppealForm() if score and not waiting and may(user, "risk.appeal.file") else None
    opens = may(user, "risk.appeal.view")
    return {"appeals": filed, "file": file, "opens": opens, "sees": sees} if filed or file else None


def explanation(entity: Entity) -> dict[str, Any] | None:
    """Reasons that add up to the score, and what would change it, as the panel draws them; None where the model's
    files or the records are not there. Kept an hour: a score in force doesn't change."""
    score = entity.risk
    key = f"why:{score.model.digest[:16]}:{entity.pk}:{score.as_of}"
    said = cache.get(key)
    if said is None:
        try:
            said = selectors.explanation(score.model, entity, score.as_of)
        except (Problem, OSError, KeyError) as error:
            log.warning("no explanation of %s: %s", entity.key, error)
            return None
        cache.set(key, said, 3600)
    return _drawn(said)


def _drawn(said: dict[str, Any]) -> dict[str, Any]:
    """The waterfall: everyone's rate, then each reason where the one before ended."""
    reasons = [r for r in said["reasons"] if abs(r["points"]) >= 0.0005][:SHOWN]
    rest = said["probability"] - said["start_probability"] - sum(r["points"] for r in reasons)
    rows = [
        {
            "title": {"zh": r["title_zh"], "en": r["title_en"]},
            "value": _amount(r["value"], r["unit"]),
            "typical": _amount(r["typical"], r["unit"]),
            "points": r["points"],
        }
        for r in reasons
    ]
    if abs(rest) >= 0.0005:
        rows.append({"title": _("all other factors"), "value": "", "typical": "", "points": rest})
    at, places = said["start_probability"], [said["start_probability"]]
    for row in rows:
        at += row["points"]
        places.append(at)
    low, high = min(0.0, *places), max(places) or 1.0
    scale = WIDTH / (high - low)
    for row, begin, end in zip(rows, places, places[1:], strict=False):
        row["bar"] = {"x": f"{(min(begin, end) - low) * scale:.1f}", "w": f"{max(abs(end - begin) * scale, 1.5):.1f}"}
    return {
        "start": said["start_probability"],
        "start_bar": {"x": f"{-low * scale:.1f}", "w": f"{said['start_probability'] * scale:.1f}"},
        "probability": said["probability"],
        "reasons": rows,
        "changes": [
            {
                "title": {"zh": c["title_zh"], "en": c["title_en"]},
                "to": _amount(c["to"], c["unit"]),
                "probability": c["probability"],
            }
            for c in said["changes"]
        ],
    }


def _amount(value: float | None, unit: str) -> str:
    """A factor's value with its unit, as the user reads it."""
    if value is None:
        return _("unknown")
    number = f"{value:,.2f}".rstrip("0").rstrip(".").replace("-", "−")
    if unit == "share":
        return f"{100 * value:.0f}%"
    if unit == "flag":
        return _("yes") if value else _("no")
    if unit == "days":
        return _("%(n)s d") % {"n": f"{value:,.0f}"}
    if unit == "times":
        return _("%(n)s times") % {"n": number}
    if unit == "entities":
        return _("%(n)s firms") % {"n": number}
    return number


def register_panels() -> None:
    register(Panel("why", "story", 10, "risk/why.html", why))
    register(Panel("appeals", "story", 11, "risk/appeals.html", appeals))
