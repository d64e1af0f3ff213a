"""Labelled rows: the visits of a dataset of inspections, with the outcome that a risk point asks about.

A visit may be several records (one an item, one a violation): any record's label makes the visit's. Outcomes are as
they were known before a given day, of each record its latest version then; what a label may not yet know is told by
`mature_on`.
"""

from __future__ import annotations

import datetime as dt
from contextlib import nullcontext
from typing import Any

import numpy as np
import pyarrow as pa

from mingcha.engines.lake.contract import Inspections, RiskPoint, StateCondition
from mingcha.engines.lake.view import LakeView, Source
from mingcha.problems import Problem

from .days import OPEN, day_number, local_day
from .engine import DuckDBEngine, Engine
from .facts import Moment, day_of, event_day, instant_of, link_relation, to_entities, with_conditions
from .matrix import known_entities

_ALWAYS = dt.date(2199, 1, 1)


def labels(
    view: LakeView, dataset: str, risk_point: str, *, known_before: dt.date | None = None, engine: Engine | None = None
) -> pa.Table:
    """The visits of the risk point's population, by day and visit.

    Columns: visit (text: its identifying fields, joined by "|"), entity, key (the source's own, from which `matrix`
    finds the entity as it was linked on the day), as_of (date: facts are those known before it), label (1, 0, null
    where the outcome is not known), inspectors (list of text), planned (false: a visit with a cause), pi (inclusion
    probability, null without a design), stratum, eligible (the risk point's `where` conditions hold on the day),
    mature_on (date from which the label may be used: its window has closed, and it was known). `known_before` = None:
    as known now.
    """
    source, inspections, point = _declared(view, dataset, risk_point)
    moment = Moment(day_number(known_before or _ALWAYS), True, view.zone)
    with nullcontext(engine) if engine else DuckDBEngine() as session:
        rows = _visits(session, source, inspections, point, moment)
        links, spans = link_relation(session, view, moment)
        visits = _of_entities(rows, links, spans)
        visits = session.keep(_one_a_visit(visits))
        if point.label_in:
            visits = session.keep(_labelled_elsewhere(session, view, point, visits, links, spans, moment))
        eligible = _eligible_visits(session, view, point, visits, links, spans, moment)
        table = session.fetch(visits.left_join(eligible, "visit").drop("visit_right"))
        inspectors = session.fetch(_inspectors(rows)) if inspections.inspector else None
    return _arranged(table, inspectors, point)


def eligible(
    view: LakeView, dataset: str, risk_point: str, as_of: dt.date, *, engine: Engine | None = None
) -> pa.Array:
    """The entities for which the risk point's `where` conditions hold on `as_of`, by what was known before: the frame
    that a model of the risk point may score. Everyone known, where it has no condition."""
    _, _, point = _declared(view, dataset, risk_point)
    moment = Moment(day_number(as_of), True, view.zone)
    with nullcontext(engine) if engine else DuckDBEngine() as session:
        everyone = known_entities(view, as_of, engine=session)
        if not point.where:
            return everyone
        links, spans = link_relation(session, view, moment)
        day = np.full(len(everyone), moment.last, dtype=np.int32)
        asked = session.upload(pa.table({"visit": everyone, "entity": everyone, "day": day}))
        found = session.fetch(_eligible_visits(session, view, point, asked, links, spans, moment))
    good = found.filter(found["eligible"])["visit"].combine_chunks()
    return good.cast(pa.string()).sort()


def latest_visits(view: LakeView, dataset: str, before: dt.date, *, engine: Engine | None = None) -> pa.Table:
    """(entity, day) of each entity's latest visit before a day, by what was known before it, whatever it found."""
    source = view.sources[dataset]
    moment = Moment(day_number(before), True, view.zone)
    with nullcontext(engine) if engine else DuckDBEngine() as session:
        rows = _current(session, source, moment)
        rows = rows.select(
            key=rows._key,
            micros=session.micros(rows._event_at),
            day=event_day(session, rows, source.contract, moment.zone),
        )
        links, spans = link_relation(session, view, moment)
        rows = _of_entities(rows.filter(rows.key.notnull(), rows.day < moment.last), links, spans)
        found = session.fetch(rows.group_by("entity").aggregate(day=rows.day.max()))
    return found.set_column(1, "day", found["day"].cast(pa.int32()).cast(pa.date32()))


