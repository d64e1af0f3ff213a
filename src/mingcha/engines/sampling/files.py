"""The files of a draw: public.json, audit.json, receipts and the opening of 300 leaves (docs/draw-protocol.md).

A file is written beside its place, flushed to disk and renamed: it is there whole or not at all.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from json.encoder import encode_basestring as quote  # JSON text, unescaped but where it must be
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mingcha.engines.sampling import merkle
from mingcha.engines.sampling.ceremony import Attestation, Party, Terms
from mingcha.engines.sampling.draw import Outcome, Units, opened
from mingcha.engines.sampling.encoding import digest
from mingcha.engines.sampling.rows import WIDTH
from mingcha.problems import Problem

Json = dict[str, Any]
FORMAT = "mingcha-draw-{}/1"
SECRET = 0o600
ROWS = 8192  # lines made at a time: what fits the processor's cache
TEXT = pa.large_utf8()


@dataclass(frozen=True)
class Record:
    """What all files of a finished draw have in common."""

    terms: Terms
    parties: list[Party]  # in ascending order of id
    public_value: str
    seed: bytes
    result: bytes
    attestations: list[Attestation]

    def head(self, kind: str) -> Json:
        return {
            "format": FORMAT.format(kind),
            "draw": self.terms.draw,
            "params": self.terms.params,
            "parties": [party_json(party) for party in self.parties],
            "public_value": self.public_value,
            "root": self.terms.root.hex(),
            "seed": self.seed.hex(),
            "result": self.result.hex(),
            "attestations": [{"id": a.id, "signature": a.signature.hex()} for a in self.attestations],
        }


def write_both(
    public: Path, audit: Path, record: Record, units: Units, outcome: Outcome, *, zipped: bool = False
) -> None:
    """audit.json and public.json at once, since the disk takes its time; public.json is there only once both are."""
    with ThreadPoolExecutor(1) as pool:
        audited = pool.submit(write_audit, audit, record, units, zipped=zipped)
        write_public(public, record, units, outcome, zipped=zipped, after=audited.result)


def write_public(
    path: Path,
    record: Record,
    units: Units,
    outcome: Outcome,
    *,
    zipped: bool = False,
    after: Callable[[], None] = lambda: None,
) -> None:
    """All (leaf, stratum, Q); for the drawn (id, s, b) in place of Q; no probability. `after`: must succeed first."""

    def opening(i: int) -> str:
        s, t = units.s[i * WIDTH : (i + 1) * WIDTH], units.t[i * WIDTH : (i + 1) * WIDTH]
        b = digest("probability", units.draw, int(units.P[i]), t)
        return f'"drawn":true,"id":{quote(units.ids[i])},"s":"{s.hex()}","b":"{b.hex()}"'

    def parts(low: int, high: int) -> list[str | pa.Array]:
        leaf, stratum, drawn = _hex(units.leaf, low, high), _quoted(units.strata[low:high]), outcome.drawn[low:high]
        q = _joined(['"q":', _doubles(outcome.q[low:high])])
        rest = _replaced(q, drawn, [opening(low + i) for i in np.flatnonzero(drawn).tolist()])
        return ['{"leaf":"', leaf, '","stratum":"', stratum, '",', rest, "},\n"]

    _write_units(path, record.head("public"), _lines(parts, len(units.ids)), zipped, 0o644, after)


def write_audit(path: Path, record: Record, units: Units, *, zipped: bool = False) -> None:
    """Everything, for the parties only."""
    _write_units(path, record.head("audit"), _audit_lines(units), zipped, SECRET)


def write_sealed(path: Path, units: Units, *, zipped: bool = False) -> None:
    """The sealed frame, which its keeper needs until the draw is run."""
    head = {"format": FORMAT.format("sealed"), "draw": units.draw, "root": units.root.hex()}
    _write_units(path, head, _audit_lines(units), zipped, SECRET)


def receipt(record: Record, units: Units, outcome: Outcome, index: int) -> Json:
    """What one unit may be given: its own secrets and its path to the root."""
    return record.head("receipt") | {
        **_opened_unit(units, index),
        "drawn": bool(outcome.drawn[index]),
    }


def opening(record: Record, units: Units) -> Json:
    """The leaves that the seed opens, for a party that can't have the whole audit file."""
    return record.head("opening") | {
        "units": [_opened_unit(units, index) for index in opened(record.seed, len(units.ids))]
    }


