"""Writes of the shell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db import transaction

from mingcha.apps.accounts.services import audit_record
from mingcha.desk.regions import regions_import


@transaction.atomic
def districts_import(*, path: Path, user: Any = None, simulated: bool = False, **how: str) -> list[Any]:
    """Replace the map's districts by those of a GeoJSON file; see desk.regions.regions_import for `how`."""
    regions = regions_import(path, simulated=simulated, **how)
    audit_record(
        user=user,
        action="desk.region.import",
        obj=regions[0],
        after={"file": path.name, "districts": len(regions), **how},
    )
    return regions
