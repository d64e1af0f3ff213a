"""The scores of a day as a file that a draw is made from: `mingcha draw prepare` reads it as it is."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from mingcha.apps.entities.choices import Status
from mingcha.apps.entities.models import Entity
from mingcha.engines.lake.folder import aside
from mingcha.lists.export import harmless
from mingcha.problems import Problem

COLUMNS = ("id", "name", "address", "area", "score", "class")  # as engines/sampling/frame.py knows them
NO_STRATUM = "其他 other"
STRATA = ("district", "industry", "kind")


def frame_write(scores: Path, path: Path, *, stratum: str = "") -> int:
    """Write everyone in a file of scores (services.scores_refresh) to the CSV `path`, with the name and place by which
    a person knows him; how many. Whoever is revoked or cancelled is left out. `stratum`: the field of an entity that
    gives the strata; without it all are one. Written aside and renamed."""
    if stratum and stratum not in STRATA:
        raise Problem(
            zh=f"不能按“{stratum}”分层。",
            en=f"A frame can't be stratified by {stratum!r}.",
            where="--stratum",
            todo_zh="可选：" + "、".join(STRATA),
            todo_en="Choose one of: " + ", ".join(STRATA),
        )
    rows = 0
    with aside(path) as beside, beside.open("w", encoding="utf-8-sig", newline="") as file:  # or Excel takes it for GBK
        writer = csv.writer(file)
        writer.writerow((*COLUMNS, "stratum") if stratum else COLUMNS)
        for row in _rows(scores, stratum):
            writer.writerow(row)
            rows += 1
    return rows


def _rows(scores: Path, stratum: str) -> Iterator[tuple[str, ...]]:
    import pyarrow.parquet as pq

    standing = Entity.objects.filter(status__in=(Status.ACTIVE, Status.UNKNOWN))
    known = {
        key: rest
        for key, *rest in standing.values_list("key", "name", "address", "district", stratum or "district").iterator(
            chunk_size=20_000
        )
    }
    for batch in pq.ParquetFile(scores).iter_batches(100_000, columns=["entity", "probability", "risk_class"]):
        for key, probability, letter in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            if key in known:
                name, address, area, level = known[key]
                row = (key, *map(harmless, (name, address, area)), f"{probability:.6f}", letter)
                yield (*row, harmless(level) or NO_STRATUM) if stratum else row
