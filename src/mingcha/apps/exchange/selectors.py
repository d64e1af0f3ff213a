"""Reads: which data there are, what stands in quarantine, and pinned views of the lake for the engines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db.models import Count, Max, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.permissions import whole_bureau
from mingcha.engines.lake.contract import Contract
from mingcha.engines.lake.held import Within, commonest, faults
from mingcha.engines.lake.reading import contract_of
from mingcha.engines.lake.view import LakeView, Source
from mingcha.instance import home
from mingcha.problems import Problem

from .models import Batch, Dataset, LakeFile, QuarantineReason


def lake_folder() -> Path:
    """Where the lake's files are; paths of LakeFile are relative to it."""
    return home() / "lake"


def dataset_get(name: str) -> Dataset:
    """The dataset `name`; Problem where there is none."""
    try:
        return Dataset.objects.get(name=name)
    except Dataset.DoesNotExist:
        import difflib

        names = list(Dataset.objects.values_list("name", flat=True))
        near = difflib.get_close_matches(name, names, 3) or names[:10]
        raise Problem(
            zh=f"没有数据集“{name}”。",
            en=f"There is no dataset {name!r}.",
            todo_zh=f"已有的数据集：{'、'.join(near)}" if near else "请先用 mingcha import 导入数据。",
            todo_en=f"There are: {', '.join(near)}" if near else "Import some data first, with mingcha import.",
        ) from None


def dataset_contract(dataset: Dataset) -> Contract:
    """The contract in force."""
    return contract_of(dataset.document)


@lru_cache(maxsize=1024)
def contract_kept(pk: int, digest: str) -> Contract:
    """The contract in force of the dataset `pk`, whose digest it is: read once a process, for pages that ask often."""
    return dataset_contract(Dataset.objects.get(pk=pk))


def dataset_files(dataset: Dataset) -> QuerySet[LakeFile]:
    """The files that hold its rows now."""
    kinds = (LakeFile.Kind.ACCEPTED, LakeFile.Kind.CLUSTERED)
    return LakeFile.objects.filter(dataset=dataset, retired_at=None, kind__in=kinds).order_by("path")


def dataset_source(contract: Contract, files: tuple[Path, ...] | None = None) -> Source:
    """The rows so far of the contract's dataset (in `files`, where those are to take the place of its own), under
    this contract."""
    if not Dataset.objects.filter(name=contract.name).exists():
        return Source(contract, ())
    source = replace(lake_view([contract.name]).sources[contract.name], contract=contract)
    return source if files is None else replace(source, files=files)


def quarantine_batches(dataset: str, batch: int | None = None) -> list[int]:
    """Numbers of the batches of `dataset` (or just `batch`) that hold rows back; Problem where there is none."""
    found = dataset_get(dataset)
    held = LakeFile.objects.filter(dataset=found, kind=LakeFile.Kind.QUARANTINE, retired_at=None)
    numbers = sorted(held.values_list("batch__number", flat=True))
    if not numbers or (batch is not None and batch not in numbers):
        raise Problem(
            zh=f"数据集“{dataset}”{'' if batch is None else f'的第 {batch} 批'}没有被隔离的行。",
            en=f"Nothing of {dataset!r}{'' if batch is None else f', batch {batch},'} is in quarantine.",
            todo_zh=f"有隔离行的批次：{'、'.join(map(str, numbers))}" if numbers else "",
            todo_en=f"Batches with rows in quarantine: {', '.join(map(str, numbers))}" if numbers else "",
        )
    return [batch] if batch is not None else numbers


def batch_file_names(batch: Batch) -> dict[int, str]:
    """The names of the files that a batch (or the delivery that it replays) brought, by their number in it."""
    while batch.replay_of:
        batch = batch.replay_of
    return dict(batch.source_files.values_list("position", "name"))


def quarantine_within(user: User | None, dataset: Dataset) -> Within | None:
    """The part of a dataset's quarantined rows that `user` may see: None is all, for the bureau itself and for the
    command line without a user; a unit below it sees the rows of its division, where the dataset names divisions.
    Problem where it doesn't: nobody can tell whose rows they are."""
    if user is None or whole_bureau(user):
        return None
    column = _division_column(dataset_contract(dataset))
    if user.unit is None or not user.unit.division or not column:
        raise Problem(
            zh=f"“{dataset}”的隔离数据不分区划，只有市局人员可以查看。",
            en=f"Rows of {dataset.name!r} in quarantine tell no division: they are for the bureau's own staff only.",
            where=str(user),
            todo_zh="请由市局人员办理。",
            todo_en="Ask someone of the bureau itself.",
        )
    return column, user.unit.division


