"""A delivered text file as chunks of UTF-8 that end with a line: unzipped, its encoding declared or detected.

A line whose bytes are no text in the file's encoding does not stop the file: its bytes are shown as \\xNN and its
number is told, so that the record that holds it goes to quarantine.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from mingcha.problems import Problem

CHUNK = 64 << 20
_BOM = b"\xef\xbb\xbf"
_NAMES = {"utf-8": "UTF-8", "gb18030": "GB18030", "latin-1": "Latin-1"}
_CHANCE = {"gb18030": 8, "latin-1": 2}
"""How many different characters must read as UTF-8 before a declaration is doubted. Nearly one in five common
characters of GB18030 is UTF-8 by chance (食品, 药业, 女): eight different ones, and no other, happen once in a million
files. In Latin-1 it takes a capital with an accent and then a sign (NESCAFÉ®): one such word, not two."""


@dataclass
class Text:
    """A run of whole lines (the file's last may lack its line break)."""

    data: bytes
    undecodable: npt.NDArray[np.int64]  # numbers of lines, from 0
    taken: int  # bytes of the file read so far, as they lie on disk
    last: bool


class TextFile:
    """`encoding` is known once a line that isn't plain ASCII has been read; "" until then."""

    def __init__(self, path: Path, *, encoding: str = "", chunk: int = CHUNK) -> None:
        self.path, self.declared, self.chunk = path, encoding, chunk
        self.encoding = encoding
        self._doubted: set[str] | None = set() if encoding in _CHANCE else None  # what reads as UTF-8; None: settled

    def __iter__(self) -> Iterator[Text]:
        with self.path.open("rb") as raw:
            zipped = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            stream: BinaryIO = gzip.GzipFile(fileobj=raw) if zipped else raw  # type: ignore[assignment]
            kept = b""
            first = True
            while True:
                block = self._read(stream, raw.tell)
                last = not block
                data = kept + block
                if first:
                    data = self._first(data)
                    first = False
                end = len(data) if last else data.rfind(b"\n") + 1
                if end == 0 and not last and len(data) > 4 * self.chunk:
                    raise _not_text(self.path, "没有换行", "it has no line breaks")
                kept = data[end:]
                if end or last:
                    text, undecodable = self._decode(data[:end])
                    yield Text(text, undecodable, raw.tell(), last)
                if last:
                    return

    def _read(self, stream: BinaryIO, where: object) -> bytes:
        try:
            return stream.read(self.chunk)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise Problem(
                zh="压缩文件不完整或已损坏（可能在传输中被截断）。整个文件未导入。",
                en="The compressed file is truncated or damaged. Nothing of it was taken.",
                where=f"{self.path}: {error}",
                todo_zh="请重新传输，或请提供单位重新导出。",
                todo_en="Transfer it again, or ask the department to export it again.",
            ) from None

    def _first(self, data: bytes) -> bytes:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:4096]:
            raise _not_text(self.path, "像是 UTF-16 或二进制文件", "it looks like UTF-16 or a binary file")
        if data.startswith(_BOM):
            self.encoding = "utf-8"
            data = data[len(_BOM) :]
        if b"\r" in data and b"\n" not in data:
            raise _not_text(self.path, "行以单个回车符结束", "its lines end with a bare carriage return")
        return data

    def _decode(self, data: bytes) -> tuple[bytes, npt.NDArray[np.int64]]:
        if not data.isascii():
            if not self.encoding:
                self.encoding = detect_encoding(data)
            elif self.declared:
                self._check_declared(data)
                self.declared = ""
            if self._doubted is not None:
                self._check_doubted(data)
        data, undecodable = to_utf8(data, self.encoding or "utf-8")
        if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
            data = re.sub(rb"\r(?!\n)", b" ", data)  # a bare one within a line would end the record
        return data, undecodable

    def _check_declared(self, data: bytes) -> None:
        """A declaration under which most lines are no text, while another encoding fits, is a contract that doesn't."""
        found = detect_encoding(data)
        lines = sum(not line.isascii() for line in data.split(b"\n"))
        if found != self.encoding and len(to_utf8(data, self.encoding)[1]) > lines / 2:
            raise self.misdeclared(found)

    def _check_doubted(self, data: bytes) -> None:
        """Any text of UTF-8 makes some text of GB18030 or Latin-1, none of it right (佛山 becomes 浣涘北). So a file in
        which all lines (but one in a hundred, which may be damaged) are UTF-8 can't be what was declared."""
        assert self._doubted is not None
        lines = [line for line in data.split(b"\n") if not line.isascii()][:20_000]
        whole = [line.decode() for line in lines if _well_formed(line, "utf-8")]
        if self.encoding == "utf-8" or len(whole) * 100 < len(lines) * 99:
            self._doubted = None
            return
        self._doubted.update(*whole)
        self._doubted -= set(map(chr, range(128)))
        if len(self._doubted) >= _CHANCE[self.encoding]:
            raise self.misdeclared("utf-8")

    def misread(self, text: str) -> str:
        """What `text`, decoded as this file was, says in UTF-8; "" where it says nothing in it."""
        if text.isascii() or self.encoding not in _CHANCE:
            return ""
        try:
            return text.encode("cp1252" if self.encoding == "latin-1" else self.encoding).decode()
        except UnicodeError:
            return ""

    def misdeclared(self, found: str) -> Problem:
        return Problem(
            zh=f"文件不是契约所声明的 {_NAMES[self.encoding]} 编码，看来是 {_NAMES[found]}。",
            en=f"The file is not {_NAMES[self.encoding]}, as the contract declares; it looks like {_NAMES[found]}.",
            where=str(self.path),
            todo_zh=f"请把契约中的 servers[0].encoding 改为 {found}（并提高 version），或删去以自动识别。",
            todo_en=f"Set servers[0].encoding to {found} in the contract (with a new version), "
            "or leave it out to have it detected.",
        )


