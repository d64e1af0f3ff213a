"""Files that come as tables: spreadsheets (xlsx, and what else calamine reads) and Parquet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mingcha.problems import Problem

from .contract import Contract
from .sources import HEADER_WITHIN, Chunk, Ints, as_json, match_columns, missing_headers

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 100_000  # of a spreadsheet at a time
BATCH = 250_000  # of a Parquet file


def _damaged(path: Path, kind: str, error: object) -> Problem:
    return Problem(
        zh=f"{kind} 文件不完整或已损坏。整个文件未导入。",
        en=f"The {kind} file is truncated or damaged. Nothing of it was taken.",
        where=f"{path}: {str(error)[:200]}",
        todo_zh="请重新传输，或请提供单位重新导出（有密码的请先去掉密码）。",
        todo_en="Transfer it again, or ask the department to export it again (without a password).",
    )


class SheetSource:
    """The first sheet whose rows begin with the contract's header."""

    typed = True
    encoding = ""  # of no meaning here

    def __init__(self, path: Path, contract: Contract) -> None:
        self.path, self.contract = path, contract
        self.not_taken: list[str] = []

    def chunks(self) -> Iterator[Chunk]:
        import pyarrow as pa
        from python_calamine import CalamineError, CalamineWorkbook

        try:
            book = CalamineWorkbook.from_path(str(self.path))
            rows, header, places = self._header(book)
            size, row = self.path.stat().st_size, 0
            while True:
                block, numbers = [], []
                for cells in rows:
                    if any(c != "" and c is not None for c in cells):
                        row += 1
                        block.append(cells)
                        numbers.append(row)
                        if len(block) == ROWS:
                            break
                if not block:
                    return
                columns = [pa.array([as_text(cells[i]) for cells in block], pa.string()) for i in places]
                table = pa.table(columns, names=[f.name for f in self.contract.fields])
                yield Chunk(table, np.array(numbers, np.int64), _picker(header, block), taken=size)
        except (CalamineError, OSError, ValueError) as error:
            raise _damaged(self.path, "Excel", error) from None

    def _header(self, book: Any) -> tuple[Iterator[list[Any]], list[str], list[int]]:
        best: tuple[int, list[Any], str] | None = None
        for name in book.sheet_names:
            rows = iter(book.get_sheet_by_name(name).iter_rows())
            for _ in range(HEADER_WITHIN):
                cells = next(rows, None)
                if cells is None:
                    break
                missing = len(missing_headers(cells, self.contract))
                if best is None or missing < best[0]:
                    best = missing, cells, name
                if not missing:
                    places, self.not_taken = match_columns(cells, self.contract, f"{self.path}: {name}")
                    return rows, [str(c).strip() for c in cells], places
        found, sheet = (best[1], best[2]) if best else ([], "")
        match_columns(found, self.contract, f"{self.path}: {sheet}")
        raise AssertionError("a header without missing columns was found above")


def _picker(header: list[str], block: list[list[Any]]) -> Any:
    def cells(places: Ints) -> list[str]:
        return [as_json(header, [as_text(c) for c in block[i]]) for i in places.tolist()]

    return cells


def as_text(cell: Any) -> str | None:
    """A cell as text: whole numbers without a point, dates and times in ISO form, empty cells as None."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e18 else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ")
    return str(cell)


class ParquetSource:
    typed = True
    encoding = ""  # of no meaning here

    def __init__(self, path: Path, contract: Contract) -> None:
        self.path, self.contract = path, contract
        self.not_taken: list[str] = []

    def chunks(self) -> Iterator[Chunk]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            with pq.ParquetFile(self.path) as file:
                header = file.schema_arrow.names
                places, self.not_taken = match_columns(header, self.contract, str(self.path))
                size, total, row = self.path.stat().st_size, max(file.metadata.num_rows, 1), 0
                for batch in file.iter_batches(BATCH):
                    table = pa.Table.from_batches([batch])
                    numbers = np.arange(row + 1, row + 1 + table.num_rows)
                    row += table.num_rows
                    columns = [
                        _texts(table.column(i), f.separator) for i, f in zip(places, self.contract.fields, strict=True)
                    ]
                    texts = pa.table(columns, names=[f.name for f in self.contract.fields])
                    yield Chunk(texts, numbers, _table_picker(table), taken=size * row // total)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
            raise _damaged(self.path, "Parquet", error) from None


def _table_picker(table: pa.Table) -> Any:
    def cells(places: Ints) -> list[str]:
        import pyarrow as pa

        chosen = table.take(pa.array(places))
        names = chosen.column_names
        columns = [_texts(chosen.column(i), " ").to_pylist() for i in range(len(names))]
        return [as_json(names, row) for row in zip(*columns, strict=True)]

    return cells


def _texts(column: pa.ChunkedArray, separator: str) -> pa.ChunkedArray:
    """A column of any type as texts, in the forms of `as_text`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_string(kind):
        return column
    if pa.types.is_dictionary(kind):
        return _texts(column.cast(kind.value_type), separator)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pc.binary_join(column.cast(pa.list_(pa.string())), separator)
    if pa.types.is_floating(kind):
        texts = column.cast(pa.string())
        return pc.replace_substring_regex(texts, r"^(-?\d+)\.0$", r"\1")
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return pc.binary_join_element_wise(column.cast(pa.string()))
    return column.cast(pa.string())
