"""Dirt as departments deliver it: about one row in a hundred that a check must stop, and some that none can see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import polars as pl

from .catalogue.grammar import Dataset
from .contracts import event_of, key_of, required
from .identifiers import ALPHABET

CODE_WAYS = ("wrong_check", "full_width", "cut_short")
TWICE, TYPOS = 0.003, 0.004  # shares of rows that come twice, and of names with a wrong character: not stopped
_FULL = str.maketrans("0123456789", "０１２３４５６７８９")
_SIMILAR = dict(zip("有限公司云汀市店饮管理", "宥限工司芸丁巿占饭筦里", strict=True))

Row = list[str | None]
Spoil = Callable[[Row, np.random.Generator], None]


def soil(dataset: Dataset, frame: pl.DataFrame, rng: np.random.Generator) -> tuple[pl.DataFrame, Counter[str]]:
    """`frame` (all text) with dirt, and how many rows of each kind. Rows keep their order."""
    ways = spoilers(dataset)
    n, counts = len(frame), Counter[str]()
    bad = np.flatnonzero(rng.random(n) < dataset.dirt)
    names = list(ways)
    code = frame.columns.index(dataset.of("uscc")) if dataset.of("uscc") else 0
    rows = [list(row) for row in frame[bad].iter_rows()]
    for row in rows:
        way = names[int(rng.integers(0, len(names)))]
        if way in CODE_WAYS and row[code] is None:
            way = "missing"
        ways[way](row, rng)
        counts[way] += 1
    others = np.setdiff1d(np.flatnonzero(rng.random(n) < TYPOS), bad) if dataset.of("name") else bad[:0]
    place = frame.columns.index(dataset.of("name")) if len(others) else 0
    typos = [list(row) for row in frame[others].iter_rows()]
    for row in typos:
        row[place] = _typo(row[place] or "", rng)
        counts["typo"] += 1
    again = np.flatnonzero(rng.random(n) < TWICE)
    if not key_of(dataset):  # two equal rows without a key may be two events
        again = again[:0]
    counts["twice"] += len(again)
    order = np.arange(n)
    kept = np.setdiff1d(order, np.concatenate([bad, others]), assume_unique=True)
    parts = [frame[kept], _frame(rows, frame), _frame(typos, frame), frame[again]]
    places = np.concatenate([kept, bad, others, again])
    return pl.concat(parts)[np.argsort(places, kind="stable")], counts


def spoilers(dataset: Dataset) -> dict[str, Spoil]:
    """The ways in which a row of the dataset can be spoiled so that its contract must refuse it."""
    at = {column.name: i for i, column in enumerate(dataset.columns)}
    by_kind = {column.kind: i for i, column in reversed(list(enumerate(dataset.columns)))}
    must = [at[c.name] for c in dataset.columns if required(c, dataset)]
    ways: dict[str, Spoil] = {"missing": lambda row, rng: row.__setitem__(must[int(rng.integers(0, len(must)))], None)}
    if required(dataset.columns[0], dataset):
        ways["shifted"] = lambda row, rng: row.__setitem__(slice(None), [None, *row[:-1]])
    if dataset.of("uscc"):
        code = at[dataset.of("uscc")]
        ways["wrong_check"] = lambda row, rng: row.__setitem__(code, _wrong_check(row[code], rng))
        ways["full_width"] = lambda row, rng: row.__setitem__(code, (row[code] or "").translate(_FULL))
        ways["cut_short"] = lambda row, rng: row.__setitem__(code, (row[code] or "")[:-1])
    if (event := event_of(dataset)) and dataset.columns[at[event]].kind != "month":
        ways["future"] = lambda row, rng: row.__setitem__(at[event], "20" + "9" + (row[at[event]] or "2099")[3:])
    for kind in ("count", "money", "int"):
        if kind in by_kind:
            ways["below_zero"] = lambda row, rng, i=by_kind[kind]: row.__setitem__(i, f"-{rng.integers(1, 500)}")
    if "choice" in by_kind:
        ways["unknown_word"] = lambda row, rng: row.__setitem__(by_kind["choice"], "待核实")
    return ways


def _wrong_check(code: str | None, rng: np.random.Generator) -> str:
    code = code or "0" * 18
    others = [c for c in ALPHABET.tobytes().decode() if c != code[-1]]
    return code[:-1] + others[int(rng.integers(0, len(others)))]


def _typo(name: str, rng: np.random.Generator) -> str:
    places = [i for i, c in enumerate(name) if c in _SIMILAR]
    if not places:
        return name + " "
    i = places[int(rng.integers(0, len(places)))]
    return name[:i] + _SIMILAR[name[i]] + name[i + 1 :]


def _frame(rows: list[Row], like: pl.DataFrame) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=like.schema, orient="row") if rows else like.clear()
