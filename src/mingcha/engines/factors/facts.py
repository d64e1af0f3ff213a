"""A dataset's rows as facts: whose, when, from when to when we knew them, and what they say, all in whole numbers.

Columns of a facts relation: `key` or `entity`; `event`, the day on which it happened; `since` and `until`: the row may
be seen on days d with since < d <= until; `s0, s1, ...` the signals, `n0, ...` 1 where a signal is known
(whole numbers, in doubles: sums.py says why).

`since` is the last of: the day it happened, the day it was known, the day the link from key to entity was known.
`until` ends when a later version of the record, or the withdrawal of the link, was known. So a fact that was learned
later, filled in afterwards or linked later can't be seen by an earlier day, and no query has to remember to ask.
"""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from mingcha.engines.lake.contract import Contract
from mingcha.engines.lake.expressions import compile_expression
from mingcha.engines.lake.view import LakeView, Source

from .days import OPEN, local_day, start_of
from .engine import Engine
from .factor import Signal

ADJUSTED_DECIMALS = 3
PLACE_DEGREES = 10_000  # places are kept to 1/10,000 degree, 11 metres
OPEN_MICROS = 2**62  # of a link that holds without end
_BOUND = 10**12  # a measure's whole number is below this, so that it fits beside a day into 64 bits
_EXPECTED_STRENGTH = 50  # rows of an inspector that weigh as much as everyone's average
_OVERALL_STRENGTH = 20
_NUMBERS = itertools.count()  # names of intermediate tables must differ within a query


@dataclass(frozen=True)
class Moment:
    """The days that are asked about: `last` is the latest; `single` where there is no other. Facts that were not
    known before `last` are never read. `first` is the earliest, `reach` the longest window (0 = everything)."""

    last: int
    single: bool
    zone: str
    first: int = 0
    reach: int = 0


def read_facts(
    engine: Engine,
    source: Source,
    signals: Sequence[Signal],
    moment: Moment,
    *,
    place: bool = False,
    text: str = "",
    valid_only: bool = False,
    span: bool = False,
) -> Any:
    """Facts of one dataset, by `key`. `place` adds `lat`, `lon` (whole numbers of 1/10,000 degree, both or neither);
    `text` adds the field of that name as `text`; `valid_only` ends each row with its valid time; `span` adds the
    event's instant as `micros`, for links that hold for a time only."""
    contract = source.contract
    rows = engine.read(source.files)
    before = instant_of(rows._known_at, moment.last, moment.zone)
    rows = rows.filter(rows._known_at < before)
    adjusted = any(s.adjusted for s in signals)
    if moment.reach and not adjusted and not contract.valid_from:
        rows = rows.filter(rows._event_at >= instant_of(rows._event_at, moment.first - moment.reach, moment.zone))
    conditions = {f"c{i}": s.expression for i, s in enumerate(signals) if s.kind == "condition"}
    rows = with_conditions(rows, contract, conditions, engine.dialect)
    event = event_day(engine, rows, contract, moment.zone)
    columns: dict[str, Any] = {"key": rows._key, "event": event}
    # as of one day the filter above has asked already; else, and to tell which of two values is newer, the day counts
    ordered = not moment.single or adjusted or bool(text) or place
    columns["known"] = local_day(engine.micros(rows._known_at), moment.zone) if ordered else event
    if span:
        columns["micros"] = engine.micros(rows._event_at)
    for i, signal in enumerate(signals):
        columns[f"s{i}"], columns[f"n{i}"] = _signal(rows, contract, signal, i, engine, moment.zone)
    if place:
        columns["lat"], columns["lon"] = _place(rows, contract)
    if text:
        columns["text"] = rows[text].cast("string")
    if valid_only:
        columns["ends"] = day_of(engine, rows[contract.valid_to], moment.zone).fill_null(OPEN)
    if source.superseded:
        columns |= {"_id": rows._id, "_known_at": rows._known_at}
    if adjusted:
        assert contract.inspections is not None
        columns |= {"_batch": rows._batch, "_row": rows._row, "inspector": rows[contract.inspections.inspector]}
    facts = rows.select(**columns)
    facts = _end_versions(engine, facts, source, moment) if source.superseded else facts.mutate(until=_day(OPEN))
    facts = facts.mutate(since=_latest(facts.event, facts.known)).drop("known")
    facts = facts.filter(facts.since < moment.last, facts.since < facts.until)
    if adjusted:
        facts = _adjust(engine, facts, signals)
    if valid_only:
        facts = facts.mutate(until=_earliest(facts.until, facts.ends)).drop("ends")
    return facts


