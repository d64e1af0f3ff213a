"""Sets of rows between the operational database and DuckDB, in one SQL for SQLite and PostgreSQL."""

from __future__ import annotations

import fcntl
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import connection

from mingcha.instance import home

if TYPE_CHECKING:
    import duckdb

CHUNK = 10_000


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Links are changed by one process at a time; another waits. The lock goes with the process that held it."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext('mingcha.entities.links'))")
            try:
                yield
            finally:
                cursor.execute("SELECT pg_advisory_unlock(hashtext('mingcha.entities.links'))")
    else:
        with (home() / "tmp" / "links.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def text_of_time(column: str) -> str:
    """SQL of the database: a timestamp column as UTC text without zone."""
    if connection.vendor == "postgresql":
        return f"to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"
    return f"({column} || '')"  # an expression, so that the driver leaves it text


def time_of(column: str) -> str:
    """SQL of DuckDB: a UTC timestamp column as the text that the database stores, or reads, for it."""
    if connection.vendor == "postgresql":
        return f"strftime({column}, '%Y-%m-%d %H:%M:%S.%f+00')"
    return f"replace(strftime({column}, '%Y-%m-%d %H:%M:%S.%f'), '.000000', '')"  # as Django writes it


def table_from(duck: duckdb.DuckDBPyConnection, name: str, columns: dict[str, str], sql: str) -> None:
    """Make DuckDB's table `name` (column -> type) of what the database's `sql` gives, in chunks; texts are cast."""
    import pyarrow as pa

    duck.execute(f"CREATE OR REPLACE TABLE {name} ({', '.join(f'{c} {t}' for c, t in columns.items())})")
    casts = ", ".join(f"CAST({c} AS {t}) AS {c}" for c, t in columns.items())
    with connection.cursor() as cursor:
        cursor.execute(sql)
        while rows := cursor.fetchmany(10 * CHUNK):
            values = zip(*rows, strict=True)
            types = {"BIGINT": pa.int64(), "DOUBLE": pa.float64(), "BOOLEAN": pa.int8()}
            arrays = [
                pa.array(
                    [None if v is None else int(v) for v in column] if t == "BOOLEAN" else column,
                    types.get(t, pa.string()),
                )
                for column, t in zip(values, columns.values(), strict=True)
            ]
            duck.register("chunk", pa.table(dict(zip(columns, arrays, strict=True))))
            duck.execute(f"INSERT INTO {name} SELECT {casts} FROM chunk")
            duck.unregister("chunk")


@contextmanager
def wanted(duck: duckdb.DuckDBPyConnection, sql: str) -> Iterator[str]:
    """A temporary table of the database, for joining, with the texts (`value`) that DuckDB's `sql` gives; its name."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE mingcha_wanted (value varchar(200) PRIMARY KEY)")
        try:
            write("INSERT INTO mingcha_wanted VALUES (%s)", duck.execute(sql))
            if connection.vendor == "postgresql":
                cursor.execute("ANALYZE mingcha_wanted")
            yield "mingcha_wanted"
        finally:
            cursor.execute("DROP TABLE mingcha_wanted")


def write(sql: str, result: duckdb.DuckDBPyConnection | Iterable[Sequence[Any]]) -> int:
    """Run `sql` once for each row of DuckDB's result; how many."""
    count = 0
    with connection.cursor() as cursor:
        while rows := result.fetchmany(CHUNK):
            cursor.executemany(sql, rows)
            count += len(rows)
    return count


def upsert_sql(table: str, columns: Sequence[str], key: str) -> str:
    """INSERT of `columns` by position that updates the row where `key` is there already."""
    marks = ", ".join(["%s"] * len(columns))
    updates = ", ".join(f"{c} = excluded.{c}" for c in columns if c != key)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks}) ON CONFLICT ({key}) DO UPDATE SET {updates}"
