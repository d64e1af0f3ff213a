"""Long work of supervision, done by the worker: large frames and draws; results go to the lake."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.utils.translation import gettext_noop

from mingcha.apps.jobs.registry import every, job
from mingcha.apps.jobs.services import job_start
from mingcha.problems import Problem

from .models import Draw, Plan
from .selectors.visits import visits_any
from .services import draw_run, plan_issue, results_deliver
from .services.directories import last_visits_refresh


@job("supervision.draw.run", again=True)
def run(job: Any, draw: int, public_value: str, without: list[str]) -> dict[str, Any]:
    """Draw. What was cut off is gone on with: the files stand, the tasks are written all or none."""
    found = Draw.objects.select_related("plan").get(pk=draw)
    done = draw_run(draw=found, public_value=public_value, user=job.user, without=without, progress=job.progress)
    return {"taken": done.taken, "result": done.result}


@job("supervision.plan.issue")
def issue(job: Any, plan: int, leave_out: bool) -> dict[str, Any]:
    """Issue the tasks of a plan that isn't drawn."""
    found = Plan.objects.get(pk=plan)
    return {"tasks": plan_issue(plan=found, user=job.user, leave_out=leave_out, progress=job.progress)}


@every("supervision.results.deliver", minutes=30)
def deliver() -> None:
    results_deliver()


@every("supervision.last_visits", hours=6)
def refresh_last_visits() -> None:
    """Begin to work out anew when each entity was inspected last: conditions of directories ask for it."""
    if not visits_any():
        return
    with suppress(Problem):  # one is under way
        title = gettext_noop("Days of the last inspections")
        job_start(kind="supervision.last_visits.refresh", params={}, user=None, title=title, key="all")


@job("supervision.last_visits.refresh", again=True)
def last_visits(job: Any) -> dict[str, Any]:
    return {"entities": last_visits_refresh()}
