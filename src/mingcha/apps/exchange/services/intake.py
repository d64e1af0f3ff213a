"""A delivery: files read, checked, freed of what is known, and committed as one batch."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from mingcha.engines.lake.clustering import cluster
from mingcha.engines.lake.contract import Contract
from mingcha.engines.lake.dedupe import Fresh, keep_new, remember
from mingcha.engines.lake.opening import records_about, unreadable
from mingcha.engines.lake.quarantine import Quarantine
from mingcha.engines.lake.reading import read_document
from mingcha.engines.lake.staging import Progress, stage

from .. import hooks
from ..models import Dataset, LakeFile, SourceFile
from ..rules import columns_changed, contract_fits
from ..selectors import dataset_contract, dataset_files, dataset_source, lake_folder
from .commit import ImportReport, Kinds, Waiting, batch_begin, batch_commit, connected, tally, writing
from .upkeep import merge_runs

LARGE = 4_000_000  # rows of a batch that is clustered later, by dataset_cluster


def batch_import(
    *,
    contract: Path | str,
    files: Sequence[Path],
    where: str = "",
    clustered: bool | None = None,
    user: Any = None,
    progress: Progress | None = None,
    waiting: Waiting | None = None,
) -> ImportReport:
    """Take `files` as one batch of the dataset that `contract` (a file, its text, or a dataset's name) describes.

    `where` is a condition on the rows to take. `clustered`: sort the batch by key for reading (default: unless it is
    very large; dataset_cluster does it later). A file that was delivered before adds nothing. Problem where a file
    can't be read to its end or does not fit; then nothing of the batch is kept.
    """
    started = time.monotonic()
    given = _contract(contract)
    said = given[0]
    report = ImportReport(dataset=said.name, version=said.version)
    with writing(said.name, waiting) as written, ThreadPoolExecutor(1) as hashing:
        dataset = Dataset.objects.filter(name=said.name).first()
        live = list(dataset_files(dataset)) if dataset else []
        if dataset:
            contract_fits(said, dataset_contract(dataset), has_rows=bool(live))
        paths = _not_delivered(dataset, files, where, report, hashing)
        if paths:
            batch = batch_begin(said, user)
            with connected(written) as connection, Quarantine(written / "quarantine.parquet") as held:
                outdated = live if dataset and columns_changed(said, dataset_contract(dataset)) else []
                moved = conformed(connection, said, outdated, written)
                known = dataset_source(said, moved if outdated else None)
                staged = stage(
                    connection,
                    said,
                    [path for path, _ in paths],
                    written,
                    held,
                    remember(connection, known, sum(records_about(path) for path, _ in paths)),
                    received=batch.received_at,
                    batch=batch.number,
                    where=where,
                    progress=progress,
                )
                fresh = keep_new(connection, known, staged, written, held, received=batch.received_at)
                held.close()
                kinds = arranged(connection, said, fresh, written, clustered)
            kinds |= dict.fromkeys(moved, LakeFile.Kind.CLUSTERED)
            tally(report, staged, fresh, held)
            sources = [
                SourceFile(
                    position=position,
                    name=path.name,
                    sha256=digest.result(),
                    selection=where,
                    bytes=path.stat().st_size,
                    encoding=read.encoding,
                    rows=read.rows,
                    not_taken=read.not_taken,
                )
                for position, ((path, digest), read) in enumerate(zip(paths, staged.files, strict=True), 1)
            ]
            report.files = [
                {"file": s.name, "encoding": s.encoding, "not_taken": s.not_taken}
                | {"rows": read.rows, "good": read.good, "left_out": read.left_out}
                for s, read in zip(sources, staged.files, strict=True)
            ]
            report.seconds = round(time.monotonic() - started, 3)
            batch_commit(
                batch,
                contract=given,
                written=written,
                files=kinds,
                retired=outdated,
                sources=sources,
                report=report,
                staged=staged,
            )
            if clustered is not False:
                merge_runs(batch.dataset, said, everything=False)
    report.seconds = round(time.monotonic() - started, 3)
    if report.batch or report.already:  # what a full disk or a kill broke off after the batch was in is made up for
        hooks.imported([said.name])
    return report


def _contract(contract: Path | str) -> tuple[Contract, dict[str, Any], str]:
    if isinstance(contract, str) and "\n" not in contract and not Path(contract).exists():
        dataset = Dataset.objects.filter(name=contract).first()
        if dataset:
            return dataset_contract(dataset), dataset.document, dataset.contract
    return read_document(contract)


def conformed(connection: Any, contract: Contract, outdated: list[LakeFile], written: Path) -> tuple[Path, ...]:
    """The files of an older contract with the columns of this one."""
    paths = [lake_folder() / file.path for file in outdated]
    return tuple(cluster(connection, contract, paths, written, name="conformed")) if paths else ()


def arranged(connection: Any, contract: Contract, fresh: Fresh, written: Path, clustered: bool | None) -> Kinds:
    """The batch's files with their kinds; its parts are replaced by sorted files if it is to be clustered."""
    kinds: Kinds = dict.fromkeys(fresh.parts, LakeFile.Kind.ACCEPTED)
    if fresh.parts and (clustered or (clustered is None and fresh.rows_accepted <= LARGE)):
        kinds = dict.fromkeys(cluster(connection, contract, fresh.parts, written), LakeFile.Kind.CLUSTERED)
        for part in fresh.parts:
            part.unlink()
    if fresh.superseded:
        kinds[fresh.superseded] = LakeFile.Kind.SUPERSEDED
    if (written / "quarantine.parquet").exists():
        kinds[written / "quarantine.parquet"] = LakeFile.Kind.QUARANTINE
    return kinds


def _not_delivered(
    dataset: Dataset | None, files: Sequence[Path], where: str, report: ImportReport, hashing: ThreadPoolExecutor
) -> list[tuple[Path, Future[str]]]:
    """The files with their SHA-256, without those whose bytes were delivered before (with the same selection). A file
    of a size that was never seen is new, so its digest is made while it is read."""
    sizes = dict(dataset.source_files.filter(withdrawn=False).values_list("bytes", "pk")) if dataset else {}
    fresh: list[tuple[Path, Future[str]]] = []
    for path in map(Path, files):
        digest = hashing.submit(_sha256, path)
        if not path.is_file():
            digest.result()  # says why it can't be read
        size = path.stat().st_size
        if size not in sizes:
            sizes[size] = 0
            fresh.append((path, digest))
            continue
        delivered = (
            dataset
            and dataset.source_files.filter(sha256=digest.result(), selection=where, withdrawn=False)
            .select_related("batch")
            .first()
        )
        if delivered or digest.result() in {other.result() for _, other in fresh}:
            report.already.append(
                {
                    "file": str(path),
                    "batch": delivered.batch.number if delivered else None,
                    "version": delivered.batch.version if delivered else "",
                    "received_at": delivered.batch.received_at.isoformat() if delivered else "",
                }
            )
        else:
            fresh.append((path, digest))
    return fresh


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(path, error) from None
