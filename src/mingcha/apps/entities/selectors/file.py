"""One entity, one file: every record of every source that names it, in time order."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.permissions import in_jurisdiction
from mingcha.apps.exchange.models import Dataset, LakeFile
from mingcha.apps.exchange.selectors import contract_kept, lake_folder
from mingcha.engines.lake import lookup
from mingcha.engines.lake.contract import Contract
from mingcha.engines.linkage.spelling import address_key, name_key

from ..models import Entity, EntityKey
from ..rules import masked
from .entities import entity_get


@dataclass(frozen=True)
class Cell:
    """One field of a record. `value` is Python's, None where empty; where `masked`, a text that hides it."""

    name: str
    title: str
    value: Any
    masked: bool = False


@dataclass(frozen=True)
class Version:
    """What a record said since `known_at`. `batch`, `file`, `row`: where it was delivered."""

    known_at: datetime
    received_at: datetime
    batch: int
    file: int
    row: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Record:
    """A record of a source, in its latest version. `earlier`: what it said before, latest first; `changed`: the fields
    in which it differs from the version before. `known_assumed`: the contract assumes the known time."""

    dataset: str
    title: str
    department: str
    key: str
    event_at: datetime
    known_assumed: bool
    simulated: bool
    latest: Version
    earlier: tuple[Version, ...] = ()
    changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class SourceRows:
    """A dataset that has records of the entity, and how many."""

    name: str
    title: str
    department: str
    records: int


@dataclass(frozen=True)
class Disagreement:
    """A role (name, address, ...) of which sources' latest records say different things: (text, dataset, known_at)."""

    role: str
    said: tuple[tuple[str, str, datetime], ...]


@dataclass(frozen=True)
class EntityFile:
    """`records` in time order, the latest `limit` of `total`. `milliseconds`: what the query took."""

    entity: Entity
    keys: tuple[EntityKey, ...]
    records: tuple[Record, ...]
    total: int
    sources: tuple[SourceRows, ...]
    disagreements: tuple[Disagreement, ...]
    milliseconds: float


def entity_file(
    key: str | Entity,
    *,
    user: User | None = None,
    datasets: Iterable[str] | None = None,
    until: datetime | None = None,
    limit: int | None = None,
    unmask: bool = False,
) -> EntityFile:
    """The file of the entity that `key` means (selectors.entity_get: Problem where there is none for `user`).

    `user`: who reads; an entity outside of his jurisdiction does not exist. `datasets`: only these.
    `until`, `limit`: the latest `limit` records that happened before `until`. Fields that the contract classifies as
    restricted or confidential are masked unless `unmask`. Times are aware, UTC.
    """
    begun = time.perf_counter()
    entity = entity_get(key, user=user) if isinstance(key, str) else key
    if user is not None and not Entity.ever.filter(in_jurisdiction(user), pk=entity.pk).exists():
        raise Entity.DoesNotExist(entity.key)
    keys = tuple(EntityKey.objects.filter(entity=entity, retracted_at=None).order_by("value"))
    files = _files(datasets)
    values = [k.value for k in keys]
    lake = lake_folder()
    found: dict[int, list[dict[str, Any]]] = {}
    for file, rows in lookup.read(lookup.find(files, values, lake=lake), values, lake=lake):
        found.setdefault(files[file], []).extend(rows)
    contracts = {
        pk: contract_kept(pk, digest) for pk, digest in Dataset.objects.filter(pk__in=found).values_list("pk", "digest")
    }
    spans: dict[str, list[EntityKey]] = {}
    for key_row in keys:
        spans.setdefault(key_row.value, []).append(key_row)
    records = [r for pk, rows in found.items() for r in _records(contracts[pk], rows, spans, unmask)]
    records.sort(key=lambda r: (r.event_at, r.latest.known_at, r.dataset, r.latest.batch, r.latest.file, r.latest.row))
    counts: dict[str, int] = {}
    for record in records:
        counts[record.dataset] = counts.get(record.dataset, 0) + 1
    shown = records if until is None else [r for r in records if r.event_at < until]
    by_name = {c.name: c for c in contracts.values()}
    return EntityFile(
        entity=entity,
        keys=keys,
        records=tuple(shown if limit is None else shown[-limit:] if limit else ()),
        total=len(records),
        sources=tuple(SourceRows(n, by_name[n].title, by_name[n].department, counts[n]) for n in sorted(counts)),
        disagreements=_disagreements(records, by_name),
        milliseconds=round((time.perf_counter() - begun) * 1000, 2),
    )


def _files(datasets: Iterable[str] | None) -> dict[str, int]:
    """The live files of datasets keyed by entity -> the dataset's number."""
    live = LakeFile.objects.filter(
        Q(kind=LakeFile.Kind.ACCEPTED) | Q(kind=LakeFile.Kind.CLUSTERED), retired_at=None, dataset__keyed_by="entity"
    )
    if datasets is not None:
        live = live.filter(dataset__name__in=list(datasets))
    return dict(live.order_by("dataset_id", "path").values_list("path", "dataset_id"))


def _records(
    contract: Contract,
    rows: list[dict[str, Any]],
    spans: Mapping[str, list[EntityKey]],
    unmask: bool,
) -> Iterable[Record]:
    """The records of one dataset, each with its versions; of a key that passed on, those of this holder."""
    versions: dict[bytes, list[dict[str, Any]]] = {}
    for row in rows:
        event = _aware(row["_event_at"])
        if any(span.held_at(event) for span in spans[row["_key"]]):
            versions.setdefault(row["_id"], []).append(row)
    fields = {f.name: (f.title or f.name, f.masked and not unmask) for f in contract.fields}
    for said in versions.values():
        said.sort(key=lambda r: (r["_known_at"], r["_received_at"], r["_batch"], r["_file"], r["_row"]), reverse=True)
        latest, *earlier = (_version(row, fields) for row in said)
        changed = tuple(f for f in fields if earlier and said[0].get(f) != said[1].get(f))
        yield Record(
            dataset=contract.name,
            title=contract.title,
            department=contract.department,
            key=said[0]["_key"],
            event_at=_aware(said[0]["_event_at"]),
            known_assumed=contract.known_assumed,
            simulated=contract.simulated,
            latest=latest,
            earlier=tuple(earlier),
            changed=changed,
        )


def _version(row: dict[str, Any], fields: Mapping[str, tuple[str, bool]]) -> Version:
    cells = tuple(
        Cell(name, title, masked(row.get(name)) if hide else row.get(name), hide and row.get(name) is not None)
        for name, (title, hide) in fields.items()
    )
    return Version(
        _aware(row["_known_at"]), _aware(row["_received_at"]), row["_batch"], row["_file"], row["_row"], cells
    )


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


_COMPARED = {"name": name_key, "address": address_key, "representative": str, "status": str, "kind": str}


def _disagreements(records: list[Record], contracts: Mapping[str, Contract]) -> tuple[Disagreement, ...]:
    """Where the sources' latest records differ, spelling left aside."""
    found = []
    for role, spelt in _COMPARED.items():
        said: dict[str, tuple[str, str, datetime]] = {}  # by dataset; records come in time order
        for record in records:
            field = contracts[record.dataset].roles.get(role)
            cell = next((c for c in record.latest.cells if c.name == field and c.value), None) if field else None
            if cell and not cell.masked:
                said[record.dataset] = (str(cell.value), record.dataset, record.latest.known_at)
        if len({spelt(text) for text, _, _ in said.values()}) > 1:
            found.append(Disagreement(role, tuple(said.values())))
    return tuple(found)
