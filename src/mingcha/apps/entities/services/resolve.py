"""The resolution: keys and descriptions of new batches become entities and links."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.services import audit_record
from mingcha.apps.exchange.models import Batch, Dataset, LakeFile
from mingcha.apps.exchange.selectors import contract_kept, dataset_contract, lake_folder, lake_view
from mingcha.engines.lake import lookup
from mingcha.engines.linkage import description, evidence
from mingcha.instance import home

from .. import search, store
from ..models import Entity, EntityKey, KeyConflict, Resolution, ResolvedBatch
from . import handovers

if TYPE_CHECKING:
    import duckdb

Say = Callable[[str, str], None]
ENTITY, KEY, CONFLICT = (m._meta.db_table for m in (Entity, EntityKey, KeyConflict))
_HELD = {
    "id": "BIGINT",
    "key": "VARCHAR",
    "entity": "VARCHAR",
    "since": "TIMESTAMP",
    "until": "TIMESTAMP",
    "pinned": "BOOLEAN",
    "valid_from": "TIMESTAMP",
    "valid_to": "TIMESTAMP",
}
_TIMES = ("k.known_at", "k.retracted_at", "k.valid_from", "k.valid_to")
_TEXTS = (*description.LENGTHS, *description.DATES)
_STORED = {"entity": "VARCHAR", "origin": "VARCHAR", "merged": "VARCHAR", "simulated": "BOOLEAN"}
_STORED |= {"latitude": "DOUBLE", "longitude": "DOUBLE", **dict.fromkeys(_TEXTS, "VARCHAR")}


@dataclass(frozen=True)
class Report:
    """What a resolution did. `conflicts`: newly found, to be decided by a person."""

    batches: int = 0
    entities_new: int = 0
    entities_changed: int = 0
    links_new: int = 0
    links_retracted: int = 0
    conflicts_new: int = 0
    seconds: float = 0.0


def entities_resolve(
    *, datasets: Iterable[str] | None = None, user: User | None = None, say: Say = lambda zh, en: None
) -> Report:
    """Resolve the batches (of `datasets`) that no resolution has seen yet. Doing it again adds nothing.

    Links change in one transaction at the end: a process that is killed before leaves all as it was. `say` is told
    in Chinese and English what is under way.
    """
    names = None if datasets is None else list(datasets)
    with store.one_at_a_time():
        report = _resolve_pending(names, user, say)
    say("建立按编码查找的索引", "indexing records by key")
    _index(names)
    return report


def _resolve_pending(names: list[str] | None, user: User | None, say: Say) -> Report:
    begun = time.perf_counter()
    batches = Batch.objects.filter(resolved=None, withdrawn_at=None).select_related("dataset").order_by("id")
    if names is not None:
        batches = batches.filter(dataset__name__in=names)
    pending = list(batches)
    if not pending:
        return Report()
    deliveries = _deliveries(pending)
    with _duckdb() as duck:
        if deliveries:
            _work_out(duck, deliveries, pending, say)
        say("写入主体与关联", "writing entities and links")
        return _commit(duck, deliveries, pending, user, begun)


def _index(names: list[str] | None) -> None:
    """Make the indexes by key that are missing, of files that an import or a clustering wrote."""
    files = LakeFile.objects.filter(
        kind__in=(LakeFile.Kind.ACCEPTED, LakeFile.Kind.CLUSTERED), retired_at=None, dataset__keyed_by="entity"
    )
    if names is not None:
        files = files.filter(dataset__name__in=names)
    lake = lake_folder()
    for path in files.values_list("path", flat=True):
        lookup.index_ensure(lake / path, lake=lake)
    lookup.indexes_sweep(lake=lake)


def _deliveries(batches: Iterable[Batch]) -> list[evidence.Delivery]:
    numbers: dict[str, list[int]] = {}
    for batch in batches:
        numbers.setdefault(batch.dataset.name, []).append(batch.number)
    sources = lake_view(numbers).sources
    return [
        evidence.Delivery(source.contract, source.files, tuple(numbers[name]))
        for name, source in sorted(sources.items())
        if source.contract.keyed_by == "entity" and source.files
    ]


def _of_handovers(pending: list[Batch]) -> list[evidence.Delivery]:
    """All rows so far that may tell of keys that pass on."""
    datasets = Dataset.objects.filter(keyed_by="entity").values_list("pk", "digest")
    telling = [pk for pk, digest in datasets if handovers.tells_of_handovers(contract_kept(pk, digest))]
    known = Q(resolved__isnull=False) | Q(pk__in=[batch.pk for batch in pending])
    batches = Batch.objects.filter(known, dataset__in=telling, withdrawn_at=None).select_related("dataset")
    return _deliveries(batches)


def _duckdb() -> duckdb.DuckDBPyConnection:
    import duckdb

    duck = duckdb.connect()
    duck.execute(f"SET temp_directory = '{home() / 'tmp'}'; SET memory_limit = '4GB'; SET TimeZone = 'UTC'")
    duck.execute("SET preserve_insertion_order = false; SET enable_progress_bar = false")  # it draws into stdout
    return duck


def _work_out(
    duck: duckdb.DuckDBPyConnection, deliveries: list[evidence.Delivery], pending: list[Batch], say: Say
) -> None:
    """All that is to be written, as DuckDB's tables; the database is only read."""
    evidence.open_tables(duck)
    handovers.open_tables(duck)
    description.open_tables(duck)
    say("读取新批次中的编码", "reading the keys of new batches")
    evidence.collect(duck, deliveries)
    handovers.collect(duck, deliveries)
    _organisation_codes(duck)
    say("比对已有关联", "comparing with the links that are there")
    with store.wanted(duck, "SELECT key FROM seen") as table:
        store.table_from(duck, "held", _HELD, _held_sql(f"JOIN {table} w ON w.value = k.value"))
        disputed = f"SELECT DISTINCT c.value FROM {CONFLICT} c JOIN {table} w ON w.value = c.value"
        store.table_from(duck, "disputed", {"key": "VARCHAR"}, disputed)
    duck.execute("CREATE TABLE unchanged AS SELECT key, entity FROM held WHERE until IS NULL AND valid_to IS NULL")
    news = evidence.find_news(duck)
    if contested := handovers.find_contested(duck):
        handovers.collect(duck, _of_handovers(pending), contested=True)
        handovers.ask_for(duck)
    if news or contested:
        _hold_news(duck)
        while handovers.missing(duck):
            _hold_news(duck)
        handovers.set_aside(duck)
        evidence.resolve_news(duck)
        handovers.put_back(duck)
    duck.execute("INSERT INTO live SELECT * FROM unchanged ANTI JOIN live USING (key)")
    say("汇总主体信息", "gathering what describes the entities")
    description.collect(duck, deliveries)
    handovers.describe_past_holders(duck)
    of_told = "SELECT l.entity FROM live l SEMI JOIN told t USING (key)"
    with store.wanted(duck, f"SELECT entity FROM entities UNION {of_told}") as table:
        store.table_from(duck, "stored", _STORED, _stored_sql(table))
    texts = ", ".join(f"nullif(s.{role}, '') AS {role}" for role in _TEXTS)
    duck.execute(f"""
        CREATE TABLE current AS
        SELECT s.entity, s.origin, e.target, s.simulated, s.merged, {texts},
            CASE WHEN latitude IS NOT NULL THEN printf('%.6f %.6f', latitude, longitude) END AS position
        FROM stored s LEFT JOIN entities e USING (entity)""")
    description.merge(duck, _ranks())
    description.derive(duck)


