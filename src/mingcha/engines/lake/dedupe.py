"""What of a staged delivery is new: records against each other and against the dataset, by sets, never row by row.

Only doubtful rows are judged (seen.py set them apart): `duplicate` adds nothing, `conflict` (same key, other content)
goes to quarantine, `changed` is a new version of a known record, `new` was doubted in vain. All other rows stay where
they were written. Contents are compared by DuckDB's hash within one connection: nothing of it is stored.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .checks import quote, text
from .contract import Contract
from .quarantine import Quarantine, Reason
from .seen import Seen
from .staging import Staged
from .view import Source, files_sql, rows_sql

if TYPE_CHECKING:
    import duckdb

KEY = Reason(
    "",
    "primary_key",
    "主键与先前的行相同而内容不同（先前的行已保留）",
    "the same key as an earlier row, with other content (the earlier row stands)",
)
_UNIQUE = ("取值应唯一，但先前的行已有此值", "must be unique, and an earlier row has the same value")


@dataclass
class Fresh:
    """What is left to be committed."""

    parts: list[Path] = field(default_factory=list)
    superseded: Path | None = None
    superseded_rows: int = 0
    rows_accepted: int = 0
    rows_changed: int = 0
    rows_duplicate: int = 0


def keep_new(
    connection: duckdb.DuckDBPyConnection,
    known: Source,
    staged: Staged,
    folder: Path,
    quarantine: Quarantine,
    *,
    received: dt.datetime,
    since: int | None = None,
) -> Fresh:
    """Sort `staged` into what is new and what is not, against `known`, the dataset so far; rewrites those parts that
    hold something else, and quarantines conflicts.

    `since` (a replay): a record that was delivered otherwise by that batch or a later one is a conflict, not changed.
    """
    contract = known.contract
    fresh = Fresh(parts=list(staged.parts), rows_accepted=staged.rows_good)
    unique = [f.name for f in contract.fields if f.unique and contract.primary_key != (f.name,)]
    if not staged.doubtful and not (unique and staged.parts):
        return fresh
    _suspects(connection, contract, staged, known)
    _judge(connection, contract, received, since)
    for name in unique:
        _judge_unique(connection, name, staged, known)
    _quarantine(connection, contract, staged, quarantine)
    fresh.rows_changed = _count(connection, "verdict = 'changed'")
    fresh.rows_duplicate = _count(connection, "verdict = 'duplicate'")
    fresh.rows_accepted -= fresh.rows_duplicate + _count(connection, "verdict = 'conflict'")
    fresh.parts = _rewrite(connection, staged.parts + staged.doubtful, folder)
    path = folder / "superseded.parquet"
    fresh.superseded_rows = _supersede(connection, known, path)
    fresh.superseded = path if fresh.superseded_rows else None
    return fresh


def remember(connection: duckdb.DuckDBPyConnection, known: Source, expected: int) -> Seen:
    """A filter that knows the records of `known`, with room for `expected` more."""
    if not known.files:
        return Seen(expected)
    files = files_sql(known.files)
    row = connection.execute(f"SELECT count(*) FROM {files}").fetchone()
    seen = Seen(expected + (int(row[0]) if row else 0))
    for batch in connection.execute(f"SELECT hash(_id) AS key FROM {files}").to_arrow_reader(1_000_000):
        seen.add(batch.column(0).to_numpy())
    return seen


def _suspects(connection: duckdb.DuckDBPyConnection, contract: Contract, staged: Staged, known: Source) -> None:
    """Tables `suspects` (doubtful rows, and the undoubted ones of the same key: `settled`, they came first) and
    `versions` (rows of the dataset of the same keys). `content` is equal where the rows are."""
    columns = "filename AS part, _id, _known_at, _file, _row"
    doubtful = files_sql(tuple(staged.doubtful), filename=True) if staged.doubtful else None
    first = f"SELECT {columns}, FALSE AS settled FROM {doubtful}" if doubtful else _none(staged.parts, columns)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE doubted AS {first}")
    if staged.doubtful and staged.parts:
        connection.execute(
            f"INSERT INTO doubted SELECT {columns}, TRUE FROM {files_sql(tuple(staged.parts), filename=True)} "
            "WHERE hash(_id) IN (SELECT hash(_id) FROM doubted)"
        )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE suspects AS "
        "SELECT d.*, c.content FROM doubted d JOIN contents c ON c._file = d._file AND c._row = d._row"
    )
    content = f"hash({', '.join(quote(f.name) for f in contract.fields)})"
    same = "WHERE hash(_id) IN (SELECT hash(_id) FROM suspects)"
    holding = []
    if known.files:  # a look at the digests alone tells which files need be read
        ids = f"SELECT DISTINCT filename FROM {files_sql(known.files, filename=True)} {same}"
        holding = [Path(name) for (name,) in connection.execute(ids).fetchall()]
    rows = "_id, _known_at, _batch"
    versions = (
        f"SELECT {rows}, {content} AS content FROM {files_sql(tuple(holding))} {same}"
        if holding
        else f"SELECT {rows}, 0::UBIGINT AS content FROM {files_sql(tuple(staged.parts + staged.doubtful))} LIMIT 0"
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE versions AS {versions}")


def _none(parts: list[Path], columns: str) -> str:
    return f"SELECT {columns}, FALSE AS settled FROM {files_sql(tuple(parts), filename=True)} LIMIT 0"


def _judge(connection: duckdb.DuckDBPyConnection, contract: Contract, received: dt.datetime, since: int | None) -> None:
    """Table `verdicts` (part, _file, _row, _id, known, field, earlier, verdict): one row a suspect.

    A source that tells when it knew (knownTime.field) may deliver a record's history: its versions differ in
    `_known_at`. Without that, two contents of one key in one delivery are a conflict.
    """
    history = bool(contract.known_time)
    moment = f"TIMESTAMP '{received.astimezone(dt.UTC).replace(tzinfo=None).isoformat(sep=' ')}'"
    group = "_id, _known_at" if history else "_id"
    same = "content = latest" + (" OR list_contains(contents, content)" if history else "")
    conflict = f" OR (latest_batch >= {since} AND content <> latest)" if since is not None else ""
    own = "_known_at" if history else "NULL"
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE verdicts AS
        WITH copies AS (
            SELECT *, row_number() OVER (PARTITION BY _id, content ORDER BY _file, _row) AS copy FROM suspects
        ), firsts AS (
            SELECT *,
                row_number() OVER (PARTITION BY {group} ORDER BY _file, _row) AS place,
                first_value({{'file': _file, 'row': _row}}) OVER (PARTITION BY {group} ORDER BY _file, _row) AS earlier
            FROM copies WHERE copy = 1
        ), so_far AS (
            SELECT _id, arg_max(content, _known_at) AS latest, arg_max(_batch, _known_at) AS latest_batch,
                list(content) AS contents, list(_known_at) AS knowns
            FROM versions GROUP BY _id
        ), judged AS (
            SELECT f._id, f.content, CASE WHEN place > 1 THEN earlier END AS earlier,
                CASE WHEN latest IS NULL THEN _known_at
                    WHEN {own} IS NOT NULL AND NOT list_contains(knowns, {own}) THEN {own} ELSE {moment} END AS known,
                CASE WHEN place > 1{conflict} THEN 'conflict' WHEN latest IS NULL THEN 'new'
                    WHEN {same} THEN 'duplicate' ELSE 'changed' END AS verdict
            FROM firsts f LEFT JOIN so_far s ON s._id = f._id
        )
        SELECT part, _file, _row, c._id, known, '' AS field, earlier,
            CASE WHEN copy = 1 OR verdict = 'conflict' THEN verdict ELSE 'duplicate' END AS verdict
        FROM copies c JOIN judged j ON j._id = c._id AND j.content = c.content
        """
    )


