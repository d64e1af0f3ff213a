"""Reads: the jobs a user may see."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.permissions import may, visible
from mingcha.language import chinese

from .choices import JobState
from .models import Job
from .progress import standing, stop_asked


def jobs_visible(user: User, action: str = "jobs.job.view") -> QuerySet[Job]:
    """Those that the matrix lets `user` see: of his jurisdiction where it says so, and his own, wherever they are."""
    jobs = Job.objects.select_related("user")
    seen = visible(jobs, user, action)
    return seen | jobs.filter(user_id=user.pk) if may(user, action) else seen


def job_progress(user: User, job: Job) -> dict[str, Any]:
    """Where `job` stands, for its page and its partial: `at` (Standing), `share`, `left` (seconds, None: not known),
    `stopping`, `may_stop`, `problem` and `todo` in the reader's language."""
    at = standing(job)
    share = min(at.done / at.total, 1.0) if at.total else 0.0
    left = None
    if job.state == JobState.RUNNING and job.started_at and share > 0.01:
        spent = (timezone.now() - job.started_at).total_seconds()
        left = round(spent / share - spent) if spent > 2 else None
    zh = chinese()
    problem = job.problem or {}
    return {
        "at": at,
        "share": share,
        "left": left,
        "stopping": job.open and stop_asked(job),
        "may_stop": job.open and jobs_visible(user, "jobs.job.stop").filter(pk=job.pk).exists(),
        "problem": problem.get("zh" if zh else "en", ""),
        "where": problem.get("where", ""),
        "todo": problem.get("todo_zh" if zh else "todo_en", ""),
    }
