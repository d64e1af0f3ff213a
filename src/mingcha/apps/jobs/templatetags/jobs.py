"""A job's progress on any page. Load with `{% load jobs %}`."""

from __future__ import annotations

from typing import Any

from django import template

from .. import selectors
from ..models import Job
from ..progress import Standing
from ..progress import standing as standing_of

register = template.Library()


@register.filter
def standing(job: Job) -> Standing:
    """Where a job stands now: `done`, `total`, `said`."""
    return standing_of(job)


@register.inclusion_tag("jobs/progress.html", takes_context=True)
def job_progress(context: dict[str, Any], job: Job, reload: bool = False) -> dict[str, Any]:
    """The job's bar, its time left and its stop, which keep themselves up to date; with `reload` the page around them
    is loaded again when the job has ended. The page includes mc/css/jobs.css."""
    request = context["request"]
    shown = {"job": job, "reload": reload, "request": request, "csrf_token": context.get("csrf_token")}
    return shown | selectors.job_progress(request.user, job)
