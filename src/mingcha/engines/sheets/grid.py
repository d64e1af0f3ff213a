"""A file as grids of text, within bounds that hold before memory goes: what it is, by its bytes; CSV or xlsx."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path

from mingcha.problems import Problem

MB = 2**20


@dataclass(frozen=True)
class Bounds:
    """`bytes`: of the file. `unpacked`: of all parts of an xlsx. `rows`: that hold something. `characters`: of all
    cells together."""

    bytes: int = 16 * MB
    unpacked: int = 160 * MB
    parts: int = 2_000
    rows: int = 20_000
    columns: int = 80
    merged: int = 50_000
    characters: int = 24 * MB


@dataclass
class Grid:
    """Rows that hold something, as texts, stripped, each as long as it goes. `numbers`: the row's number in the file,
    from 1. `faults`: {(place in rows, column): "formula" (without a value) or "error" (like #REF!)}."""

    name: str
    rows: list[list[str]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    faults: dict[tuple[int, int], str] = field(default_factory=dict)


def read_grids(path: Path, bounds: Bounds | None = None) -> list[Grid]:
    """The visible sheets of an xlsx file, or the one grid of a CSV file (UTF-8, UTF-16 or GB18030; comma, semicolon or
    tab). Merged cells all hold the text of their first. Raises Problem, naming the file and what to do."""
    bounds = bounds or Bounds()
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(512)
    except OSError as error:
        raise Problem(
            zh=f"文件读不了：{'没有这个文件' if isinstance(error, FileNotFoundError) else error.strerror}。",
            en=f"The file can't be read: {error.strerror}.",
            where=str(path),
            todo_zh="请核对路径和权限。",
            todo_en="Check its path and permissions.",
        ) from None
    if size > bounds.bytes:
        raise too_large(path, f"{size / MB:.1f} MB", f"{bounds.bytes // MB} MB")
    if refused := _refused(head):
        zh, en = refused
        raise Problem(
            zh=f"这个文件不能导入：{zh}。",
            en=f"This file can't be imported: {en}.",
            where=str(path),
            todo_zh="请另存为 xlsx（Excel 工作簿）或 CSV 后再提交。",
            todo_en="Save it as xlsx (Excel workbook) or CSV and hand it in again.",
        )
    if head.startswith(b"PK\x03\x04"):
        from .xlsx import read_xlsx

        return read_xlsx(path, bounds)
    return [_read_csv(path, bounds)]


def too_large(path: Path, is_: str, most: str) -> Problem:
    return Problem(
        zh=f"文件超出限度：{is_}，最多 {most}。未读入任何内容。",
        en=f"The file is beyond bounds: {is_}, at most {most}. Nothing of it was taken.",
        where=str(path),
        todo_zh="请删去无关的工作表、空行和图片，或分成几个文件。",
        todo_en="Take out sheets, blank rows and pictures that don't belong, or split it.",
    )


def _refused(head: bytes) -> tuple[str, str] | None:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not text:
        return "文件是空的", "it is empty"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return "是旧版 xls，或设了打开密码", "it is an old xls, or locked with a password"
    if head.startswith(b"%PDF"):
        return "是 PDF", "it is a PDF"
    if text.startswith((b"<!doctype", b"<html", b"<table", b"<?xml")):
        return "是网页（有的系统把网页存成 .xls）", "it is a web page (some systems save one as .xls)"
    if head.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b")):
        return "是图片或压缩包", "it is a picture or an archive"
    if b"\x00" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff", b"PK\x03\x04")):
        return "不是表格", "it is no table"
    return None


def _read_csv(path: Path, bounds: Bounds) -> Grid:
    raw = path.read_bytes()
    text = ""
    for encoding in ("utf-16", "gb18030") if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Problem(
            zh="文件的编码既不是 UTF-8 也不是 GB18030。",
            en="The file is neither UTF-8 nor GB18030.",
            where=str(path),
            todo_zh="请另存为 xlsx，或 UTF-8 的 CSV。",
            todo_en="Save it as xlsx, or as CSV in UTF-8.",
        )
    head = text[:4096]
    delimiter = max(",\t;", key=head.count)
    grid, begins = Grid(""), 1
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for cells in reader:
            row = [cell.strip() for cell in cells]
            while row and not row[-1]:
                row.pop()
            if row:
                if len(grid.rows) == bounds.rows:
                    raise too_large(
                        path, f"超过 {bounds.rows:,} 行 / more than {bounds.rows:,} rows", f"{bounds.rows:,}"
                    )
                if len(row) > bounds.columns:
                    raise too_large(path, f"{len(row)} 列 / columns", str(bounds.columns))
                grid.rows.append(row)
                grid.numbers.append(begins)
            begins = reader.line_num + 1
    except csv.Error as error:
        raise Problem(
            zh=f"不是完好的 CSV：{error}。",
            en=f"The file is not sound CSV: {error}.",
            where=f"{path}, {begins}",
            todo_zh="含逗号、引号、换行的值要加引号；或另存为 xlsx。",
            todo_en="Quote values that hold commas, quotes or line breaks; or save it as xlsx.",
        ) from None
    return grid
