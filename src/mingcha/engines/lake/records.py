"""Delimited text cut into records, a whole chunk at a time, so that a broken record costs itself and no other.

CSV by RFC 4180: a quote is special at the start of a field only, a doubled quote stands for one, a quoted field may
hold delimiters and line breaks. What departs from that is told apart record by record: a stray quote would otherwise
swallow the rest of the file. Chunks are UTF-8 (text.py sees to that).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

_PIECE = 1 << 19
LONGEST = 1 << 20  # bytes of one record: an open quote is not followed for longer

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass
class Malformed:
    """A record that can't be taken apart: its number in the chunk (from 0), its text, and why."""

    record: int
    text: str
    rule: str
    reason_zh: str
    reason_en: str


@dataclass
class Records:
    """A chunk's records that aren't blank and whose quotes pair. `data[starts[i]:ends[i]]` is the i-th, `numbers[i]`
    its number in the chunk among all `count`. `used` bytes of the chunk were taken, the rest needs what comes after."""

    data: bytes
    starts: Ints
    ends: Ints
    numbers: Ints
    count: int
    used: int
    lines: int  # line breaks in the used part
    multiline: bool
    malformed: list[Malformed]

    def text(self) -> bytes | memoryview:
        """The records as they stand, one after the other."""
        view = memoryview(self.data)
        if len(self.starts) == 0:
            return b""
        if bool((self.starts[1:] == self.ends[:-1]).all()):
            return view[int(self.starts[0]) : int(self.ends[-1])]
        breaks = np.flatnonzero(self.starts[1:] != self.ends[:-1]) + 1
        first = self.starts[np.concatenate(([0], breaks))].tolist()
        last = self.ends[np.concatenate((breaks - 1, [len(self.ends) - 1]))].tolist()
        return b"".join(view[a:b] for a, b in zip(first, last, strict=True))

    def pick(self, chosen: Ints) -> list[bytes]:
        """The records at the places `chosen`."""
        starts, ends = self.starts[chosen].tolist(), self.ends[chosen].tolist()
        return [self.data[a:b] for a, b in zip(starts, ends, strict=True)]

    def drop(self, places: list[int], delimiter: str, columns: int) -> None:
        """The records at `places` turn out not to have `columns` fields: they are malformed."""
        for place, record in zip(places, self.pick(np.array(places, np.int64)), strict=True):
            self.malformed.append(_why(record, int(self.numbers[place]), delimiter, columns))
        self.starts, self.ends, self.numbers = (np.delete(a, places) for a in (self.starts, self.ends, self.numbers))


def split(data: bytes, *, delimiter: str, columns: int, last: bool, undecodable: Ints | None = None) -> Records:
    """Cut `data` (it begins at a record's start) into records; how many fields they have is not looked at, but where
    quotes leave it open what a record is, one of `columns` fields is what it is.

    `last`: nothing comes after. `undecodable`: numbers of lines (from 0) whose bytes weren't text.
    """
    if last and data and not data.endswith(b"\n"):
        data += b"\n"
    a = np.frombuffer(data, np.uint8)
    lines = _places(a, 10) + 1  # the ends of lines, then of records
    starts, ends = np.concatenate((np.zeros(min(1, len(lines)), np.int64), lines[:-1])), lines
    broken = np.zeros(len(starts), bool)
    if b'"' in data and len(lines):
        quotes = _places(a, 34)
        odd = np.flatnonzero(np.diff(np.searchsorted(quotes, lines), prepend=0) & 1)
        if len(odd):
            starts, ends, broken = _join_lines(data, starts, ends, odd.tolist(), delimiter, columns, last)
    used = int(ends[-1]) if len(ends) else 0
    taken = int(np.searchsorted(lines, used, side="right"))
    content = ends - starts - 1
    content -= (a[np.maximum(ends - 2, 0)] == 13) & (content > 0)
    blank = content == 0
    for i in np.flatnonzero(content == columns - 1).tolist():  # an empty row of a spreadsheet: delimiters alone
        blank[i] |= not data[int(starts[i]) : int(ends[i])].strip(delimiter.encode() + b"\r\n")
    numbers = np.cumsum(~blank) - 1
    good = ~blank & ~broken
    malformed = [
        _why(data[int(starts[i]) : int(ends[i])], int(numbers[i]), delimiter, columns)
        for i in np.flatnonzero(broken).tolist()
    ]
    if undecodable is not None and len(undecodable):
        holds = np.searchsorted(ends, lines[undecodable[undecodable < taken]] - 1, side="right")
        for i in np.unique(holds).tolist():
            if good[i]:
                good[i] = False
                malformed.append(_unreadable(data[int(starts[i]) : int(ends[i])], int(numbers[i])))
    return Records(
        data=data,
        starts=starts[good],
        ends=ends[good],
        numbers=numbers[good],
        count=int((~blank).sum()),
        used=used,
        lines=taken,
        multiline=len(starts) < taken,
        malformed=malformed,
    )


