"""What waits in the exchange: rows that broke their contract."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from mingcha.apps.accounts.permissions import may
from mingcha.desk.offers import Todo

from .selectors import datasets_totalled


def todos(user: Any, limit: int) -> list[Todo]:
    """One line for all of them: they are mended by the dataset."""
    if not (may(user, "exchange.quarantine.replay") and may(user, "exchange.quarantine.view")):
        return []
    held = [n for n in datasets_totalled().values_list("quarantined", flat=True) if n]
    if not held:
        return []
    said = {"rows": f"{sum(held):,}", "datasets": len(held)}
    return [
        Todo(
            "quarantine",
            _("Quarantine"),
            _("%(rows)s rows wait in quarantine") % said,
            reverse("exchange:quarantine"),
            _("Look"),
            detail=_("of %(datasets)s datasets: mend the contract or the file, then replay") % said,
        )
    ]