def _judge_unique(connection: duckdb.DuckDBPyConnection, name: str, staged: Staged, known: Source) -> None:
    """A value of a unique field that another record of this delivery (an earlier row) or of the dataset has."""
    parts = files_sql(tuple(staged.parts + staged.doubtful), filename=True)
    column = quote(name)
    out = "ANTI JOIN (SELECT part, _file, _row FROM verdicts WHERE verdict IN ('duplicate', 'conflict')) v "
    out += "ON v._file = p._file AND v._row = p._row"
    rows = f"SELECT filename AS part, _id, _file, _row, {column} AS value FROM {parts} p {out} WHERE value IS NOT NULL"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE held AS {rows}")
    others = "SELECT NULL::BLOB AS _id, NULL AS value WHERE FALSE"
    if known.files:
        current = rows_sql(known, columns=f"_id, {column} AS value")
        others = f"SELECT * FROM ({current}) WHERE value IN (SELECT value FROM held)"
    connection.execute(
        f"""
        INSERT INTO verdicts
        WITH others AS ({others}), ranked AS (
            SELECT *, first_value(_id) OVER w AS first_id, first_value({{'file': _file, 'row': _row}}) OVER w AS earlier
            FROM held WINDOW w AS (PARTITION BY value ORDER BY _file, _row)
        )
        SELECT part, _file, _row, _id, NULL, {text(name)}, CASE WHEN first_id <> _id THEN earlier END, 'conflict'
        FROM ranked r
        WHERE first_id <> _id OR EXISTS (SELECT 1 FROM others o WHERE o.value = r.value AND o._id <> r._id)
        """
    )
    connection.execute(
        "DELETE FROM verdicts WHERE verdict IN ('new', 'changed') AND (_file, _row) IN "
        f"(SELECT (_file, _row) FROM verdicts WHERE field = {text(name)})"
    )


