"""A list as a file: CSV in a stream, xlsx by way of a temporary file. Both in bounded memory."""

from __future__ import annotations

import csv
import datetime
import io
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO, Any
from urllib.parse import quote

from django.http import StreamingHttpResponse
from django.utils import timezone

from mingcha.problems import Problem

XLSX_ROWS = 1_048_575  # Excel's own limit, less the head
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PIECE = 1 << 16


def export(
    *, kind: str, name: str, head: list[str], rows: Iterable[list[Any]], count: int = 0
) -> StreamingHttpResponse:
    """`rows` (`count` of them) under `head` as a download: `name` with the day's date, `kind` "csv" or "xlsx"."""
    filename = f"{name}-{timezone.localdate():%Y%m%d}.{kind}"
    if kind == "xlsx":
        if count > XLSX_ROWS:
            raise Problem(
                zh=f"共 {count:,} 行，超过 Excel 一张表的上限 1,048,575 行。",
                en=f"There are {count:,} rows; an Excel sheet holds 1,048,575.",
                todo_zh="请加筛选条件，或导出 CSV。",
                todo_en="Add a filter, or export CSV.",
            )
        pieces, mime = _xlsx(head, rows), _XLSX
    else:
        pieces, mime = _csv(head, rows), "text/csv; charset=utf-8"
    return download(pieces, filename, mime)


def download(pieces: Iterator[bytes], filename: str, mime: str) -> StreamingHttpResponse:
    """A streamed download."""
    response = StreamingHttpResponse(pieces, content_type=mime)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(filename)}"
    response["Cache-Control"] = "no-store"
    return response


def pieces_of(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece


def _csv(head: list[str], rows: Iterable[list[Any]]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")  # Excel takes a CSV without it for the system's own encoding
    writer.writerow(head)
    for row in rows:
        writer.writerow([harmless(value) for value in row])
        if buffer.tell() > _PIECE:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def _xlsx(head: list[str], rows: Iterable[list[Any]]) -> Iterator[bytes]:
    import xlsxwriter

    file = tempfile.TemporaryFile()  # noqa: SIM115 closed by pieces_of
    book = xlsxwriter.Workbook(
        file, {"constant_memory": True, "remove_timezone": True, "default_date_format": "yyyy-mm-dd"}
    )
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True})
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, head, bold)
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            if isinstance(value, bool) or value is None:
                sheet.write_string(number, column, "" if value is None else str(value))
            elif isinstance(value, int | float):
                sheet.write_number(number, column, value)
            elif isinstance(value, datetime.datetime):
                sheet.write_string(number, column, _text(value))
            elif isinstance(value, datetime.date):
                sheet.write_datetime(number, column, datetime.datetime.combine(value, datetime.time()))
            else:
                sheet.write_string(number, column, str(value))
    book.close()
    file.seek(0)
    yield from pieces_of(file)


def harmless(value: Any) -> str:
    """A spreadsheet runs a cell that begins with one of these as a formula; an apostrophe makes it text."""
    text = _text(value)
    if isinstance(value, str) and text[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + text
    return text


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S") if timezone.is_aware(value) else str(value)
    return str(value)
