"""One job run, from the queue to its end."""

from __future__ import annotations

import json
import logging
import threading
import time
from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext_noop
from django_tasks import task

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.services import audit_record
from mingcha.apps.notices.choices import Kind
from mingcha.apps.notices.services import notice_send
from mingcha.problems import Problem

from .choices import OPEN, JobState
from .models import Job
from .progress import Hold, Standing, forget, hold
from .registry import JOBS

log = logging.getLogger(__name__)
closing = threading.Event()  # the worker was told to end: what runs gives up at its next sign of life
_PACE = 0.4  # seconds between two signs of life that are written down
MOST_ATTEMPTS = 3

TELLS = {
    JobState.DONE: (gettext_noop("%(title)s: done"), Kind.DONE),
    JobState.FAILED: (gettext_noop("%(title)s: failed"), Kind.FAILED),
    JobState.STOPPED: (gettext_noop("%(title)s: stopped; nothing of it took effect"), Kind.HEED),
}


class Stopped(BaseException):
    """Somebody asked the job to stop. Not an Exception: a job's own `except Exception` must not swallow it."""


class Interrupted(BaseException):
    """The worker ends while the job runs."""


class Running:
    """What the function of a job gets: who ordered it, and where to say how far it is."""

    def __init__(self, job: Job, held: Hold) -> None:
        self.id, self.user, self.title, self.url = job.pk, job.user, job.title, job.url
        self._held, self._standing, self._written = held, Standing(), 0.0

    def progress(self, done: int, total: int | None = None, said: str = "") -> None:
        """Say that `done` of `total` are done, and what it is at, in the language of who ordered it.

        Call it as often as you like, at least once in a few seconds: it is also where a job that was asked to stop
        stops, by an exception that rolls its transaction back.
        """
        now = time.monotonic()
        total = self._standing.total if total is None else total
        self._standing = Standing(int(done), int(total), said or self._standing.said)
        if now - self._written < _PACE:
            return
        self._written = now
        self.heed()
        self._held.write(self._standing)

    def heed(self) -> None:
        """Give up where that is asked for."""
        if closing.is_set():
            raise Interrupted
        if self._held.stop_by() is not None:
            raise Stopped

    def stop_by(self) -> int | None:
        return self._held.stop_by()

    @property
    def standing(self) -> Standing:
        return self._standing


@task()
def perform(job_id: int) -> None:
    """Run the job, if it is ours to run: what is queued and held by nobody."""
    with hold(job_id) as held:
        if held is None:
            return
        started = Job.objects.filter(pk=job_id, state=JobState.QUEUED)
        job = started.select_related("user").first()
        if (
            job is None
            or started.update(state=JobState.RUNNING, started_at=timezone.now(), attempts=job.attempts + 1) != 1
        ):
            return  # stopped while it waited, or another worker has it
        job.attempts += 1
        running = Running(job, held)
        with translation.override(job.user.language if job.user else translation.get_language()):
            _run(job, running)


def _run(job: Job, running: Running) -> None:
    try:
        work = JOBS[job.kind]
        running.heed()
        result = work.function(running, **job.params)
        result = json.loads(json.dumps(result, default=str))
    except Stopped:
        end(job, JobState.STOPPED, running.standing, stop_by=running.stop_by())
    except Interrupted:
        job.attempts -= 1  # it was told to, and gave up in order
        cut_off(job, running.standing)
    except Problem as problem:
        end(job, JobState.FAILED, running.standing, problem=words(problem))
    except Exception as error:
        log.exception("job %s (%s)", job.pk, job.kind)
        end(job, JobState.FAILED, running.standing, problem=words(_fault(job, error)))
    else:
        at = running.standing
        end(job, JobState.DONE, Standing(at.total or at.done, at.total or at.done), result=result, url=running.url)


@transaction.atomic
def end(job: Job, state: JobState, at: Standing, *, stop_by: int | None = None, url: str = "", **outcome: Any) -> None:
    """Write down how it ended and tell who ordered it. Whoever holds the job calls it."""
    who = User.objects.filter(pk=stop_by or job.stop_by_id).first() if state == JobState.STOPPED else None
    changed = Job.objects.filter(pk=job.pk, state__in=OPEN).update(
        state=state,
        done=at.done,
        total=at.total,
        said=at.said,
        ended_at=timezone.now(),
        url=url or job.url,
        **({"stop_by": who} if who else {}),
        **outcome,
    )
    if changed != 1:
        return
    if state == JobState.STOPPED:
        audit_record(user=who, action="jobs.job.stop", obj=job, after={"kind": job.kind, "done": at.done})
    text, kind = TELLS[state]
    if job.user:
        notice_send(to=[job.user], text=text, params={"title": job.called}, url=job.get_absolute_url(), kind=kind)
    transaction.on_commit(lambda: forget(job.pk))


@transaction.atomic
def cut_off(job: Job, at: Standing) -> None:
    """What ran no longer runs. It is queued again where its kind says that it may be, else it has failed."""
    work = JOBS.get(job.kind)
    if work and work.again and job.attempts < MOST_ATTEMPTS:
        again = {"state": JobState.QUEUED, "attempts": job.attempts}
        if Job.objects.filter(pk=job.pk, state__in=OPEN).update(**again) == 1:
            enqueue(job)
        return
    end(job, JobState.FAILED, at, problem=words(_cut(job)))


def enqueue(job: Job) -> None:
    """Put the job into the queue, in the caller's transaction."""
    Job.objects.filter(pk=job.pk).update(task=perform.enqueue(job.pk).id)


def words(problem: Problem) -> dict[str, str]:
    return {name: getattr(problem, name) for name in ("zh", "en", "where", "todo_zh", "todo_en")}


def _cut(job: Job) -> Problem:
    return Problem(
        zh="运行它的进程中断了（停机、断电或被终止）。",
        en="The process that ran it was cut off (shutdown, power failure, or killed).",
        todo_zh="未完成的部分没有生效。请先核对结果是否已经存在，再重新发起。",
        todo_en="What was not finished took no effect. Look whether its result is there already, then start it again.",
    )


def _fault(job: Job, error: Exception) -> Problem:
    return Problem(
        zh=f"程序出错：{type(error).__name__}。",
        en=f"A fault of the program: {type(error).__name__}.",
        where=f"job {job.pk}",
        todo_zh="没有生效。请把这个编号告诉管理员，详情在服务日志里。",
        todo_en="Nothing took effect. Tell the administrator this number; the details are in the server's log.",
    )