def _hold_news(duck: duckdb.DuckDBPyConnection) -> None:
    """Fill `held` with the rows of all keys of every entity that a key in `news` belongs to."""
    with store.wanted(duck, "SELECT key FROM news") as table:
        sharing = (
            f"SELECT o.value FROM {KEY} o WHERE o.retracted_at IS NULL AND o.entity_id IN (SELECT m.entity_id "
            f"FROM {KEY} m JOIN {table} w ON w.value = m.value WHERE m.retracted_at IS NULL)"
        )
        store.table_from(duck, "held", _HELD, _held_sql(f"JOIN ({sharing}) s ON s.value = k.value"))


def _organisation_codes(duck: duckdb.DuckDBPyConnection) -> None:
    """Join firms and organisation codes by what the numbers say, of the new keys and of those that are there."""
    columns = {"key": "VARCHAR", "first": "TIMESTAMP"}
    first = store.text_of_time("min(k.known_at)")
    new = "SELECT DISTINCT substr(key, 9) FROM seen WHERE starts_with(key, 'orgcode:')"
    with store.wanted(duck, new) as table:
        firms = f"SELECT k.value, {first} FROM {KEY} k JOIN {table} w ON w.value = substr(k.value, 14, 9) "
        store.table_from(duck, "known", columns, firms + "WHERE substr(k.value, 1, 5) = 'uscc:' GROUP BY k.value")
    carried = "SELECT DISTINCT 'orgcode:' || substr(key, 14, 9) FROM seen WHERE starts_with(key, 'uscc:')"
    if EntityKey.objects.filter(value__gte="orgcode:", value__lt="orgcode;").exists():
        with store.wanted(duck, carried) as table:
            codes = f"SELECT k.value, {first} FROM {KEY} k JOIN {table} w ON w.value = k.value GROUP BY k.value"
            store.table_from(duck, "codes", columns, codes)
        duck.execute("INSERT INTO known SELECT * FROM codes")
    evidence.join_organisation_codes(duck, "known")


