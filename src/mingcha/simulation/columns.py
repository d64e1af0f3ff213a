"""The values of a dataset's columns, typed: text, whole numbers, numbers, dates, times."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from . import identifiers, place
from .catalogue.grammar import Column, Dataset
from .register import people
from .rows import LAST_DAY, NATURE_LEAN
from .story import FIRST_DAY, QUARTERS, Story

OF_THE_FIRM = {
    "uscc", "legacy15", "food_licence", "name", "representative", "address", "street", "district", "division",
    "station", "phone", "agent", "sector", "kind", "scope", "status", "capital", "capital_form", "staff", "opened_on",
    "closed_on", "latitude", "longitude",
}  # fmt: skip
REVIEWS = ("味道一般，", "等了一个多小时，", "和图片不一样，", "第一次来，", "包装漏了，", "服务态度差，", "")
REVIEW_FACTS = (
    "吃完拉肚子",
    "里面有异物",
    "肉不新鲜",
    "送来已经凉了",
    "分量太少",
    "太油太咸",
    "餐具不干净",
    "少送了一份",
)


def fill(
    dataset: Dataset, rows: pl.DataFrame, story: Story, entries: pl.DataFrame, rng: np.random.Generator
) -> pl.DataFrame:
    """The dataset's columns for the skeleton `rows`. Rows that nobody could know yet are left out, and rows of firms
    that lack the only key that the dataset has."""
    rows = _knowable(dataset, rows, rng)
    keys = [c.kind for c in dataset.columns if c.kind in ("uscc", "legacy15", "food_licence")]
    if keys and "firm" in rows:
        of = entries.select(
            pl.any_horizontal(pl.col(keys[0] if "legacy15" not in keys else keys).is_not_null())
        ).to_series()
        rows = rows.filter(of.gather(rows["firm"]))
    values = [_column(column, dataset, rows, story, entries, rng).alias(column.name) for column in dataset.columns]
    return pl.DataFrame(values)


def _knowable(dataset: Dataset, rows: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    for column in dataset.columns:
        if column.kind == "known":
            low, high = map(int, column.arguments)
            lag = pl.Series(rng.integers(low, high + 1, len(rows)))
            rows = rows.with_columns((pl.col("day") + pl.duration(days=lag)).alias("_known"))
            return rows.filter(pl.col("_known") <= pl.lit(LAST_DAY))
    return rows.filter(pl.col("day") <= pl.lit(LAST_DAY))


def _column(
    column: Column, dataset: Dataset, rows: pl.DataFrame, story: Story, entries: pl.DataFrame, rng: np.random.Generator
) -> pl.Series:
    kind, n = column.kind, len(rows)
    if column.name in rows.columns and kind in ("made", "latitude", "longitude", "district", "station"):
        series = rows[column.name]
    elif kind == "made":
        series = _made(column, rows, story, entries, rng)
    elif kind in OF_THE_FIRM:
        series = entries[kind].gather(rows["firm"])
    else:
        series = _drawn(column, dataset, rows, story, rng)
    if kind in ("latitude", "longitude") and dataset.datum == "GCJ-02":
        series = _shifted(column, rows, entries)
    if "null" in column.options:
        series = series.set(pl.Series(rng.random(n) < float(column.options["null"])), None)
    return series


def _drawn(column: Column, dataset: Dataset, rows: pl.DataFrame, story: Story, rng: np.random.Generator) -> pl.Series:
    kind, args, n = column.kind, column.arguments, len(rows)
    if kind in ("date", "from", "month"):
        return rows["day"].cast(pl.Date)
    if kind == "time":
        second = np.clip(rng.normal(14 * 3600, 4 * 3600, n), 0, 86_399).astype(np.int64)
        return rows["day"].cast(pl.Datetime("ms")) + pl.Series(second * 1000).cast(pl.Duration("ms"))
    if kind == "known":
        return rows["_known"].cast(pl.Date)
    if kind == "to":
        return rows["day"].cast(pl.Date).dt.offset_by(f"{args[0]}y")
    if kind == "after":
        day = rows["day"].to_numpy().astype("datetime64[D]") + rng.integers(int(args[0]), int(args[1]) + 1, n)
        there = rng.random(n) < (float(args[2]) if len(args) > 2 else 1.0)
        past = day <= LAST_DAY if len(args) > 2 else np.ones(n, dtype=bool)
        return pl.Series(day).cast(pl.Date).set(pl.Series(~(there & past)), None)
    if kind == "no":
        return pl.Series(identifiers.serial(args[0], np.arange(n) + 1, 9))
    if kind == "unit":
        return pl.Series(identifiers.serial(args[0], rows["firm"].to_numpy() + 1, 7))
    if kind == "choice":
        return _choice(column, rows, story, rng)
    if kind == "int":
        return pl.Series(rng.integers(int(args[0]), int(args[1]) + 1, n))
    if kind == "count":
        return pl.Series(rng.poisson(float(args[0]), n))
    if kind == "money":
        return pl.Series(np.exp(rng.normal(np.log(float(args[0])), float(args[1]), n)).round(2))
    if kind == "number":
        mean, spread, low, high = map(float, args)
        return pl.Series(np.clip(rng.normal(mean, spread, n), low, high).round(2 if high < 1_000 else 0))
    if kind == "person":
        return people(rng, rng.integers(0, 2**40, n))
    facts = pl.Series(list(REVIEW_FACTS)).gather(rng.integers(0, len(REVIEW_FACTS), n))
    return pl.Series(list(REVIEWS)).gather(rng.integers(0, len(REVIEWS), n)) + facts


def _choice(column: Column, rows: pl.DataFrame, story: Story, rng: np.random.Generator) -> pl.Series:
    """One of the words; with `lean`, firms that break rules draw the later words more often."""
    options = [part.rsplit("=", 1) for part in column.arguments]
    weight = np.array([float(w) for _, w in options])
    edges = np.cumsum(weight / weight.sum())
    chance = rng.random(len(rows))
    lean = float(column.options.get("lean", 0))
    if lean and "firm" in rows:
        firm = rows["firm"].to_numpy()
        push = np.exp(-lean * (story.firms.own + NATURE_LEAN[story.firms.nature]))[firm]
        chance = chance**push
    return pl.Series([w for w, _ in options]).gather(np.minimum(np.searchsorted(edges, chance), len(options) - 1))


def _made(
    column: Column, rows: pl.DataFrame, story: Story, entries: pl.DataFrame, rng: np.random.Generator
) -> pl.Series:
    n = len(rows)
    if column.name in ("high", "low", "rain"):
        return _weather(column.name, rows["day"].to_numpy().astype("datetime64[D]"))
    firm, quarter = rows["firm"].to_numpy(), rows["quarter"].to_numpy()
    nil = nothing(story, column.options["zero"])[firm, quarter]
    if column.name == "insured":
        people_there = np.maximum(1, (entries["staff"].to_numpy()[firm] * rng.uniform(0.5, 1.0, n)).astype(int))
        return pl.Series(np.where(nil, 0, people_there))
    used = np.exp(rng.normal(0, 0.25, n) + 0.5 * story.firms.size[firm]) * (180 + 640 * _steady(firm))
    return pl.Series(np.where(nil, rng.uniform(0, 3, n), used).round(1))


def nothing(story: Story, signal: str) -> NDArray[np.bool_]:
    """(N, QUARTERS): in which quarters each firm had the signal."""
    firm, quarter = story.signals[signal]
    table = np.zeros((len(story.firms), QUARTERS), dtype=bool)
    table[firm, quarter] = True
    return table


def _steady(firm: NDArray) -> NDArray[np.float64]:
    """A number in 0..1 that a firm keeps from month to month."""
    return firm * 0.6180339887 % 1


def _weather(name: str, day: NDArray) -> pl.Series:
    """The city's weather: the same in every city, whatever the seed."""
    rng = np.random.default_rng(20231001)
    span = int((LAST_DAY - FIRST_DAY).astype(int)) + 1
    season = np.cos(2 * np.pi * (np.arange(span) + 270 - 200) / 365.25)  # the story begins in October; warmest in July
    wander = np.convolve(rng.normal(0, 3, span + 4), np.ones(5) / 5, "valid")
    high = 21 + 11 * season + wander
    low = high - 7 + rng.normal(0, 1, span)
    rain = np.where(rng.random(span) < 0.33 + 0.1 * season, rng.gamma(0.7, 14, span), 0)
    return pl.Series({"high": high, "low": low, "rain": rain}[name].round(1)[(day - FIRST_DAY).astype(int)])


def _shifted(column: Column, rows: pl.DataFrame, entries: pl.DataFrame) -> pl.Series:
    source = rows if "latitude" in rows.columns else entries[rows["firm"]]
    lat, lon = place.gcj02(source["latitude"].to_numpy(), source["longitude"].to_numpy())
    return pl.Series((lat if column.kind == "latitude" else lon).round(6))
