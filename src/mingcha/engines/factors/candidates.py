"""Candidate factors by declaration: what the contracts allow, a thousand and more, without a line of SQL.

What depends on data (the commonest values of a category, the topics of a text, base rates, a measure's size) is taken
from what was known before a given day only, so that not even the choice of candidates looks ahead.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from mingcha.engines.lake.contract import Contract, FactorDeclaration
from mingcha.engines.lake.expressions import fields_used
from mingcha.engines.lake.view import LakeView, Source

from .days import day_number
from .engine import DuckDBEngine, Engine
from .factor import Factor, Family, Peer, Signal
from .facts import instant_of, places_of, with_conditions
from .titles import named
from .topics import TEXTS, topics

HALF_LIFE = 365  # days, of weighted histories
DATE_WINDOWS = (3, 14, 30)  # days, for what holds for everyone on a day
OWN_STRENGTH, PEER_STRENGTH, NEIGHBOUR_STRENGTH, WORD_STRENGTH = 1.0, 5.0, 10.0, 20.0  # rows, see Factor
_WORD_LEAST = 10  # rows that a word of a name needs
_COMMON = 20  # rows that a category's value needs to become a factor
_LARGE = 10  # digits that a measure keeps

_DIRECTION = {"up": "down", "down": "up", "": ""}


def candidates(view: LakeView, *, known_before: dt.date, engine: Engine | None = None) -> list[Factor]:
    """Every factor that the contracts of `view` allow, in a stable order; names are unique.

    Nothing is derived of a dataset whose contract names no lawful basis, nor of fields that it forbids or names as
    stand-ins for protected traits.
    """
    day = day_number(known_before)
    with nullcontext(engine) if engine else DuckDBEngine() as session:
        found = {
            name: _Known.read(session, source, day, view.zone)
            for name, source in sorted(view.sources.items())
            if source.contract.factors and source.files
        }
    datasets = {name: (view.sources[name].contract, known) for name, known in found.items() if known.rows}
    latitude = next((k.latitude for _, k in datasets.values() if k.latitude is not None), None)
    peers = _peers([contract for contract, _ in datasets.values()])
    out = [_calendar(part) for part in ("year_sin", "year_cos", "weekday")]
    placed = any(c.keyed_by == "entity" for c, k in datasets.values() if k.latitude is not None)
    for contract, known in datasets.values():
        make = _Candidates(contract, known, peers, latitude if placed else None)
        out += [named(f, contract) for f in make.all()]
    return list({f.name: f for f in out}.values())


@dataclass(frozen=True)
class _Known:
    """What was known of a dataset: rows, base rates, commonest values, sizes, the latitude of its places."""

    rows: int
    conditions: dict[str, str]
    rates: dict[str, float]
    values: dict[str, list[tuple[str, float]]]  # field -> (value, share of rows), the commonest first
    topics: dict[str, list[tuple[tuple[str, ...], float]]]  # field -> (words, share of rows)
    greatest: dict[str, float]
    latitude: float | None

    @staticmethod
    def read(engine: Engine, source: Source, day: int, zone: str) -> _Known:
        contract = source.contract
        declaration = contract.factors
        assert declaration is not None
        conditions = _conditions(contract, declaration)
        measures = [m for m in declaration.measures if m not in _banned(declaration)]
        rows = engine.read(source.files)
        rows = rows.filter(rows._known_at < instant_of(rows._known_at, day, zone))
        flags = {f"c{i}": expression for i, expression in enumerate(conditions.values())}
        flagged = with_conditions(rows, contract, flags, engine.dialect)
        columns: dict[str, Any] = {"n": flagged.count()}
        columns |= {c: flagged[c].cast("int64").sum().cast("float64") for c in flags}
        for i, m in enumerate(measures):
            columns[f"m{i}"] = flagged[m].cast("float64").abs().max()
        latitude, _ = places_of(contract)
        if latitude:
            columns["latitude"] = flagged[latitude].cast("float64").median()
        one = engine.fetch(flagged.aggregate(**columns)).to_pylist()[0]
        n = one["n"]
        rates = {name: (one[f"c{i}"] or 0) / max(1, n) for i, name in enumerate(conditions)}
        values = {
            field: _commonest(engine, rows, contract, field, most, n)
            for field, most in declaration.categories.items()
            if field not in _banned(declaration)
        }
        told = {
            field: _topics(engine, rows, field, most)
            for field, most in declaration.texts.items()
            if field not in _banned(declaration)
        }
        greatest = {m: one[f"m{i}"] or 0.0 for i, m in enumerate(measures)}
        middle = one.get("latitude")
        return _Known(n, conditions, rates, values, told, greatest, None if middle is None else float(round(middle)))


def _conditions(contract: Contract, declaration: FactorDeclaration) -> dict[str, str]:
    """Declared conditions, each risk point's label, and whether a visit had a cause."""
    inspections = contract.inspections
    conditions = dict(declaration.conditions)
    if inspections:
        same = set(conditions.values())
        conditions |= {p.name: p.label for p in inspections.risk_points if not p.label_in and p.label not in same}
        if inspections.unplanned:
            conditions.setdefault("unplanned", inspections.unplanned)
    banned = _banned(declaration)
    return {n: e for n, e in conditions.items() if not banned & set(fields_used(e, contract.fields))}