def _held_sql(condition: str) -> str:
    """SQL of the database for `held`: rows that held at some time, of the keys that `condition` joins to k."""
    since, until, start, stop = map(store.text_of_time, _TIMES)
    return (
        f"SELECT DISTINCT k.id, k.value, e.key, {since}, {until}, k.pinned, {start}, {stop} FROM {KEY} k "
        f"JOIN {ENTITY} e ON e.id = k.entity_id {condition} WHERE k.retracted_at IS NULL OR k.retracted_at > k.known_at"
    )


def _stored_sql(table: str) -> str:
    texts = ", ".join(f"CAST(e.{column} AS varchar)" for column in _TEXTS)
    return (
        f"SELECT e.key, CAST(e.origin AS varchar), m.key, e.simulated, e.latitude, e.longitude, {texts} "
        f"FROM {ENTITY} e JOIN {table} w ON w.value = e.key LEFT JOIN {ENTITY} m ON m.id = e.merged_into_id"
    )


def _ranks() -> dict[str, int]:
    return {d.name: description.rank(dataset_contract(d)) for d in Dataset.objects.filter(keyed_by="entity")}


def _commit(
    duck: duckdb.DuckDBPyConnection,
    deliveries: list[evidence.Delivery],
    batches: list[Batch],
    user: User | None,
    begun: float,
) -> Report:
    now = timezone.now()
    conflicts = KeyConflict.objects.count()
    with transaction.atomic():
        done: dict[str, int] = dict.fromkeys(("entities_new", "entities_changed", "links_new", "links_retracted"), 0)
        if deliveries:
            done = _write_entities(duck, now) | _write_links(duck, now)
        done["conflicts_new"] = KeyConflict.objects.count() - conflicts
        seconds = round(time.perf_counter() - begun, 3)
        resolution = Resolution.objects.create(action="resolve", at=now, user=user, seconds=seconds, **done)
        ResolvedBatch.objects.bulk_create(
            [ResolvedBatch(batch=batch, resolution=resolution) for batch in batches], batch_size=1000
        )
        audit_record(
            user=user,
            action="entities.resolve",
            obj=resolution,
            after={**done, "batches": [str(b) for b in batches[:100]]},
        )
    return Report(batches=len(batches), seconds=seconds, **done)


