"""What goes into the engine: a factor matrix with, for each row, who, when, by whom and with what outcome."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from mingcha.engines.risk.arrays import Bools, Dates, Floats, Ints, Strings
from mingcha.problems import Problem


@dataclass(frozen=True, eq=False)
class Inspectors:
    """Who made each visit: a row may have none, one or several (multiple membership).

    Compressed rows: row i was visited by `codes[starts[i]:starts[i + 1]]`, positions in `names`.
    """

    names: tuple[str, ...]
    starts: Ints
    codes: Ints

    @classmethod
    def of(cls, visits: Iterable[Sequence[str] | str | None]) -> Self:
        """From one entry a row: a name, several names, or None. Empty names count as missing."""
        lists = [(v,) if isinstance(v, str) else tuple(v or ()) for v in visits]
        lists = [tuple(dict.fromkeys(n for n in v if n)) for v in lists]
        names = tuple(sorted({n for v in lists for n in v}))
        code = {n: i for i, n in enumerate(names)}
        starts = np.concatenate([[0], np.cumsum([len(v) for v in lists], dtype=np.int64)]).astype(np.int64)
        return cls(names, starts, np.array([code[n] for v in lists for n in v], dtype=np.int64))

    @classmethod
    def none(cls, rows: int) -> Self:
        return cls((), np.zeros(rows + 1, np.int64), np.zeros(0, np.int64))

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def counts(self) -> Ints:
        """(n,) how many inspectors each row has."""
        return np.asarray(np.diff(self.starts))

    def lists(self) -> list[tuple[str, ...]]:
        return [
            tuple(self.names[c] for c in self.codes[a:b])
            for a, b in zip(self.starts[:-1], self.starts[1:], strict=True)
        ]

    def take(self, index: Ints) -> Inspectors:
        counts = self.counts[index]
        starts = np.concatenate([[0], np.cumsum(counts)])
        places = np.repeat(self.starts[:-1][index] - starts[:-1], counts) + np.arange(starts[-1])
        return Inspectors(self.names, starts, self.codes[places])

    def rows(self) -> Ints:
        """(m,) the row of each entry of `codes`."""
        return np.repeat(np.arange(len(self)), self.counts)

    def design(self, names: Sequence[str] | None = None) -> Any:
        """Sparse (n, len(names)) matrix: each known inspector of a row weighs 1 over the row's number of them.

        An inspector who is not in `names` has no column: its share stands at the population's mean, zero.
        """
        from scipy.sparse import csr_array

        columns = self.names if names is None else tuple(names)
        place = {n: i for i, n in enumerate(columns)}
        to = np.array([place.get(n, -1) for n in self.names], dtype=np.int64)
        code = to[self.codes] if len(self.codes) else np.zeros(0, np.int64)
        row, known = self.rows(), code >= 0
        share = 1.0 / self.counts[row] if len(row) else np.zeros(0)
        return csr_array((share[known], (row[known], code[known])), shape=(len(self), len(columns)))


@dataclass(frozen=True, eq=False)
class Sample:
    """n visits by p factors. Rows need no order; everything is a column.

    x: (n, p) float32, NaN where unknown. as_of: (n,) days; a row knows what was known before its day.
    y: (n,) 1 violation, 0 none, NaN not known (yet). known_from: (n,) first day on which the label may be used. pi:
    (n,) inclusion probability, NaN where the visit came from no design.
    stratum: (n,) "" where none. groups: name -> (n,) levels for fairness, "" unknown.
    """

    row: Strings
    as_of: Dates
    factors: tuple[str, ...]
    x: Floats
    y: Floats
    inspectors: Inspectors
    stratum: Strings
    pi: Floats
    known_from: Dates
    groups: Mapping[str, Strings] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(self.row)
        if self.x.shape != (n, len(self.factors)):
            raise _misfit(f"x {self.x.shape}, {n} rows, {len(self.factors)} factors")
        columns = {"as_of": self.as_of, "y": self.y, "stratum": self.stratum, "pi": self.pi}
        columns |= {"known_from": self.known_from, **self.groups}
        short = [name for name, c in columns.items() if len(c) != n]
        if short or len(self.inspectors) != n:
            raise _misfit(", ".join(short or ["inspectors"]))
        if len(set(self.factors)) != len(self.factors):
            raise _misfit("factors: " + ", ".join(sorted({f for f in self.factors if self.factors.count(f) > 1})))
        if bad := np.flatnonzero(~np.isnan(self.y) & (self.y != 0) & (self.y != 1)).tolist():
            raise Problem(
                zh=f"标签只能是 0、1 或空，却有 {self.y[bad[0]]}。",
                en=f"A label is 0, 1 or empty; found {self.y[bad[0]]}.",
                where=f"row {self.row[bad[0]]}",
                todo_zh="请检查风险点的标签表达式。",
                todo_en="Check the label expression of the risk point.",
            )
        known = ~np.isnan(self.pi)
        if bad := np.flatnonzero(known & ~((self.pi > 0) & (self.pi <= 1))).tolist():
            raise Problem(
                zh=f"入样概率须大于 0 且不超过 1，却有 {self.pi[bad[0]]}。",
                en=f"An inclusion probability lies in (0, 1]; found {self.pi[bad[0]]}.",
                where=f"row {self.row[bad[0]]}",
                todo_zh="请改正抽查设计中的概率；无设计的检查请留空。",
                todo_en="Mend the probability of the design; leave it empty where there was no design.",
            )

    @classmethod
    def build(
        cls,
        *,
        factors: Sequence[str],
        x: Floats,
        as_of: Any,
        y: Any = None,
        row: Any = None,
        inspectors: Iterable[Sequence[str] | str | None] | Inspectors | None = None,
        stratum: Any = None,
        pi: Any = None,
        known_from: Any = None,
        label_window: int = 0,
        groups: Mapping[str, Any] | None = None,
    ) -> Self:
        """A Sample from plain lists or arrays; what is left out is unknown. label_window: days after the visit in
        which the label may still change, where known_from isn't given."""
        matrix = np.asarray(x, dtype=np.float32)
        n, day = len(matrix), np.asarray(as_of, dtype="datetime64[D]")
        if known_from is None:
            known_from = day + np.timedelta64(label_window + 1, "D")
        if not isinstance(inspectors, Inspectors):
            inspectors = Inspectors.none(n) if inspectors is None else Inspectors.of(inspectors)
        return cls(
            row=np.arange(n).astype(str) if row is None else np.asarray(row, dtype=str),
            as_of=day,
            factors=tuple(factors),
            x=matrix,
            y=np.full(n, np.nan) if y is None else np.asarray(y, dtype=np.float64),
            inspectors=inspectors,
            stratum=np.full(n, "") if stratum is None else np.asarray(stratum, dtype=str),
            pi=np.full(n, np.nan) if pi is None else np.asarray(pi, dtype=np.float64),
            known_from=np.asarray(known_from, dtype="datetime64[D]"),
            groups={k: np.asarray(v, dtype=str) for k, v in (groups or {}).items()},
        )

    def __len__(self) -> int:
        return len(self.row)

    def mature(self, day: Any = None) -> Bools:
        """(n,) rows whose label is known, and may be used for something as of `day`."""
        known = ~np.isnan(self.y)
        return known if day is None else known & (self.known_from <= np.datetime64(day, "D"))

    def take(self, index: Ints | Bools) -> Sample:
        at: Ints = np.flatnonzero(index) if index.dtype == np.bool_ else np.asarray(index, dtype=np.int64)
        return replace(
            self,
            row=self.row[at],
            as_of=self.as_of[at],
            x=self.x[at],
            y=self.y[at],
            inspectors=self.inspectors.take(at),
            stratum=self.stratum[at],
            pi=self.pi[at],
            known_from=self.known_from[at],
            groups={k: v[at] for k, v in self.groups.items()},
        )

    def select(self, factors: Sequence[str]) -> Sample:
        """The same rows with just these factors, in this order."""
        place = {f: i for i, f in enumerate(self.factors)}
        if missing := [f for f in factors if f not in place]:
            raise Problem(
                zh=f"样本缺少模型要用的 {len(missing)} 个因子：{'、'.join(missing[:5])}",
                en=f"The sample lacks {len(missing)} factors that are asked for: {', '.join(missing[:5])}",
                todo_zh="请按模型的因子清单计算因子，名称须一致。",
                todo_en="Compute the factors of the model's list, under the same names.",
            )
        if tuple(factors) == self.factors:
            return self
        return replace(self, factors=tuple(factors), x=self.x[:, [place[f] for f in factors]])


def require_labels(sample: Sample, what_zh: str, what_en: str) -> None:
    """Refuse a sample from which nothing can be learnt: no rows, no labels, or only one kind of label."""
    known = sample.y[~np.isnan(sample.y)]
    if len(known) and 0 < known.sum() < len(known):
        return
    if not len(sample):
        zh, en = "没有任何样本行", "there are no rows"
    elif not len(known):
        zh, en = "没有一行的标签已经成熟", "no row has a mature label"
    else:
        only = int(known[0])
        zh, en = f"{len(known)} 行的标签全是 {only}", f"all {len(known)} labels are {only}"
    raise Problem(
        zh=f"无法{what_zh}：{zh}。",
        en=f"Can't {what_en}: {en}.",
        todo_zh="请检查起止日期、检查对象范围和标签表达式。",
        todo_en="Check the dates, the population and the label expression.",
    )


def _misfit(what: str) -> Problem:
    return Problem(
        zh="样本各列的长度或因子名不一致。",
        en="The sample's columns don't fit each other.",
        where=what,
        todo_zh="每列须与行数一致，因子名不可重复。",
        todo_en="Each column needs one value a row; names of factors must differ.",
    )
