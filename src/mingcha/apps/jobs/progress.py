"""Where a running job's progress stands, who holds it, and whether it shall stop.

None of the three can go through the job's own transaction: nobody sees what isn't committed. On PostgreSQL a
connection of its own writes them into the job's row, and an advisory lock of that connection says that the worker
lives. SQLite has one writer at a time, and while the job's transaction is open that is the job: a second connection
would wait for the job's end. So there they are small files under the instance's tmp/jobs, and the lock is the file's.
(SQLite is one machine by its nature.) Either lock goes with the process that holds it, however that ends: a job that is
said to run and whose lock is free was cut off.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from django.db import connection, connections
from django.utils import timezone

from mingcha.instance import flocked, home

from .models import Job

_CLASS = 0x6D63  # our advisory locks: two numbers, this and the job's


@dataclass(frozen=True)
class Standing:
    """`done` of `total` (0: not known) and what it is at."""

    done: int = 0
    total: int = 0
    said: str = ""


class Hold(Protocol):
    """What the worker that runs a job has in hand."""

    def write(self, standing: Standing) -> None: ...
    def stop_by(self) -> int | None:
        """The user who asked the job to stop; 0 where that isn't known; None where nobody did."""


@contextmanager
def hold(job_id: int) -> Iterator[Hold | None]:
    """Hold the job for running it; None where another process has it."""
    with (_hold_file if _files() else _hold_row)(job_id) as held:
        yield held


def standing(job: Job) -> Standing:
    """Where the job stands now."""
    if job.state == "running" and _files():
        with contextlib.suppress(OSError, ValueError, TypeError):
            return Standing(**json.loads(_file(job.pk, "json").read_text("utf-8")))
    return Standing(job.done, job.total, job.said)


def stop_asked(job: Job) -> bool:
    return job.stop_asked_at is not None or (_files() and _file(job.pk, "stop").exists())


def ask_to_stop(job: Job, user_id: int | None) -> None:
    """Ask a running job to stop. Nothing waits for it."""
    if _files():
        _write(_file(job.pk, "stop"), str(user_id or ""))
    else:
        Job.objects.filter(pk=job.pk, stop_asked_at=None).update(stop_asked_at=timezone.now(), stop_by=user_id)


def forget(job_id: int) -> None:
    """Remove what is left of an ended job."""
    for name in ("json", "stop", "lock"):
        _file(job_id, name).unlink(missing_ok=True)


# -- files, on SQLite


class _File:
    def __init__(self, job_id: int) -> None:
        self.job_id = job_id

    def write(self, standing: Standing) -> None:
        _write(_file(self.job_id, "json"), json.dumps(asdict(standing), ensure_ascii=False))

    def stop_by(self) -> int | None:
        try:
            said = _file(self.job_id, "stop").read_text("utf-8")
        except OSError:
            return None
        return int(said) if said.isdigit() else 0


@contextmanager
def _hold_file(job_id: int) -> Iterator[Hold | None]:
    with flocked(_file(job_id, "lock")) as held:
        yield _File(job_id) if held else None


def _file(job_id: int, kind: str) -> Path:
    return home() / "tmp" / "jobs" / f"{job_id}.{kind}"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(f".{os.getpid()}")
    aside.write_text(text, "utf-8")
    aside.replace(path)  # a reader sees the old or the new, never a half


def _files() -> bool:
    return connection.vendor == "sqlite"


# -- rows, on PostgreSQL


class _Row:
    def __init__(self, job_id: int, own) -> None:
        self.job_id, self.own = job_id, own

    def write(self, standing: Standing) -> None:
        with self.own.cursor() as cursor:
            cursor.execute(
                f"UPDATE {Job._meta.db_table} SET done = %s, total = %s, said = %s WHERE id = %s",
                [standing.done, standing.total, standing.said, self.job_id],
            )

    def stop_by(self) -> int | None:
        with self.own.cursor() as cursor:
            cursor.execute(
                f"SELECT stop_by_id FROM {Job._meta.db_table} WHERE id = %s AND stop_asked_at IS NOT NULL",
                [self.job_id],
            )
            row = cursor.fetchone()
        return (row[0] or 0) if row else None


@contextmanager
def _hold_row(job_id: int) -> Iterator[Hold | None]:
    own = connections.create_connection("default")
    try:
        with own.cursor() as cursor:
            # a machine that loses its power says no good-bye: the server asks after it
            cursor.execute(
                "SET tcp_keepalives_idle = 20; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 4"
            )
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_CLASS, job_id])
            held = cursor.fetchone()[0]
        yield _Row(job_id, own) if held else None
    finally:
        own.close()  # and the lock with it
