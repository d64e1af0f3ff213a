"""Which rows a dataset has: whose, and when. The columns are filled in afterwards (columns.py)."""

from __future__ import annotations

from typing import cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from . import place
from .assumptions import KINDS, SECTORS
from .catalogue.grammar import Dataset, Days, Events, Own, Periodic, Places, Register, Whom
from .story import FIRST_DAY, QUARTERS, Story, quarter_start

LAST_DAY = np.datetime64("2026-09-30")
MONTHS = 3 * QUARTERS
NATURE_LEAN = np.array([0.0, 0.8, 1.0])  # how far the weak proxies lean on what a firm is


def skeleton(
    dataset: Dataset, story: Story, entries: pl.DataFrame, streets: pl.DataFrame, rng: np.random.Generator, flow: float
) -> pl.DataFrame:
    """`firm` (row of `entries`, null where the row has none), `day`, `quarter`, and what the pattern itself knows.
    `flow` scales the datasets that carry no signal, so that a city has the records that were asked for."""
    rows = dataset.rows
    if isinstance(rows, Register):
        return _register(rows, story, entries, rng)
    if isinstance(rows, Events):
        firm, quarter = _signal(rows, story) if rows.signal else _chance(rows, story, rng, flow)
        return _dated(firm, quarter, rng)
    if isinstance(rows, Periodic):
        return _periodic(rows, story, rng, flow)
    if isinstance(rows, Places):
        return _places(rows, story, entries, streets, rng, flow)
    if isinstance(rows, Days):
        day = FIRST_DAY + np.arange(int((LAST_DAY - FIRST_DAY).astype(int)) + 1)
        return pl.DataFrame({"day": day, "quarter": _quarter_of(day)}).with_columns(firm=pl.lit(None, dtype=pl.Int64))
    from .own import BUILDERS

    return BUILDERS[cast(Own, rows).builder](story, entries, rng)


def elastic(dataset: Dataset, story: Story) -> float:
    """Rows to be expected for each unit of `flow`; 0 for datasets that don't depend on it."""
    rows = dataset.rows
    if isinstance(rows, Places) and not rows.signal:
        return rows.rate * 3 * len(story.land.effect)
    if isinstance(rows, Periodic) or (isinstance(rows, Events) and not rows.signal):
        quarters = float(_alive_quarters(story)[members(rows.whom, story)].sum()) * rows.whom.share
        return quarters * (3 / rows.months if isinstance(rows, Periodic) else rows.rate / 4)
    return 0.0


def members(whom: Whom, story: Story) -> NDArray[np.bool_]:
    """Firms of the sectors and legal forms that a source deals with."""
    firms = story.firms
    sectors = [SECTORS.index(s) for s in whom.sectors]
    kinds = [KINDS.index(k) for k in whom.kinds]
    every = np.ones(len(firms), dtype=bool)
    return (np.isin(firms.sector, sectors) if sectors else every) & (np.isin(firms.kind, kinds) if kinds else every)


def _alive_quarters(story: Story) -> NDArray[np.int64]:
    return np.maximum(0, story.closed - np.maximum(story.firms.born, 0))