def _not_text(path: Path, zh: str, en: str) -> Problem:
    return Problem(
        zh=f"这不是可读的文本文件：{zh}。",
        en=f"This is no text file that can be read: {en}.",
        where=str(path),
        todo_zh="请另存为 CSV（UTF-8）、xlsx 或 Parquet。",
        todo_en="Save it as CSV (UTF-8), xlsx or Parquet.",
    )


def detect_encoding(data: bytes) -> str:
    """utf-8, gb18030 or latin-1: that in which most lines of `data` that aren't ASCII are well-formed.

    Latin-1 makes text of any bytes, and GB18030 of most: so the first takes what neither of the others explains, and
    the second must look like Chinese (in GB 2312, both bytes of a character are high; an accented letter of a Western
    word stands alone between low ones).
    """
    lines = [line for line in data.split(b"\n") if not line.isascii()][:20_000]
    if not lines:
        return "utf-8"
    if sum(map(_well_formed, lines, ["utf-8"] * len(lines))) * 2 > len(lines):
        return "utf-8"
    high = sum(len(run) for line in lines for run in re.findall(rb"[\xa1-\xfe]{2,}", line))
    every = sum(len(run) for line in lines for run in re.findall(rb"[\x80-\xff]+", line))
    fit = sum(map(_well_formed, lines, ["gb18030"] * len(lines)))
    return "gb18030" if fit * 2 > len(lines) and high * 2 > every else "latin-1"


def _well_formed(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def to_utf8(data: bytes, encoding: str) -> tuple[bytes, npt.NDArray[np.int64]]:
    """`data` as UTF-8, and the numbers of its lines that are no text in `encoding` (their bytes become \\xNN)."""
    none = np.zeros(0, np.int64)
    if data.isascii():
        return data, none
    if encoding == "latin-1":
        return _western(data), none
    if encoding == "utf-8":
        if _is_utf8(data):
            return data, none
    else:
        try:
            return data.decode(encoding).encode(), none
        except UnicodeDecodeError:
            pass
    lines, wrong = data.split(b"\n"), []
    for number, line in enumerate(lines):
        if not line.isascii():
            try:
                lines[number] = line.decode(encoding).encode()
            except UnicodeDecodeError:
                lines[number] = line.decode(encoding, "backslashreplace").encode()
                wrong.append(number)
    return b"\n".join(lines), np.array(wrong, np.int64)


def _is_utf8(data: bytes) -> bool:
    """Arrow looks without making a text of it, which would take up to four times the memory."""
    import pyarrow as pa

    offsets = pa.py_buffer(np.array([0, len(data)], np.int64))
    one = pa.Array.from_buffers(pa.large_binary(), 1, [None, offsets, pa.py_buffer(data)])
    try:
        one.cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True


def _western(data: bytes) -> bytes:
    """Latin-1, with Windows' letters where Latin-1 has control characters."""
    try:
        return data.decode("cp1252").encode()
    except UnicodeDecodeError:
        return data.decode("latin-1").encode()
