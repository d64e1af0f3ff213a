"""Operations: long work and how far it is."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema
from pydantic import Field

from mingcha.api.operations import acts, reads
from mingcha.api.pages import Asked, Page, page
from mingcha.apps.accounts.permissions import within_token
from mingcha.lists.keyset import Order

from .choices import JobState
from .models import Job
from .progress import standing
from .selectors import jobs_visible
from .services import job_stop as stop

router = Router(tags=["后台任务 Jobs"])


class JobOut(Schema):
    id: int
    kind: str
    title: str
    state: JobState
    done: int
    total: int = Field(description="0：未知 / 0: not known")
    said: str
    created_at: dt.datetime
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    result: Any
    problem: dict[str, str] | None

    @staticmethod
    def resolve_title(job: Job) -> str:
        return job.called


class JobsAsked(Asked):
    state: JobState | None = None


@reads(router, "/jobs", Page[JobOut], action="jobs.job.view")
def jobs_list(request: HttpRequest, asked: Query[JobsAsked]) -> dict[str, Any]:
    """后台任务 / Jobs, the latest first."""
    rows = jobs_visible(request.auth).filter(within_token(request.auth))
    if asked.state:
        rows = rows.filter(state=asked.state)
    return page(request, rows, Order("pk", descending=True), asked)


@reads(router, "/jobs/{int:id}", JobOut, action="jobs.job.view")
def job_get(request: HttpRequest, id: int) -> Job:
    """一项后台任务 / One job, with where it stands now."""
    return _standing(_job(request, id, "jobs.job.view"))


@acts(router, "/jobs/{int:id}/stop", JobOut, action="jobs.job.stop")
def job_stop(request: HttpRequest, id: int) -> Job:
    """停止后台任务 / Ask a job to stop; it undoes itself."""
    job = _job(request, id, "jobs.job.stop")
    stop(job=job, user=request.auth)
    job.refresh_from_db()
    return _standing(job)


def _job(request: HttpRequest, pk: int, action: str) -> Job:
    return get_object_or_404(jobs_visible(request.auth, action).filter(within_token(request.auth)), pk=pk)


def _standing(job: Job) -> Job:
    at = standing(job)
    job.done, job.total, job.said = at.done, at.total, at.said
    return job
