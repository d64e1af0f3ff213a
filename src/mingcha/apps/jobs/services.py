"""Writes: jobs are ordered and stopped, those cut off are found, and what comes round is done when it is due."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.services import audit_record
from mingcha.problems import Problem

from .choices import OPEN, JobState
from .models import Job, Schedule
from .progress import Standing, ask_to_stop, forget, hold, standing, stop_asked
from .registry import JOBS, ROUNDS
from .running import cut_off, end, enqueue

log = logging.getLogger(__name__)
_CLAIMED = dt.timedelta(seconds=60)  # a worker that took an entry has begun it by then
KEPT_JOBS, KEPT_ENTRIES = dt.timedelta(days=365), dt.timedelta(days=14)


@transaction.atomic
def job_start(
    *,
    kind: str,
    params: Mapping[str, Any],
    user: User | None,
    title: str,
    url: str = "",
    key: str | None = None,
    title_params: Mapping[str, Any] | None = None,
    division: str | None = None,
) -> Job:
    """Order a job in the caller's transaction: it runs when that is committed, or never was.

    `params`: plain values, the function's keyword arguments. `title`: what it does, in words; a msgid (gettext_noop)
    with `title_params` is said in each reader's language. `key`: what it is done to; of one kind and key one may be
    under way (default: of the same parameters). `url`: where its outcome is seen. `division`: whose it is (default:
    the user's unit). Problem where the same is under way.
    """
    assert kind in JOBS, f"no function does {kind}: see jobs.registry"
    plain = json.loads(json.dumps(dict(params), default=str, sort_keys=True))
    if key is None:
        key = hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
    if division is None:
        division = user.unit.division if user and user.unit else ""
    try:
        with transaction.atomic():
            job = Job.objects.create(
                kind=kind,
                key=key[:100],
                title=str(title)[:200],
                title_params=dict(title_params or {}),
                params=plain,
                user=user,
                division=division,
                url=url,
            )
    except IntegrityError:
        raise _under_way(kind, key) from None
    forget(job.pk)  # a restored database counts its jobs anew
    enqueue(job)
    audit_record(user=user, action="jobs.job.start", obj=job, after={"kind": kind, "params": plain})
    return job


def job_stop(*, job: Job, user: User | None) -> None:
    """Stop a job that waits, or ask one that runs to stop; it does so at its next sign of life, and undoes itself.

    It is asked first and the database written to only where that can't be kept waiting: on SQLite a job that runs may
    hold the one right to write.
    """
    ask_to_stop(job, user.pk if user else None)
    if connection.vendor == "sqlite" and Job.objects.filter(state=JobState.RUNNING).exists():
        return
    with transaction.atomic():
        waiting = Job.objects.select_for_update().filter(pk=job.pk, state=JobState.QUEUED).first()
        if waiting:
            end(waiting, JobState.STOPPED, Standing(), stop_by=user.pk if user else None)


def jobs_sweep() -> int:
    """Find the jobs that were cut off, and queue them again or mark them failed; return how many."""
    found = 0
    for job in Job.objects.filter(state__in=OPEN).select_related("user"):
        if job.state == JobState.QUEUED and not _lost(job):
            continue
        with hold(job.pk) as held:
            if held is None:
                continue
            job.refresh_from_db()
            if job.state == JobState.RUNNING and stop_asked(job):
                end(job, JobState.STOPPED, standing(job), stop_by=held.stop_by())
            elif job.state == JobState.RUNNING:
                cut_off(job, standing(job))
            elif job.state == JobState.QUEUED and _lost(job):
                enqueue(job)
            else:
                continue
            found += 1
    return found


def _lost(job: Job) -> bool:
    """Whether a waiting job has no entry in the queue any more that a worker would take."""
    entry = DBTaskResult.objects.filter(pk=job.task).only("status", "started_at").first()
    if entry is None:
        return True
    if entry.status == TaskResultStatus.READY:
        return False
    return entry.started_at is None or entry.started_at < timezone.now() - _CLAIMED


def rounds_run(*, now: dt.datetime | None = None) -> list[str]:
    """Do what is due and return its names. Several workers may call it: whoever moves a due time on does the work. The
    time moves first, so that what fails can't stop the rest, and comes again."""
    now = now or timezone.now()
    known = dict(Schedule.objects.values_list("name", "due_at"))
    if missing := [Schedule(name=name, due_at=now) for name in ROUNDS if name not in known]:
        Schedule.objects.bulk_create(missing, ignore_conflicts=True)
        known |= {row.name: now for row in missing}
    done = []
    for name, due in sorted(known.items()):
        if name not in ROUNDS or due > now:
            continue
        mine = Schedule.objects.filter(name=name, due_at=due)
        if mine.update(due_at=now + ROUNDS[name].interval, started_at=now, ended_at=None) != 1:
            continue
        try:
            said, failed = ROUNDS[name].function(), False
        except Exception as error:
            log.exception("round %s", name)
            said, failed = f"{type(error).__name__}: {error}", True
        Schedule.objects.filter(name=name).update(
            ended_at=timezone.now(), said="" if said is None else str(said)[:2000], failed=failed
        )
        done.append(name)
    return done


def jobs_prune(*, now: dt.datetime | None = None) -> int:
    """Remove jobs that ended a year ago and old entries of the queue; return how many."""
    now = now or timezone.now()
    ended = (TaskResultStatus.SUCCESSFUL, TaskResultStatus.FAILED)
    DBTaskResult.objects.filter(status__in=ended, finished_at__lt=now - KEPT_ENTRIES).delete()
    return Job.objects.filter(ended_at__lt=now - KEPT_JOBS).delete()[0]


def _under_way(kind: str, key: str) -> Problem:
    job = Job.objects.filter(kind=kind, key=key[:100], state__in=OPEN).first()
    return Problem(
        zh="这项工作正在进行，不能重复发起。",
        en="This is under way already; it can't be started twice.",
        where=f"{job.called} · {job.get_absolute_url()}" if job else kind,
        todo_zh="请等它结束，或在“后台任务”里停止它。",
        todo_en="Wait until it has ended, or stop it under “Jobs”.",
    )
