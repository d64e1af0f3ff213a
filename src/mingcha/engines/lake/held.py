"""What stands in quarantine, read: for a list, for the supplying department, and to be checked again."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from mingcha.problems import Problem

from .contract import Contract
from .folder import aside
from .sources import Chunk, Ints, match_columns, plain
from .view import files_sql

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

HEADINGS = ("文件 File", "行 Row", "字段 Field", "值 Value", "原因 Reason")
RAW = "原文 Text"
SHEET = 1_000_000  # rows; Excel takes 1,048,576


Within = tuple[str, str]
"""A column of the file and what its value must begin with: rows of a division."""


def faults(
    path: Path,
    *,
    only: tuple[str, str, str] | None = None,
    within: Within | None = None,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """One dict a fault: file (its number), row, field, rule, value, reason_zh, reason_en, unreadable (the record could
    not be taken apart; its text is the value); `only` those of one (field, rule, reason_en), of rows `within`."""
    conditions = ["f.field = ? AND f.rule = ? AND left(f.reason_en, 300) = ?"] if only else []
    given = list(only or ())
    if within:
        conditions.append("starts_with(coalesce(json_extract_string(cells, ?), ''), ?)")
        given += ['$."' + within[0].replace('"', '\\"') + '"', within[1]]
    chosen = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    rows = _connected().execute(
        "SELECT file, row, f.field, f.rule, coalesce(f.value, raw) AS value, f.reason_zh, f.reason_en, "
        "raw IS NOT NULL AS unreadable "
        "FROM (SELECT file, row, cells, raw, unnest(faults) AS f, unnest(range(len(faults))) AS place "
        f"FROM {files_sql((path,))}) {chosen} ORDER BY file, row, place"
        + (f" LIMIT {limit}" if limit is not None else ""),
        given,
    )
    names = [column[0] for column in rows.description or []]
    return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]


def commonest(path: Path, file: int) -> dict[str, Any] | None:
    """Why most rows of a delivered file (its number) were held back: field, rule, reason_zh, reason_en, how many
    `rows`, the `value` of one, unreadable (as of `faults`); None where the quarantine file has none of it."""
    found = _connected().execute(
        "SELECT f.field, f.rule, f.reason_zh, f.reason_en, count(*) AS rows, arg_min(coalesce(f.value, raw), row) AS "
        "value, bool_or(raw IS NOT NULL) AS unreadable FROM (SELECT row, raw, unnest(faults) AS f "
        f"FROM {files_sql((path,))} WHERE file = ?) "
        "GROUP BY ALL ORDER BY rows DESC, f.field, f.rule, f.reason_en LIMIT 1",
        [file],
    )
    names = [column[0] for column in found.description or []]
    row = found.fetchone()
    return dict(zip(names, row, strict=True)) if row else None


def _connected() -> duckdb.DuckDBPyConnection:
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")  # it would draw itself into standard output
    return connection


def files_of(path: Path) -> list[int]:
    """The numbers of the delivered files that have rows in a quarantine file."""
    import pyarrow.parquet as pq

    return sorted(set(pq.read_table(path, columns=["file"]).column(0).to_pylist()))


def unreadable(path: Path) -> pa.Table:
    """The rows of a quarantine file that could not be taken apart."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    return table.filter(pc.is_null(table.column("cells")))


class HeldRows:
    """The rows of one delivered file in a quarantine file, to be checked again: a `sources.Source`."""

    typed = True  # those that failed against others were typed before they were held back
    encoding = ""

    def __init__(self, path: Path, file: int, contract: Contract) -> None:
        self.path, self.file, self.contract = path, file, contract
        self.not_taken: list[str] = []

    def chunks(self) -> Iterator[Chunk]:
        import pyarrow as pa

        names = [f.name for f in self.contract.fields]
        headers = [plain(f.header) for f in self.contract.fields]
        for block in _blocks(self.path, ["file", "row", "cells"]):
            chosen = sorted((row, cells) for file, row, cells in block if file == self.file and cells is not None)
            if not chosen:
                continue
            records = [json.loads(cells) for _, cells in chosen]
            match_columns(list(dict.fromkeys(k for r in records for k in r)), self.contract, self.path.name)
            folded = [{plain(k): v for k, v in r.items()} for r in records]
            columns = [pa.array([r.get(header) for r in folded], pa.string()) for header in headers]
            rows = np.array([row for row, _ in chosen], np.int64)
            yield Chunk(pa.table(columns, names=names), rows, _picker([cells for _, cells in chosen]))


