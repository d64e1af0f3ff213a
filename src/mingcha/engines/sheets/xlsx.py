"""xlsx, read as a stream: parts and their true sizes are bounded, no entity is expanded, nothing is run.

Values only: of a formula what Excel worked out when it saved; a formula without that is a fault of its cell. Source:
ECMA-376 part 1 (SpreadsheetML).
"""

from __future__ import annotations

import datetime as dt
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.parsers import expat

from mingcha.problems import Problem

from .grid import MB, Bounds, Grid, too_large

_PIECE = 1 << 16
_DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}  # built-in number formats, Chinese ones too
_PERCENTS = {9, 10}
_NO_DATE = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|General', re.I)


class _Doctype(Exception):
    pass


def read_xlsx(path: Path, bounds: Bounds) -> list[Grid]:
    """The visible sheets, in the book's order. Raises Problem."""
    try:
        with zipfile.ZipFile(path) as book:
            _bound(path, book, bounds)
            return _Book(path, book, bounds).grids()
    except _Doctype:
        raise _damaged(path, "DOCTYPE") from None
    except (zipfile.BadZipFile, zlib.error, expat.ExpatError, KeyError, EOFError, ValueError, IndexError) as error:
        raise _damaged(path, str(error)) from None
    except (NotImplementedError, RuntimeError) as error:  # a compression or an encryption that zipfile doesn't know
        raise _damaged(path, str(error)) from None


def _bound(path: Path, book: zipfile.ZipFile, bounds: Bounds) -> None:
    """Look at what the archive says of itself before anything is unpacked."""
    parts = book.infolist()
    names = {part.filename.lower() for part in parts}
    if len(parts) > bounds.parts:
        raise too_large(path, f"{len(parts):,} 个部件 / parts", f"{bounds.parts:,}")
    unpacked = sum(part.file_size for part in parts)
    if unpacked > bounds.unpacked:
        raise too_large(path, f"解压后 / unpacked {unpacked / MB:,.0f} MB", f"{bounds.unpacked // MB} MB")
    macros = any("vbaproject" in name for name in names)
    if macros or "xl/workbook.xml" not in names:
        zh, en = ("含有宏", "it has macros") if macros else ("不是 xlsx 工作簿", "it is no xlsx workbook")
        raise Problem(
            zh=f"这个文件不能导入：{zh}。",
            en=f"This file can't be imported: {en}.",
            where=str(path),
            todo_zh="请另存为“Excel 工作簿（.xlsx）”后再提交。",
            todo_en="Save it as an Excel workbook (.xlsx) and hand it in again.",
        )


def _damaged(path: Path, said: str) -> Problem:
    return Problem(
        zh="xlsx 文件不完整或已损坏。未读入任何内容。",
        en="The xlsx file is truncated or damaged. Nothing of it was taken.",
        where=f"{path}: {said[:200]}",
        todo_zh="请用 Excel 或 WPS 打开，另存后再提交。",
        todo_en="Open it in a spreadsheet program, save it anew and hand it in again.",
    )


