"""How a batch comes to exist: files first, safe on disk and under their final name, then one transaction.

A process that dies before the transaction leaves files that no row names, and the next writer removes them
(engines/lake/folder.py). What a newer file replaces is retired: whoever pinned it may still read it for a day.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from mingcha.apps.accounts.services import audit_record
from mingcha.engines.lake import folder as lake
from mingcha.engines.lake.contract import Contract
from mingcha.engines.lake.dedupe import Fresh
from mingcha.engines.lake.quarantine import Quarantine
from mingcha.engines.lake.staging import Reason, Staged
from mingcha.problems import Problem

from ..models import Batch, Dataset, LakeFile, QuarantineReason, SourceFile
from ..selectors import lake_folder

KEPT_AFTER_RETIREMENT = dt.timedelta(days=1)
Waiting = Callable[[], None]
Kinds = dict[Path, LakeFile.Kind]


@dataclass
class ImportReport:
    """What became of a delivery. `batch` is None where it added nothing to record."""

    dataset: str
    version: str = ""  # of the contract
    batch: int | None = None
    files: list[dict[str, Any]] = field(default_factory=list)
    already: list[dict[str, Any]] = field(default_factory=list)  # files whose bytes were delivered before
    rows_read: int = 0
    rows_accepted: int = 0
    rows_changed: int = 0
    rows_duplicate: int = 0
    rows_quarantined: int = 0
    rows_left_out: int = 0
    warnings: int = 0
    reasons: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@contextmanager
def writing(name: str, waiting: Waiting | None = None) -> Iterator[Path]:
    """Hold the dataset's folder and give a new folder to write into, which is gone if nothing came of it."""
    place = lake_folder() / name
    with lake.disk_errors(), lake.locked(place, waiting):
        _tidy(place, name)
        written = lake.writing(place)
        try:
            yield written
        finally:
            shutil.rmtree(written, ignore_errors=True)  # renamed by now, if all went well


def _tidy(place: Path, name: str) -> None:
    """What a dead import left behind, and what was retired long enough ago."""
    files = LakeFile.objects.filter(dataset__name=name)
    with lake.removing(lake_folder()) as allowed:
        if allowed:
            old = files.filter(retired_at__lt=timezone.now() - KEPT_AFTER_RETIREMENT)
            lake.remove_files([lake_folder() / path for path in old.values_list("path", flat=True)])
            old.delete()
    lake.remove_orphans(place, [lake_folder() / path for path in files.values_list("path", flat=True)])


@contextmanager
def connected(written: Path) -> Iterator[Any]:
    """A DuckDB connection that spills into `written`."""
    temporary = written / "tmp"
    connection = lake.connect(temporary)
    try:
        yield connection
    finally:
        connection.close()
        shutil.rmtree(temporary, ignore_errors=True)


def batch_begin(contract: Contract, user: Any) -> Batch:
    """A batch with its number and time; it exists only once `batch_commit` has saved it."""
    last = (
        Batch.objects.filter(dataset__name=contract.name).order_by("-number").values_list("number", flat=True).first()
    )
    return Batch(
        number=(last or 0) + 1,
        received_at=timezone.now(),
        contract_digest=contract.digest,
        version=contract.version,
        user=user,
    )


def tally(report: ImportReport, staged: Staged, fresh: Fresh, held: Quarantine) -> None:
    report.rows_read = staged.rows_read
    report.rows_accepted = fresh.rows_accepted
    report.rows_changed = fresh.rows_changed
    report.rows_duplicate = fresh.rows_duplicate
    report.rows_quarantined = held.rows
    report.rows_left_out = staged.rows_left_out
    report.warnings = sum(rows for reason, rows in staged.reasons.items() if reason.warning)
    report.reasons = [{**asdict(reason), "rows": rows} for reason, rows in _ordered(staged)]


def _ordered(staged: Staged) -> list[tuple[Reason, int]]:
    return sorted(staged.reasons.items(), key=lambda item: (-item[1], item[0].field, item[0].rule, item[0].en))


