"""The state of a database in figures: rows and SHA-256 of each table, in the order of its key, alike on both engines.

A row is one text made by the database (quick: sets, not rows), and what the two engines spell differently (JSON,
numbers with a fraction) is spelt here. Types are read from the database itself, not from models: a backup may be of an
older version.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Protocol

BETWEEN, NULL, ROW = "\x1f", "\x1e", "\x1d"
State = dict[str, Any]  # {"rows", "sha256"}


class Reader(Protocol):
    """A connection to a database that stands still."""

    vendor: str

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Sequence[Any]]: ...
    def chunks(self, sql: str) -> Iterator[list[Sequence[Any]]]: ...


Column = tuple[str, str, int]  # name, kind, place in the key (0: none)


def table_states(reader: Reader, passed: Callable[[int], None] | None = None) -> dict[str, State]:
    """Every table's rows and digest, by name. `passed` is told of rows as they are read."""
    return {name: _state(reader, name, columns, passed) for name, columns in sorted(_tables(reader).items())}


def differing(stated: dict[str, State], found: dict[str, State]) -> list[str]:
    """Tables that aren't the same in both."""
    return sorted(name for name in {*stated, *found} if stated.get(name) != found.get(name))


def _state(reader: Reader, table: str, columns: list[Column], passed: Callable[[int], None] | None) -> State:
    spelt_here = [(name, _HERE[kind]) for name, kind, _ in columns if kind in _HERE]
    texts = [
        f"coalesce({_TEXT[reader.vendor][kind].format(c=_quote(name))}, '{NULL}')"
        for name, kind, _ in columns
        if kind not in _HERE
    ]
    line = f" || '{BETWEEN}' || ".join(texts) or "''"
    selected = ", ".join([line, *(_taken(reader, name, kind) for name, kind, _ in columns if kind in _HERE)])
    key = sorted((place, name, kind) for name, kind, place in columns if place)
    order = ", ".join(
        _quote(name) + (' COLLATE "C"' if reader.vendor == "postgresql" and kind == "text" else "")
        for _, name, kind in key
    )
    sql = f"SELECT {selected} FROM {_quote(table)}" + (f" ORDER BY {order}" if order else "")
    digest, count = hashlib.sha256(), 0
    for chunk in reader.chunks(sql):
        if spelt_here:
            spell = [how for _, how in spelt_here]
            lines = [
                BETWEEN.join([row[0], *(NULL if v is None else how(v) for how, v in zip(spell, row[1:], strict=True))])
                for row in chunk
            ]
        else:
            lines = [row[0] for row in chunk]
        digest.update((ROW.join(lines) + ROW).encode("utf-8", "surrogatepass"))
        count += len(chunk)
        if passed:
            passed(len(chunk))
    return {"rows": count, "sha256": digest.hexdigest()}


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _json(value: str) -> str:
    """Keys in order; a number by its value, as the engines write 1e16 and 1.0 each in its way."""
    read = json.loads(value, parse_float=_number, parse_int=_number)
    return json.dumps(read, ensure_ascii=False, sort_keys=True)


def _number(text: str) -> str:
    return f"\0{Decimal(text).normalize() + 0}"


def _decimal(value: Any) -> str:
    number = Decimal(str(value))
    return format(number.normalize(), "f") if number else "0"


_HERE: dict[str, Callable[[Any], str]] = {"json": _json, "decimal": _decimal, "float": lambda v: repr(float(v))}
_TEXT = {
    "sqlite": {
        "text": "{c}",
        "number": "CAST({c} AS TEXT)",
        "bool": "CAST({c} AS TEXT)",
        "moment": "CASE WHEN instr({c}, '.') THEN {c} ELSE {c} || '.000000' END",
        "date": "{c}",
        "uuid": "{c}",
        "bytes": "lower(hex({c}))",
        "address": "{c}",
        "span": "CAST({c} AS TEXT)",
    },
    "postgresql": {
        "text": "{c}::text",
        "number": "{c}::text",
        "bool": "{c}::int::text",
        "moment": "to_char({c} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')",
        "date": "to_char({c}, 'YYYY-MM-DD')",
        "clock": "to_char({c}, 'HH24:MI:SS.US')",
        "uuid": "replace({c}::text, '-', '')",
        "bytes": "encode({c}, 'hex')",
        "address": "host({c})",
        "span": "((extract(epoch from {c}) * 1000000)::bigint)::text",
    },
}
_TEXT["sqlite"]["clock"] = _TEXT["sqlite"]["moment"]


def _taken(reader: Reader, name: str, kind: str) -> str:
    return f"{_quote(name)}::text" if reader.vendor == "postgresql" and kind != "float" else _quote(name)


def _tables(reader: Reader) -> dict[str, list[Column]]:
    return _sqlite(reader) if reader.vendor == "sqlite" else _postgresql(reader)


_SQLITE = (  # how Django declares them
    (r"bool", "bool"),
    (r"datetime", "moment"),
    (r"date", "date"),
    (r"time", "clock"),
    (r"real", "float"),
    (r"decimal", "decimal"),
    (r"char\(32\)", "uuid"),
    (r"blob", "bytes"),
    (r".*int.*", "number"),
    (r".*", "text"),
)


def _sqlite(reader: Reader) -> dict[str, list[Column]]:
    found = {}
    names = (  # an index for searching is made of virtual tables and their shadows: it has no state of its own
        "SELECT name, sql FROM sqlite_master JOIN pragma_table_list USING (name)"
        " WHERE sqlite_master.type = 'table' AND pragma_table_list.type = 'table' AND name NOT GLOB 'sqlite_*'"
    )
    for table, sql in reader.rows(names):
        checked = set(re.findall(r'JSON_VALID\("((?:[^"]|"")+)"\)', sql))
        columns = []
        for _, name, declared, _, _, place in reader.rows(f"PRAGMA table_info({_quote(table)})"):
            kind = next(kind for pattern, kind in _SQLITE if re.fullmatch(pattern, declared.lower()))
            columns.append((name, "json" if name in checked else kind, place))
        found[table] = sorted(columns)
    return found


_POSTGRESQL = {
    "bool": "bool",
    "timestamptz": "moment",
    "timestamp": "moment",
    "date": "date",
    "time": "clock",
    "float4": "float",
    "float8": "float",
    "numeric": "decimal",
    "json": "json",
    "jsonb": "json",
    "uuid": "uuid",
    "bytea": "bytes",
    "inet": "address",
    "interval": "span",
    "int2": "number",
    "int4": "number",
    "int8": "number",
}


def _postgresql(reader: Reader) -> dict[str, list[Column]]:
    keys = {
        (table, column): place
        for table, column, place in reader.rows(
            "SELECT c.relname, a.attname, array_position(i.indkey::int[], a.attnum::int) FROM pg_index i"
            " JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey)"
            " WHERE i.indisprimary AND n.nspname = 'public'"
        )
    }
    found: dict[str, list[Column]] = {}
    for table, column, kind in reader.rows(
        "SELECT c.table_name, c.column_name, c.udt_name FROM information_schema.columns c"
        " JOIN information_schema.tables t USING (table_schema, table_name)"
        " WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'"
    ):
        place = keys.get((table, column))
        found.setdefault(table, []).append((column, _POSTGRESQL.get(kind, "text"), 0 if place is None else place + 1))
    return {table: sorted(columns) for table, columns in found.items()}
