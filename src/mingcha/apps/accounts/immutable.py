"""Tables whose rows stay as they were written: triggers refuse UPDATE and DELETE, whoever asks, SQL by hand included.

A migration calls `protect` after it made the table. One that later changes such a table on SQLite must call it again:
SQLite makes the table anew, and its triggers go with the old one (tests/apps/accounts/test_audit.py would tell).
"""

from __future__ import annotations

from typing import Any

_SQLITE = """CREATE TRIGGER IF NOT EXISTS {table}_no_{what} BEFORE {what} ON "{table}"
BEGIN SELECT RAISE(ABORT, '{table}: rows are never changed'); END"""
_FUNCTION = """CREATE OR REPLACE FUNCTION mingcha_never_changed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '%: rows are never changed', TG_TABLE_NAME; END $$"""
_POSTGRESQL = """CREATE OR REPLACE TRIGGER {table}_no_{what} BEFORE {what} ON "{table}"
FOR EACH ROW EXECUTE FUNCTION mingcha_never_changed()"""


def protect(connection: Any, table: str) -> None:
    """Refuse from now on to change or delete rows of `table`."""
    postgresql = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        if postgresql:
            cursor.execute(_FUNCTION)
        for what in ("update", "delete"):
            cursor.execute((_POSTGRESQL if postgresql else _SQLITE).format(table=table, what=what))


def unprotect(connection: Any, table: str) -> None:
    on = f' ON "{table}"' if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for what in ("update", "delete"):
            cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{what}{on}")