def _division_column(contract: Contract) -> str:
    """The header of the column that holds a row's division code (by its data standard), or ""."""
    fields = {f.name: f for f in contract.fields}
    return next((fields[r.field].header for r in contract.rules if r.standard == "gb_t_2260" and r.field), "")


def quarantine_visible(user: User | None) -> QuerySet[QuarantineReason]:
    """The reasons of whose rows `user` may see some (`quarantine_within`). Their counts are of all rows."""
    reasons = QuarantineReason.objects.select_related("batch__dataset")
    if user is None or whole_bureau(user):
        return reasons
    if user.unit is None or not user.unit.division:
        return reasons.none()
    datasets = Dataset.objects.values_list("pk", "digest")
    told = [pk for pk, digest in datasets if _division_column(contract_kept(pk, digest))]
    return reasons.filter(batch__dataset__in=told)


def quarantine_rows(
    *,
    dataset: str,
    batch: int | None = None,
    reason: QuarantineReason | None = None,
    limit: int | None = None,
    user: User | None = None,
) -> Iterator[dict[str, Any]]:
    """What is held back, one dict a fault: batch, file, row, field, value, rule, reason_zh, reason_en, in the files'
    order; only the faults of `reason`, where it is given, and of rows that `user` may see. Values of
    masked fields are masked, and so is the text of a record that could not be taken apart, where a field of the dataset
    is."""
    found = dataset_get(dataset)
    within = quarantine_within(user, found)
    masked = _masked(found)
    held = LakeFile.objects.filter(dataset__name=dataset, kind=LakeFile.Kind.QUARANTINE, retired_at=None)
    if batch is not None:
        held = held.filter(batch__number=batch)
    if reason is not None:
        held = held.filter(batch=reason.batch)
    left = limit
    for file in held.select_related("batch").order_by("batch__number"):
        names = batch_file_names(file.batch)
        only = (reason.field, reason.rule, reason.reason_en) if reason else None
        for fault in faults(lake_folder() / file.path, only=only, within=within, limit=left):
            shown = _shown(fault, masked)
            yield {"batch": file.batch.number, **shown, "file": names.get(fault["file"], "")}
            left = left - 1 if left is not None else None
        if left == 0:
            return


def quarantine_commonest(dataset: str, batch: int, file: int) -> dict[str, Any] | None:
    """Why most rows of a delivery's file (its number) are held back (`held.commonest`), masked as in
    `quarantine_rows`; None where none is."""
    found = dataset_get(dataset)
    held = found.files.filter(batch__number=batch, kind=LakeFile.Kind.QUARANTINE, retired_at=None).first()
    fault = commonest(lake_folder() / held.path, file) if held else None
    return _shown(fault, _masked(found)) if fault else None


def _masked(dataset: Dataset) -> set[str]:
    return {f.name for f in dataset_contract(dataset).fields if f.masked}


def _shown(fault: dict[str, Any], masked: set[str]) -> dict[str, Any]:
    """A fault as it may be read: without the value of a masked field, or of a text that may hold one."""
    unreadable = fault.pop("unreadable")
    if fault["value"] and (fault["field"] in masked or (unreadable and masked)):
        fault["value"] = "***"
    return fault


def lake_view(names: Iterable[str] | None = None, *, links: tuple[Path, ...] = ()) -> LakeView:
    """The lake as it is at this moment: every dataset (or those of `names`; Problem where one is not there) with its
    files, pinned. Link files come from the entities app, which passes them on. A dataset without rows is left out
    unless it was asked for by name."""
    datasets = Dataset.objects.all()
    if names is not None:
        names = list(names)
        datasets = datasets.filter(name__in=names)
        for missing in set(names) - {d.name for d in datasets}:
            dataset_get(missing)
    kinds = LakeFile.Kind
    files: dict[tuple[int, bool], list[Path]] = {}
    folder = lake_folder()
    live = LakeFile.objects.filter(
        retired_at=None, dataset__in=datasets, kind__in=(kinds.ACCEPTED, kinds.CLUSTERED, kinds.SUPERSEDED)
    )
    for dataset_id, kind, path in live.order_by("path").values_list("dataset_id", "kind", "path"):
        files.setdefault((dataset_id, kind == kinds.SUPERSEDED), []).append(folder / path)
    sources = {
        d.name: Source(
            contract=dataset_contract(d),
            files=tuple(files.get((d.pk, False), ())),
            superseded=tuple(files.get((d.pk, True), ())),
        )
        for d in datasets
        if names is not None or (d.pk, False) in files
    }
    return LakeView(sources=sources, links=links)