def party_json(party: Party) -> Json:
    return {
        "id": party.id,
        "key": party.key.hex(),
        "commitment": party.commitment.hex(),
        "signature": party.signature.hex(),
        "nonce": None if party.nonce is None else party.nonce.hex(),
    }


def write_json(path: Path, value: Json, mode: int = 0o644, *, indent: int | None = 1) -> None:
    """`indent`: None for what is large, which is written ten times as fast."""
    with atomic(path, mode) as file:
        file.write(json.dumps(value, ensure_ascii=False, indent=indent).encode() + b"\n")


def read_json(path: Path, kind: str) -> Json:
    """The object of format `kind` in `path`, plain or gzip. Problem if it isn't that."""
    try:
        raw = path.read_bytes()
        value = json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)
    except FileNotFoundError:
        raise Problem(
            zh="缺少文件",
            en="The file is missing",
            where=str(path),
            todo_zh="请核对路径；若应由他方提供，请其发来。",
            todo_en="Check the path; if it comes from somebody else, ask for it.",
        ) from None
    except (ValueError, EOFError, OSError, zlib.error, RecursionError) as error:
        raise Problem(
            zh=f"文件损坏，读不出 JSON：{error}",
            en=f"The file is damaged, its JSON can't be read: {error}",
            where=str(path),
            todo_zh="请从提供方重新取得完整文件。",
            todo_en="Get it whole from whoever gave it.",
        ) from None
    if not isinstance(value, dict) or value.get("format") != FORMAT.format(kind):
        found = value.get("format") if isinstance(value, dict) else None
        raise Problem(
            zh=f"文件不是 {FORMAT.format(kind)}，而是 {found}",
            en=f"The file is not {FORMAT.format(kind)} but {found}",
            where=str(path),
            todo_zh="请换成上述格式的文件；密钥文件是 NAME.key，交出去的公钥是 NAME.key.pub。",
            todo_en="Give the file of that kind; NAME.key is a party's key, NAME.key.pub what it hands out.",
        )
    return value


def take_text(value: Json, name: str, where: Path) -> str:
    """Member `name`, a text. Problem otherwise; so with the others."""
    found = value.get(name)
    if not isinstance(found, str):
        raise _wrong(where, name, "文本", "a text")
    return found


def take_bytes(value: Json, name: str, size: int, where: Path) -> bytes:
    found = value.get(name)
    try:
        raw = bytes.fromhex(found) if isinstance(found, str) else b""
    except ValueError:
        raw = b""
    if len(raw) != size or raw.hex() != found:
        raise _wrong(where, name, f"{size} 字节的小写十六进制", f"{size} bytes in lower-case hex")
    return raw


def write_csv(path: Path, head: Sequence[str], lines: Sequence[Sequence[Any]]) -> None:
    """A table for its keeper; with the mark by which spreadsheets know UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(lines)
    with atomic(path, SECRET) as file:
        file.write(text.getvalue().encode("utf-8-sig"))


def about(terms: Terms, kind: str) -> Json:
    """How a step's file begins: what it is and which draw it is of."""
    return {"format": FORMAT.format(kind), "draw": terms.draw, "root": terms.root.hex()}


