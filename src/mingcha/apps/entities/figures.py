"""Key figures of entities for the home page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from mingcha.apps.accounts.permissions import may
from mingcha.desk.aggregates import Kept
from mingcha.desk.offers import Figure

AGGREGATES = ("entities.totals",)


def figures(user: Any, kept: Mapping[str, Kept]) -> list[Figure]:
    if not may(user, "entities.entity.view"):
        return []
    if "entities.totals" not in kept:
        return [Figure(_("Market entities"), "", reverse("entities:list"), order=10)]
    found = kept["entities.totals"].value
    net = found["opened"] - found["closed"]
    notes = [_("net %(n)s this month") % {"n": f"{net:+,}".replace("-", "−") if net else "0"}]
    if found["provisional"]:
        notes.append(_("%(n)s with a provisional key") % {"n": f"{found['provisional']:,}"})
    return [
        Figure(
            _("Market entities"),
            f"{found['total']:,}",
            reverse("entities:list"),
            unit=_("entities"),
            note=" · ".join(notes),
            trend=found["trend"] if len(set(found["trend"])) > 1 else (),
            at=kept["entities.totals"].at,
            order=10,
        )
    ]
