"""Lake files sorted by key and time, so that one entity's records lie together in each file.

Row groups are small, and carry the least and greatest key: a reader of one key opens few of them. LZ4 is read twice
as fast as Zstandard there, for files larger by two fifths. Data larger than memory are cut by ranges of the key first
and sorted range by range.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .checks import quote
from .contract import STORED, SYSTEM_COLUMNS, Contract
from .view import files_sql

if TYPE_CHECKING:
    import duckdb

ROW_GROUP = 4_096
MEMORY = "1800MB"  # for DuckDB, of which a sort in one go takes less than half
AT_ONCE = 600 << 20  # bytes of rows sorted in one go, and the most of a file (before compression)
_ORDER = "_key, _event_at, _known_at, _batch, _file, _row"


def cluster(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    files: list[Path],
    folder: Path,
    *,
    name: str = "data",
    at_once: int = AT_ONCE,
) -> list[Path]:
    """Write the rows of `files` into `folder`, sorted by key and event time; returns the new files, in key order.

    Columns are the contract's: one that a file of an older version lacks is null, one that is no longer in the
    contract is left out.
    """
    rows = _one(connection, f"SELECT count(*) FROM {files_sql(tuple(files))}")
    if rows == 0:
        return []
    number = math.ceil(rows * _width(connection, files) / at_once)
    source = f"(SELECT {_columns(connection, contract, files)} FROM {_together(files)})"
    names = ", ".join([*(quote(f.name) for f in contract.fields), *SYSTEM_COLUMNS])  # without the piece's number
    if number == 1:
        return [_sorted(connection, source, folder / f"{name}-00001.parquet")]
    pieces = _pieces(connection, files, source, folder / "pieces", number)
    written = []
    for place, piece in enumerate(pieces, 1):
        source = f"(SELECT {names} FROM {files_sql(tuple(piece))})"
        written.append(_sorted(connection, source, folder / f"{name}-{place:05d}.parquet"))
        for path in piece:
            path.unlink()
    for path in sorted((folder / "pieces").rglob("*"), reverse=True):
        path.rmdir()
    (folder / "pieces").rmdir()
    return written


def _width(connection: duckdb.DuckDBPyConnection, files: list[Path]) -> float:
    """About how many bytes of memory a row takes: 16 a column, and its text."""
    text = _one(connection, f"SELECT avg(strlen(r::VARCHAR)) FROM (FROM {_together(files)} LIMIT 10000) r")
    columns = len(connection.execute(f"DESCRIBE SELECT * FROM {_together(files)}").fetchall())
    return float(text) + 16 * columns


def _together(files: list[Path]) -> str:
    return files_sql(tuple(files)).removesuffix(")") + ", union_by_name = true)"


def _columns(connection: duckdb.DuckDBPyConnection, contract: Contract, files: list[Path]) -> str:
    have = {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {_together(files)}").fetchall()}
    fields = [
        quote(f.name) if f.name in have else f"NULL::{STORED[f.type]} AS {quote(f.name)}" for f in contract.fields
    ]
    return ", ".join([*fields, *SYSTEM_COLUMNS])


def _sorted(connection: duckdb.DuckDBPyConnection, source: str, path: Path) -> Path:
    connection.execute("SET preserve_insertion_order = true")
    connection.execute(f"SET memory_limit = '{MEMORY}'")
    connection.execute(
        f"COPY (SELECT * FROM {source} ORDER BY {_ORDER}) TO '{path}' "
        f"(FORMAT parquet, COMPRESSION lz4_raw, ROW_GROUP_SIZE {ROW_GROUP})"
    )
    connection.execute("SET preserve_insertion_order = false")
    return path


def _pieces(
    connection: duckdb.DuckDBPyConnection, files: list[Path], source: str, folder: Path, number: int
) -> list[list[Path]]:
    """The rows of `source` in about `number` ranges of their keys, each a list of files."""
    keys = f"SELECT coalesce(_key, '') AS k FROM {files_sql(tuple(files))} USING SAMPLE reservoir(200000 ROWS)"
    quantiles = [i / number for i in range(1, number)]
    cuts = _one(connection, f"SELECT quantile_disc(k, {quantiles}) FROM ({keys} REPEATABLE (1))")
    piece = "list_sum(list_transform($cuts, lambda c: (coalesce(_key, '') > c)::INTEGER))::INTEGER"
    folder.mkdir()
    connection.execute("SET partitioned_write_flush_threshold = 50000")
    connection.execute(
        f"COPY (SELECT *, {piece} AS _piece FROM {source}) TO '{folder}' (FORMAT parquet, PARTITION_BY (_piece))",
        {"cuts": sorted(set(cuts))},
    )
    found = sorted(folder.glob("_piece=*"), key=lambda path: int(path.name.split("=")[1]))
    return [sorted(path.glob("*.parquet")) for path in found]


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    row = connection.execute(sql).fetchone()
    assert row is not None
    return row[0]