def _write_entities(duck: duckdb.DuckDBPyConnection, now: datetime) -> dict[str, int]:
    duck.execute("""
        CREATE TABLE marked AS SELECT l.entity, bool_or(s.simulated) AS simulated
        FROM seen s JOIN live l USING (key) GROUP BY l.entity;
        CREATE TABLE changed AS
        SELECT a.entity, d.* EXCLUDE (entity), c.entity IS NULL AS new,
            coalesce(m.simulated, false) OR coalesce(c.simulated, false) AS simulated
        FROM (SELECT entity FROM described UNION SELECT entity FROM entities ANTI JOIN current USING (entity)) a
        LEFT JOIN described d USING (entity) LEFT JOIN marked m USING (entity) LEFT JOIN current c USING (entity)""")
    blank = {"status": "unknown"}
    texts = [c for c in _TEXTS if c not in description.DATES]
    columns = ["key", "provisional", *texts, *description.DATES, "initials", "latitude", "longitude"]
    columns += ["simulated", "origin", "search", "updated_at"]
    stamp = store.time_of(f"TIMESTAMP '{now:%Y-%m-%d %H:%M:%S.%f}'")
    with store.wanted(duck, "SELECT entity FROM changed") as keys, search.changing(keys):
        rows = duck.execute(f"""
            SELECT entity, starts_with(entity, 'P-'),
                {", ".join(f"coalesce({t}, '{blank.get(t, '')}')" for t in texts)}, {", ".join(description.DATES)},
                coalesce(left(initials, 100), ''),
                TRY_CAST(split_part(position, ' ', 1) AS DOUBLE), TRY_CAST(split_part(position, ' ', 2) AS DOUBLE),
                simulated, coalesce(origin, '[]'), coalesce(search, ''), {stamp}
            FROM changed ORDER BY entity""")
        total = store.write(store.upsert_sql(ENTITY, columns, "key"), rows)
    moved = duck.execute("""
        SELECT e.target, e.entity FROM entities e LEFT JOIN current c USING (entity)
        WHERE e.target IS DISTINCT FROM c.merged ORDER BY e.entity""")
    one = f"(SELECT id FROM {ENTITY} WHERE key = %s)"
    store.write(f"UPDATE {ENTITY} SET merged_into_id = {one} WHERE key = %s", moved)
    new = duck.execute("SELECT count(*) FROM changed WHERE new").fetchall()[0][0]
    return {"entities_new": new, "entities_changed": total - new}


def _write_links(duck: duckdb.DuckDBPyConnection, now: datetime) -> dict[str, int]:
    stamp = store.time_of(f"TIMESTAMP '{now:%Y-%m-%d %H:%M:%S.%f}'")
    one = f"(SELECT id FROM {ENTITY} WHERE key = %s)"
    retracted = store.write(
        f"UPDATE {KEY} SET retracted_at = %s WHERE id = %s",
        duck.execute(f"SELECT {store.time_of('until')}, id FROM retracted ORDER BY id"),
    )
    added = store.write(
        f"INSERT INTO {KEY} "
        "(value, entity_id, known_at, retracted_at, valid_from, valid_to, recorded_at, source, pinned) "
        f"VALUES (%s, {one}, %s, %s, %s, %s, %s, %s, %s)",
        duck.execute(
            f"SELECT key, entity, {', '.join(map(store.time_of, ('since', 'until', 'valid_from', 'valid_to')))}, "
            f"{stamp}, source, false FROM links ORDER BY entity, key, since"
        ),
    )
    store.write(
        f"UPDATE {CONFLICT} SET decided_at = %s WHERE value = %s AND claimant_id = {one} AND decided_at IS NULL",
        duck.execute(f"SELECT {stamp}, key, entity FROM settled ORDER BY ALL"),
    )
    store.write(
        f"INSERT INTO {CONFLICT} (value, entity_id, claimant_id, source, known_at) VALUES (%s, {one}, {one}, %s, %s) "
        "ON CONFLICT (value, entity_id, claimant_id) DO NOTHING",
        duck.execute(f"SELECT key, entity, claimant, source, {store.time_of('known')} FROM conflicts ORDER BY ALL"),
    )
    return {"links_new": added, "links_retracted": retracted}