def _register(rows: Register, story: Story, entries: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    firm = np.flatnonzero(members(rows.whom, story) & (rng.random(len(story.firms)) < rows.whom.share))
    opened = entries["opened_on"].to_numpy().astype("datetime64[D]")[firm]
    closed = entries["closed_on"].to_numpy().astype("datetime64[D]")[firm]
    day = opened + rng.integers(0, 45, len(firm))
    if rows.term:  # the licence in force and, where there was one, the licence before
        span = 365 * rows.term
        last = np.where(np.isnat(closed), LAST_DAY, closed)
        terms = np.maximum(0, (last - day).astype(int) // span)
        day = day + terms * span
        before = terms > 0
        firm, day = np.concatenate([firm, firm[before]]), np.concatenate([day, day[before] - span])
    return pl.DataFrame({"firm": firm, "day": day, "quarter": _quarter_of(day)})


def _signal(rows: Events, story: Story) -> tuple[NDArray, NDArray]:
    firm, quarter = story.signals[rows.signal]
    share = np.arange(len(firm)) * 0.618034 % 1  # the same event goes to the same department whoever asks
    kept = (share >= rows.keep[0]) & (share < rows.keep[1])
    return firm[kept], quarter[kept]


def _chance(rows: Events, story: Story, rng: np.random.Generator, flow: float) -> tuple[NDArray, NDArray]:
    firms = story.firms
    covered = np.flatnonzero(members(rows.whom, story) & (rng.random(len(firms)) < rows.whom.share))
    lean = np.exp(rows.lean * (firms.own + NATURE_LEAN[firms.nature]))[covered]
    rate = rows.rate / 4 * flow * lean / max(1e-9, float(lean.mean()) if len(lean) else 1.0)
    firm, quarter = [], []
    for q in range(QUARTERS):
        count = rng.poisson(rate) * ((firms.born <= q) & (story.closed > q))[covered]
        firm.append(np.repeat(covered, count))
        quarter.append(np.full(len(firm[-1]), q, dtype=np.int32))
    return np.concatenate(firm), np.concatenate(quarter)


def _dated(firm: NDArray, quarter: NDArray, rng: np.random.Generator) -> pl.DataFrame:
    day = quarter_start(quarter) + rng.integers(0, 90, len(firm))
    return pl.DataFrame({"firm": firm, "day": day, "quarter": quarter})


def _periodic(rows: Periodic, story: Story, rng: np.random.Generator, flow: float) -> pl.DataFrame:
    covered = members(rows.whom, story) & (rng.random(len(story.firms)) < rows.whom.share * flow)
    firm = np.flatnonzero(covered)
    month = np.arange(rows.months - 1, MONTHS, rows.months)  # reported at the end of the period
    born, closed = story.firms.born[firm], story.closed[firm]
    alive = (month[None, :] // 3 >= born[:, None]) & (month[None, :] // 3 < closed[:, None])
    whose, when = np.nonzero(alive)
    day = (FIRST_DAY.astype("datetime64[M]") + month[when]).astype("datetime64[D]")
    return pl.DataFrame({"firm": firm[whose], "day": day, "quarter": (month[when] // 3).astype(np.int32)})


def _places(
    rows: Places, story: Story, entries: pl.DataFrame, streets: pl.DataFrame, rng: np.random.Generator, flow: float
) -> pl.DataFrame:
    if rows.signal:
        near, quarter = story.signals[rows.signal]
        spread, source = 90, entries
    else:
        rate = rows.rate / 4 * flow * np.exp(rows.lean * story.land.effect / max(1e-9, float(story.land.effect.std())))
        counts = rng.poisson(np.broadcast_to(rate, (QUARTERS, len(rate))))
        near = np.concatenate([np.repeat(np.arange(len(rate)), c) for c in counts])
        quarter = np.repeat(np.arange(QUARTERS), counts.sum(axis=1)).astype(np.int32)
        spread, source = 260, streets
    lat, lon = place.moved(
        source["latitude"].to_numpy()[near], source["longitude"].to_numpy()[near],
        rng.normal(0, spread, len(near)), rng.normal(0, spread, len(near)),
    )  # fmt: skip
    frame = _dated(near, quarter, rng)
    return frame.with_columns(
        pl.lit(None, dtype=pl.Int64).alias("firm"),
        pl.Series("latitude", lat.round(6)), pl.Series("longitude", lon.round(6)),
        source["district"].gather(near).alias("district"),
    )  # fmt: skip


def _quarter_of(day: NDArray) -> NDArray[np.int32]:
    months = day.astype("datetime64[M]").astype(int) - FIRST_DAY.astype("datetime64[M]").astype(int)
    return (months // 3).astype(np.int32)
