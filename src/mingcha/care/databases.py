"""The operational database for whoever looks after it: a snapshot while it is in use, its figures, its return.

SQLite: the online copy within a read transaction, which no writer waits for. PostgreSQL: pg_dump in the snapshot of a
repeatable-read transaction, which the reader of this process shares.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mingcha.problems import Problem

CHUNK = 10_000
PAGES = 2_000  # of SQLite, copied at a step
Steps = Callable[[int, int], None]  # done, of how many


@dataclass
class SqliteReader:
    connection: sqlite3.Connection
    vendor: str = "sqlite"

    @property
    def version(self) -> str:
        return sqlite3.sqlite_version

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Sequence[Any]]:
        return self.connection.execute(sql, parameters).fetchall()

    def chunks(self, sql: str) -> Iterator[list[Sequence[Any]]]:
        cursor = self.connection.execute(sql)
        while chunk := cursor.fetchmany(CHUNK):
            yield chunk


@dataclass
class PostgresReader:
    connection: Any  # psycopg's, in a transaction
    vendor: str = "postgresql"

    @property
    def version(self) -> str:
        return str(self.connection.execute("SHOW server_version").fetchone()[0])

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Sequence[Any]]:
        return self.connection.execute(sql, parameters or None).fetchall()

    def chunks(self, sql: str) -> Iterator[list[Sequence[Any]]]:
        with self.connection.cursor(name="mingcha_care") as cursor:  # on the server: memory is bounded
            cursor.itersize = CHUNK
            cursor.execute(sql)
            while chunk := cursor.fetchmany(CHUNK):
                yield chunk


Reader = SqliteReader | PostgresReader


def vendor() -> str:
    """Of the instance's settings: sqlite or postgresql."""
    return "sqlite" if "sqlite" in settings()["ENGINE"] else "postgresql"


def sqlite_path() -> Path:
    return Path(settings()["NAME"])


def name_in_backup() -> str:
    return "mingcha.sqlite3" if vendor() == "sqlite" else "mingcha.dump"


@contextlib.contextmanager
def snapshot(target: Path, steps: Steps | None = None) -> Iterator[Reader]:
    """Write the database as of one moment into `target`, safe on disk, and give a reader of that same moment."""
    if vendor() == "postgresql":
        yield from _dumped(target)
        return
    if not sqlite_path().exists():
        raise nothing_here(str(sqlite_path()))
    _copy(sqlite_path(), target, steps)
    with sqlite_reader(target) as reader:
        yield reader


def _copy(path: Path, target: Path, steps: Steps | None) -> None:
    target.touch(mode=0o600)
    source = sqlite3.connect(f"file:{path}?mode=rw", uri=True, isolation_level=None, timeout=30)
    copy = sqlite3.connect(target, isolation_level=None)
    try:
        copy.execute("PRAGMA synchronous = OFF")  # it is made safe on disk at the end, once
        source.execute("BEGIN")  # what is read from here on is of one moment, so that no commit starts the copy anew
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        source.backup(
            copy, pages=PAGES, sleep=0, progress=(lambda _, left, total: steps(total - left, total)) if steps else None
        )
    finally:
        copy.close()
        source.close()
    with target.open("rb+") as file:
        os.fsync(file.fileno())


@contextlib.contextmanager
def sqlite_reader(path: Path) -> Iterator[SqliteReader]:
    """A reader of a copy that nobody writes to."""
    connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    try:
        yield SqliteReader(connection)
    finally:
        connection.close()


def sqlite_faults(path: Path, *, in_use: bool = False) -> list[str]:
    """What SQLite finds wrong with the file; nothing is well."""
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro{'' if in_use else '&immutable=1'}", uri=True, timeout=30)
        try:
            said = [str(row[0]) for row in connection.execute("PRAGMA quick_check(10)")]
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        return [str(error)]
    return [line for line in said if line != "ok"]


@contextlib.contextmanager
def live() -> Iterator[Reader]:
    """A reader of the database in use, as of one moment."""
    if vendor() == "postgresql":
        with _connect() as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield PostgresReader(connection)
        return
    if not sqlite_path().exists():
        raise nothing_here(str(sqlite_path()))
    connection = sqlite3.connect(f"file:{sqlite_path()}?mode=ro", uri=True, isolation_level=None, timeout=30)
    try:
        connection.execute("BEGIN")
        yield SqliteReader(connection)
    finally:
        connection.close()


def nothing_here(where: str) -> Problem:
    return Problem(
        zh="这里还没有实例：没有数据库。",
        en="There is no instance here yet: it has no database.",
        where=where,
        todo_zh="请检查 MINGCHA_HOME 和 DJANGO_SETTINGS_MODULE。",
        todo_en="Check MINGCHA_HOME and DJANGO_SETTINGS_MODULE.",
    )


def settings() -> dict[str, Any]:
    """Of the operational database: ENGINE, NAME, HOST and so on."""
    from django.conf import settings as ours

    return dict(ours.DATABASES["default"])


# PostgreSQL


def _connect(database: str = "", *, autocommit: bool = False) -> Any:
    import psycopg

    told = settings()
    return psycopg.connect(
        host=told["HOST"] or None,
        port=told["PORT"] or None,
        dbname=database or told["NAME"],
        user=told["USER"] or None,
        password=told["PASSWORD"] or None,
        connect_timeout=10,
        autocommit=autocommit,
    )


