"""How many requests a minute, over all processes. On SQLite the counts are in a file of their own: a long write to the
instance's database must not make readers wait for the right to count."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing

from django.conf import settings
from django.db import connection

from mingcha.instance import home

from .errors import Refusal

_COUNT = (
    "INSERT INTO api_count (key, minute, n) VALUES ({0}, {0}, 1) "
    "ON CONFLICT (key) DO UPDATE SET n = api_count.n + 1 RETURNING n"
)
_READ = "SELECT n FROM api_count WHERE key = {0}"
_SWEEP = "DELETE FROM api_count WHERE minute < {0}"
_TABLE = "CREATE TABLE IF NOT EXISTS api_count (key TEXT PRIMARY KEY, minute INTEGER, n INTEGER) WITHOUT ROWID"
_local = threading.local()


def spend(kind: str, who: object, most: int) -> None:
    """Count a request; Refusal (429) beyond `most` in this minute."""
    if count(kind, who) > most:
        raise too_many()


def count(kind: str, who: object) -> int:
    """Count one more in this minute; how many there are."""
    minute = _minute()
    (n,) = _run(_COUNT, (f"{kind}:{who}:{minute}", minute))
    if n == 1:
        _run(_SWEEP, (minute - 2,))
    return int(n)


def counted(kind: str, who: object) -> int:
    (n,) = _run(_READ, (f"{kind}:{who}:{_minute()}",)) or (0,)
    return int(n)


def too_many() -> Refusal:
    wait = 60 - int(time.time()) % 60
    zh, en = f"请在 {wait} 秒后再试。", f"Try again in {wait} seconds."
    return Refusal(429, "too-many", zh, en, headers={"Retry-After": str(wait)})


def _minute() -> int:
    return int(time.time()) // 60


def _run(sql: str, values: tuple[object, ...]) -> tuple[int, ...] | None:
    if connection.vendor == "sqlite":
        with closing(_file().execute(sql.format("?"), values)) as cursor:
            return cursor.fetchone() if cursor.description else None
    with connection.cursor() as cursor:
        cursor.execute(sql.format("%s"), values)
        return cursor.fetchone() if cursor.description else None


def _file() -> sqlite3.Connection:
    """This thread's connection."""
    path = settings.API_COUNTS or home() / "tmp" / "api-counts.sqlite3"
    if getattr(_local, "path", None) != path:
        path.parent.mkdir(parents=True, exist_ok=True)
        _local.path = path
        _local.connection = sqlite3.connect(path, timeout=5, isolation_level=None)
        _local.connection.execute("PRAGMA journal_mode=WAL")
        _local.connection.execute("PRAGMA synchronous=OFF")
        _local.connection.execute(_TABLE)
    return _local.connection