def _picker(every: list[str]) -> Callable[[Ints], list[str]]:
    return lambda places: [every[i] for i in places.tolist()]


def _blocks(path: Path, columns: list[str]) -> Iterator[Iterator[tuple[Any, ...]]]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as held:
        for batch in held.iter_batches(100_000, columns=columns):
            yield zip(*(column.to_pylist() for column in batch.columns), strict=True)


def export(held: Sequence[tuple[Path, Mapping[int, str]]], path: Path, within: Within | None = None) -> int:
    """Write the rows (those `within`) of quarantine files, each with its delivered files' names by number, to `path`,
    .xlsx or .csv: what is wrong with each first, then the record as supplied. Returns the number of rows."""
    write = {".xlsx": _write_xlsx, ".csv": _write_csv}.get(path.suffix.lower())
    if write is None:
        raise Problem(
            zh="导出文件的扩展名应为 .xlsx 或 .csv。",
            en="The export's name must end in .xlsx or .csv.",
            where=str(path),
            todo_zh="请换一个文件名。",
            todo_en="Choose another name.",
        )
    header: dict[str, None] = {}
    for _, cells in _records(held, within):
        header.update(dict.fromkeys(cells))
    rows = 0

    def lines() -> Iterator[list[Any]]:
        nonlocal rows
        yield [*HEADINGS, *header]
        for said, cells in _records(held, within):
            rows += 1
            yield [*said, *(cells.get(name) for name in header)]

    with aside(path) as beside, beside.open("wb") as file:  # opened here: a bad path is said before any row is read
        write(file, lines())
    return rows


def _records(
    held: Sequence[tuple[Path, Mapping[int, str]]], within: Within | None
) -> Iterator[tuple[list[Any], dict[str, Any]]]:
    """What is said of each row, a line a fault, and its cells."""
    for source, names in held:
        for block in _blocks(source, ["file", "row", "cells", "raw", "faults"]):
            for file, row, cells, raw, found in block:
                record = json.loads(cells) if cells is not None else {RAW: raw}
                if within and not (record.get(within[0]) or "").startswith(within[1]):
                    continue
                said = [
                    names.get(file, str(file)),
                    row,
                    "\n".join(f["field"] or "" for f in found),
                    "\n".join(f["value"] or "" for f in found),
                    "\n".join(f"{f['reason_zh']} / {f['reason_en']}" for f in found),
                ]
                yield said, record


def _write_csv(file: BinaryIO, lines: Iterator[list[Any]]) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")  # with a mark, or Excel takes it for GBK
    csv.writer(text).writerows(lines)
    text.detach()


def _write_xlsx(file: BinaryIO, lines: Iterator[list[Any]]) -> None:
    import xlsxwriter

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        bold = book.add_format({"bold": True, "bg_color": "#F2F2F2"})
        header = next(lines)

        def begin() -> Any:
            sheet = book.add_worksheet()
            sheet.freeze_panes(1, 0)
            sheet.set_column(0, len(header) - 1, 18)
            sheet.set_column(4, 4, 60)
            sheet.write_row(0, 0, header, bold)
            return sheet

        sheet, place = begin(), 0
        for line in lines:
            if place == SHEET:
                sheet, place = begin(), 0
            place += 1
            for column, value in enumerate(line):
                if isinstance(value, int):
                    sheet.write_number(place, column, value)
                elif value is not None:
                    sheet.write_string(place, column, str(value)[:32_767])
