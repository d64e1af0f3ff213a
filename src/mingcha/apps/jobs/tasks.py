"""What the worker does for the rooms below, which don't know of it: on its rounds, and long work that they hand on."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_noop

from mingcha.apps.law import hooks
from mingcha.apps.law.services import clocks_recalculate, clocks_sweep
from mingcha.apps.notices.services import notices_prune

from .registry import every, job
from .services import job_start, jobs_prune

every("notices.prune", days=1)(notices_prune)
every("jobs.prune", days=1)(jobs_prune)
every("law.clocks.sweep", minutes=1)(clocks_sweep)


@job("law.clocks.recalculate", again=True)
def recalculate(job: Any, first: str, last: str) -> dict[str, int]:
    """The clocks that a correction of the calendar touches."""
    days = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    return {"clocks": clocks_recalculate(*days, progress=job.progress)}


def recalculate_later(first: dt.date, last: dt.date, user: Any) -> None:
    """One at a time: two at once might each write what the other's calendar says."""
    job_start(
        kind="law.clocks.recalculate",
        params={"first": first, "last": last},
        user=user,
        title=gettext_noop("Clocks after a correction of the calendar"),
        url=reverse("law:calendar_year", args=[first.year]),
        key="calendar",
    )


hooks.LATER.append(recalculate_later)
