"""Writes: results go back to the lake, as labels of the risk model and facts of the entity's file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.db import transaction
from django.utils import timezone

from mingcha.apps.exchange.services import batch_import
from mingcha.engines.linkage.identifiers import key_of
from mingcha.instance import home

from ..models import Result
from ..rules import result_kinds

CONTRACT = Path(__file__).resolve().parents[1] / "contracts" / "inspection_results.yaml"
SIMULATED = "      - {property: simulated, value: true}\n"
COLUMNS = (
    "task_no", "uscc", "plan_no", "kind", "planned", "stratum", "pi", "visited_on", "inspectors", "unit", "result",
    "violation", "recorded_at",
)  # fmt: skip


def results_deliver() -> dict[str, int]:
    """Hand every result that the lake has not yet to it: {"delivered", "left"}; left are those of entities that have
    no USCC, by which the lake could key them.

    A corrected result is a new version of its task's record, known from when it was corrected. A delivery that was cut
    off is made again: what the lake has already adds nothing.
    """
    waiting = Result.objects.filter(delivered_at=None).order_by("pk")
    last = waiting.values_list("pk", flat=True).last()
    if last is None:
        return {"delivered": 0, "left": 0}
    waiting = waiting.filter(pk__lte=last)  # what comes in meanwhile waits for the next time
    versions = waiting.order_by().values_list("version", flat=True).distinct()
    simulated = waiting.filter(task__entity__simulated=True).exists()
    delivered: list[int] = []
    left = 0
    # one batch holds one version of a record: the firm's second thoughts come in a batch of their own
    for version in sorted(set(versions)):
        with TemporaryDirectory(dir=home() / "tmp") as place:
            path = Path(place) / f"results-{last}-{version}.csv"
            taken = _write(path, waiting.filter(version=version))
            left += waiting.filter(version=version).count() - len(taken)
            if taken:
                batch_import(contract=_contract(Path(place), simulated), files=[path])
                delivered += taken
    with transaction.atomic():
        for start in range(0, len(delivered), 10_000):
            Result.objects.filter(pk__in=delivered[start : start + 10_000]).update(delivered_at=timezone.now())
    return {"delivered": len(delivered), "left": left}


def _contract(place: Path, simulated: bool) -> Path:
    """The contract; of a simulated city it says that it is."""
    if not simulated:
        return CONTRACT
    path = place / CONTRACT.name
    path.write_text(CONTRACT.read_text(encoding="utf-8") + SIMULATED, encoding="utf-8")
    return path


def _write(path: Path, results: Any) -> list[int]:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        return list(_written(writer, results))


def _written(writer: Any, results: Any) -> Iterator[int]:
    kinds = result_kinds()
    rows = results.select_related("task__entity", "task__plan__rule", "task__unit")
    for result in rows.iterator(chunk_size=2_000):
        task = result.task
        if not key_of("uscc", task.entity.key):
            continue
        counts = (task.plan.rule.terms if task.plan.rule else {}).get("counts", True)
        writer.writerow([
            task.number, task.entity.key, task.plan.number, task.plan.kind, str(bool(counts)).lower(), task.stratum,
            "" if task.pi is None else task.pi, result.visited_on.isoformat(),
            ";".join(one["id"] for one in task.inspectors), task.unit.name if task.unit else "", result.kind,
            str(kinds[result.kind].violation).lower(),
            timezone.localtime(result.recorded_at).strftime("%Y-%m-%d %H:%M:%S"),
        ])  # fmt: skip
        yield result.pk