def _quarantine(
    connection: duckdb.DuckDBPyConnection, contract: Contract, staged: Staged, quarantine: Quarantine
) -> None:
    """Conflicts go to quarantine with the record as it was typed: its texts are gone by now."""
    cells = ", ".join(f"{text(f.header)}: {as_text(f.name, f.type, f.separator)}" for f in contract.fields)
    key = [contract.field(name) for name in contract.primary_key] or list(contract.fields)
    shown = [text("***") if f.masked else f"{quote(f.name)}::VARCHAR" for f in key]
    value = f"concat_ws(', ', {', '.join(shown)})"
    values = " ".join(f"WHEN {text(f.name)} THEN {quote(f.name)}::VARCHAR" for f in contract.fields if f.unique)
    value = f'CASE "#field" {values} ELSE {value} END' if values else value
    pointed = (
        f"{value} || CASE WHEN \"#earlier\" IS NULL THEN '' "
        "ELSE ' (= ' || \"#earlier\".file || ':' || \"#earlier\".row || ')' END"
    )
    holding = connection.execute("SELECT DISTINCT part FROM verdicts WHERE verdict = 'conflict'").fetchall()
    if not holding:
        return
    parts = files_sql(tuple(Path(part) for (part,) in holding))
    found = connection.execute(
        f"""
        SELECT p._file AS file, p._row AS "row", to_json({{{cells}}})::VARCHAR AS cells, NULL::VARCHAR AS raw,
            [{{'field': "#field", 'rule': CASE WHEN "#field" = '' THEN {text(KEY.rule)} ELSE 'unique' END,
              'value': {pointed},
              'reason_zh': CASE WHEN "#field" = '' THEN {text(KEY.zh)} ELSE {text(_UNIQUE[0])} END,
              'reason_en': CASE WHEN "#field" = '' THEN {text(KEY.en)} ELSE {text(_UNIQUE[1])} END}}] AS faults
        FROM {parts} p JOIN (  -- no field has a "#" in its name, so that none of these stands in a field's way
            SELECT _file AS "#file", _row AS "#row", field AS "#field", earlier AS "#earlier"
            FROM verdicts WHERE verdict = 'conflict'
        ) v ON "#file" = p._file AND "#row" = p._row
        """
    ).to_arrow_reader(100_000)
    for batch in found:
        quarantine.write_batch(batch)
    for name, rows in connection.execute(
        "SELECT field, count(*) FROM verdicts WHERE verdict = 'conflict' GROUP BY field ORDER BY field"
    ).fetchall():
        staged.reasons[Reason(name, "unique", *_UNIQUE) if name else KEY] += rows


def as_text(name: str, kind: str, separator: str) -> str:
    """SQL for a typed field as a text that its contract reads again (dates in ISO form)."""
    if kind == "array":
        return f"array_to_string({quote(name)}, {text(separator)})"
    return f"{quote(name)}::VARCHAR"


def _rewrite(connection: duckdb.DuckDBPyConnection, parts: list[Path], folder: Path) -> list[Path]:
    """The parts without what is dropped, and with the known times of changed records."""
    touched = dict(
        connection.execute("SELECT part, count(*) FROM verdicts WHERE verdict <> 'new' GROUP BY part").fetchall()
    )
    kept = []
    for part in parts:
        if str(part) not in touched:
            kept.append(part)
            continue
        path = folder / f"{part.stem}-new.parquet"
        connection.execute(
            f"COPY (SELECT p.* REPLACE (coalesce(v.known, p._known_at) AS _known_at) FROM {files_sql((part,))} p "
            f"LEFT JOIN (SELECT * FROM verdicts WHERE part = {text(str(part))}) v "
            "ON v._file = p._file AND v._row = p._row "
            f"WHERE v.verdict IS NULL OR v.verdict IN ('new', 'changed')) TO '{path}' (FORMAT parquet)"
        )
        part.unlink()
        if _rows_of(path):
            kept.append(path)
        else:
            path.unlink()
    return kept


def _rows_of(path: Path) -> int:
    import pyarrow.parquet as pq

    return int(pq.read_metadata(path).num_rows)


def _supersede(connection: duckdb.DuckDBPyConnection, known: Source, path: Path) -> int:
    """Write which versions of which records others now replace, and since when; returns how many."""
    said = (
        "ANTI JOIN (SELECT _id, _known_at, _until FROM "
        + files_sql(known.superseded)
        + ") s USING (_id, _known_at, _until)"
    )
    found = connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE replaced AS
        WITH kept AS (
            SELECT _id, known AS _known_at FROM verdicts WHERE verdict IN ('new', 'changed')
        ), several AS (
            SELECT _id FROM kept GROUP BY _id HAVING count(*) > 1 UNION
            SELECT _id FROM verdicts WHERE verdict = 'changed'
        ), line AS (
            SELECT _id, _known_at, lead(_known_at) OVER (PARTITION BY _id ORDER BY _known_at) AS _until
            FROM (SELECT * FROM kept UNION SELECT _id, _known_at FROM versions) WHERE _id IN (SELECT _id FROM several)
        )
        SELECT l.* FROM (SELECT * FROM line WHERE _until IS NOT NULL) l {said if known.superseded else ""}
        """
    ).fetchone()
    rows = int(found[0]) if found else 0
    if rows:
        connection.execute(f"COPY (SELECT * FROM replaced ORDER BY ALL) TO '{path}' (FORMAT parquet)")
    return rows


def _count(connection: duckdb.DuckDBPyConnection, condition: str) -> int:
    row: tuple[Any, ...] | None = connection.execute(f"SELECT count(*) FROM verdicts WHERE {condition}").fetchone()
    assert row is not None
    return int(row[0])
