"""A dataset's folder in the lake: one writer at a time, files safe on disk before anyone is told of them.

The order of a commit: write into a hidden folder, fsync every file and the folder, rename it, fsync its parent; then
one row in the operational database. A process that dies on the way leaves a folder that no row names: the next
writer, who holds the lock, removes it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_HIDDEN = ".writing-"


@contextmanager
def locked(folder: Path, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold `folder` for writing; `waiting` is called once if another process holds it. The lock dies with us."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting:
                waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def held(lake: Path) -> Iterator[None]:
    """Meanwhile no file of the lake is removed, by any process: whoever reads what the database named at a moment (a
    backup) finds all of it, however long it takes. Retired files go later."""
    lake.mkdir(parents=True, exist_ok=True)
    with (lake / ".hold").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


@contextmanager
def removing(lake: Path) -> Iterator[bool]:
    """Whether files may be removed now: nobody holds the lake, and until the end nobody will."""
    with (lake / ".hold").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def writing(folder: Path) -> Path:
    """A new hidden folder in `folder` to write into."""
    path = folder / f"{_HIDDEN}{secrets.token_hex(6)}"
    path.mkdir()
    return path


def finish(written: Path, name: str) -> Path:
    """Make everything in `written` safe on disk and give it its name, with what makes it unique."""
    for path in sorted(written.rglob("*")):
        sync(path)
    sync(written)
    final = written.parent / f"{name}-{written.name.removeprefix(_HIDDEN)}"
    written.rename(final)
    sync(final.parent)
    return final


def sync(path: Path) -> None:
    """Make a file, or the names in a folder, safe on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def aside(path: Path) -> Iterator[Path]:
    """A place beside `path` to write to, which takes its name at the end: whole or not at all, and until then what was
    there before stays."""
    beside = path.with_name(path.name + ".part")
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def remove_orphans(folder: Path, named: Iterable[Path]) -> list[Path]:
    """Remove the folders in `folder` that hold none of the files `named` by the database. Call it under the lock."""
    keep = {path.parent for path in named}
    orphans = [path for path in folder.iterdir() if path.is_dir() and path not in keep]
    for path in orphans:
        shutil.rmtree(path, ignore_errors=True)
    return orphans


def remove_files(paths: Iterable[Path]) -> None:
    """Remove `paths`, and their folders once they are empty."""
    for path in paths:
        path.unlink(missing_ok=True)
        try:
            path.parent.rmdir()
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.ENOENT):
                raise


@contextmanager
def disk_errors() -> Iterator[None]:
    """DuckDB, Arrow and SQLite each say in their own way that the disk takes no more: say it as the system does."""
    try:
        yield
    except Exception as error:
        said = str(error).lower()
        number = getattr(error, "errno", None)
        full = number is None and any(words in said for words in ("no space left", "disk is full", "file too large"))
        if full or number == errno.EFBIG:  # a limit on the size of files is a full disk to whoever meets it
            raise OSError(errno.ENOSPC, str(error).split("\n")[0]) from error
        raise


def connect(temporary: Path, *, memory: str = "1GB", threads: int | None = None) -> Any:
    """A DuckDB connection with the standards' functions, whose memory is bounded and spills into `temporary`."""
    import duckdb

    from mingcha.engines.linkage.identifiers import register

    connection = duckdb.connect(
        config={
            "threads": threads or max(1, min(os.cpu_count() or 1, 8)),
            "memory_limit": memory,
            "temp_directory": str(temporary),
            "enable_external_file_cache": False,
            "preserve_insertion_order": False,
        }
    )
    connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")  # it draws into standard output
    register(connection)
    return connection