class _Book:
    def __init__(self, path: Path, book: zipfile.ZipFile, bounds: Bounds) -> None:
        self.path, self.book, self.bounds = path, book, bounds
        self.names = {name.lower(): name for name in book.namelist()}
        self.texts: list[str] = []
        self.formats: list[str] = []  # of each cell style: "date", "percent" or ""
        self.from_1904 = False
        self.unpacked = self.characters = 0

    def grids(self) -> list[Grid]:
        sheets, targets = self._sheets(), self._targets()
        self._styles()
        self._shared()
        return [self._grid(name, targets[link]) for name, link in sheets if link in targets]

    def _parse(
        self, name: str, start: Callable[..., None], end: Callable[..., None], text: Callable[..., None]
    ) -> None:
        """Run a part through expat in pieces. Declared sizes may lie: what comes out is counted."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True

        def doctype(*_: Any) -> None:
            raise _Doctype

        parser.StartDoctypeDeclHandler = doctype
        parser.StartElementHandler = lambda tag, attributes: start(tag.rpartition(" ")[2], attributes)
        parser.EndElementHandler = lambda tag: end(tag.rpartition(" ")[2])
        parser.CharacterDataHandler = text
        with self.book.open(self.names[name]) as part:
            while piece := part.read(_PIECE):
                self.unpacked += len(piece)
                if self.unpacked > self.bounds.unpacked:
                    raise too_large(self.path, "解压后 / unpacked", f"{self.bounds.unpacked // MB} MB")
                parser.Parse(piece, False)
            parser.Parse(b"", True)

    def _elements(self, name: str) -> list[tuple[str, dict[str, str]]]:
        """All elements of a small part, with their attributes."""
        found: list[tuple[str, dict[str, str]]] = []
        if name in self.names:
            self._parse(name, lambda tag, attributes: found.append((tag, attributes)), _nothing, _nothing)
        return found

    def _sheets(self) -> list[tuple[str, str]]:
        out = []
        for tag, attributes in self._elements("xl/workbook.xml"):
            if tag == "workbookPr":
                self.from_1904 = attributes.get("date1904", "0") in ("1", "true")
            if tag == "sheet" and attributes.get("state", "visible") == "visible":
                link = next((v for k, v in attributes.items() if k.rpartition(" ")[2] == "id"), "")
                out.append((attributes.get("name", ""), link))
        return out

    def _targets(self) -> dict[str, str]:
        out = {}
        for tag, attributes in self._elements("xl/_rels/workbook.xml.rels"):
            if tag == "Relationship" and attributes.get("Type", "").endswith("/worksheet"):
                place = posixpath.normpath(posixpath.join("xl", attributes["Target"])).lstrip("/").lower()
                if place in self.names:
                    out[attributes["Id"]] = place
        return out

    def _styles(self) -> None:
        own: dict[int, str] = {}
        inside = False
        for tag, attributes in self._elements("xl/styles.xml"):
            if tag == "numFmt":
                own[int(attributes["numFmtId"])] = _NO_DATE.sub("", attributes.get("formatCode", ""))
            if tag in ("cellXfs", "cellStyles"):
                inside = tag == "cellXfs"
            if tag == "xf" and inside:
                number = int(attributes.get("numFmtId", 0))
                code = own.get(number, "")
                date = number in _DATES or (code and re.search("[ymdhs]", code, re.I) and "0" not in code)
                percent = number in _PERCENTS or "%" in code
                self.formats.append("date" if date else "percent" if percent else "")

    def _shared(self) -> None:
        if "xl/sharedstrings.xml" not in self.names:
            return
        state = {"on": False, "phonetic": 0}
        pieces: list[str] = []

        def start(tag: str, _: Any) -> None:
            state["on"] = tag == "t" and not state["phonetic"]
            state["phonetic"] += tag == "rPh"  # how it is read aloud: no part of the text

        def end(tag: str) -> None:
            state["on"] = False
            state["phonetic"] -= tag == "rPh"
            if tag == "si":
                self.texts.append(self._counted("".join(pieces)))
                pieces.clear()

        def text(said: str) -> None:
            if state["on"]:
                pieces.append(said)

        self._parse("xl/sharedstrings.xml", start, end, text)

    def _counted(self, text: str) -> str:
        self.characters += len(text)
        if self.characters > self.bounds.characters:
            raise too_large(self.path, "文字 / characters", f"{self.bounds.characters:,}")
        return text

    def _grid(self, name: str, part: str) -> Grid:
        reader = _Sheet(self, name)
        self._parse(part, reader.start, reader.end, reader.text)
        reader.merge()
        return reader.grid


class _Sheet:
    """One sheet as it streams by."""

    def __init__(self, book: _Book, name: str) -> None:
        self.book, self.grid = book, Grid(name)
        self.number = self.column = 0
        self.row: dict[int, str] = {}
        self.faults: dict[int, str] = {}
        self.kind = self.style = ""
        self.formula = self.inside = False
        self.pieces: list[str] = []
        self.merged: list[tuple[int, int, int, int]] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "row":
            self.number = int(attributes.get("r", self.number + 1))
            self.row, self.faults, self.column = {}, {}, -1
        elif tag == "c":
            place = attributes.get("r", "")
            self.column = _place(place)[1] if place else self.column + 1
            self.kind, self.style = attributes.get("t", "n"), attributes.get("s", "")
            self.formula, self.pieces = False, []
        elif tag == "f":
            self.formula = True
        elif tag in ("v", "t"):
            self.inside = True
        elif tag == "mergeCell":
            if len(self.merged) == self.book.bounds.merged:
                raise too_large(self.book.path, "合并单元格 / merged cells", f"{self.book.bounds.merged:,}")
            first, _, last = attributes["ref"].partition(":")
            self.merged.append((*_place(first), *_place(last or first)))

    def text(self, said: str) -> None:
        if self.inside:
            self.pieces.append(said)

    def end(self, tag: str) -> None:
        if tag in ("v", "t"):
            self.inside = False
        elif tag == "c":
            self._cell()
        elif tag == "row" and (self.row or self.faults):
            self._add()

    def _cell(self) -> None:
        said = "".join(self.pieces)
        if self.formula and not said and self.kind != "str":
            self.faults[self.column] = "formula"
        elif self.kind == "e":
            self.faults[self.column] = "error"
        elif said and (value := self._value(said).strip()):
            if self.column >= self.book.bounds.columns:
                raise too_large(self.book.path, f"第 {self.column + 1} 列 / column", str(self.book.bounds.columns))
            self.row[self.column] = value if self.kind == "s" else self.book._counted(value)

    def _value(self, said: str) -> str:
        if self.kind == "s":
            return self.book.texts[int(said)]
        if self.kind == "b":
            return "true" if said == "1" else "false"
        if self.kind != "n":
            return said
        number, how = float(said), self.book.formats[int(self.style)] if self.style else ""
        if how == "date":
            return _date(number, self.book.from_1904)
        if how == "percent":
            return f"{round(number * 100, 6):g}%"
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)

    def _add(self) -> None:
        if len(self.grid.rows) == self.book.bounds.rows:
            rows = f"{self.book.bounds.rows:,}"
            raise too_large(self.book.path, f"超过 {rows} 行 / more rows", rows)
        at = len(self.grid.rows)
        last = max(self.row, default=-1)
        self.grid.rows.append([self.row.get(column, "") for column in range(last + 1)])
        self.grid.numbers.append(self.number)
        self.grid.faults |= {(at, column): fault for column, fault in self.faults.items()}

    def merge(self) -> None:
        """Give each merged cell the text of its first. Rows that hold nothing at all stay out."""
        at = {number: place for place, number in enumerate(self.grid.numbers)}
        for top, left, bottom, right in self.merged:
            first = at.get(top)
            if first is None or left >= len(self.grid.rows[first]) or not (text := self.grid.rows[first][left]):
                continue
            right = min(right, self.book.bounds.columns - 1)
            for number in range(top, min(bottom, self.grid.numbers[-1]) + 1):
                if (place := at.get(number)) is not None:
                    row = self.grid.rows[place]
                    row.extend([""] * (right + 1 - len(row)))
                    row[left : right + 1] = [text] * (right + 1 - left)


def _place(reference: str) -> tuple[int, int]:
    """Row from 1 and column from 0 of a reference like C12."""
    letters = reference.rstrip("0123456789")
    column = 0
    for letter in letters.replace("$", "").upper():
        column = column * 26 + ord(letter) - 64
    if not 1 <= column <= 16_384:
        raise ValueError(reference)
    return int(reference[len(letters) :] or 0), column - 1


def _date(number: float, from_1904: bool) -> str:
    begins = dt.datetime(1904, 1, 1) if from_1904 else dt.datetime(1899, 12, 30)  # noqa: DTZ001 - a calendar, no moment
    try:
        moment = begins + dt.timedelta(days=round(number * 86_400) / 86_400)
    except OverflowError:
        return repr(number)
    return moment.isoformat(" ", "minutes") if moment.time() != dt.time() else moment.date().isoformat()


def _nothing(*_: Any) -> None:
    pass
