"""Splits in time: train on what was known before a day, test on what came after.

A row's label is settled only when its window has closed. So a row is trained on only if its window closed before
the first day of the test (the purge), and tested only if its label is known at all (maturity).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from mingcha.engines.risk.arrays import Dates, Ints
from mingcha.engines.risk.sample import Sample
from mingcha.problems import Problem


@dataclass(frozen=True, eq=False)
class Split:
    """Rows to train on and rows to test on; `first` to `last` are the test's days, both included."""

    train: Ints
    test: Ints
    first: np.datetime64
    last: np.datetime64


def _day(value: Any) -> np.datetime64:
    return np.datetime64(value, "D")


def at(sample: Sample, first: Any, last: Any, *, known_at: Any = None) -> Split:
    """Test on `first` to `last`; train on every row whose label was known before `first`.

    known_at: the day from which we look back; test rows whose label wasn't known by then are left out.
    """
    start, end = _day(first), _day(last)
    inside = (sample.as_of >= start) & (sample.as_of <= end)
    return Split(
        train=np.flatnonzero(sample.mature(start)),
        test=np.flatnonzero(inside & sample.mature(known_at)),
        first=start,
        last=end,
    )


def months(first: str, last: str, window: int) -> Iterator[tuple[np.datetime64, np.datetime64]]:
    """Windows of `window` calendar months from month `first` to month `last`, both "YYYY-MM" and included."""
    try:
        start, end = np.datetime64(first, "M"), np.datetime64(last, "M")
    except ValueError as error:
        raise Problem(
            zh=f"月份写法不对：{first}:{last}",
            en=f"Not a span of months: {first}:{last}",
            todo_zh="请写成 2013-07:2014-06。",
            todo_en="Write it as 2013-07:2014-06.",
        ) from error
    if window < 1 or end < start:
        raise Problem(
            zh="滚动窗口须至少一个月，且结束月不早于开始月。",
            en="A rolling window has at least one month, and its last month isn't before its first.",
            where=f"{first}:{last}, window {window}",
            todo_zh="请改正起止月份或窗口长度。",
            todo_en="Mend the months or the window.",
        )
    count = int((end - start).astype(int)) + 1
    for k in range(0, count, window):
        until = start + np.timedelta64(min(k + window, count), "M")
        yield _day(start + np.timedelta64(k, "M")), _day(until) - np.timedelta64(1, "D")


def rolling(sample: Sample, first: str, last: str, window: int = 2, *, known_at: Any = None) -> list[Split]:
    """Rolling origins: for each window, train on all that was known before it. Windows without rows are left out."""
    every = [at(sample, a, b, known_at=known_at) for a, b in months(first, last, window)]
    return [s for s in every if len(s.test) and len(s.train)]


def origins(as_of: Dates, known_from: Dates, folds: int, *, start: float = 0.4) -> list[tuple[Ints, Ints]]:
    """`folds` (train, test) pairs whose tests are equal shares of the rows after the first `start` of them.

    For choices inside training (number of trees, which factors to keep), never for a reported figure.
    """
    cuts = np.quantile(as_of.astype("int64"), np.linspace(start, 1, folds + 1))
    edges = np.unique(np.ceil(cuts).astype("int64"))
    day, known = as_of.astype("int64"), known_from.astype("int64")
    pairs: list[tuple[Ints, Ints]] = []
    for a, b in itertools.pairwise(edges):
        closing = b == edges[-1]
        test = np.flatnonzero((day >= a) & ((day <= b) if closing else (day < b)))
        train = np.flatnonzero(known <= a)
        if len(train) and len(test):
            pairs.append((train, test))
    return pairs


def blocks(as_of: Dates, known_from: Dates, folds: int) -> list[tuple[Ints, Ints]]:
    """`folds` (train, test) pairs: each share of the time is tested by all the rest, purged on both sides.

    Twice as many rows judge and are learnt from as with origins, which weak factors need. It looks back as well as
    forward, so it may choose among factors that are already point-in-time, and never makes a reported figure.
    """
    day, known = as_of.astype("int64"), known_from.astype("int64")
    edges = np.unique(np.ceil(np.quantile(day, np.arange(1, folds) / folds)).astype("int64"))
    block = np.searchsorted(edges, day, side="right")
    window = int((known - day).max(initial=0))
    pairs: list[tuple[Ints, Ints]] = []
    for k in range(len(edges) + 1):
        test = block == k
        before = known <= (edges[k - 1] if k else day.min())
        after = (day >= edges[k] + window) if k < len(edges) else np.zeros(len(day), dtype=bool)
        train = ~test & (before | after)
        if train.any() and test.any():
            pairs.append((np.flatnonzero(train), np.flatnonzero(test)))
    return pairs


def random(sample: Sample, share: float, seed: int) -> Split:
    """A random split. It leaks time, so it flatters: only ever shown as "optimism" beside a split in time."""
    known = np.flatnonzero(sample.mature())
    order = np.random.default_rng(seed).permutation(known)
    cut = round(len(order) * (1 - share))
    days = sample.as_of[known]
    return Split(np.sort(order[:cut]), np.sort(order[cut:]), days.min(), days.max())