@contextmanager
def atomic(path: Path, mode: int = 0o644) -> Iterator[IO[bytes]]:
    """A file that takes its place when all of it is on the disk, and leaves nothing behind when it fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _audit_lines(units: Units) -> Iterator[memoryview]:
    def parts(low: int, high: int) -> list[str | pa.Array]:
        ids, strata = _quoted(units.ids[low:high]), _quoted(units.strata[low:high])
        P = _numbers(units.P[low:high], pa.int64()).cast(TEXT)
        s, t = _hex(units.s, low, high), _hex(units.t, low, high)
        return ['{"id":"', ids, '","stratum":"', strata, '","P":', P, ',"s":"', s, '","t":"', t, '"},\n']

    return _lines(parts, len(units.ids))


def _lines(parts: Callable[[int, int], list[str | pa.Array]], rows: int) -> Iterator[memoryview]:
    """One JSON object a row, each with a comma and a line feed after it: the `parts` of rows low to high, joined.

    Made in Arrow's columns, many times faster than row by row. All columns here are made of buffers: `pa.array` and
    `pa.scalar` would import pandas.
    """
    for low in range(0, rows, ROWS):
        _, ends, data = _joined(parts(low, min(rows, low + ROWS))).buffers()
        yield memoryview(data)[: np.frombuffer(ends, dtype=np.int64)[min(rows - low, ROWS)]]


def _joined(parts: list[str | pa.Array]) -> pa.Array:
    return pc.binary_join_element_wise(*[_texts([x])[0] if isinstance(x, str) else x for x in (*parts, "")])


def _quoted(texts: list[str]) -> pa.Array:
    """What stands for each of `texts` between the quotes of a JSON text."""
    joined = "".join(texts)
    return _texts(texts if len(quote(joined)) == len(joined) + 2 else [quote(text)[1:-1] for text in texts])


def _hex(blob: bytes, low: int, high: int) -> pa.Array:
    ends = np.arange(high - low + 1, dtype=np.int64) * (2 * WIDTH)
    text = blob[low * WIDTH : high * WIDTH].hex().encode()
    return pa.LargeStringArray.from_buffers(high - low, pa.py_buffer(ends), pa.py_buffer(text))


def _doubles(values: NDArray[np.float64]) -> pa.Array:
    """With the fewest digits that read back the same, as Python writes them; Arrow alone would write 5 and 1e-7."""
    plain = (values >= 1e-4) & (values < 1e9) & (values != np.floor(values))
    return _replaced(_numbers(values, pa.float64()).cast(TEXT), ~plain, list(map(repr, values[~plain].tolist())))


def _numbers(values: NDArray[Any], kind: pa.DataType) -> pa.Array:
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(values)])


def _texts(texts: Sequence[str]) -> pa.Array:
    raw = [text.encode() for text in texts]
    ends = np.zeros(len(raw) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, raw), np.int64, len(raw)), out=ends[1:])
    return pa.LargeStringArray.from_buffers(len(raw), pa.py_buffer(ends), pa.py_buffer(b"".join(raw)))


def _replaced(column: pa.Array, where: NDArray[np.bool_], texts: list[str]) -> pa.Array:
    """`column` with `texts` in the rows `where`, in order."""
    bits = pa.py_buffer(np.packbits(where, bitorder="little"))
    return pc.replace_with_mask(column, pa.Array.from_buffers(pa.bool_(), len(where), [None, bits]), _texts(texts))


def _write_units(
    path: Path,
    head: Json,
    lines: Iterator[memoryview],
    zipped: bool,
    mode: int,
    after: Callable[[], None] = lambda: None,
) -> None:
    """`head` with its units, one a line. A million units: 200 MB, gzip about 130 MB."""
    with atomic(path, mode) as file:
        # zipped without a name and a time, so that the same draw gives the same bytes
        out = gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=1, mtime=0) if zipped else file
        out.write(json.dumps(head, ensure_ascii=False)[:-1].encode() + b',"units":[\n')
        part = next(lines)
        for following in lines:
            out.write(part)
            part = following
        out.write(bytes(part[:-2]) + b"\n]}\n")
        if zipped:
            out.close()
        after()


def _opened_unit(units: Units, index: int) -> Json:
    place = slice(index * WIDTH, (index + 1) * WIDTH)
    return {
        "id": units.ids[index],
        "stratum": units.strata[index],
        "P": int(units.P[index]),
        "s": units.s[place].hex(),
        "t": units.t[place].hex(),
        "index": index,
        "path": [node.hex() for node in merkle.path(units.tree, index)],
    }


def _wrong(where: Path, name: str, zh: str, en: str) -> Problem:
    return Problem(zh=f"字段 {name} 应为{zh}", en=f"The field {name} must be {en}", where=f"{where}, {name}")