def _places(a: npt.NDArray[np.uint8], byte: int) -> Ints:
    """Where `byte` stands, looked for a piece at a time: what stays in the processor's cache is found faster."""
    found = [np.flatnonzero(a[i : i + _PIECE] == byte) + i for i in range(0, len(a), _PIECE)]
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def _join_lines(
    data: bytes, starts: Ints, ends: Ints, odd: list[int], delimiter: str, columns: int, last: bool
) -> tuple[Ints, Ints, Flags]:
    """Lines with an odd number of quotes open a field that a later one closes (joined: one record), or hold a quote
    that means nothing, or are broken. Returns the records' starts and ends, and which are broken."""
    kept, ends, broken = np.ones(len(starts), bool), ends.copy(), np.zeros(len(starts), bool)
    i = 0
    while i < len(odd):
        line = odd[i]
        begin = int(starts[line])
        i += 1
        if fits(data[begin : int(ends[line])], delimiter, columns):
            continue
        close = _closing(data, begin, [int(ends[j]) for j in odd[i : i + 3]], delimiter, columns)
        if close is not None:
            kept[line + 1 : odd[i + close] + 1] = False
            ends[line] = ends[odd[i + close]]
            i += close + 1
        elif i >= len(odd) and not last and int(ends[-1]) - begin <= LONGEST:
            kept[line:] = False  # its end may come with the next chunk
            break
        else:
            broken[line] = True
    return starts[kept], ends[kept], broken[kept]


def _closing(data: bytes, begin: int, ends: list[int], delimiter: str, columns: int) -> int | None:
    """Which of `ends` completes the record that begins at `begin`."""
    for i, end in enumerate(ends):
        if end - begin > LONGEST:
            break
        if fits(data[begin:end], delimiter, columns):
            return i
    return None


def _why(text: bytes, record: int, delimiter: str, columns: int) -> Malformed:
    found = cells(text, delimiter)
    if found is None:
        return Malformed(
            record,
            _shown(text),
            "quotes",
            "引号不成对或位置不对（字段中的引号应写成两个，并把整个字段放在引号内）",
            "its quotes don't pair or stand in the wrong place (double a quote within a field, and quote the field)",
        )
    return Malformed(
        record,
        _shown(text),
        "columns",
        f"列数不符：有 {len(found)} 列，应为 {columns} 列",
        f"wrong number of columns: {len(found)}, where {columns} are expected",
    )


def _unreadable(text: bytes, record: int) -> Malformed:
    return Malformed(
        record,
        _shown(text),
        "encoding",
        "含有不符合文件编码的字节（以 \\x 表示）",
        "holds bytes that are no text in the file's encoding (shown as \\x)",
    )


def _shown(text: bytes) -> str:
    return text[:LONGEST].decode("utf-8", "replace").rstrip("\r\n")


@lru_cache(maxsize=8)
def _field(delimiter: str) -> re.Pattern[bytes]:
    d = re.escape(delimiter.encode())
    return re.compile(
        rb'(?:"((?:[^"]|"")*)"(?=' + d + rb'|\r?\n?\Z)|(?!")([^' + d + rb"\n]*?))(?:(" + d + rb")|\r?\n?\Z)"
    )


def cells(record: bytes, delimiter: str) -> list[str] | None:
    """The fields of `record`; None where its quotes are out of place."""
    field_at = _field(delimiter).match
    place, found = 0, []
    while True:
        match = field_at(record, place)
        if match is None:
            return None
        quoted, bare = match[1], match[2]
        found.append((bare if quoted is None else quoted.replace(b'""', b'"')).decode("utf-8", "replace"))
        place = match.end()
        if match[3] is None:
            return found if place >= len(record) else None


def fits(record: bytes, delimiter: str, columns: int) -> bool:
    """True where `record` is exactly `columns` fields."""
    found = cells(record, delimiter)
    return found is not None and len(found) == columns