def with_conditions(
    rows: Any, contract: Contract, conditions: dict[str, str], dialect: str, unknown: str = "FALSE"
) -> Any:
    """`rows` with a boolean column for each of `conditions` (name -> expression over the contract's fields), `unknown`
    ("FALSE" or "NULL") where a field that it needs is empty."""
    if not conditions:
        return rows
    parts = ", ".join(
        f"COALESCE({compile_expression(text, contract.fields, dialect, where=contract.name)}, {unknown}) AS {name}"
        for name, text in conditions.items()
    )
    name = f"rows_with_{next(_NUMBERS)}"
    return rows.alias(name).sql(f"SELECT *, {parts} FROM {name}", dialect=dialect)


def instant_of(column: Any, day: int, zone: str) -> Any:
    """The start of `day` as a literal of the column's own type, so that Parquet's statistics can be used."""
    import ibis

    start = start_of(day, zone)
    aware = getattr(column.type(), "timezone", None) is not None
    return ibis.literal(start if aware else start.replace(tzinfo=None), column.type())


def event_day(engine: Engine, rows: Any, contract: Contract, zone: str) -> Any:
    """The day on which a row happened: the start of its valid time where it has one, else its event."""
    event = local_day(engine.micros(rows._event_at), zone)
    if not contract.valid_from:
        return event
    start = day_of(engine, rows[contract.valid_from], zone)
    return start.fill_null(event)


def link_relation(engine: Engine, view: LakeView, moment: Moment) -> tuple[Any, bool]:
    """(links as (key, entity, since, until[, start, stop in microseconds]), whether any holds for a time only);
    (None, False) where the view has no links: then the key is the entity."""
    if not view.links:
        return None, False
    rows = engine.read(view.links)
    rows = rows.filter(rows.known_at < instant_of(rows.known_at, moment.last, moment.zone))
    bounded = engine.fetch(rows.filter(rows.valid_from.notnull() | rows.valid_to.notnull()).limit(1).select("key"))
    until = local_day(engine.micros(rows.retracted_at), moment.zone).fill_null(OPEN)
    links = rows.select(
        key=rows.key,
        entity=rows.entity,
        since=local_day(engine.micros(rows.known_at), moment.zone),
        until=until,
        start=engine.micros(rows.valid_from).fill_null(-OPEN_MICROS),
        stop=engine.micros(rows.valid_to).fill_null(OPEN_MICROS),
    )
    if moment.single:
        links = links.filter(links.until >= moment.last)
    return links, bounded.num_rows > 0


def to_entities(facts: Any, links: Any, spans: bool) -> Any:
    """Facts by `entity`: each by the links of its key that hold at its event, seen only while the link is known."""
    if links is None:
        return facts.rename(entity="key")
    joined = facts.join(links.rename(link_since="since", link_until="until"), "key")
    if spans:
        joined = joined.filter(joined.micros >= joined.start, joined.micros < joined.stop)
    joined = joined.mutate(
        since=_latest(joined.since, joined.link_since), until=_earliest(joined.until, joined.link_until)
    )
    return joined.drop("key", "link_since", "link_until", "start", "stop", *(["micros"] if spans else []))


def scale_of(signal: Signal) -> float:
    """What a sum of the signal is divided by."""
    if signal.adjusted:
        return 10.0**ADJUSTED_DECIMALS
    return 10.0**signal.decimals if signal.kind == "measure" else 1.0


def _signal(rows: Any, contract: Contract, signal: Signal, i: int, engine: Engine, zone: str) -> tuple[Any, Any]:
    import ibis

    one = rows._known_at.notnull().cast("float64")  # a literal 1.0 would be a decimal, and slow
    if signal.kind == "rows":
        return one, one
    if signal.kind == "condition":
        return rows[f"c{i}"].cast("float64"), one
    column, field = rows[signal.name], contract.field(signal.name)
    if signal.kind == "category":
        same = column.contains(signal.value) if field.type == "array" else column.cast("string") == signal.value
        return same.fill_null(False).cast("float64"), one
    if signal.kind == "topic":
        text = column.lower()
        held = functools.reduce(operator.or_, (text.contains(word) for word in signal.value.split("|")))
        return held.fill_null(False).cast("float64"), one
    if signal.kind == "date":
        value = day_of(engine, column, zone).cast("float64")
    else:
        number = column.cast("float64") * 10.0**signal.decimals
        value = ibis.ifelse(number.abs() < _BOUND, number, None).round().cast("float64")  # also drops NaN and infinity
    return value, value.notnull().cast("float64")


def _place(rows: Any, contract: Contract) -> tuple[Any, Any]:
    import ibis

    latitude, longitude = (rows[name].cast("float64") for name in places_of(contract))
    good = (latitude.abs() <= 90) & (longitude.abs() <= 180) & ((latitude != 0) | (longitude != 0))

    def whole(column: Any, add: int) -> Any:
        return ibis.ifelse(good, (column + add) * PLACE_DEGREES, None).round().cast("int64")

    return whole(latitude, 90), whole(longitude, 180)


