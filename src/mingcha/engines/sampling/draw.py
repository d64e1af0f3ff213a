"""The draw itself: seal a frame, then, once the seed is known, tickets, order and selection.

Pareto sampling by hash tickets: fixed size, near-proportional, one hash a unit. Nobody can compute a ticket
without the unit's secret t, so the published order tells nothing of the probabilities of others.
Source: docs/draw-protocol.md, "The construction".
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from mingcha.engines.sampling import merkle
from mingcha.engines.sampling.encoding import MILLION, Params, digest
from mingcha.engines.sampling.rows import WIDTH, head, leaves, pieces, spread, tickets
from mingcha.problems import Problem

OPENED = 300  # leaves opened for those who can't audit: they find 1% of tampering with 95%

Bytes32 = NDArray[np.uint8]  # (N, 32)


@dataclass(frozen=True)
class Units:
    """A sealed frame of N units in ascending order of leaf. Blobs hold 32 bytes a unit. Secret: s, t, P."""

    draw: str
    ids: list[str]
    strata: list[str]
    P: NDArray[np.int64]  # millionths
    s: bytes
    t: bytes
    leaf: bytes

    @cached_property
    def leaves(self) -> list[bytes]:
        return pieces(self.leaf)

    @cached_property
    def tree(self) -> list[Sequence[bytes]]:
        return merkle.levels(self.leaves)

    @cached_property
    def root(self) -> bytes:
        return merkle.root(pieces(b"".join(spread(head, "", self.leaf, rows=len(self.ids)))))

    @cached_property
    def place(self) -> dict[str, int]:
        """Index of each id."""
        return {name: i for i, name in enumerate(self.ids)}


@dataclass(frozen=True)
class Outcome:
    """What a seed makes of the units, in their order. `drawn`: (N,) bool. `q`: (N,) float64."""

    seed: bytes
    tickets: bytes
    q: NDArray[np.float64]
    drawn: NDArray[np.bool_]
    result: bytes


def seal(
    draw: str,
    ids: Sequence[str],
    strata: Sequence[str],
    P: NDArray[np.int64],
    s: bytes | None = None,
    t: bytes | None = None,
) -> Units:
    """Commit each unit with fresh secrets (`s`, `t` are given only to read a sealed frame back).

    Raises Problem for a blank or a double id. Texts are put into NFC, as they are hashed.
    """
    ids, strata = normal(ids), normal(strata)
    n = len(ids)
    with ThreadPoolExecutor(2) as pool:  # the system makes the secrets while the ids are looked at
        blobs = pool.map(lambda given: given or secrets.token_bytes(WIDTH * n), (s, t))
        _check_ids(ids)
    s, t = blobs
    P = np.ascontiguousarray(P, dtype=np.int64)
    leaf = b"".join(spread(leaves, draw, strata, ids, P.tobytes(), s, t, rows=n))
    order = _ascending(leaf)
    return Units(
        draw=unicodedata.normalize("NFC", draw),
        ids=np.array(ids, dtype=object)[order].tolist(),
        strata=np.array(strata, dtype=object)[order].tolist(),
        P=P[order],
        s=_in_order(s, order),
        t=_in_order(t, order),
        leaf=_in_order(leaf, order),
    )


def run(units: Units, params: Params, seed: bytes) -> Outcome:
    """Tickets, Q, the n_h smallest of each stratum, and the digest that binds them."""
    every = b"".join(spread(tickets, seed, units.strata, units.ids, units.t, rows=len(units.ids)))
    q = q_values(every, units.P)
    drawn = np.zeros(len(q), dtype=bool)
    for name, rows in by_stratum(units.strata).items():
        drawn[first(q, every, rows, params["strata"][name]["n"])] = True
    return Outcome(seed, every, q, drawn, result(units.draw, units.root, seed, outcome_bytes(units.leaf, q, drawn)))


def q_values(tickets: bytes, P: NDArray[np.int64]) -> NDArray[np.float64]:
    """Q of each ticket, in IEEE doubles and in this order of operations: the same on every engine."""
    k = np.frombuffer(tickets, ">u8")[::4].astype(np.uint64) >> np.uint64(12)
    u = (2 * k + np.uint64(1)).astype(np.float64) / 2.0**53
    pi = P / MILLION
    return np.asarray((u * (1 - pi)) / ((1 - u) * pi))


def first(q: NDArray[np.float64], tickets: bytes, rows: NDArray[np.intp], n: int) -> list[int]:
    """The n of `rows` that come first by (Q, ticket), in that order."""
    values = q[rows]
    line = np.partition(values, n - 1)[n - 1] if n else -1.0
    near: list[int] = rows[values <= line].tolist()
    near.sort(key=lambda i: (q[i], tickets[i * WIDTH : (i + 1) * WIDTH]))
    return near[:n]


def outcome_bytes(leaf: bytes, q: NDArray[np.float64], drawn: NDArray[np.bool_]) -> bytes:
    """SHA-256 over the units in order: leaf, a flag, Q as 8 bytes big-endian (zeros where drawn)."""
    rows = np.zeros((len(q), WIDTH + 9), dtype=np.uint8)
    rows[:, :WIDTH] = _table(leaf)
    rows[:, WIDTH] = drawn
    rows[:, WIDTH + 1 :] = np.where(drawn, 0.0, q).astype(">f8").view(np.uint8).reshape(-1, 8)
    return sha256(rows.tobytes()).digest()


def result(draw: str, root: bytes, seed: bytes, outcome: bytes) -> bytes:
    return digest("result", draw, root, seed, outcome)


def leaf_of(draw: str, stratum: str, unit: str, s: bytes, b: bytes) -> bytes:
    """The leaf of a unit that shows its name by s, and of its probability only the hash b."""
    return sha256(b"\x00" + digest("unit", draw, stratum, unit, s) + b).digest()


def opened(seed: bytes, size: int, count: int = OPENED) -> list[int]:
    """Indices of the leaves that the seed opens, ascending: for parties who can't have the whole audit file."""
    chosen: set[int] = set()
    i = 0
    while len(chosen) < min(count, size):
        chosen.add(int.from_bytes(digest("open", seed, i)[:8], "big") % size)
        i += 1
    return sorted(chosen)


