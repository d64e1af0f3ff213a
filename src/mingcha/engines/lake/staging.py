"""Delivered files read, typed and checked chunk by chunk: what is good to Parquet parts, what is bad to quarantine.

Memory is bounded by the chunk (64 MB of text), whatever the file's size. Nothing written here is visible to anyone.
"""

from __future__ import annotations

import datetime as dt
import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from .checks import Checks, compile_checks, judged, quote
from .contract import Contract
from .opening import open_source
from .quarantine import Quarantine, Reason, faulty_rows, malformed_rows
from .seen import Seen
from .sources import Chunk, Source

if TYPE_CHECKING:
    import duckdb

T = TypeVar("T")
Progress = Callable[[int, int], None]
"""Called with bytes read of the file at hand, and records read so far of all."""


@dataclass
class StagedFile:
    """What was learnt of a file by reading it: records, of these without fault, and left out by the selection;
    encoding, columns that the contract does not ask for."""

    rows: int
    good: int
    left_out: int
    encoding: str
    not_taken: list[str]


@dataclass
class Staged:
    """What a delivery came to so far. `parts` hold good rows whose key is new, `doubtful` those whose key may be
    known, and the table `contents` of the connection a hash of every good row's key and content."""

    files: list[StagedFile] = field(default_factory=list)
    parts: list[Path] = field(default_factory=list)
    doubtful: list[Path] = field(default_factory=list)
    rows_read: int = 0
    rows_good: int = 0
    rows_left_out: int = 0
    reasons: Counter[Reason] = field(default_factory=Counter)


def stage(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    files: list[Path],
    folder: Path,
    quarantine: Quarantine,
    seen: Seen,
    *,
    received: dt.datetime,
    batch: int,
    where: str = "",
    progress: Progress | None = None,
) -> Staged:
    """Read `files` into parts in `folder`. Problem where one can't be read to its end or does not fit the contract."""
    staged = Staged()
    for number, path in enumerate(files, 1):
        source = open_source(path, contract)
        stage_source(
            connection,
            source,
            compile_checks(contract, received=received, batch=batch, file=number, where=where, iso=source.typed),
            number,
            staged,
            folder,
            quarantine,
            seen,
            progress,
        )
    return staged


def stage_source(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    checks: Checks,
    number: int,
    staged: Staged,
    folder: Path,
    quarantine: Quarantine,
    seen: Seen,
    progress: Progress | None = None,
) -> None:
    """The chunks of one file, the delivery's `number`-th, into `staged`."""
    before = staged.rows_read, staged.rows_good, staged.rows_left_out
    connection.execute(
        "CREATE TEMP TABLE IF NOT EXISTS contents (key UBIGINT, content UBIGINT, _file INTEGER, _row BIGINT)"
    )
    for chunk, texts in ahead((chunk, _texts(chunk, checks)) for chunk in source.chunks()):
        _stage_chunk(connection, chunk, texts, checks, number, staged, folder, quarantine, seen)
        if progress:
            progress(chunk.taken, staged.rows_read)
    after = staged.rows_read, staged.rows_good, staged.rows_left_out
    rows, good, left_out = (now - then for now, then in zip(after, before, strict=True))
    staged.files.append(StagedFile(rows, good, left_out, source.encoding, source.not_taken))


