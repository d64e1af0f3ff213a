"""The factor matrix: factors of rows (an entity as of a day), each from facts that were known before that day.

`matrix` serves many days at once (training, backtests); `matrix_all` everyone as of one day, with one streamed scan a
dataset. Both run the same code; only what the kept factors need is read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mingcha.engines.lake.view import LakeView
from mingcha.problems import Problem

from .circles import Asked, dataset_factors
from .days import day_number, local_days, start_of
from .engine import DuckDBEngine, Engine
from .factor import Factor
from .facts import Moment, link_relation
from .values import calendar

Matrix = npt.NDArray[np.float32]


def matrix(view: LakeView, factors: Sequence[Factor], rows: pa.Table, *, engine: Engine | None = None) -> Matrix:
    """(rows, factors) float32, NaN where unknown, in the order given.

    `rows`: columns `entity` (text) and `as_of` (date, or timestamp in UTC: then the day on which it falls in the view's
    zone); facts are those known before that day began. Optional: `key`, a source's key (such as the visit's own), from
    which the entity is found as it was linked on that day; `latitude`, `longitude` (degrees, WGS-84) where a row's
    place is known better than by the entity's records.
    """
    days = as_days(rows["as_of"], view.zone)
    out: Matrix = np.full((rows.num_rows, len(factors)), np.nan, dtype=np.float32)
    if not factors or not rows.num_rows:
        return out
    for column, factor in enumerate(factors):
        if factor.family == "calendar":
            out[:, column] = calendar(factor.signal.name, days)
        elif factor.dataset not in view.sources:
            raise Problem(
                zh=f"因子“{factor.name}”所需的数据集“{factor.dataset}”不在数据湖中。",
                en=f"The factor {factor.name!r} needs the dataset {factor.dataset!r}, which the lake doesn't hold.",
                todo_zh="请先导入该数据集，或在训练时不用这个因子。",
                todo_en="Import that dataset first, or train without this factor.",
            )
    with nullcontext(engine) if engine else DuckDBEngine() as session:
        asked = _ask(session, view, rows, days)
        number = {factor: column for column, factor in enumerate(factors)}
        for dataset in sorted({f.dataset for f in factors if f.family != "calendar"}):
            source = view.sources[dataset]
            if source.files:
                wanted = [f for f in number if f.dataset == dataset and f.family != "calendar"]
                for factor, values in dataset_factors(asked, source, wanted):
                    out[:, number[factor]] = values
    return out


def matrix_all(
    view: LakeView,
    factors: Sequence[Factor],
    as_of: dt.date,
    *,
    entities: pa.Array | None = None,
    engine: Engine | None = None,
) -> tuple[pa.Array, Matrix]:
    """(entities, their matrix) as of the start of `as_of`; everyone known by then unless `entities` is given."""
    with nullcontext(engine) if engine else DuckDBEngine() as session:
        who = known_entities(view, as_of, engine=session) if entities is None else entities
        day = pa.array(np.full(len(who), day_number(as_of), dtype=np.int32)).cast(pa.date32())
        return who, matrix(view, factors, pa.table({"entity": who, "as_of": day}), engine=session)


def known_entities(view: LakeView, as_of: dt.date, *, engine: Engine | None = None) -> pa.Array:
    """Every entity that was known before `as_of`, sorted."""
    moment = Moment(day_number(as_of), True, view.zone)
    with nullcontext(engine) if engine else DuckDBEngine() as session:
        links, _ = link_relation(session, view, moment)
        if links is not None:
            found = [session.fetch(links.select("entity").distinct())["entity"]]
        else:
            found = [
                session.fetch(_keys(session, source.files).distinct())["entity"]
                for source in view.sources.values()
                if source.contract.keyed_by == "entity" and source.files
            ]
    names = pa.chunked_array([c for column in found for c in column.chunks], type=pa.string())
    return pc.unique(names).sort()


def as_days(column: Any, zone: str) -> npt.NDArray[np.int32]:
    """Day numbers of dates, or of UTC timestamps by the day on which they fall in `zone`."""
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_date(column.type):
        return np.asarray(column.cast(pa.date32()).cast(pa.int32()))
    micros = column.cast(pa.timestamp("us", tz=column.type.tz)).cast(pa.int64())
    days: npt.NDArray[np.int32] = local_days(np.asarray(micros), zone)
    return days


def _keys(engine: Engine, files: Sequence[Any]) -> Any:
    rows = engine.read(files)
    return rows.filter(rows._key.notnull()).select(entity=rows._key)


def _ask(engine: Engine, view: LakeView, rows: pa.Table, days: npt.NDArray[np.int32]) -> Asked:
    first, last = int(days.min()), int(days.max())
    moment = Moment(last, first == last, view.zone, first)
    links, spans = link_relation(engine, view, moment)
    entity = rows["entity"].cast(pa.string()).combine_chunks()
    numbers = np.arange(rows.num_rows, dtype=np.int64)
    if links is not None and "key" in rows.column_names:
        entity = _as_linked(engine, links, entity, rows["key"], days, numbers, view.zone)
    queries = engine.upload(pa.table({"q": numbers, "entity": entity, "day": days}))
    given = None
    if "latitude" in rows.column_names:
        given = (rows["latitude"].cast(pa.float64()).to_numpy(), rows["longitude"].cast(pa.float64()).to_numpy())
    return Asked(engine, view, moment, links, spans, queries, days, given)


def _as_linked(engine: Engine, links: Any, entity: Any, key: Any, days: Any, numbers: Any, zone: str) -> Any:
    """The entity that each row's key was linked to on its day; the given one where it was not linked yet. Of a key
    that passed on, whoever had it when the day began."""
    each, place = np.unique(days, return_inverse=True)
    begins = np.array([start_of(int(day), zone).timestamp() * 1_000_000 for day in each], dtype=np.int64)[place]
    columns = {"q": numbers, "key": key.cast(pa.string()).combine_chunks(), "day": days, "begins": begins}
    found = engine.upload(pa.table(columns)).join(links, "key")
    found = found.filter(found.since < found.day, found.until >= found.day)
    found = found.filter(found.start <= found.begins, found.begins < found.stop)
    found = engine.fetch(found.group_by("q").aggregate(entity=found.entity.min()))
    linked = np.array(entity.to_numpy(zero_copy_only=False), dtype=object)
    linked[found["q"].to_numpy()] = found["entity"].to_numpy()
    return pa.array(linked, pa.string())
