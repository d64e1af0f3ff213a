"""CSV and its kin: delimiter and header found, records cut, columns parsed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .contract import Contract
from .records import LONGEST, Records, split
from .records import cells as cells_of
from .sources import HEADER_WITHIN, Chunk, Ints, as_json, match_columns, missing_headers
from .text import TextFile

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.csv

DELIMITERS = ",\t;|"
BLOCK = 1 << 20  # bytes that Arrow parses at a time: what stays in the processor's cache is parsed in half the time
csv.field_size_limit(LONGEST)


class DelimitedSource:
    """CSV and its kin."""

    typed = False

    def __init__(self, path: Path, contract: Contract) -> None:
        self.path, self.contract = path, contract
        self.file = TextFile(path, encoding=contract.encoding)
        self.delimiter = contract.delimiter
        self.header: list[str] = []
        self.places: list[int] = []
        self.not_taken: list[str] = []

    @property
    def encoding(self) -> str:
        return self.file.encoding or "ascii"

    def chunks(self) -> Iterator[Chunk]:
        rest, wrong, row = b"", np.zeros(0, np.int64), 0
        for text in self.file:
            data = rest + text.data
            wrong = np.concatenate((wrong, text.undecodable + rest.count(b"\n")))
            if not self.header:
                if not data:
                    continue
                skip, lines = self._find_header(data)
                data, wrong = data[skip:], wrong[wrong >= lines] - lines
            records = split(data, delimiter=self.delimiter, columns=len(self.header), last=text.last, undecodable=wrong)
            rest, wrong = data[records.used :], wrong[wrong >= records.lines] - records.lines
            if records.count:
                yield self._chunk(records, row, text.taken)
            row += records.count

    def _chunk(self, records: Records, row: int, taken: int) -> Chunk:
        def cells(places: Ints) -> list[str]:
            return [as_json(self.header, self._cells(record)) for record in records.pick(places)]

        table = self._parse(records)
        for malformed in records.malformed:
            malformed.record += row + 1
        return Chunk(table, records.numbers + row + 1, cells, records.malformed, taken)

    def _cells(self, record: bytes) -> list[str]:
        """The fields of a well-formed record; Python's own reader is twenty times as fast where it finds as many."""
        found = next(csv.reader([record.decode("utf-8", "replace")], delimiter=self.delimiter), [])
        return found if len(found) == len(self.header) else cells_of(record, self.delimiter) or []

    def _parse(self, records: Records) -> pa.Table:
        """The wanted columns as texts. Records without the header's number of fields are dropped from `records`."""
        import pyarrow as pa
        import pyarrow.csv

        names = [f.name for f in self.contract.fields]
        if len(records.starts) == 0:
            return pa.table({name: pa.array([], pa.string()) for name in names})
        columns = [f"c{i}" for i in range(len(self.header))]
        wrong: list[int] = []

        def skip(row: pyarrow.csv.InvalidRow) -> str:
            wrong.append(row.number - 1)
            return "skip"

        block = max(BLOCK, 2 * int((records.ends - records.starts).max()))
        try:
            table = pyarrow.csv.read_csv(
                pa.BufferReader(pa.py_buffer(records.text())),
                pyarrow.csv.ReadOptions(column_names=columns, block_size=block, use_threads=False),
                pyarrow.csv.ParseOptions(
                    delimiter=self.delimiter, newlines_in_values=records.multiline, invalid_row_handler=skip
                ),
                pyarrow.csv.ConvertOptions(
                    column_types=dict.fromkeys(columns, pa.string()),
                    include_columns=[columns[i] for i in self.places],
                    strings_can_be_null=False,
                    check_utf8=False,
                ),
            )
        except pa.ArrowInvalid:
            return self._parse_slowly(records).rename_columns(names)
        records.drop(wrong, self.delimiter, len(self.header))
        if table.num_rows != len(records.starts):
            table = self._parse_slowly(records)
        return table.rename_columns(names)

    def _parse_slowly(self, records: Records) -> pa.Table:
        """Should Arrow and records.py ever disagree on what a record is, records.py is right, as it numbered them."""
        import pyarrow as pa

        every = [cells_of(r, self.delimiter) or [] for r in records.pick(np.arange(len(records.starts)))]
        records.drop(
            [i for i, cells in enumerate(every) if len(cells) != len(self.header)], self.delimiter, len(self.header)
        )
        rows = [cells for cells in every if len(cells) == len(self.header)]
        columns = [pa.array([cells[i] for cells in rows], pa.string()) for i in self.places]
        return pa.table(columns, names=[str(i) for i in range(len(columns))])

    def _find_header(self, data: bytes) -> tuple[int, int]:
        """Where the records begin: bytes and lines to skip. Sets delimiter, header and places."""
        head = data[: 1 << 20]
        lines = head.split(b"\n")[:200]
        best: tuple[int, list[str]] | None = None
        for delimiter in self.delimiter or DELIMITERS:
            reader = csv.reader(
                io.StringIO("\n".join(line.decode("utf-8", "replace") for line in lines)), delimiter=delimiter
            )
            for _ in range(HEADER_WITHIN):
                try:
                    names = next(reader)
                except (StopIteration, csv.Error):
                    break
                missing = len(missing_headers(names, self.contract))
                if best is None or missing < best[0]:
                    best = missing, names
                if not missing:
                    self.delimiter, self.header = delimiter, [n.strip() for n in names]
                    self.places, self.not_taken = match_columns(names, self.contract, f"{self.path}: header")
                    return sum(len(line) + 1 for line in lines[: reader.line_num]), reader.line_num
        names = best[1] if best else []
        if len(missing_headers([self.file.misread(n) or n for n in names], self.contract)) < (best or [0])[0]:
            raise self.file.misdeclared("utf-8")  # too few letters to tell by, but the contract knows these names
        match_columns(names, self.contract, f"{self.path}: header")
        raise AssertionError("a header without missing columns was found above")