def _stage_chunk(
    connection: duckdb.DuckDBPyConnection,
    chunk: Chunk,
    texts: Any,
    checks: Checks,
    file: int,
    staged: Staged,
    folder: Path,
    quarantine: Quarantine,
    seen: Seen,
) -> None:
    staged.rows_read += len(chunk.rows) + len(chunk.malformed)
    held = [malformed_rows(file, chunk.malformed)]
    connection.register("chunk", texts)
    try:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE typed AS {checks.typed('chunk')}")
        good, bad, left_out = _row(
            connection,
            "SELECT count(*) FILTER (_in AND _ok), count(*) FILTER (_in AND NOT _ok), count(*) FILTER (NOT _in) "
            "FROM typed",
        )
        staged.rows_good += good
        staged.rows_left_out += left_out
        if bad:
            rows = connection.execute("SELECT _row FROM typed WHERE _in AND NOT _ok ORDER BY _row").fetchnumpy()
            places = np.searchsorted(chunk.rows, rows["_row"])
            connection.register("bad", texts.take(places))
            faults = connection.execute(f"{checks.faults('bad')} ORDER BY _row").to_arrow_table()
            connection.unregister("bad")
            held.append(faulty_rows(file, faults, chunk.cells(places)))
        for reason, number in quarantine.add(connection, *held):
            staged.reasons[reason] += number
        if good:
            if warned := checks.warnings("typed WHERE _in AND _ok"):
                for check, rows in zip(checks.warned, _row(connection, warned), strict=True):
                    if rows:
                        staged.reasons[Reason(check.field, check.rule, check.reason_zh, check.reason_en, True)] += rows
            _store(connection, checks, file, staged, folder, seen)
    finally:
        connection.unregister("chunk")


def _store(
    connection: duckdb.DuckDBPyConnection, checks: Checks, file: int, staged: Staged, folder: Path, seen: Seen
) -> None:
    """Write the good rows of `typed`: those whose key is surely new to a part, the others to a doubtful one."""
    fields = ", ".join(quote(f.name) for f in checks.contract.fields)
    good = "typed WHERE _in AND _ok"
    connection.execute(f"INSERT INTO contents SELECT hash(_id), hash({fields}), {file}, _row FROM {good}")
    keys = connection.execute(f"SELECT _row, hash(_id) AS key FROM {good} ORDER BY _row").fetchnumpy()
    rows = keys["_row"][seen.maybe(keys["key"])]
    number = len(staged.parts) + len(staged.doubtful) + 1
    doubt = ""
    if len(rows):
        import pyarrow as pa

        connection.register("doubt", pa.table({"_row": rows}))
        path = folder / f"doubtful-{number:05d}.parquet"
        _copy(connection, checks, f"{good} AND _row IN (SELECT _row FROM doubt)", path)
        staged.doubtful.append(path)
        doubt = " AND _row NOT IN (SELECT _row FROM doubt)"
    if len(rows) < len(keys["_row"]):
        path = folder / f"part-{number:05d}.parquet"
        _copy(connection, checks, good + doubt, path)
        staged.parts.append(path)


def _copy(connection: duckdb.DuckDBPyConnection, checks: Checks, source: str, path: Path) -> None:
    connection.execute(f"COPY (SELECT {checks.stored} FROM {source}) TO '{path}' (FORMAT parquet, PARQUET_VERSION v2)")


def _row(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = connection.execute(sql).fetchone()
    assert row is not None
    return row


def _texts(chunk: Chunk, checks: Checks) -> Any:
    """The chunk's texts without blanks at their ends, with `_row` and verdicts, in pieces for DuckDB's threads."""
    import pyarrow as pa
    import pyarrow.compute as pc

    table = chunk.table
    columns = [pc.utf8_trim_whitespace(column) for column in table.columns]
    whole = judged(pa.table([*columns, pa.array(chunk.rows)], names=[*table.column_names, "_row"]), checks)
    return pa.Table.from_batches(whole.to_batches(max_chunksize=32_768), whole.schema)


def ahead(chunks: Iterator[T]) -> Iterator[T]:
    """The same items, the next one being made in a thread while this one is worked on."""
    done, stop = object(), threading.Event()
    waiting: queue.Queue[Any] = queue.Queue(maxsize=1)

    def put(item: Any) -> None:
        while not stop.is_set():
            try:
                return waiting.put(item, timeout=0.1)
            except queue.Full:
                continue

    def read() -> None:
        try:
            for chunk in chunks:
                put(chunk)
                if stop.is_set():
                    return
            put(done)
        except BaseException as error:
            put(error)

    thread = threading.Thread(target=read, name="read-ahead", daemon=True)
    thread.start()
    try:
        while (item := waiting.get()) is not done:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        thread.join()