def _dumped(target: Path) -> Iterator[PostgresReader]:
    with _connect() as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        moment = connection.execute("SELECT pg_export_snapshot()").fetchone()[0]
        target.touch(mode=0o600)
        words = ["--format=custom", "--compress=1", "--no-owner", "--no-privileges", f"--snapshot={moment}"]
        _run("pg_dump", connection.info.server_version // 10000, [*words, f"--file={target}"], settings()["NAME"])
        with target.open("rb+") as file:
            os.fsync(file.fileno())
        yield PostgresReader(connection)


def tool(name: str, major: int) -> str:
    """PostgreSQL's own `name` (pg_dump, pg_restore), not older than the server. Problem where there is none."""
    folders = [os.environ.get("MINGCHA_PG_BIN"), *(f"/usr/lib/postgresql/{m}/bin" for m in range(major, major + 8))]
    found = [shutil.which(name), *(shutil.which(name, path=folder) for folder in folders if folder)]
    if os.environ.get("MINGCHA_PG_BIN"):
        found = found[1:2]
    there = {path: _major(path) for path in found if path}
    for path, version in there.items():
        if version >= major:
            return path
    told = "、".join(f"{path} ({version})" for path, version in there.items())
    raise Problem(
        zh=f"缺少 {name} {major} 或更新的版本：" + (f"只有 {told}。" if there else "没有安装。"),
        en=f"{name} {major} or newer is missing: " + (f"there is only {told}." if there else "it isn't installed."),
        where=f"PostgreSQL {major}",
        todo_zh=f"请安装 postgresql-client-{major}，或用 MINGCHA_PG_BIN 指明其所在目录。",
        todo_en=f"Install postgresql-client-{major}, or say in MINGCHA_PG_BIN which folder it is in.",
    )


def _major(path: str) -> int:
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    found = re.search(r"\) (\d+)", said)  # pg_dump (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)
    return int(found[1]) if found else 0


def _run(name: str, major: int, words: list[str], database: str) -> None:
    told = settings()
    environment = {**os.environ, "PGPASSWORD": told["PASSWORD"] or "", "PGCONNECT_TIMEOUT": "10"}
    where = [f"--host={told['HOST']}", f"--port={told['PORT']}", f"--username={told['USER']}", "--no-password"]
    where = [word for word in where if not word.endswith("=")]
    command = [tool(name, major), *words, *where, f"--dbname={database}"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        said = done.stderr.strip().splitlines()
        if "No space left" in done.stderr:
            raise OSError(28, said[-1])
        raise Problem(
            zh=f"{name} 失败：{said[-1] if said else done.returncode}",
            en=f"{name} failed: {said[-1] if said else done.returncode}",
            where=database,
            todo_zh="请检查数据库的连接、权限和日志。",
            todo_en="Check the connection, the rights, and the database's log.",
        )


def postgres_restore(dump: Path, name: str) -> None:
    """Make a new database `name` of a dump. Problem where we may not make one."""
    import psycopg

    with contextlib.closing(_connect("postgres", autocommit=True)) as admin:
        try:
            admin.execute(_sql("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", name))
        except psycopg.errors.InsufficientPrivilege:
            raise Problem(
                zh=f"数据库用户“{settings()['USER']}”无权新建数据库：恢复先写入新库，核对无误后才换名。",
                en=f"The database user {settings()['USER']!r} may not make databases: a restore is written into a new "
                "one, which takes the old one's name once it is found right.",
                todo_zh=f"请由管理员执行：ALTER ROLE {settings()['USER']} CREATEDB;",
                todo_en=f"As the server's administrator: ALTER ROLE {settings()['USER']} CREATEDB;",
            ) from None
        major = admin.info.server_version // 10000
    _run("pg_restore", major, ["--no-owner", "--no-privileges", "--exit-on-error", str(dump)], name)


@contextlib.contextmanager
def postgres_reader(name: str) -> Iterator[PostgresReader]:
    with _connect(name) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield PostgresReader(connection)


def postgres_empty() -> bool:
    """Whether the settings' database is missing, or has no tables."""
    import psycopg

    try:
        with _connect() as connection:
            return not connection.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public' LIMIT 1").fetchone()
    except psycopg.OperationalError as error:
        if "does not exist" in str(error):
            return True
        raise


def postgres_swap(new: str, old: str) -> None:
    """Give database `new` the settings' name, and what had it the name `old`, in one transaction; done once, it is
    left alone. Whoever is connected is sent away."""
    name = settings()["NAME"]
    with contextlib.closing(_connect("postgres", autocommit=True)) as admin:
        if not _there(admin, new):
            return  # a run that was cut off has done it
        for one in (name, new):
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [one])
        with admin.transaction():
            if _there(admin, name):
                admin.execute(_sql("ALTER DATABASE {} RENAME TO {}", name, old))
            admin.execute(_sql("ALTER DATABASE {} RENAME TO {}", new, name))


def postgres_drop(name: str) -> None:
    with contextlib.closing(_connect("postgres", autocommit=True)) as admin:
        admin.execute(_sql("DROP DATABASE IF EXISTS {} WITH (FORCE)", name))


def _there(admin: Any, name: str) -> bool:
    return admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def _sql(text: str, *names: str) -> Any:
    from psycopg import sql

    return sql.SQL(text).format(*map(sql.Identifier, names))