def _declared(view: LakeView, dataset: str, risk_point: str) -> tuple[Source, Inspections, RiskPoint]:
    source = view.sources.get(dataset)
    inspections = source.contract.inspections if source else None
    names = [p.name for p in inspections.risk_points] if inspections else []
    if source is None or not source.files:
        zh, en = f"数据湖中没有数据集“{dataset}”的记录。", f"The lake holds no records of the dataset {dataset!r}."
        todo_zh, todo_en = "请先导入。", "Import it first."
    elif inspections is None:
        zh, en = f"数据集“{dataset}”不是检查数据。", f"The dataset {dataset!r} is not one of inspections."
        todo_zh, todo_en = "请在其合约中写明 inspections。", "Declare inspections in its contract."
    elif risk_point not in names:
        zh, en = f"“{dataset}”没有风险点“{risk_point}”。", f"{dataset!r} has no risk point {risk_point!r}."
        todo_zh, todo_en = "可用：" + "、".join(names), "There are: " + ", ".join(names)
    else:
        return source, inspections, inspections.risk_points[names.index(risk_point)]
    raise Problem(zh=zh, en=en, todo_zh=todo_zh, todo_en=todo_en)


def _current(engine: Engine, source: Source, moment: Moment) -> Any:
    """The records as known before the moment's last day, of each its latest version."""
    rows = engine.read(source.files)
    rows = rows.filter(rows._known_at < instant_of(rows._known_at, moment.last, moment.zone))
    if not source.superseded:
        return rows
    ends = engine.read(source.superseded)
    ends = ends.filter(ends._until < instant_of(ends._until, moment.last, moment.zone)).select("_id", "_known_at")
    return rows.anti_join(ends, ["_id", "_known_at"])


def _visits(engine: Engine, source: Source, inspections: Inspections, point: RiskPoint, moment: Moment) -> Any:
    """(visit, key, micros, event, label, known, planned, inspector, pi, stratum) of each record in the population."""
    import ibis

    contract = source.contract
    rows = _current(engine, source, moment)
    own = "FALSE" if point.label_in else point.label
    rows = with_conditions(rows, contract, {"label_": own}, engine.dialect, unknown="NULL")
    flags = {"population_": point.population, "unplanned_": inspections.unplanned}
    flags = {name: text for name, text in flags.items() if text}
    rows = with_conditions(rows, contract, flags, engine.dialect)
    if point.population:
        rows = rows.filter(rows.population_)
    text = ibis.literal("")
    for i, name in enumerate(inspections.visit):
        text = text + ("|" if i else "") + rows[name].cast("string").fill_null("")
    return rows.select(
        visit=text,
        key=rows._key,
        micros=engine.micros(rows._event_at),
        event=event_day(engine, rows, contract, moment.zone),
        label=rows.label_.cast("int8"),
        known=local_day(engine.micros(rows._known_at), moment.zone),
        planned=~rows.unplanned_ if inspections.unplanned else ibis.literal(True),
        inspector=rows[inspections.inspector] if inspections.inspector else ibis.null("string"),
        pi=rows[inspections.pi].cast("float64") if inspections.pi else ibis.null("float64"),
        stratum=rows[inspections.stratum].cast("string") if inspections.stratum else ibis.null("string"),
    )


def _of_entities(rows: Any, links: Any, spans: bool) -> Any:
    """Records beside their entity; a key that no link knows stands for itself."""
    if links is None:
        return rows.mutate(entity=rows.key)
    links = links.rename(of="key")
    holds = [rows.key == links.of]
    if spans:  # a key that passed on has several
        holds += [rows.micros >= links.start, rows.micros < links.stop]
    joined = rows.left_join(links, holds)
    return joined.mutate(entity=joined.entity.fill_null(joined.key))


def _one_a_visit(rows: Any) -> Any:
    grouped = rows.group_by("visit").aggregate(
        entity=rows.entity.min(),
        key=rows.key.min(),
        day=rows.event.min(),
        label=rows.label.max(),
        known=rows.known.max(),
        planned=rows.planned.all(),
        pi=rows.pi.max(),
        stratum=rows.stratum.max(),
    )
    return grouped.filter(grouped.key.notnull())


def _labelled_elsewhere(
    engine: Engine, view: LakeView, point: RiskPoint, visits: Any, links: Any, spans: bool, moment: Moment
) -> Any:
    """`visits`, labelled 1 where the entity has a row for which the label holds, from the visit's day on within
    `label_within` days; null where those days aren't within the time that the other dataset tells of."""
    import ibis

    source = _other(view, point.label_in)
    contract = source.contract
    rows = with_conditions(_current(engine, source, moment), contract, {"holds_": point.label}, engine.dialect)
    found = engine.keep(
        rows.select(
            key=rows._key,
            event=event_day(engine, rows, contract, moment.zone),
            micros=engine.micros(rows._event_at),
            told=local_day(engine.micros(rows._known_at), moment.zone),
            holds=rows.holds_,
        )
    )
    span = engine.fetch(found.aggregate(first=found.event.min(), last=found.event.max())).to_pylist()[0]
    first, last = (OPEN, -OPEN) if span["first"] is None else (span["first"], span["last"])
    held = _of_entities(found.filter(found.holds), links, spans).select("entity", "event", "told")
    joined = visits.select("visit", "entity", "day").join(held, "entity")
    joined = joined.filter(joined.event >= joined.day, joined.event <= joined.day + point.label_within)
    hits = joined.group_by("visit").aggregate(hit=ibis.literal(True), told=joined.told.max())
    labelled = visits.left_join(hits, "visit")
    covered = (labelled.day >= first) & (labelled.day + point.label_within <= last)
    label = labelled.hit.fill_null(False).ifelse(True, covered.ifelse(False, ibis.null("boolean")))
    known = ibis.greatest(labelled.known, labelled.told.fill_null(labelled.known))
    return labelled.mutate(label=label.cast("int8"), known=known).drop("hit", "told", "visit_right")


