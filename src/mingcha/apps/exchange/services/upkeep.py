"""The lake's files kept in order: clustered, merged, withdrawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from mingcha.apps.accounts.services import audit_record
from mingcha.engines.lake import folder as lake
from mingcha.engines.lake.clustering import cluster
from mingcha.engines.lake.contract import Contract
from mingcha.engines.lake.view import files_sql

from .. import hooks
from ..models import Dataset, LakeFile
from ..selectors import dataset_contract, dataset_files, dataset_get, lake_folder
from .commit import Kinds, Waiting, connected, files_retire, files_save, rows_of, writing

RUNS = 8  # of a dataset before an import merges them: what was clustered together, or an unclustered file


def dataset_cluster(*, name: str, user: Any = None, waiting: Waiting | None = None) -> int:
    """Sort all files of the dataset into one run of new ones, and retire the old; returns the number of rows."""
    dataset_get(name)
    with writing(name, waiting):
        dataset = dataset_get(name)  # once more, as whoever held the folder may have brought another contract
        rows = merge_runs(dataset, dataset_contract(dataset), everything=True)
    if rows:
        audit_record(user=user, action="exchange.dataset.cluster", obj=dataset, after={"rows": rows})
        hooks.imported([name])  # what others keep by file (the index of keys) is made of the new ones
    return rows


def merge_runs(dataset: Dataset, contract: Contract, *, everything: bool) -> int:
    """Merge all runs, or, where there are more than RUNS, the small ones (so that a row is rewritten a logarithmic
    number of times). Call it while the dataset's folder is held."""
    runs = _runs(dataset)
    if not everything:
        runs = _small(runs) if len(runs) > RUNS else []
    chosen = [file for run in runs for file in run]
    if len(runs) < 2 and not any(f.kind == LakeFile.Kind.ACCEPTED for f in chosen):
        return 0
    replaced = list(dataset.files.filter(kind=LakeFile.Kind.SUPERSEDED, retired_at=None))
    replaced = replaced if len(replaced) > 1 else []
    written = lake.writing(lake_folder() / dataset.name)
    with connected(written) as connection:
        paths = [lake_folder() / file.path for file in chosen]
        kinds: Kinds = dict.fromkeys(cluster(connection, contract, paths, written), LakeFile.Kind.CLUSTERED)
        if replaced:
            kinds[_together(connection, replaced, written)] = LakeFile.Kind.SUPERSEDED
    rows = {path: rows_of(path) for path in kinds}
    final = lake.finish(written, "clustered")
    with transaction.atomic():
        files_save(dataset, {final / path.name: kind for path, kind in kinds.items()}, rows, None)
        files_retire(chosen + replaced)
    return sum(number for path, number in rows.items() if kinds[path] == LakeFile.Kind.CLUSTERED)


Run = list[LakeFile]


def _runs(dataset: Dataset) -> list[Run]:
    """Files that were clustered together lie in one folder; each unclustered file is a run of its own."""
    runs: dict[str, Run] = {}
    for file in dataset_files(dataset):
        clustered = file.kind == LakeFile.Kind.CLUSTERED
        runs.setdefault(str(Path(file.path).parent) if clustered else file.path, []).append(file)
    return list(runs.values())


def _rows(run: Run) -> int:
    return sum(file.rows for file in run)


def _small(runs: list[Run]) -> list[Run]:
    """The unclustered runs, and clustered ones from the smallest on as long as they aren't much larger than the rest
    together."""
    chosen = [run for run in runs if run[0].kind == LakeFile.Kind.ACCEPTED]
    for run in sorted((run for run in runs if run[0].kind == LakeFile.Kind.CLUSTERED), key=_rows):
        if chosen and _rows(run) > 4 * sum(map(_rows, chosen)):
            break
        chosen.append(run)
    return chosen


def _together(connection: Any, files: list[LakeFile], written: Path) -> Path:
    path = written / "superseded.parquet"
    source = files_sql(tuple(lake_folder() / file.path for file in files))
    connection.execute(f"COPY (SELECT DISTINCT * FROM {source} ORDER BY ALL) TO '{path}' (FORMAT parquet)")
    return path


def dataset_withdraw(*, name: str, user: Any = None, waiting: Waiting | None = None) -> int:
    """Take all rows of the dataset out of the lake, to import them anew; returns how many. Batches stay on record as
    withdrawn, the files' bytes may be delivered again, and the next contract may differ in everything."""
    dataset = dataset_get(name)
    with writing(name, waiting), transaction.atomic():
        live = list(dataset.files.filter(retired_at=None))
        batches = dataset.batches.filter(withdrawn_at=None)
        rows = sum(f.rows for f in live if f.kind in (LakeFile.Kind.ACCEPTED, LakeFile.Kind.CLUSTERED))
        files_retire(live)
        dataset.source_files.update(withdrawn=True)
        for batch in batches:
            batch.reasons.filter(closed_at=None).update(closed_at=timezone.now())
        batches.update(withdrawn_at=timezone.now())
        audit_record(user=user, action="exchange.dataset.withdraw", obj=dataset, after={"rows": rows})
    return rows