def batch_commit(
    batch: Batch,
    *,
    contract: tuple[Contract, dict[str, Any], str],
    written: Path,
    files: Kinds,
    retired: Iterable[LakeFile] = (),
    sources: Iterable[SourceFile] = (),
    report: ImportReport,
    staged: Staged,
) -> None:
    """Make `files`, all in `written`, safe on disk, then let the batch exist with them, and retire what it replaces."""
    rows = {path: rows_of(path) for path in files}
    final = lake.finish(written, f"{batch.number:06d}")
    for name in ("read", "accepted", "changed", "duplicate", "quarantined", "left_out"):
        setattr(batch, f"rows_{name}", getattr(report, f"rows_{name}"))
    batch.warnings, batch.seconds = report.warnings, report.seconds
    with transaction.atomic():
        batch.dataset = _dataset_save(*contract, user=batch.user)
        try:
            with transaction.atomic():
                batch.save()
        except IntegrityError:
            raise Problem(
                zh="另一个进程刚刚为同一数据集提交了一批数据，本批未提交。",
                en="Another process has just committed a batch of the same dataset; this one was not committed.",
                where=contract[0].name,
                todo_zh="请重新运行本命令。",
                todo_en="Run the command again.",
            ) from None
        for source in sources:
            source.dataset, source.batch = batch.dataset, batch
        SourceFile.objects.bulk_create(sources)
        files_save(batch.dataset, {final / path.name: kind for path, kind in files.items()}, rows, batch)
        QuarantineReason.objects.bulk_create(
            QuarantineReason(
                batch=batch,
                field=reason.field,
                rule=reason.rule[:100],
                reason_zh=reason.zh[:300],
                reason_en=reason.en[:300],
                rows=number,
                warning=reason.warning,
            )
            for reason, number in _ordered(staged)
        )
        files_retire(retired)
        if batch.replay_of:
            batch.replay_of.reasons.filter(warning=False).update(closed_at=timezone.now())
        audit_record(
            user=batch.user,
            action="exchange.quarantine.replay" if batch.replay_of else "exchange.batch.import",
            obj=batch,
            after={
                "dataset": contract[0].name,
                "number": batch.number,
                "files": [s.name for s in sources],
                "accepted": batch.rows_accepted,
                "quarantined": batch.rows_quarantined,
            },
        )
    report.batch = batch.number


def files_save(dataset: Dataset, files: Kinds, rows: dict[Path, int], batch: Batch | None) -> None:
    """The rows that make lake files exist; `rows` by the paths' names."""
    named = {path.name: number for path, number in rows.items()}
    LakeFile.objects.bulk_create(
        LakeFile(
            dataset=dataset,
            batch=batch,
            kind=kind,
            path=str(path.relative_to(lake_folder())),
            rows=named[path.name],
            bytes=path.stat().st_size,
        )
        for path, kind in files.items()
    )


def files_retire(files: Iterable[LakeFile]) -> None:
    LakeFile.objects.filter(pk__in=[file.pk for file in files]).update(retired_at=timezone.now())


def rows_of(path: Path) -> int:
    import pyarrow.parquet as pq

    return int(pq.read_metadata(path).num_rows)


def _dataset_save(contract: Contract, document: dict[str, Any], text: str, *, user: Any) -> Dataset:
    """The dataset with `contract` in force."""
    before = Dataset.objects.filter(name=contract.name).first()
    if before and before.digest == contract.digest:
        return before
    dataset, created = Dataset.objects.update_or_create(
        name=contract.name,
        defaults={
            "title": contract.title[:200],
            "department": contract.department[:200],
            "contract": text,
            "document": document,
            "version": contract.version,
            "digest": contract.digest,
            "keyed_by": contract.keyed_by,
            "simulated": contract.simulated,
        },
    )
    audit_record(
        user=user,
        action="exchange.dataset.create" if created else "exchange.dataset.change",
        obj=dataset,
        before={"version": before.version, "digest": before.digest} if before else None,
        after={"version": dataset.version, "digest": dataset.digest},
    )
    return dataset