def by_stratum(strata: Sequence[str]) -> dict[str, NDArray[np.intp]]:
    """Rows of each stratum, ascending; strata in order of name."""
    names = sorted(set(strata))
    place = {name: i for i, name in enumerate(names)}
    small = len(names) < 2**16  # then numpy sorts in linear time
    codes = np.fromiter(map(place.__getitem__, strata), np.uint16 if small else np.intp, len(strata))
    order = np.argsort(codes, kind="stable")
    return dict(zip(names, np.split(order, np.cumsum(np.bincount(codes))[:-1]), strict=True))


def _ascending(leaf: bytes) -> NDArray[np.intp]:
    """The order of the leaves as byte strings: by their first 8 bytes, by all where two of these are alike."""
    words = np.frombuffer(leaf, ">u8").reshape(-1, 4).astype(np.uint64)
    order = np.argsort(words[:, 0])
    if (np.diff(words[order, 0]) == 0).any():
        order = np.lexsort(words.T[::-1])
    return order


def _in_order(blob: bytes, order: NDArray[np.intp]) -> bytes:
    return np.frombuffer(blob, dtype=f"V{WIDTH}").take(order).tobytes()


def _table(blob: bytes) -> Bytes32:
    return np.frombuffer(blob, dtype=np.uint8).reshape(-1, WIDTH)


def normal(values: Sequence[str]) -> list[str]:
    """The texts in NFC, as they are hashed."""
    if "".join(values).isascii():
        return list(values)
    return [unicodedata.normalize("NFC", value) for value in values]


def _check_ids(ids: list[str]) -> None:
    if not ids:
        raise Problem(zh="抽查名录为空", en="The frame is empty: there is nothing to draw from")
    if len(set(ids)) == len(ids) and all(ids):
        return
    seen: set[str] = set()
    for row, name in enumerate(ids, 1):
        if not name or name in seen:
            raise Problem(
                zh=f"名录中对象编号重复：{name}" if name else "名录中有空的对象编号",
                en=f"The id {name} stands twice in the frame" if name else "The frame has an empty id",
                where=f"unit {row}",
                todo_zh="每个对象只能出现一次；请先合并或删除。",
                todo_en="Each unit may stand there once; merge or delete it first.",
            )
        seen.add(name)