def _banned(declaration: FactorDeclaration) -> set[str]:
    return {*declaration.forbid, *declaration.proxies}


def _commonest(engine: Engine, rows: Any, contract: Contract, field: str, most: int, n: int) -> list[tuple[str, float]]:
    import ibis

    column = rows[field]
    column = column.unnest() if contract.field(field).type == "array" else column.cast("string")
    counted = rows.select(value=column)
    counted = counted.filter(counted.value.notnull(), counted.value != "")
    counted = counted.group_by("value").aggregate(rows=counted.count())
    counted = counted.filter(counted.rows >= min(_COMMON, n // 20)).order_by(ibis.desc("rows"), "value").limit(most)
    found: pa.Table = engine.fetch(counted)
    return [
        (r["value"], r["rows"] / max(1, n)) for r in sorted(found.to_pylist(), key=lambda r: (-r["rows"], r["value"]))
    ]


def _topics(engine: Engine, rows: Any, field: str, most: int) -> list[tuple[tuple[str, ...], float]]:
    told = rows.filter(rows[field].notnull()).order_by("_id").limit(TEXTS)  # ids are digests: as good as a lot
    return topics(engine.fetch(told.select(text=told[field]))["text"].to_pylist(), most)


def _peers(contracts: list[Contract]) -> list[Peer]:
    """What makes peers: each role or field that some contract declares, read of the dataset that says most of its
    entities (a register rather than a list of visits)."""
    best: dict[str, tuple[int, str, str]] = {}
    for contract in contracts:
        assert contract.factors is not None
        if contract.keyed_by != "entity":
            continue
        for name in contract.factors.peers:
            field = contract.roles.get(name, name)
            if field in _banned(contract.factors):
                continue
            rank = (-len(contract.roles) - 100 * bool(contract.valid_from), contract.name, field)
            best[name] = min(best.get(name, rank), rank)
    peers = []
    for name, (_, dataset, field) in sorted(best.items()):
        if name in ("name", "name_other"):
            peers += [Peer(dataset, name, field, "name"), Peer(dataset, name, field, "words")]
        else:
            peers.append(Peer(dataset, name, field, "address" if name == "address" else "exact"))
    return peers


def _calendar(part: str) -> Factor:
    factor = Factor(name="", dataset="", family="calendar", statistic="part", signal=Signal("date", part))
    return named(factor, None)


class _Candidates:
    """The candidates of one dataset."""

    def __init__(self, contract: Contract, known: _Known, peers: list[Peer], latitude: float | None) -> None:
        assert contract.factors is not None
        self.contract, self.known, self.peers, self.latitude = contract, known, peers, latitude
        self.declaration = contract.factors
        self.windows = sorted(self.declaration.windows)
        self.spans: list[tuple[int, int]] = [(w, 0) for w in self.windows] + [(0, 0), (0, HALF_LIFE)]
        self.long_spans = [*[(w, 0) for w in self.windows[-2:]], (0, 0), (0, HALF_LIFE)]
        self.conditions = [(Signal("condition", n, e), known.rates[n]) for n, e in known.conditions.items()]
        self.categories = [
            (Signal("category", field, value=value), share)
            for field, values in known.values.items()
            for value, share in values
        ]
        self.categories += [
            (Signal("topic", field, value="|".join(words)), share)
            for field, found in known.topics.items()
            for words, share in found
        ]
        self.measures = [Signal("measure", m, decimals=_decimals(g)) for m, g in known.greatest.items()]

    def all(self) -> Iterator[Factor]:
        if self.contract.keyed_by == "place":
            yield from self._density()
            return
        if self.contract.keyed_by == "date":
            yield from self._of_days()
            return
        of_family = {
            "count": self._count,
            "recency": self._recency,
            "rate": self._rate,
            "state": self._state,
            "peers": self._of_peers,
            "neighbours": self._neighbours,
        }
        allowed = self.declaration.families or self._default_families()
        for family in of_family:
            if family in allowed:
                yield from of_family[family]()

    def _default_families(self) -> tuple[str, ...]:
        """What others' records say is asked of inspections, unless the contract names more: of a hundred datasets it
        would be a thousand factors more, at a hundred times the price."""
        own = ("count", "state") if self.contract.valid_from else ("count", "recency", "rate", "state")
        others = ("peers", "neighbours") if self.contract.inspections else ()
        return (*own, *others, *(("peers",) if self.declaration.peers and not others else ()))

    def _factor(self, family: Family, statistic: Any, signal: Signal, **more: Any) -> Factor:
        way = self.declaration.direction.get(signal.name or "count", "")
        if statistic == "days_since":
            way = _DIRECTION[way]
        more.setdefault("unit", "value")
        return Factor(
            name="",
            dataset=self.contract.name,
            family=family,
            statistic=statistic,
            signal=signal,
            direction=way,  # type: ignore[arg-type]
            basis=self.declaration.basis,
            **more,
        )

    def _count(self) -> Iterator[Factor]:
        if self.contract.valid_from:
            if self.contract.valid_to:
                yield self._factor("count", "valid", Signal(), unit="times")
            return
        for signal in (Signal(), *(s for s, _ in self.conditions)):
            for window, half in self.spans:
                yield self._factor("count", "count", signal, window=window, half_life=half, unit="times")
        for signal, _ in self.categories:
            for window in (*self.windows[-2:], 0):
                yield self._factor("count", "count", signal, window=window, unit="times")
        for signal in self.measures:
            for window in (*self.windows, 0):
                yield self._factor("count", "sum", signal, window=window)

    def _recency(self) -> Iterator[Factor]:
        for signal in (Signal(), *(s for s, _ in self.conditions)):
            yield self._factor("recency", "days_since", signal, unit="days")

    def _rate(self) -> Iterator[Factor]:
        for signal, prior in self.conditions:
            yield from self._rates("rate", signal, prior, OWN_STRENGTH, self.spans)
        for signal, prior in self.categories:
            yield from self._rates("rate", signal, prior, OWN_STRENGTH, [(0, 0), (0, HALF_LIFE)])
        for signal in self.measures:
            for window in (*self.windows, 0):
                yield self._factor("rate", "mean", signal, window=window)
            yield self._factor("rate", "max", signal)
        for signal in self._adjusted():
            yield from self._rates("rate", signal, 0.0, OWN_STRENGTH, self.long_spans)

    def _state(self) -> Iterator[Factor]:
        for signal in (*(s for s, _ in self.conditions), *(s for s, _ in self.categories)):
            yield self._factor("state", "last", signal, unit="flag")
        for signal in (*self.measures, *self._adjusted(categories=False)):
            yield self._factor("state", "last", signal)
        skip = {*_banned(self.declaration), self.contract.known_time}
        if not self.contract.valid_from and not self.contract.roles.get("opened_on"):
            skip.add(self.contract.event_time)
        for field in self.contract.fields:
            if field.type in ("date", "timestamp") and field.name not in skip:
                yield self._factor("state", "last", Signal("date", field.name), unit="days")

    def _of_peers(self) -> Iterator[Factor]:
        for peer in self.peers:
            if peer.dataset == self.contract.name and peer.form != "words":
                yield self._factor("peers", "others", Signal(), peer=peer, unit="entities")
            if not self.conditions or (self.contract.valid_from and not self.declaration.families):
                continue
            words = peer.form == "words"
            if not words:
                yield self._factor("peers", "count", Signal(), window=self.windows[-1], peer=peer, unit="times")
            for signal, prior in [*self.conditions, *((s, 0.0) for s in self._adjusted(categories=False))]:
                if words:
                    for over in ("mean", "max", "min"):
                        more: dict[str, Any] = {"peer": peer, "over": over, "least": _WORD_LEAST}
                        yield from self._rates("peers", signal, prior, WORD_STRENGTH, [(0, 0)], **more)
                else:
                    spans = [(self.windows[-1], 0), (0, 0), (0, HALF_LIFE)]
                    yield from self._rates("peers", signal, prior, PEER_STRENGTH, spans, peer=peer)

    def _neighbours(self) -> Iterator[Factor]:
        if self.latitude is None or not self.conditions:
            return
        long = (0, HALF_LIFE)
        for radius in self.declaration.radii:
            place: dict[str, Any] = {"radius": radius, "latitude": self.latitude}
            yield self._factor("neighbours", "count", Signal(), window=self.windows[-1], unit="times", **place)
            for signal, prior in [*self.conditions, *((s, 0.0) for s in self._adjusted(categories=False))]:
                for kernel, spans in ((False, [(self.windows[0], 0), (0, 0), long]), (True, [(0, 0), long])):
                    yield from self._rates(
                        "neighbours", signal, prior, NEIGHBOUR_STRENGTH, spans, kernel=kernel, **place
                    )

    def _density(self) -> Iterator[Factor]:
        latitude = self.known.latitude
        if latitude is None:
            return
        for radius in self.declaration.radii:
            place: dict[str, Any] = {"radius": radius, "latitude": latitude, "unit": "times"}
            for window in self.windows:
                for kernel in (False, True):
                    for signal in (Signal(), *(s for s, _ in self.conditions)):
                        yield self._factor("density", "count", signal, window=window, kernel=kernel, **place)
            for signal, _ in self.categories:
                for window in self.windows[-2:]:
                    yield self._factor("density", "count", signal, window=window, kernel=True, **place)

    def _of_days(self) -> Iterator[Factor]:
        for signal in self.measures:
            yield self._factor("date", "last", signal)
            for window in DATE_WINDOWS:
                yield self._factor("date", "mean", signal, window=window)
        for signal, _ in self.conditions:
            for window in DATE_WINDOWS:
                yield self._factor("date", "count", signal, window=window, unit="times")

    def _rates(
        self, family: Family, signal: Signal, prior: float, strength: float, spans: list[tuple[int, int]], **more: Any
    ) -> Iterator[Factor]:
        for window, half in spans:
            yield self._factor(
                family,
                "rate",
                signal,
                window=window,
                half_life=half,
                prior=round(prior, 6),
                strength=strength,
                unit="share",
                **more,
            )

    def _adjusted(self, categories: bool = True) -> list[Signal]:
        """Signals minus what the inspector finds on average, where the inspector is known."""
        if not (self.contract.inspections and self.contract.inspections.inspector):
            return []
        signals = [*(s for s, _ in self.conditions), *self.measures]
        if categories:
            signals += [s for s, _ in self.categories]
        return [replace(s, adjusted=True) for s in signals]


def _decimals(greatest: float) -> int:
    """Decimals that a measure keeps so that its whole number has at most 10 digits."""
    if not math.isfinite(greatest) or greatest <= 0:
        return 6
    return max(0, min(6, _LARGE - 1 - math.ceil(math.log10(greatest))))
