"""What entities share: an address, a name, a representative, a place, as it was known on each day.

An attribute relation: (entity, value, since, until): the entity's value on days d with since < d <= until, namely that
of the row with the latest event among those that may be seen on d (of several, the last known, then the greatest).
"""

from __future__ import annotations

from typing import Any

from mingcha.engines.lake.view import LakeView

from .days import OPEN
from .engine import Engine
from .factor import Peer
from .facts import Moment, places_of, read_facts, to_entities

_LONGITUDES = 2**22  # above 360 degrees of 1/10,000


def peer_attribute(engine: Engine, view: LakeView, peer: Peer, links: Any, spans: bool, moment: Moment) -> Any:
    """The attribute `peer` of every entity; `value` is text made comparable."""
    facts = read_facts(engine, view.sources[peer.dataset], [], moment, text=peer.field, span=spans)
    rows = to_entities(facts, links, spans)
    rows = rows.mutate(value=comparable(rows.text, peer.form))
    history = _history(rows.filter(rows.value.notnull(), rows.value != ""), moment)
    if peer.form != "words":
        return history
    words = history.mutate(value=history.value.split(" ").unnest())
    return words.filter(words.value.length() > 2).distinct()


def places(engine: Engine, view: LakeView, links: Any, spans: bool, moment: Moment) -> Any:
    """Where every entity is: `value` is one whole number, taken apart by `latitude_longitude`; None where no dataset
    of entities has places."""
    found = None
    for _, source in sorted(view.sources.items()):
        if source.contract.keyed_by != "entity" or not all(places_of(source.contract)) or not source.files:
            continue
        facts = read_facts(engine, source, [], moment, place=True, span=spans)
        facts = facts.filter(facts.lat.notnull())
        facts = facts.mutate(value=facts.lat * _LONGITUDES + facts.lon).drop("lat", "lon")
        rows = to_entities(facts, links, spans).select("entity", "value", "event", "since", "until")
        found = rows if found is None else found.union(rows)
    return None if found is None else _history(found, moment)


def latitude_longitude(value: Any) -> tuple[Any, Any]:
    """Whole numbers of 1/10,000 degree, counted from the south pole and from 180 west."""
    return value // _LONGITUDES, value % _LONGITUDES


def comparable(text: Any, form: str) -> Any:
    """Text with what doesn't tell two values apart taken out.

    exact: case and spaces. address: up to the building ("...路12号", or number and two words), so that the units of a
    building are peers. name: without branch numbers, digits of three and more, brackets and, in a Chinese branch's
    name, all after its company's, so that a chain's outlets are peers. words: the name, later split into words.
    """
    import ibis

    text = text.upper().re_replace(r"\s+", " ").strip()
    if form == "address":
        chinese, western = text.re_extract(r"^(.*?[0-9]+号)", 1), text.re_extract(r"^([0-9]+ [^ ]+ [^ ]+)", 1)
        return ibis.coalesce(chinese.nullif(""), western.nullif(""), text)
    if form in ("name", "words"):
        company = text.re_extract(r"^(.*?公司).*分(公司|店)", 1)
        text = ibis.coalesce(company.nullif(""), text)
        text = text.re_replace(r"#\s*\w+|\bNO\.?\s*\d+|\d{3,}|[(（].*?[)）]", "")
        text = text.re_replace(r"[^0-9A-Z 一-鿿]", "")
        return text.re_replace(r" +", " ").strip()
    return text


def _history(rows: Any, moment: Moment) -> Any:
    """Who had which value when: on each day the row with the latest event among those that may be seen."""
    import ibis

    rows = rows.select("entity", "value", "event", "since", "until").distinct()
    latest = [ibis.desc("event"), ibis.desc("since"), ibis.desc("value")]
    if moment.single:
        rows = rows.filter(rows.until >= moment.last)
        rows = rows.mutate(rank=ibis.row_number().over(ibis.window(group_by="entity", order_by=latest)))
        return rows.filter(rows.rank == 0).select("entity", "value", "since", "until")
    # Most rows are never withdrawn: of those of an entity, what an older row said, or said again, changes nothing.
    known = ibis.window(group_by="entity", order_by=["since", "event", "value"])
    so_far = ibis.window(group_by="entity", order_by=["since", "event", "value"], preceding=None, following=0)
    rows = rows.mutate(
        ended=rows.until.min().over(ibis.window(group_by="entity")) < OPEN, greatest=rows.event.max().over(so_far)
    )
    rows = rows.filter(rows.ended | (rows.event == rows.greatest))
    rows = rows.mutate(before=rows.value.lag().over(known))
    rows = rows.filter(rows.ended | rows.before.isnull() | (rows.value != rows.before))
    changes = rows.select("entity", at=rows.since).union(rows.filter(rows.until < OPEN).select("entity", at=rows.until))
    changes = changes.distinct()
    changes = changes.mutate(next=changes.at.lead().over(ibis.window(group_by="entity", order_by="at")).fill_null(OPEN))
    seen = changes.join(rows, "entity")
    seen = seen.filter(seen.since <= seen.at, seen.until > seen.at)
    seen = seen.mutate(rank=ibis.row_number().over(ibis.window(group_by=["entity", "at"], order_by=latest)))
    return seen.filter(seen.rank == 0).select("entity", "value", since="at", until="next")
