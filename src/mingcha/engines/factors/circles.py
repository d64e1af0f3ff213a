"""Whose facts a factor sums: the entity's own, its peers', its neighbours', those around its place, or the days'.

Peers and neighbours are others: an entity's own part is summed apart and taken off, so that a factor about others
can't smuggle in what the entity itself did.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mingcha.engines.lake.view import LakeView, Source

from .attributes import latitude_longitude, peer_attribute, places
from .engine import Engine
from .factor import Factor, Peer, Signal
from .facts import OPEN_MICROS, PLACE_DEGREES, Moment, read_facts, to_entities
from .grid import Grid
from .sums import Array, Atom, Sums, Windows, compress, merge, partial_sums, sum_over, windows_of
from .values import ROWS, atoms_of, signals_of, value_of

Answers = Iterator[tuple[Factor, Array]]


@dataclass
class Asked:
    """The rows that are asked about: `queries` (q, entity, day) in the engine, `days` here; and what is shared by
    all datasets: links, attributes and places, computed when first needed."""

    engine: Engine
    view: LakeView
    moment: Moment
    links: Any
    spans: bool  # some link holds for a time only
    queries: Any
    days: npt.NDArray[np.int32]
    given: tuple[Array, Array] | None  # latitude, longitude, where the caller knows them
    _attributes: dict[Peer, Any] = field(default_factory=dict)

    @property
    def n(self) -> int:
        return len(self.days)

    def attribute(self, peer: Peer) -> Any:
        if peer not in self._attributes:
            found = peer_attribute(self.engine, self.view, peer, self.links, self.spans, self.moment)
            self._attributes[peer] = self.engine.keep(found)
        return self._attributes[peer]

    @cached_property
    def places(self) -> Any:
        """(entity, value, since, until) of every entity, or None."""
        found = places(self.engine, self.view, self.links, self.spans, self.moment)
        return None if found is None else self.engine.keep(found)

    @cached_property
    def here(self) -> tuple[Array, Array]:
        """Where each row is, in 1/10,000 degree from the south pole and 180 west; NaN where unknown."""
        value = np.full(self.n, np.nan)
        if self.places is not None:
            found = self.engine.fetch(_as_of(self.queries, self.places).select("q", "value"))
            value[found["q"].to_numpy()] = found["value"].to_numpy()
        lat, lon = latitude_longitude(value)
        if self.given is not None:
            known = ~np.isnan(self.given[0] + self.given[1])
            lat = np.where(known, np.round((self.given[0] + 90) * PLACE_DEGREES), lat)
            lon = np.where(known, np.round((self.given[1] + 180) * PLACE_DEGREES), lon)
        return lat, lon


def dataset_factors(asked: Asked, source: Source, factors: Sequence[Factor]) -> Answers:
    """The values (n,) of `factors`, which are all of one dataset."""
    kind = source.contract.keyed_by
    if kind == "date":
        yield from _of_days(asked, source, factors)
        return
    if kind == "place":
        yield from _of_events(asked, source, factors)
        return
    sums = [f for f in factors if f.statistic not in ("valid", "others")]
    if sums:
        yield from _of_entities(asked, source, sums)
    valid = [f for f in factors if f.statistic == "valid"]
    if valid:
        yield from _of_entities(asked, source, valid, valid_only=True)
    for factor in factors:
        if factor.statistic == "others":
            yield from _of_others(asked, factor)


def _of_entities(asked: Asked, source: Source, factors: Sequence[Factor], valid_only: bool = False) -> Answers:
    signals, windows = signals_of(factors), windows_of([f.window for f in factors])
    circles: dict[Any, list[Factor]] = {}
    for f in factors:
        circles.setdefault(f.peer or (Grid(f.radius, f.latitude) if f.radius else None), []).append(f)
    moment = replace(asked.moment, reach=0 if windows.everything else windows.days[-1])
    facts = read_facts(asked.engine, source, signals, moment, span=asked.spans, valid_only=valid_only)
    if not asked.moment.single:
        facts = to_entities(facts, asked.links, asked.spans)
    else:
        atoms = _plain(factors, signals)
        facts = _sums_of_entities(asked, facts, atoms, windows)
        if asked.links is not None and set(circles) != {None}:
            facts = merge(facts, ["entity"], atoms)
    if len(circles) > 1 or None not in circles:
        facts = asked.engine.keep(facts)
    for circle, members in circles.items():
        if not asked.moment.single:  # partial sums are in the buckets of all; facts need only those of the circle
            windows = windows_of([f.window for f in members])
        if circle is None:
            yield from _own(asked, facts, members, signals, windows)
        elif isinstance(circle, Peer):
            yield from _peers(asked, facts, circle, members, signals, windows)
        else:
            yield from _neighbours(asked, facts, circle, members, signals, windows)


def _sums_of_entities(asked: Asked, facts: Any, atoms: Sequence[Atom], windows: Windows) -> Any:
    """Partial sums by `entity`, several rows of each where it has several keys. They are summed by key first: the link
    is then looked up once a key, not once a record; but for the few keys that passed on, whose records tell by their
    time whose they are."""
    last = asked.moment.last
    if asked.links is None:
        return partial_sums(to_entities(facts, None, False), ["entity"], atoms, windows, last)
    whole = asked.links
    if asked.spans:
        passed_on = (whole.start > -OPEN_MICROS) | (whole.stop < OPEN_MICROS)
        holders = whole.filter(passed_on).select(of="key", holder="entity", start="start", stop="stop")
        whole = whole.filter(~passed_on).select(of="key", entity="entity")
        held = [facts.key == holders.of, facts.micros >= holders.start, facts.micros < holders.stop]
        facts = facts.left_join(holders, held).drop("of", "start", "stop")
        sums = partial_sums(facts, ["key", "holder"], atoms, windows, last)
        found = sums.left_join(whole, sums.key == whole.of)
        found = found.mutate(entity=found.holder.fill_null(found.entity)).drop("key", "holder", "of")
        return found.filter(found.entity.notnull())
    sums = partial_sums(facts, ["key"], atoms, windows, last)
    return sums.join(whole.select("key", "entity"), "key").drop("key")


def _own(asked: Asked, facts: Any, factors: Sequence[Factor], signals: list[Signal], windows: Windows) -> Answers:
    joined = _queries(asked, facts).join(facts, "entity")
    sums = sum_over(asked.engine, joined, _atoms(factors, signals), windows, asked.n)
    for factor in factors:
        yield factor, value_of(factor, signals, sums.get, asked.days)


def _peers(
    asked: Asked, facts: Any, peer: Peer, factors: Sequence[Factor], signals: list[Signal], windows: Windows
) -> Answers:
    attribute = asked.attribute(peer)
    mine = asked.engine.fetch(_as_of(asked.queries, attribute).select("q", "value"))
    row = mine["q"].to_numpy()
    value = mine["value"].combine_chunks().dictionary_encode()
    days = asked.days[row]
    group, first = _distinct(value.indices.to_numpy(), days)
    pairs = asked.engine.upload(_query_table(row=row, value=value, day=days))
    groups = asked.engine.upload(_query_table(value=value.take(pa.array(first)), day=days[first]))
    theirs = _with_value(facts, attribute)
    atoms = _atoms(factors, signals)
    everyone = _group(theirs, ["value"], atoms, signals)
    total = sum_over(asked.engine, _queries_of(groups, facts).join(everyone, "value"), atoms, windows, len(first))
    pairs = pairs.join(asked.queries.select(row="q", entity="entity"), "row").drop("row")
    own = sum_over(asked.engine, _queries_of(pairs, facts).join(theirs, ["entity", "value"]), atoms, windows, len(row))
    yield from _less_own(asked, factors, signals, total, group, own, row, days)


def _neighbours(
    asked: Asked, facts: Any, grid: Grid, factors: Sequence[Factor], signals: list[Signal], windows: Windows
) -> Answers:
    if asked.places is None:
        return
    row, cells, days = _cells_here(asked, grid)
    group, first = _distinct(cells["crow"], cells["ccolumn"], days)
    theirs = _with_value(facts, asked.places)
    lat, lon = latitude_longitude(theirs.value)
    crow, ccolumn = grid.cells(lat, lon)
    theirs = theirs.mutate(crow=crow, ccolumn=ccolumn).drop("value")
    atoms = _atoms(factors, signals)
    everyone = _group(theirs, ["crow", "ccolumn"], atoms, signals)
    stencil = asked.engine.upload(grid.stencil())
    total = _sum_around(asked, everyone, stencil, {k: v[first] for k, v in cells.items()}, days[first], atoms, windows)
    pairs = asked.engine.upload(_query_table(row=row, day=days, prow=cells["crow"], pcolumn=cells["ccolumn"]))
    pairs = pairs.join(asked.queries.select(row="q", entity="entity"), "row").drop("row")
    own = _queries_of(pairs, facts).join(theirs, "entity")
    own = own.mutate(drow=(own.crow - own.prow).cast("int32"), dcolumn=(own.ccolumn - own.pcolumn).cast("int32"))
    own = own.join(stencil, ["drow", "dcolumn"])
    yield from _less_own(
        asked, factors, signals, total, group, sum_over(asked.engine, own, atoms, windows, len(row)), row, days
    )


def _of_others(asked: Asked, factor: Factor) -> Answers:
    """How many others share an attribute, or are within a radius."""
    if factor.peer is None and asked.places is None:
        return
    who = asked.attribute(factor.peer) if factor.peer else asked.places
    one = who.since.notnull().cast("float64")
    facts = who.select("entity", "since", "until", event=who.since, s0=one, n0=one)
    windows = windows_of([0])
    if asked.moment.single:
        facts = partial_sums(facts, ["entity"], _plain([factor], [ROWS]), windows, asked.moment.last)
    facts = asked.engine.keep(facts.distinct())
    if factor.peer:
        yield from _peers(asked, facts, factor.peer, [factor], [ROWS], windows)
    else:
        yield from _neighbours(asked, facts, Grid(factor.radius, factor.latitude), [factor], [ROWS], windows)


def _of_events(asked: Asked, source: Source, factors: Sequence[Factor]) -> Answers:
    """What happened around: datasets whose rows belong to a place."""
    signals, windows = signals_of(factors), windows_of([f.window for f in factors])
    moment = replace(asked.moment, reach=0 if windows.everything else windows.days[-1])
    facts = read_facts(asked.engine, source, signals, moment, place=True)
    facts = facts.filter(facts.lat.notnull()).drop("key")
    grids: dict[Grid, list[Factor]] = {}
    for f in factors:
        grids.setdefault(Grid(f.radius, f.latitude), []).append(f)
    if len(grids) > 1 and not asked.moment.single:
        facts = asked.engine.keep(facts)
    for grid, members in grids.items():
        crow, ccolumn = grid.cells(facts.lat, facts.lon)
        events = facts.mutate(crow=crow, ccolumn=ccolumn).drop("lat", "lon")
        if asked.moment.single:
            atoms = _plain(members, signals)
            events = partial_sums(events, ["crow", "ccolumn"], atoms, windows, asked.moment.last)
        row, cells, days = _cells_here(asked, grid)
        group, first = _distinct(cells["crow"], cells["ccolumn"], days)
        stencil = asked.engine.upload(grid.stencil())
        distinct = {k: v[first] for k, v in cells.items()}
        sums = _sum_around(asked, events, stencil, distinct, days[first], _atoms(members, signals), windows)
        for factor in members:
            values = np.full(asked.n, np.nan)
            values[row] = value_of(factor, signals, sums.get, days[first])[group]
            yield factor, values


def _of_days(asked: Asked, source: Source, factors: Sequence[Factor]) -> Answers:
    """What holds for everyone on a day: datasets whose rows belong to a date."""
    signals, windows = signals_of(factors), windows_of([f.window for f in factors])
    moment = replace(asked.moment, reach=0 if windows.everything else windows.days[-1])
    facts = read_facts(asked.engine, source, signals, moment).drop("key")
    days, group = np.unique(asked.days, return_inverse=True)
    queries = asked.engine.upload(_query_table(day=days))
    sums = sum_over(asked.engine, queries.cross_join(facts), _atoms(factors, signals), windows, len(days))
    for factor in factors:
        yield factor, value_of(factor, signals, sums.get, days)[group]


def _less_own(
    asked: Asked,
    factors: Sequence[Factor],
    signals: list[Signal],
    total: Sums,
    group: npt.NDArray[np.int64],
    own: Sums,
    row: npt.NDArray[np.int64],
    days: npt.NDArray[np.int32],
) -> Answers:
    """Values of rows from those of their groups less their own; of several groups (words of a name), counts are added
    and rates averaged."""

    def others(atom: Atom, window: int) -> Array:
        return np.asarray(total.get(atom, window)[group] - own.get(atom, window))

    for factor in factors:
        value = value_of(factor, signals, others, days)
        yield factor, _over_groups(value, row, asked.n, factor)


def _over_groups(value: Array, row: npt.NDArray[np.int64], n: int, factor: Factor) -> Array:
    out = np.full(n, np.nan)
    known = ~np.isnan(value)
    row, value = row[known], value[known]
    if factor.over == "max":
        np.fmax.at(out, row, value)
    elif factor.over == "min":
        np.fmin.at(out, row, value)
    else:
        count = np.bincount(row, minlength=n).astype(np.float64)
        total = np.bincount(row, weights=value, minlength=n)
        each = np.ones(n) if factor.statistic in ("count", "sum", "others") else count
        np.divide(total, each, out=out, where=count > 0)
    return out


def _sum_around(
    asked: Asked,
    events: Any,
    stencil: Any,
    cells: dict[str, npt.NDArray[np.int32]],
    days: npt.NDArray[np.int32],
    atoms: list[Atom],
    windows: Windows,
) -> Sums:
    """Sums of `events` in the stencil around each of `cells`."""
    queries = asked.engine.upload(_query_table(day=days, prow=cells["crow"], pcolumn=cells["ccolumn"]))
    around = _queries_of(queries, events).cross_join(stencil)
    around = around.mutate(
        crow=(around.prow + around.drow).cast("int32"), ccolumn=(around.pcolumn + around.dcolumn).cast("int32")
    ).drop("prow", "pcolumn", "drow", "dcolumn")
    around = asked.engine.keep(around.order_by("q"))  # many rows: all threads join; in order: a group stays in cache
    return sum_over(asked.engine, around.join(events, ["crow", "ccolumn"]), atoms, windows, len(days))


def _cells_here(
    asked: Asked, grid: Grid
) -> tuple[npt.NDArray[np.int64], dict[str, npt.NDArray[np.int32]], npt.NDArray[np.int32]]:
    """(rows that have a place, their cells, their days)."""
    lat, lon = asked.here
    row = np.flatnonzero(~np.isnan(lat + lon))
    crow, ccolumn = grid.cells_of(lat[row], lon[row])
    return row, {"crow": crow, "ccolumn": ccolumn}, asked.days[row]


def _as_of(queries: Any, attribute: Any) -> Any:
    joined = queries.join(attribute, "entity")
    return joined.filter(joined.since < joined.day, joined.until >= joined.day)


def _with_value(facts: Any, attribute: Any) -> Any:
    """Facts beside the value that their entity has, each seen only while both are."""
    import ibis

    if "bucket" in facts.columns:
        return facts.join(attribute.select("entity", "value"), "entity")
    joined = facts.join(attribute.rename(value_since="since", value_until="until"), "entity")
    return joined.mutate(
        since=ibis.greatest(joined.since, joined.value_since), until=ibis.least(joined.until, joined.value_until)
    ).drop("value_since", "value_until")


def _group(facts: Any, by: list[str], atoms: list[Atom], signals: Sequence[Signal]) -> Any:
    if "bucket" in facts.columns:
        return merge(facts, by, list({Atom(a.op, a.signal, a.half_life) for a in atoms}))
    return compress(facts, by, len(signals))


def _queries(asked: Asked, facts: Any) -> Any:
    return _queries_of(asked.queries, facts)


def _queries_of(queries: Any, facts: Any) -> Any:
    """Partial sums are of one day already, so that their queries need none."""
    return queries.drop("day") if "bucket" in facts.columns else queries


def _atoms(factors: Sequence[Factor], signals: Sequence[Signal]) -> list[Atom]:
    return sorted({atom for f in factors for atom in atoms_of(f, signals)})


def _plain(factors: Sequence[Factor], signals: Sequence[Signal]) -> list[Atom]:
    return sorted({replace(atom, kernel=False) for atom in _atoms(factors, signals)})


def _query_table(**columns: Any) -> pa.Table:
    n = len(next(iter(columns.values())))
    arrays = {k: v.cast(pa.string()) if isinstance(v, pa.DictionaryArray) else pa.array(v) for k, v in columns.items()}
    return pa.table({"q": np.arange(n, dtype=np.int64), **arrays})


def _distinct(*columns: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """(the group of each row, the first row of each group) of rows that agree in all `columns`."""
    code = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        _, rank = np.unique(column, return_inverse=True)
        code = code * (int(rank.max(initial=0)) + 1) + rank
    _, first, group = np.unique(code, return_index=True, return_inverse=True)
    return group, first
