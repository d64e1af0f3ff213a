"""Rows that were held back, each with all its faults and its record as supplied, in one Parquet file a batch.

Columns: `file` and `row` (as `_file` and `_row` of the lake); `cells`, the record with all its columns as a JSON
object of texts, null where it could not be taken apart; `raw`, then, its text; `faults`, a list of (field, rule,
value, reason_zh, reason_en).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .records import Malformed

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


@dataclass(frozen=True)
class Reason:
    """Why rows were held back, or (warning) marked."""

    field: str
    rule: str
    zh: str
    en: str
    warning: bool = False


def schema() -> pa.Schema:
    import pyarrow as pa

    fault = pa.struct([(name, pa.string()) for name in ("field", "rule", "value", "reason_zh", "reason_en")])
    return pa.schema(
        [
            ("file", pa.int32()),
            ("row", pa.int64()),
            ("cells", pa.string()),
            ("raw", pa.string()),
            ("faults", pa.list_(fault)),
        ]
    )


class Quarantine:
    """Writes a quarantine file; the file is there only if something was held back."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self._writer: Any = None

    def __enter__(self) -> Quarantine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def write(self, table: pa.Table) -> None:
        """`table` has the columns of `schema`."""
        import pyarrow.parquet as pq

        if table.num_rows == 0:
            return
        if self._writer is None:
            self._writer = pq.ParquetWriter(self.path, schema(), compression="zstd")
        self._writer.write_table(table.cast(schema()))
        self.rows += table.num_rows

    def write_batch(self, batch: pa.RecordBatch) -> None:
        import pyarrow as pa

        self.write(pa.Table.from_batches([batch]))

    def add(self, connection: duckdb.DuckDBPyConnection, *held: pa.Table) -> list[tuple[Reason, int]]:
        """Take tables of rows (`malformed_rows`, `faulty_rows`) in the order of their row numbers; returns the
        reasons and how many rows each holds back."""
        import pyarrow as pa

        table = pa.concat_tables(held).sort_by("row")
        if table.num_rows == 0:
            return []
        self.write(table)
        return self.reasons(connection, table)

    def reasons(self, connection: duckdb.DuckDBPyConnection, held: pa.Table) -> list[tuple[Reason, int]]:
        """The reasons in `held` (columns as `schema`) and their rows."""
        connection.register("held_back", held)
        found = connection.execute(
            "SELECT f.field, f.rule, f.reason_zh, f.reason_en, count(*) "
            "FROM (SELECT unnest(faults) AS f FROM held_back) GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        connection.unregister("held_back")
        return [(Reason(field, rule, zh, en), rows) for field, rule, zh, en, rows in found]


def malformed_rows(file: int, malformed: Iterable[Malformed]) -> pa.Table:
    """Records that could not be taken apart."""
    import pyarrow as pa

    rows = [
        {
            "file": file,
            "row": m.record,
            "cells": None,
            "raw": m.text,
            "faults": [
                {"field": "", "rule": m.rule, "value": None, "reason_zh": m.reason_zh, "reason_en": m.reason_en}
            ],
        }
        for m in malformed
    ]
    return pa.Table.from_pylist(rows, schema=schema())


def faulty_rows(file: int, faults: pa.Table, cells: Sequence[str]) -> pa.Table:
    """Records with faults (`_row`, `faults`), beside their `cells` as JSON."""
    import pyarrow as pa

    rows = faults.num_rows
    columns = [pa.array([file] * rows, pa.int32()), faults.column("_row"), pa.array(cells, pa.string())]
    columns += [pa.nulls(rows, pa.string()), faults.column("faults")]
    return pa.table(columns, names=schema().names).cast(schema())
