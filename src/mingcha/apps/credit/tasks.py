"""The room's long work, and what comes round."""

from __future__ import annotations

import datetime as dt
from typing import Any

from mingcha.apps.accounts.models import User
from mingcha.apps.jobs.registry import every, job
from mingcha.instance import home

from .services import classes_import, listings_lapse


@job("credit.class.import")
def classes(job: Any, file: str, name: str, source: str, as_of: str, user: int) -> dict[str, int]:
    """Import a file that was handed in at the desk."""
    path = home() / "tmp" / "classes" / file
    try:
        batch = classes_import(
            path=path,
            name=name,
            source=source,
            as_of=dt.date.fromisoformat(as_of),
            user=User.objects.get(pk=user),
            progress=job.progress,
        )
    finally:
        path.unlink(missing_ok=True)
    job.url = batch.get_absolute_url()
    return {"batch": batch.pk, "taken": batch.taken, "unknown": batch.unknown, "faulty": batch.faulty}


@every("credit.listings.lapse", hours=6)
def lapse() -> int:
    return listings_lapse()
