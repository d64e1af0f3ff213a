"""What is done once for every unit of a large frame: hashes, by all cores.

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
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from itertools import pairwise
from struct import iter_unpack

from mingcha.engines.sampling.encoding import framed, lp

WIDTH = 32  # bytes of a hash and of a secret
FIELD = lp(bytes(WIDTH))[:4]  # the length before such a field
CHUNK = 8192  # rows worked on at a time: a power of two, so that a chunk is a full subtree of the Merkle tree
ALONE = 100_000  # rows below which a second interpreter isn't worth its start
MOST = 4  # interpreters
SIMPLE = 2  # marshal's version that doesn't look for objects that occur twice, which takes longer than to send them

Column = list[str] | bytes
Task = Callable[..., bytes]


def leaves(draw: str, strata: list[str], ids: list[str], P: bytes, s: bytes, t: bytes) -> bytes:
    """The leaf of each unit. `P`: native 8-byte integers."""
    unit, probability = framed("unit", draw), framed("probability", draw)
    millionths = [b"%d" % p for p in memoryview(P).cast("q").tolist()]
    heads = {n: probability + n.to_bytes(4, "big") for n in set(map(len, millionths))}
    names = zip(_names(strata, ids), pieces(s), strict=True)
    a = [sha256(unit + name + FIELD + x).digest() for name, x in names]
    b = [sha256(heads[len(p)] + p + FIELD + x).digest() for p, x in zip(millionths, pieces(t), strict=True)]
    return b"".join([sha256(b"\x00" + x + y).digest() for x, y in zip(a, b, strict=True)])


def head(_: str, leaf: bytes) -> bytes:
    """The head of one chunk's subtree: those of all chunks are a level of the whole tree."""
    level = pieces(leaf)
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        level = [sha256(b"\x01" + x + y).digest() for x, y in zip(level[::2], level[1::2])] + odd  # noqa: B905
    return level[0]


def tickets(seed: bytes, strata: list[str], ids: list[str], t: bytes) -> bytes:
    head, names = framed("ticket", seed) + FIELD, _names(strata, ids)
    return b"".join([sha256(head + x + name).digest() for x, name in zip(pieces(t), names, strict=True)])


TASKS: dict[str, Task] = {task.__name__: task for task in (leaves, head, tickets)}


def spread(task: Task, fixed: str | bytes, *columns: Column, rows: int) -> list[bytes]:
    """`task(fixed, *columns)` of all rows, as the blobs of consecutive chunks."""
    parts = min(MOST, _cores()) if rows >= ALONE and sys.executable else 1
    cuts = [rows * i // parts // CHUNK * CHUNK for i in range(parts)] + [rows]
    shares = [[_cut(column, rows, low, high) for column in columns] for low, high in pairwise(cuts)]
    counts = [high - low for low, high in pairwise(cuts)]
    with ThreadPoolExecutor(MOST) as pool:  # threads that wait for the helpers
        elsewhere = [
            pool.submit(_elsewhere, task, fixed, share, count)
            for share, count in zip(shares[1:], counts[1:], strict=True)
        ]
        done = _chunks(task, fixed, shares[0], counts[0])
        for answer, share, count in zip(elsewhere, shares[1:], counts[1:], strict=True):
            done += [answer.result()] if answer.result() else _chunks(task, fixed, share, count)
    return done


def _chunks(task: Task, fixed: str | bytes, columns: list[Column], rows: int) -> list[bytes]:
    """Chunk by chunk: what is made on the way stays small, in the processor's cache."""
    return [
        task(fixed, *[_cut(column, rows, low, min(rows, low + CHUNK)) for column in columns])
        for low in range(0, rows, CHUNK)
    ]


def pieces(blob: bytes) -> list[bytes]:
    return [piece for (piece,) in iter_unpack(f"{WIDTH}s", blob)]


def _names(strata: list[str], ids: list[str]) -> list[bytes]:
    """LP(stratum) LP(id) of each unit."""
    heads = {name: lp(name.encode()) for name in set(strata)}
    raw = list(map(str.encode, ids))
    sizes = {n: n.to_bytes(4, "big") for n in set(map(len, raw))}
    return [heads[stratum] + sizes[len(x)] + x for stratum, x in zip(strata, raw, strict=True)]


def _cut(column: Column, rows: int, low: int, high: int) -> Column:
    width = 1 if isinstance(column, list) else len(column) // rows
    return column[low * width : high * width]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _elsewhere(task: Task, fixed: str | bytes, share: list[Column], rows: int) -> bytes:
    """`share` done by an interpreter of its own; empty where the system won't have it: then we do it ourselves."""
    # the path, so that a checkout that isn't installed works too
    path = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        with subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=path
        ) as helper:
            assert helper.stdin is not None and helper.stdout is not None
            helper.stdin.write(marshal.dumps((task.__name__, fixed, share, rows), SIMPLE))
            helper.stdin.close()
            answer = helper.stdout.read()
        return answer if helper.returncode == 0 else b""
    except OSError:
        return b""


if __name__ == "__main__":
    name, fixed, columns, rows = marshal.loads(sys.stdin.buffer.read())  # noqa: S302 - from our own process
    sys.stdout.buffer.write(b"".join(_chunks(TASKS[name], fixed, columns, rows)))
