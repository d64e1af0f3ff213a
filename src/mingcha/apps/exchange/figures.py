"""Key figures of the exchange for the home page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from mingcha.apps.accounts.permissions import may
from mingcha.desk.aggregates import Kept
from mingcha.desk.offers import Figure

from .selectors import exchange_totals

AGGREGATES: tuple[str, ...] = ()


def figures(user: Any, kept: Mapping[str, Kept]) -> list[Figure]:
    """Batches say how many rows they brought: nothing is counted here."""
    if not may(user, "exchange.dataset.view"):
        return []
    found = exchange_totals()
    rows = found["rows"] + found["held"]
    note = _("%(share)s of all rows") % {"share": f"{100 * found['held'] / rows:.2f}%"} if rows else ""
    sees = may(user, "exchange.quarantine.view")
    return [
        Figure(
            _("Rows accepted"),
            f"{found['rows']:,}",
            reverse("exchange:datasets"),
            note=_("%(n)s datasets") % {"n": found["datasets"]},
            order=60,
        ),
        Figure(
            _("In quarantine"),
            f"{found['held']:,}",
            reverse("exchange:quarantine") if sees else "",
            note=note,
            order=70,
        ),
    ]
