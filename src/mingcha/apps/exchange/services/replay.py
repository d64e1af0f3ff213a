"""Rows in quarantine: tried again under the contract in force, or handed to the department that supplied them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from mingcha.apps.accounts.services import audit_record
from mingcha.engines.lake.checks import compile_checks
from mingcha.engines.lake.dedupe import keep_new, remember
from mingcha.engines.lake.held import HeldRows, export, files_of, unreadable
from mingcha.engines.lake.quarantine import Quarantine
from mingcha.engines.lake.reading import read_document
from mingcha.engines.lake.staging import Staged, stage_source
from mingcha.problems import Problem

from .. import hooks
from ..models import Batch, Dataset, LakeFile
from ..rules import columns_changed, contract_fits
from ..selectors import (
    batch_file_names,
    dataset_contract,
    dataset_files,
    dataset_get,
    dataset_source,
    lake_folder,
    quarantine_batches,
    quarantine_within,
)
from .commit import ImportReport, Waiting, batch_begin, batch_commit, connected, tally, writing
from .intake import arranged, conformed


def quarantine_replay(
    *,
    dataset: str,
    batch: int | None = None,
    contract: Path | str | None = None,
    user: Any = None,
    waiting: Waiting | None = None,
) -> list[ImportReport]:
    """Check the held-back rows of a dataset (or one batch of it) again, under the contract in force or a new version
    of it. Each batch of which a row passes now yields a new one; its rows keep their file and row numbers, and those
    that still fail are held by the new batch. Problem where there is nothing in quarantine."""
    return [_replay_one(number, dataset, contract, user, waiting) for number in quarantine_batches(dataset, batch)]


def _replay_one(
    number: int, name: str, contract: Path | str | None, user: Any, waiting: Waiting | None
) -> ImportReport:
    started = time.monotonic()
    with writing(name, waiting) as written:
        quarantine_batches(name, number)  # once more: another replay may have taken it over while we waited
        dataset = Dataset.objects.get(name=name)
        old = dataset_contract(dataset)
        given = read_document(contract) if contract else (old, dataset.document, dataset.contract)
        said = given[0]
        if said.name != name:
            raise Problem(
                zh=f"这份契约属于数据集“{said.name}”，不是“{name}”。",
                en=f"This contract is of the dataset {said.name!r}, not {name!r}.",
                where=str(contract),
                todo_zh="请给出该数据集的契约。",
                todo_en="Give the contract of that dataset.",
            )
        contract_fits(said, old, has_rows=dataset_files(dataset).exists())
        origin = Batch.objects.get(dataset=dataset, number=number)
        held_file = origin.files.get(kind=LakeFile.Kind.QUARANTINE, retired_at=None)
        path = lake_folder() / held_file.path
        root = root_of(origin)
        report, staged = ImportReport(dataset=name, version=said.version), Staged()
        fresh_batch = batch_begin(said, user)
        fresh_batch.replay_of = origin
        with connected(written) as connection, Quarantine(written / "quarantine.parquet") as again:
            outdated = list(dataset_files(dataset)) if columns_changed(said, old) else []
            moved = conformed(connection, said, outdated, written)
            known = dataset_source(said, moved if outdated else None)
            unread = unreadable(path)
            again.write(unread)
            staged.rows_read += unread.num_rows
            for reason, rows in again.reasons(connection, unread):
                staged.reasons[reason] += rows
            seen = remember(connection, known, origin.rows_quarantined)
            for file in files_of(path):
                checks = compile_checks(
                    said, received=fresh_batch.received_at, batch=fresh_batch.number, file=file, iso=True
                )
                stage_source(connection, HeldRows(path, file, said), checks, file, staged, written, again, seen)
            fresh = keep_new(
                connection, known, staged, written, again, received=fresh_batch.received_at, since=root.number
            )
            again.close()
            if fresh.rows_accepted or fresh.rows_duplicate:
                kinds = arranged(connection, said, fresh, written, None)
        tally(report, staged, fresh, again)
        report.seconds = round(time.monotonic() - started, 3)
        if not (fresh.rows_accepted or fresh.rows_duplicate):
            return report
        kinds |= dict.fromkeys(moved, LakeFile.Kind.CLUSTERED)
        batch_commit(
            fresh_batch,
            contract=given,
            written=written,
            files=kinds,
            retired=[*outdated, held_file],
            report=report,
            staged=staged,
        )
    hooks.imported([name])
    return report


def root_of(batch: Batch) -> Batch:
    """The delivery that a replay goes back to."""
    while batch.replay_of:
        batch = batch.replay_of
    return batch


def quarantine_export(*, dataset: str, path: Path, batch: int | None = None, user: Any = None) -> int:
    """Write the held-back rows of a dataset (or one batch of it) to `path` (.xlsx or .csv), with all their columns,
    file, row and reasons in both languages; mended, the file can be imported again. Returns the number of rows.
    Nothing is masked: it goes back to the department that supplied it. Of a unit's user, the rows of its division."""
    within = quarantine_within(user, dataset_get(dataset))
    numbers = quarantine_batches(dataset, batch)
    held = LakeFile.objects.filter(
        dataset__name=dataset, batch__number__in=numbers, kind=LakeFile.Kind.QUARANTINE, retired_at=None
    ).select_related("batch")
    sources = [(lake_folder() / file.path, batch_file_names(file.batch)) for file in held.order_by("batch__number")]
    rows = export(sources, path, within)
    audit_record(
        user=user,
        action="exchange.quarantine.hand_back",
        obj=Dataset.objects.get(name=dataset),
        after={"batches": numbers, "rows": rows, "file": path.name},
    )
    return rows
