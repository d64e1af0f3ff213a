"""What is done once for every unit of a large frame: hashes and lines of JSON, by all cores.

Hashing is pure Python and can't use threads, so a large frame is cut into parts, and fresh interpreters (not
forks: this may run inside a server with threads and open connections) do all but the first. Each task maps
columns, lists or blobs with a fixed width a row, to a blob; blobs are simply joined. Standard library
only, so that an interpreter starts fast.
"""

from __future__ import annotations

import marshal
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import pairwise
from json.encoder import encode_basestring as quote  # JSON text, unescaped but where it must be

from mingcha.engines.sampling.encoding import framed, lp

WIDTH = 32  # bytes of a hash and of a secret
FIELD = lp(bytes(WIDTH))[:4]  # the length before such a field
CHUNK = 8192  # rows worked on at a time: a power of two, so that a chunk is a full subtree of the Merkle tree
ALONE = 100_000  # rows below which a second interpreter isn't worth its start
MOST = 4  # interpreters

Column = list[str] | bytes
Task = Callable[..., bytes]


def leaves(draw: str, strata: list[str], ids: list[str], P: bytes, s: bytes, t: bytes) -> bytes:
    """The leaf of each unit. `P`: native 8-byte integers."""
    unit, probability, join = framed("unit", draw), framed("probability", draw), b"".join
    millionths = memoryview(P).cast("q").tolist()
    heads = {p: probability + lp(b"%d" % p) + FIELD for p in set(millionths)}
    rows = zip(_names(strata, ids), pieces(s), millionths, pieces(t), strict=True)
    return join([
        sha256(
            join((b"\x00", sha256(join((unit, name, FIELD, x))).digest(), sha256(heads[p] + y).digest()))
        ).digest()
        for name, x, p, y in rows
    ])  # fmt: skip


def head(_: str, leaf: bytes) -> bytes:
    """The head of one chunk's subtree: those of all chunks are a level of the whole tree."""
    level = list(pieces(leaf))
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        level = [sha256(b"\x01" + x + y).digest() for x, y in zip(level[::2], level[1::2])] + odd  # noqa: B905
    return level[0]


def tickets(seed: bytes, strata: list[str], ids: list[str], t: bytes) -> bytes:
    head, join = framed("ticket", seed) + FIELD, b"".join
    return join(
        [sha256(join((head, x, name))).digest() for x, name in zip(pieces(t), _names(strata, ids), strict=True)]
    )


def audit_lines(_: str, strata: list[str], ids: list[str], P: bytes, s: bytes, t: bytes) -> bytes:
    """One JSON object a line, each with a comma and a line feed after it."""
    inside = {name: f',"stratum":{quote(name)},"P":' for name in set(strata)}
    columns = zip(ids, strata, memoryview(P).cast("q").tolist(), _hex(s), _hex(t), strict=True)
    return "".join([f'{{"id":{quote(i)}{inside[h]}{p},"s":"{x}","t":"{y}"}},\n' for i, h, p, x, y in columns]).encode()


def public_lines(_: str, strata: list[str], leaf: bytes, q: bytes, opening: list[str]) -> bytes:
    """The same; `opening`: what a drawn unit shows in place of its Q, "" for the others.

    Python writes a double with the fewest digits that read back the same.
    """
    inside = {name: f'","stratum":{quote(name)},' for name in set(strata)}
    columns = zip(_hex(leaf), strata, memoryview(q).cast("d").tolist(), opening, strict=True)
    return "".join([f'{{"leaf":"{x}{inside[h]}{shown or Q % v}}},\n' for x, h, v, shown in columns]).encode()


Q = '"q":%r'
TASKS: dict[str, Task] = {task.__name__: task for task in (leaves, head, tickets, audit_lines, public_lines)}


def spread(task: Task, fixed: str | bytes, *columns: Column, rows: int) -> list[bytes]:
    """`task(fixed, *columns)` of all rows, as the blobs of consecutive chunks."""
    parts = min(MOST, _cores()) if rows >= ALONE and sys.executable else 1
    cuts = [rows * i // parts // CHUNK * CHUNK for i in range(parts)] + [rows]
    shares = [[_cut(column, rows, low, high) for column in columns] for low, high in pairwise(cuts)]
    counts = [high - low for low, high in pairwise(cuts)]
    helpers = [_start(task, fixed, share, count) for share, count in zip(shares[1:], counts[1:], strict=True)]
    done = _chunks(task, fixed, shares[0], counts[0])
    for helper, share, count in zip(helpers, shares[1:], counts[1:], strict=True):
        answer = helper.communicate()[0] if helper else b""
        done += [answer] if answer else _chunks(task, fixed, share, count)
    return done


def _chunks(task: Task, fixed: str | bytes, columns: list[Column], rows: int) -> list[bytes]:
    """Chunk by chunk: what is made on the way stays small, in the processor's cache."""
    return [
        task(fixed, *[_cut(column, rows, low, min(rows, low + CHUNK)) for column in columns])
        for low in range(0, rows, CHUNK)
    ]


def pieces(blob: bytes) -> Iterator[bytes]:
    return (blob[i : i + WIDTH] for i in range(0, len(blob), WIDTH))


def _hex(blob: bytes) -> Iterator[str]:
    text = blob.hex()
    return (text[i : i + 2 * WIDTH] for i in range(0, len(text), 2 * WIDTH))


def _names(strata: list[str], ids: list[str]) -> Iterator[bytes]:
    """LP(stratum) LP(id) of each unit."""
    heads = {name: lp(name.encode()) for name in set(strata)}
    raw = list(map(str.encode, ids))
    sizes = {n: n.to_bytes(4, "big") for n in set(map(len, raw))}
    return (heads[stratum] + sizes[len(x)] + x for stratum, x in zip(strata, raw, strict=True))


def _cut(column: Column, rows: int, low: int, high: int) -> Column:
    width = 1 if isinstance(column, list) else len(column) // rows
    return column[low * width : high * width]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _start(task: Task, fixed: str | bytes, share: list[Column], rows: int) -> subprocess.Popen[bytes] | None:
    """An interpreter at work on `share`; None where the system won't start one: then we do it ourselves."""
    # the path, so that a checkout that isn't installed works too
    path = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        helper = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=path
        )
        assert helper.stdin is not None
        helper.stdin.write(marshal.dumps((task.__name__, fixed, share, rows)))
        helper.stdin.close()
        helper.stdin = None  # communicate() would flush it
        return helper
    except OSError:
        return None


if __name__ == "__main__":
    name, fixed, columns, rows = marshal.loads(sys.stdin.buffer.read())  # noqa: S302 - from our own process
    sys.stdout.buffer.write(b"".join(_chunks(TASKS[name], fixed, columns, rows)))
