"""What the map shows of supervision."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from mingcha.apps.accounts.permissions import division_of
from mingcha.desk.aggregates import read
from mingcha.desk.offers import Layer


def layers() -> list[Layer]:
    return [
        Layer(
            "supervision.coverage",
            _("Coverage"),
            "supervision.task.view",
            _coverage,
            lambda code, name: reverse("entities:list") + "?" + urlencode({"district": name}),
            unit="share",
            part=_("Visits this year"),
            whole=_("Market entities"),
            note=_("visits of this year to the entities there"),
            aggregates=("supervision.visits", "entities.totals"),
            order=30,
        )
    ]


def _coverage(user: Any) -> dict[str, tuple[float, float]]:
    kept = read(["supervision.visits", "entities.totals"], division_of(user))
    if len(kept) < 2:
        return {}
    made = kept["supervision.visits"].value["by_division"]
    return {code: (made.get(code, 0), n) for code, n in kept["entities.totals"].value["by_division"].items()}