def quarantine_reasons(
    *, dataset: str | None = None, batch: int | None = None, user: User | None = None
) -> list[dict[str, Any]]:
    """Why rows are held back, as far as `user` may see them, the commonest reason of the newest batch first: dataset,
    batch, rows, field, rule, reason_zh, reason_en. What a replay took over is not counted again. Problem where he asks
    for a `dataset` of which he may see nothing."""
    reasons = quarantine_visible(user).filter(warning=False, closed_at=None)
    if dataset is not None:
        found = dataset_get(dataset)
        quarantine_within(user, found)
        reasons = reasons.filter(batch__dataset=found)
    if batch is not None:
        reasons = reasons.filter(batch__number=batch)
    return [
        {
            "dataset": r.batch.dataset.name,
            "batch": r.batch.number,
            "rows": r.rows,
            "field": r.field,
            "rule": r.rule,
            "reason_zh": r.reason_zh,
            "reason_en": r.reason_en,
        }
        for r in reasons.order_by("batch__dataset__name", "-batch__number", "-rows", "field", "rule")
    ]


def datasets_totalled() -> QuerySet[Dataset]:
    """Every dataset with what it holds now: rows accepted, quarantined (without what a replay took over), deliveries,
    last_received (None where there was none). Withdrawn batches don't count."""
    batches = Batch.objects.filter(dataset=OuterRef("pk"), withdrawn_at=None).order_by().values("dataset")
    held = LakeFile.objects.filter(dataset=OuterRef("pk"), kind=LakeFile.Kind.QUARANTINE, retired_at=None)

    def total(found: QuerySet[Any], expression: Any) -> Subquery:
        return Subquery(found.annotate(total=expression).values("total"))

    return Dataset.objects.annotate(
        accepted=Coalesce(total(batches, Sum("rows_accepted")), 0),
        quarantined=Coalesce(total(held.order_by().values("dataset"), Sum("rows")), 0),
        deliveries=Coalesce(total(batches, Count("pk")), 0),
        last_received=total(batches, Max("received_at")),
    )


def exchange_totals() -> dict[str, int]:
    """What all datasets together hold: datasets, rows accepted, rows held back."""
    return datasets_totalled().aggregate(
        datasets=Count("pk"), rows=Coalesce(Sum("accepted"), 0), held=Coalesce(Sum("quarantined"), 0)
    )


def batches_latest(number: int) -> list[Batch]:
    """The last deliveries that are in the lake, with their datasets."""
    return list(Batch.objects.filter(withdrawn_at=None).select_related("dataset")[:number])


def simulated_of(names: Iterable[str]) -> bool:
    """Whether any of these datasets is simulated."""
    return Dataset.objects.filter(name__in=list(names), simulated=True).exists()


def simulated_kinds() -> set[bool]:
    """Whether there are simulated datasets, and whether there are others."""
    return set(Dataset.objects.values_list("simulated", flat=True).distinct().order_by())


def datasets_summary() -> list[dict[str, Any]]:
    """What each dataset holds: name, title, department, version, keyed_by, simulated, rows, quarantined, batches,
    last_received. Rows are those of the lake, every version of a record counted."""
    return [
        {
            "name": d.name,
            "title": d.title,
            "department": d.department,
            "version": d.version,
            "keyed_by": d.keyed_by,
            "simulated": d.simulated,
            "rows": d.accepted,
            "quarantined": d.quarantined,
            "batches": d.deliveries,
            "last_received": d.last_received and d.last_received.isoformat(),
        }
        for d in datasets_totalled()
    ]


def dataset_summary(name: str) -> dict[str, Any]:
    """One dataset: as in `datasets_summary`, with its fields, batches and the size of its files."""
    dataset = dataset_get(name)
    contract = dataset_contract(dataset)
    files = list(dataset_files(dataset))
    batches = dataset.batches.select_related("replay_of").prefetch_related("source_files")
    return {
        **next(d for d in datasets_summary() if d["name"] == name),
        "files": len(files),
        "bytes": sum(f.bytes for f in files),
        "clustered": all(f.kind == LakeFile.Kind.CLUSTERED for f in files),
        "known": contract.known_time or ("assumed" if contract.known_assumed else ""),
        "fields": [
            {"name": f.name, "header": f.header, "type": f.type, "required": f.required, "title": f.title}
            for f in contract.fields
        ],
        "batches": [
            {
                "number": b.number,
                "version": b.version,
                "received_at": b.received_at.isoformat(),
                "read": b.rows_read,
                "accepted": b.rows_accepted,
                "changed": b.rows_changed,
                "duplicate": b.rows_duplicate,
                "quarantined": b.rows_quarantined,
                "files": [s.name for s in b.source_files.all()],
                "replay_of": b.replay_of.number if b.replay_of else None,
                "withdrawn": b.withdrawn_at is not None,
            }
            for b in batches
        ],
    }
