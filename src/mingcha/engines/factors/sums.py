"""Sums of facts for queries, the one hot loop of this package.

A *query* asks about one group of facts (an entity, an address, a cell) as of one day. Windows are not summed one by
one: each fact falls into the bucket of the narrowest window that holds it, one GROUP BY sums by bucket, and running
sums over the few buckets give all windows (360 filtered sums over a million pairs: 11 s; by buckets: 0.7 s).

What is summed is whole numbers, in doubles, which are exact up to 2^53: so a sum does not depend on the order of rows,
on threads or on the engine (and is five times as fast as in 64-bit integers, whose sums need 128 bits).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .engine import Engine

HALF_LIFE_UNIT = 4_096  # weights by age are whole numbers of 1/4,096
KERNEL_UNIT = 256  # weights by distance, of 1/256
_PACK = 43  # bits for a value beside its day, so that the greatest is that of the latest day
_NONE = -(2**63)

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, order=True)
class Atom:
    """One aggregate of one signal: sum, number of known values, greatest value, latest day on which it was true, or
    the value on the latest day (the greatest, where that day has several)."""

    op: Literal["sum", "number", "greatest", "latest_day", "latest_value"]
    signal: int
    half_life: int = 0
    kernel: bool = False

    @property
    def name(self) -> str:
        return f"{self.op}_{self.signal}_{self.half_life}"

    @property
    def column(self) -> str:
        return self.name + ("_k" if self.kernel else "")

    @property
    def adds(self) -> bool:
        return self.op in ("sum", "number")


@dataclass(frozen=True)
class Windows:
    """The windows that are asked for, in days, rising; `everything`: what is older too."""

    days: tuple[int, ...]
    everything: bool

    @property
    def buckets(self) -> int:
        return len(self.days) + self.everything

    def index(self, window: int) -> int:
        return self.days.index(window) if window else len(self.days)


def windows_of(windows: Sequence[int]) -> Windows:
    """`windows` in days, 0 = everything."""
    return Windows(tuple(sorted({w for w in windows if w})), 0 in windows)


def partial_sums(facts: Any, by: list[str], atoms: Sequence[Atom], windows: Windows, day: int) -> Any:
    """(by..., bucket, one column an atom): facts as of the one `day`, summed by group before anything is joined."""
    import ibis

    rows = _bucketed(facts.filter(facts.since < day, facts.until >= day), ibis.literal(day, "int32"), windows)
    columns = {a.name: _aggregate(a, _value(rows, a)) for a in atoms}
    if (count := Atom("number", 0)) in atoms:  # the first signal is the rows themselves, which are never unknown
        columns[count.name] = rows.count().cast("float64")
    return rows.group_by(*by, "bucket").aggregate(**columns)


def merge(partial: Any, by: list[str], atoms: Sequence[Atom]) -> Any:
    """Partial sums of smaller groups as partial sums by `by`."""
    columns = {a.name: _aggregate(a, partial[a.name]) for a in atoms}
    return partial.group_by(*by, "bucket").aggregate(**columns)


def compress(facts: Any, by: list[str], signals: int) -> Any:
    """Facts of one group, event and time of being known as one fact: big groups shrink to a row a day."""
    columns = {f"{c}{i}": facts[f"{c}{i}"].sum() for i in range(signals) for c in "sn"}
    return facts.group_by(*by, "event", "since", "until").aggregate(**columns)


def sum_over(engine: Engine, joined: Any, atoms: Sequence[Atom], windows: Windows, n: int) -> Sums:
    """The atoms for `n` queries. `joined`: queries (`q` from 0 to n - 1) beside either partial sums, or facts and the
    query's `day`; and `w`, the weight by distance, where an atom has a kernel."""
    plain = {Atom(a.op, a.signal, a.half_life) for a in atoms}
    if "bucket" in joined.columns:
        values = {a: joined[a.name] for a in plain}
    else:
        joined = joined.filter(joined.since < joined.day, joined.until >= joined.day)
        joined = _bucketed(joined, joined.day, windows)
        values = {a: _value(joined, a) for a in plain}
    columns = {}
    for atom in atoms:
        value = values[Atom(atom.op, atom.signal, atom.half_life)]
        columns[atom.column] = _aggregate(atom, value * joined.w if atom.kernel else value)
    return Sums(engine.fetch(joined.group_by("q", "bucket").aggregate(**columns)), windows, n)


class Sums:
    """The answer to `sum_over`: for each atom and window one value a query."""

    def __init__(self, table: Any, windows: Windows, n: int) -> None:
        self._table, self._windows, self._n = table, windows, n
        query, bucket = table["q"].to_numpy(), table["bucket"].to_numpy()
        self._cell = query.astype(np.int64) * windows.buckets + bucket

    def get(self, atom: Atom, window: int = 0) -> Array:
        """(n,) float64. Sums: 0 where there is no fact; others: NaN. In days for days, in the signal's whole numbers
        else; weights are divided out."""
        column = self._table[atom.column]
        shape = (self._n, self._windows.buckets)
        if atom.adds:
            sums = np.zeros(shape[0] * shape[1])
            sums[self._cell] = column.fill_null(0.0).to_numpy()
            unit = (HALF_LIFE_UNIT if atom.half_life else 1) * (KERNEL_UNIT if atom.kernel else 1)
            total: Array = sums.reshape(shape)[:, : self._windows.index(window) + 1].sum(axis=1)
            return total / unit
        tops = np.full(shape[0] * shape[1], _NONE, dtype=np.int64)
        tops[self._cell] = column.cast("int64").fill_null(_NONE).to_numpy()
        top = tops.reshape(shape)[:, : self._windows.index(window) + 1].max(axis=1)
        value = unpack(top)[1] if atom.op == "latest_value" else top
        return np.where(top == _NONE, np.nan, value.astype(np.float64))


def unpack(packed: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """(days, values) of packed latest values."""
    return packed >> _PACK, (packed & (2**_PACK - 1)) - 2 ** (_PACK - 1)


def _bucketed(rows: Any, day: Any, windows: Windows) -> Any:
    import ibis

    rows = rows.mutate(age=day - rows.event)
    if not windows.everything:
        rows = rows.filter(rows.age <= windows.days[-1])
    bucket: Any = ibis.literal(windows.buckets - 1, "int8")
    for i in reversed(range(windows.buckets - 1)):
        bucket = ibis.ifelse(rows.age <= windows.days[i], ibis.literal(i, "int8"), bucket)
    return rows.mutate(bucket=bucket)


def _value(rows: Any, atom: Atom) -> Any:
    import ibis

    signal = rows[f"s{atom.signal}"]
    if atom.op == "latest_day":
        return ibis.ifelse(signal > 0, rows.event, None)
    if atom.op == "latest_value":
        return rows.event.cast("int64") * 2**_PACK + signal.cast("int64") + 2 ** (_PACK - 1)
    value = rows[f"n{atom.signal}"] if atom.op == "number" else signal
    if atom.half_life:
        value = value * ((2.0 ** (rows.age / -float(atom.half_life))) * HALF_LIFE_UNIT).round().cast("float64")
    return value


def _aggregate(atom: Atom, value: Any) -> Any:
    return value.sum() if atom.adds else value.max()