def _inspectors(rows: Any) -> Any:
    who = rows.inspector.unnest() if rows.inspector.type().is_array() else rows.inspector.cast("string")
    named = rows.select("visit", inspector=who)
    return named.filter(named.inspector.notnull(), named.inspector != "").distinct()


def _eligible_visits(
    engine: Engine, view: LakeView, point: RiskPoint, visits: Any, links: Any, spans: bool, moment: Moment
) -> Any:
    """(visit, eligible): whether every `where` condition holds of the visit's entity on its day."""
    import ibis

    found = visits.select("visit", eligible=ibis.literal(True))
    for condition in point.where:
        holds = _holds(engine, view, condition, visits, links, spans, moment)
        found = found.semi_join(holds, "visit")
    return found


def _other(view: LakeView, dataset: str) -> Source:
    source = view.sources.get(dataset)
    if source is None or not source.files:
        raise Problem(
            zh=f"风险点需要数据集“{dataset}”，数据湖中没有它的记录。",
            en=f"The risk point needs the dataset {dataset!r}, of which the lake has no records.",
            todo_zh="请先导入该数据集。",
            todo_en="Import that dataset first.",
        )
    return source


def _holds(
    engine: Engine, view: LakeView, condition: StateCondition, visits: Any, links: Any, spans: bool, moment: Moment
) -> Any:
    """The visits on whose day a record that satisfies `condition` was valid; where records have no valid time, the
    entity's latest ones up to that day count."""
    source = _other(view, condition.dataset)
    contract = source.contract
    rows = with_conditions(_current(engine, source, moment), contract, {"holds_": condition.exists}, engine.dialect)
    ends = day_of(engine, rows[contract.valid_to], moment.zone).fill_null(OPEN) if contract.valid_to else OPEN
    states = rows.select(
        key=rows._key,
        starts=event_day(engine, rows, contract, moment.zone),
        ends=ends,
        holds=rows.holds_,
        micros=engine.micros(rows._event_at),
        since=event_day(engine, rows, contract, moment.zone),
        until=event_day(engine, rows, contract, moment.zone),
    )
    states = to_entities(states, links, spans).select("entity", "starts", "ends", "holds")
    joined = visits.select("visit", "entity", "day").join(states, "entity")
    joined = joined.filter(joined.starts <= joined.day, joined.ends >= joined.day)
    if contract.valid_to:
        return joined.filter(joined.holds).select("visit").distinct()
    latest = joined.group_by("visit").aggregate(last=joined.starts.max(), good=joined.starts.max(where=joined.holds))
    return latest.filter(latest.last == latest.good).select("visit")


def _arranged(table: pa.Table, inspectors: pa.Table | None, point: RiskPoint) -> pa.Table:
    table = table.sort_by([("day", "ascending"), ("visit", "ascending")])
    day = table["day"].cast(pa.int32()).combine_chunks()
    known = np.asarray(table["known"].cast(pa.int32()))
    mature = pa.array(np.maximum(np.asarray(day) + point.label_window, known) + 1, pa.int32())
    names: dict[str, list[str]] = {}
    if inspectors is not None:
        for visit, name in zip(inspectors["visit"].to_pylist(), inspectors["inspector"].to_pylist(), strict=True):
            names.setdefault(visit, []).append(name)
    who = [sorted(names.get(visit, [])) for visit in table["visit"].to_pylist()]
    return pa.table(
        {
            "visit": table["visit"],
            "entity": table["entity"],
            "key": table["key"],
            "as_of": day.cast(pa.date32()),
            "label": table["label"].cast(pa.float64()),
            "inspectors": pa.array(who, pa.list_(pa.string())),
            "planned": table["planned"],
            "pi": table["pi"],
            "stratum": table["stratum"],
            "eligible": table["eligible"].fill_null(False),
            "mature_on": mature.cast(pa.date32()),
        }
    )
