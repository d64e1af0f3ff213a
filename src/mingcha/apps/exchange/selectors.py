"""Reads: which data there are, what stands in quarantine, and pinned views of the lake for the engines."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mingcha.engines.lake.contract import Contract
from mingcha.engines.lake.reading import contract_of
from mingcha.engines.lake.view import LakeView, Source
from mingcha.instance import home
from mingcha.problems import Problem

from .models import Dataset, LakeFile


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
