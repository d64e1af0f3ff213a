"""The worker: takes jobs from the queue one after the other, and makes its rounds."""

from __future__ import annotations

import os
import secrets
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, close_old_connections, connection
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult
from django_tasks_db.utils import exclusive_transaction, is_locked_database_exception

from mingcha.instance import flocked, home

from .running import closing
from .services import jobs_sweep, rounds_run

WAIT = 1.0  # seconds between two looks at the queue
_ROUNDS = 5.0  # seconds between two looks at what is due and what was cut off


def drain() -> None:
    """Run all that waits, one job after the other, and return."""
    while DBTaskResult.objects.ready().exists():
        _one()


def heed_signals() -> None:
    """SIGTERM and SIGINT end the worker; a job that runs is cut off at its next sign of life, in order."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: closing.set())


def work(*, parent: int = 0) -> None:
    """Work until told to end; with `parent`, until that process is gone."""
    looked = 0.0
    while not closing.is_set() and (not parent or os.getppid() == parent):
        close_old_connections()
        if time.monotonic() - looked >= _ROUNDS:
            jobs_sweep()
            rounds_run()
            looked = time.monotonic()
        if DBTaskResult.objects.ready().exists():  # a read takes no lock: on SQLite claiming one would, each second
            _one()
        else:
            closing.wait(WAIT)


@contextmanager
def alone(parent: int = 0) -> Iterator[bool]:
    """On SQLite one worker works, since one transaction writes; a second waits until the first is gone. False where
    there is nothing left to work for. Servers of PostgreSQL have as many as they like."""
    if connection.vendor != "sqlite":
        yield True
        return
    while not closing.is_set() and (not parent or os.getppid() == parent):
        with flocked(home() / "tmp" / "worker.lock") as held:
            if held:
                yield True
                return
        closing.wait(WAIT)
    yield False


def _one() -> None:
    """Take one entry of the queue, if another worker doesn't, and run it."""
    worker = Worker(
        queue_names=["*"],
        interval=0,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=1,
        worker_id=secrets.token_hex(8),
        excluded_queue_names=[],
    )
    # as its run() does, which closes connections besides: not while a test's transaction is open
    try:
        with exclusive_transaction():
            entry = DBTaskResult.objects.ready().get_locked()
            if entry is not None:
                entry.claim(worker.worker_id)
    except OperationalError as error:
        if is_locked_database_exception(error):  # somebody writes for long; it is asked again
            return
        raise
    if entry is not None:
        worker.run_task(entry)
