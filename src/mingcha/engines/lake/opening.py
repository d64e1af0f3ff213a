"""A delivered file, opened as what it is: CSV (gzip too), xlsx or Parquet. Its bytes tell, not its name."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from mingcha.problems import Problem

from .contract import Contract
from .delimited import DelimitedSource
from .sources import Source
from .tables import ParquetSource, SheetSource


def open_source(path: Path, contract: Contract) -> Source:
    """The file at `path`, by what it is. Problem where it is missing, empty, or nothing that can be read."""
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise unreadable(path, error) from None
    kind = _kind(head)
    if kind == "parquet":
        return ParquetSource(path, contract)
    if kind == "sheet":
        return SheetSource(path, contract)
    if kind:
        zh, en = _REFUSED[kind]
        raise Problem(
            zh=f"这个文件不能导入：{zh}。",
            en=f"This file can't be imported: {en}.",
            where=str(path),
            todo_zh="请提供 CSV、xlsx 或 Parquet 文件。",
            todo_en="Give a CSV, xlsx or Parquet file.",
        )
    return DelimitedSource(path, contract)


def unreadable(path: Path, error: OSError) -> Problem:
    """The Problem of a data file that the disk doesn't give."""
    return Problem(
        zh=f"数据文件读不了：{'没有这个文件' if isinstance(error, FileNotFoundError) else error.strerror}。",
        en=f"The data file can't be read: {error.strerror}.",
        where=str(path),
        todo_zh="请检查路径和权限。",
        todo_en="Check its path and permissions.",
    )


def records_about(path: Path) -> int:
    """About how many records a file has, from its first lines; nothing depends on it but speed."""
    size = path.stat().st_size
    with path.open("rb") as file:
        kind = _kind(file.read(512))
        file.seek(0)
        if kind:  # cells and pages of a spreadsheet or Parquet are compressed
            return size // 20
        zipped = file.peek(2)[:2] == b"\x1f\x8b"
        try:
            head = gzip.GzipFile(fileobj=file).read(_HEAD) if zipped else file.read(_HEAD)
        except (OSError, EOFError, zlib.error):  # whoever reads it to its end will say so
            return 0
        taken = min(max(1, file.tell()), size)
    return head.count(b"\n") * size // max(1, taken) + 1


_HEAD = 1 << 20
_REFUSED = {
    "empty": ("文件是空的", "it is empty"),
    "zip": ("是压缩包，请先解压", "it is a zip archive: unpack it first"),
    "pdf": ("是 PDF", "it is a PDF"),
    "html": ("是网页（有的系统把网页存成 .xls）", "it is a web page (some systems save one as .xls)"),
    "json": ("是 JSON", "it is JSON"),
}


def _kind(head: bytes) -> str:
    """What the first bytes say: "parquet", "sheet", "" for delimited text (zipped or not), or what is refused."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not text:
        return "empty"
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return "sheet"
    if head.startswith(b"PK\x03\x04"):
        return "sheet" if b"[Content_Types].xml" in head or b"xl/" in head or b"_rels/" in head else "zip"
    if head.startswith(b"%PDF"):
        return "pdf"
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<table")):
        return "html"
    return "json" if text.startswith((b"{", b"[")) else ""