def places_of(contract: Contract) -> tuple[str, str]:
    """The fields (latitude, longitude) of a contract's rows; ("", "") where they have no place."""
    if contract.latitude and contract.longitude:
        return contract.latitude, contract.longitude
    if "latitude" in contract.roles and "longitude" in contract.roles:
        return contract.roles["latitude"], contract.roles["longitude"]
    return "", ""


def _end_versions(engine: Engine, facts: Any, source: Source, moment: Moment) -> Any:
    """A record's version may be seen until the day on which the version that replaced it was known."""
    ends = engine.read(source.superseded)
    ends = ends.group_by(ends._id, ends._known_at).aggregate(instant=engine.micros(ends._until).min())
    ends = ends.select(version=ends._id, version_known=ends._known_at, last=local_day(ends.instant, moment.zone))
    joined = facts.left_join(ends, [facts._id == ends.version, facts._known_at == ends.version_known])
    joined = joined.mutate(until=joined.last.fill_null(OPEN))
    return joined.drop("_id", "_known_at", "version", "version_known", "last")


def _adjust(engine: Engine, facts: Any, signals: Sequence[Signal]) -> Any:
    """Each adjusted signal minus what the row's inspectors found on average in the rows that were known before this
    one was, shrunken towards everyone's average; everyone's average alone where no inspector is named.

    Both averages are running sums by the day of knowledge, so nothing that is learned later moves them."""
    import ibis

    facts = engine.keep(facts)
    which = [i for i, s in enumerate(signals) if s.adjusted]
    who = facts.inspector.unnest() if facts.inspector.type().is_array() else facts.inspector
    named = facts.mutate(inspector=who)
    named = named.filter(named.inspector.notnull())
    overall = _known_before(facts, which, [])
    overall = overall.rename(since="day", **{f"all_{c}": c for c in overall.columns if c != "day"})
    own = _known_before(named, which, ["inspector"]).rename(since="day")

    def average(rows: Any, i: int) -> Any:
        return rows[f"all_s{i}"] / (rows[f"all_n{i}"] + _OVERALL_STRENGTH)

    seen = named.select("_batch", "_row", "inspector", "since").join(own, ["inspector", "since"]).join(overall, "since")
    expected = seen.group_by(batch="_batch", row="_row").aggregate(
        **{
            f"e{i}": (
                (seen[f"s{i}"] + _EXPECTED_STRENGTH * average(seen, i)) / (seen[f"n{i}"] + _EXPECTED_STRENGTH)
            ).mean()
            for i in which
        }
    )
    columns = [c for c in facts.columns if c not in ("_batch", "_row", "inspector")]
    facts = facts.left_join(expected, [facts._batch == expected.batch, facts._row == expected.row])
    facts = facts.join(overall, "since")
    adjusted = {}
    for i in which:
        unit = 10.0**ADJUSTED_DECIMALS / scale_of(replace(signals[i], adjusted=False))
        beyond = facts[f"s{i}"] - ibis.coalesce(facts[f"e{i}"], average(facts, i))
        adjusted[f"s{i}"] = (beyond * unit).round().cast("float64")
    return facts.mutate(**adjusted).select(*columns)


def _known_before(facts: Any, which: Sequence[int], group: list[str]) -> Any:
    """(group..., day, s*, n*): sums of the facts that may be seen on `day`, for each day on which one was known."""
    import ibis

    names = [f"{c}{i}" for i in which for c in "sn"]
    starts = facts.select(*group, *names, day=facts.since)
    ends = facts.filter(facts.until < OPEN)
    ends = ends.select(*group, *[(-ends[n]).name(n) for n in names], day=ends.until)
    changes = starts.union(ends)
    changes = changes.group_by(*group, "day").aggregate(**{n: changes[n].sum().fill_null(0.0) for n in names})
    before = ibis.window(group_by=group or None, order_by="day", preceding=(None, 1))
    return changes.mutate(**{n: changes[n].sum().over(before).fill_null(0.0) for n in names})


def day_of(engine: Engine, column: Any, zone: str) -> Any:
    """Day number of a date or timestamp column."""
    if column.type().is_date():
        return column.epoch_days().cast("int32")
    return local_day(engine.micros(column), zone)


def _day(day: int) -> Any:
    import ibis

    return ibis.literal(day, "int32")


def _latest(a: Any, b: Any) -> Any:
    import ibis

    return ibis.greatest(a, b)


def _earliest(a: Any, b: Any) -> Any:
    import ibis

    return ibis.least(a, b)
