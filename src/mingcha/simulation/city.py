"""The simulated city 云汀市 as a folder of departments' files. Everything in it is invented, and says so."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import polars as pl

from . import contracts, delivery, dirt
from .assumptions import Assumptions
from .catalogue import CATALOGUE
from .catalogue.grammar import Dataset, Periodic
from .columns import fill
from .own import inspector_numbers
from .register import register, streets
from .rows import elastic, skeleton
from .story import Story, tell

SIMULATED = "模拟数据：云汀市及其部门、企业和全部记录均为虚构。 Simulated: 云汀市 and all its records are invented."


@dataclass(frozen=True)
class Delivery:
    """What one department sent: its contract, its files, the rows in them, and how many were spoiled, in which way."""

    dataset: str
    contract: Path
    files: tuple[Path, ...]
    rows: int
    spoiled: int
    dirt: dict[str, int]


def write_city(
    folder: Path, *, entities: int = 20_000, records: int = 2_000_000, seed: int = 1, assumed: Assumptions | None = None
) -> list[Delivery]:
    """Write 云汀市 into `folder`: `contracts/`, a folder of files for each of the hundred datasets, `manifest.json`,
    and `truth/` with what nobody knows (to measure by; without a contract nothing imports it). About `records` rows.

    The same arguments give the same bytes. Each dataset has a chance of its own: one can change without the others.
    """
    assumed = assumed or Assumptions()
    story = tell(_chance(seed, 0), entities, assumed)
    entries = register(_chance(seed, 1), story)
    roads = streets(_chance(seed, 1), story)
    (folder / "contracts").mkdir(parents=True, exist_ok=True)
    deliveries = []
    given = [dataset for dataset in CATALOGUE if not elastic(dataset, story)]
    others = [dataset for dataset in CATALOGUE if elastic(dataset, story)]
    for datasets in (given, others):
        flow = _flow(story, records - sum(d.rows for d in deliveries))
        for dataset in datasets:
            rng = _chance(seed, *dataset.name.encode())
            deliveries.append(_send(dataset, folder, story, entries, roads, rng, flow))
    _write_truth(folder / "truth", story, entries)
    _write_manifest(folder, deliveries, entities=entities, records=records, seed=seed, assumed=assumed)
    return deliveries


def _chance(seed: int, *of: int) -> np.random.Generator:
    return np.random.default_rng([seed, *of])


def _send(
    dataset: Dataset,
    folder: Path,
    story: Story,
    entries: pl.DataFrame,
    roads: pl.DataFrame,
    rng: np.random.Generator,
    flow: float,
) -> Delivery:
    """One department's dataset: its rows, written as it writes them, soiled, delivered."""
    rows = skeleton(dataset, story, entries, roads, rng, flow).sort("day", maintain_order=True)
    frame = delivery.as_text(dataset, fill(dataset, rows, story, entries, rng))
    frame, counts = dirt.soil(dataset, frame, rng)
    contract = folder / "contracts" / f"{dataset.name}.yaml"
    contract.write_text(contracts.text(dataset), encoding="utf-8")
    files = delivery.deliver(dataset, frame, folder / dataset.name)
    spoiled = sum(n for way, n in counts.items() if way not in ("typo", "twice"))
    return Delivery(dataset.name, contract, tuple(files), len(frame), spoiled, dict(sorted(counts.items())))


def _flow(story: Story, records: int) -> float:
    """How much more than their usual the datasets without a signal must hold, to come to `records` rows in all."""
    parts = [(dataset.rows, elastic(dataset, story)) for dataset in CATALOGUE]
    low, high = 0.02, 50.0
    for _ in range(40):
        flow = (low + high) / 2
        total = 0.0
        for rows, each in parts:
            most = 1 / rows.whom.share if isinstance(rows, Periodic) else high  # no source covers more than everybody
            total += each * min(flow, most)
        low, high = (flow, high) if total < records else (low, flow)
    return flow


def _write_truth(folder: Path, story: Story, entries: pl.DataFrame) -> None:
    folder.mkdir(exist_ok=True)
    firms = story.firms
    pl.DataFrame(
        {
            "simulated": np.ones(len(firms), dtype=bool),
            "uscc": entries["uscc"],
            "legacy15": entries["legacy15"],
            "nature": pl.Series(["ordinary", "chronic", "hollow"]).gather(firms.nature),
            "probability": story.probability,
            "open": story.closed == story.closed.max(),
        }
    ).write_parquet(folder / "firms.parquet")
    pl.DataFrame(
        {
            "simulated": np.ones(len(story.inspectors), dtype=bool),
            "inspector": inspector_numbers(len(story.inspectors)),
            "station": story.inspectors.station,
            "strictness": story.inspectors.strictness,
        }
    ).write_parquet(folder / "inspectors.parquet")


def _write_manifest(folder: Path, deliveries: list[Delivery], **made: object) -> None:
    ways: Counter[str] = Counter()
    for d in deliveries:
        ways.update(d.dirt)
    assumed = made.pop("assumed")
    content = {
        "simulated": True,
        "notice": SIMULATED,
        **made,
        "assumptions": asdict(assumed),  # type: ignore[call-overload]
        "rows": sum(d.rows for d in deliveries),
        "spoiled": sum(d.spoiled for d in deliveries),
        "dirt": dict(sorted(ways.items())),
        "datasets": [
            {
                "name": d.dataset,
                "rows": d.rows,
                "spoiled": d.spoiled,
                "dirt": d.dirt,
                "files": [str(path.relative_to(folder)) for path in d.files],
            }
            for d in deliveries
        ],
    }
    (folder / "manifest.json").write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
