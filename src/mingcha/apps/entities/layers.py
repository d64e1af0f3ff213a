"""What the map shows of entities."""

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
            "complaints",
            _("Complaints"),
            "entities.entity.view",
            _complaints,
            lambda code, name: reverse("entities:list") + "?" + urlencode({"district": name}),
            part=_("Complaints"),
            note=_("complaints and reports of twelve months"),
            aggregates=("entities.complaints",),
            order=20,
        )
    ]


def _complaints(user: Any) -> dict[str, tuple[float, None]]:
    kept = read(["entities.complaints"], division_of(user)).get("entities.complaints")
    return {code: (n, None) for code, n in (kept.value["by_division"] if kept else {}).items()}
