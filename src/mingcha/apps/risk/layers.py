"""What the map shows of risk."""

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
            "risk.high",
            _("Share of C and D"),
            "risk.scores.view",
            _high,
            lambda code, name: (
                reverse("risk:firms") + "?" + urlencode({"district": name, "class": ["C", "D"]}, doseq=True)
            ),
            unit="share",
            part=_("Classes C and D"),
            whole=_("Rated"),
            note=_("of the entities that have a class"),
            aggregates=("risk.classes",),
            order=10,
        ),
        Layer(
            "risk.expected",
            _("Expected hit rate"),
            "risk.scores.view",
            _expected,
            lambda code, name: reverse("risk:firms") + "?" + urlencode({"district": name}),
            unit="share",
            part=_("Expected violations"),
            whole=_("Rated"),
            note=_("were each firm visited once"),
            aggregates=("risk.classes",),
            order=12,
        ),
    ]


def _high(user: Any) -> dict[str, tuple[float, float]]:
    return {code: (n["C"] + n["D"], _rated(n)) for code, n in _places(user).items()}


def _expected(user: Any) -> dict[str, tuple[float, float]]:
    return {code: (n.get("expected", 0.0), _rated(n)) for code, n in _places(user).items()}


def _rated(counted: dict[str, float]) -> float:
    return sum(counted[letter] for letter in "ABCD")


def _places(user: Any) -> dict[str, dict[str, float]]:
    kept = read(["risk.classes"], division_of(user)).get("risk.classes")
    return kept.value["by_division"] if kept else {}
