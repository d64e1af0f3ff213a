"""Reads: labelled samples out of the lake, models, and the reasons behind a score."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import QuerySet
from django.utils import timezone

from mingcha.apps.entities.models import Entity
from mingcha.apps.entities.selectors import lake_view
from mingcha.apps.exchange.models import Dataset
from mingcha.apps.exchange.selectors import dataset_contract
from mingcha.instance import home
from mingcha.problems import Problem

from .choices import ModelState
from .models import PointScore, RiskModel, RiskScore

if TYPE_CHECKING:
    from mingcha.engines.factors.factor import Factor
    from mingcha.engines.lake.view import LakeView
    from mingcha.engines.risk.model import Model
    from mingcha.engines.risk.sample import Sample

GROUPS = ("district", "industry", "kind")  # an entity's fields by which fairness is looked at
AGES = {"0-1": 1, "1-3": 3, "3-10": 10, "10+": float("inf")}  # years that a firm has existed, for the same
OWN = ("count", "recency", "rate", "state")  # families of a firm's own record: the only ones that it can change
_WAY = {"up": 1, "down": -1}


def labelled_sample(
    view: LakeView,
    dataset: str,
    risk_point: str,
    *,
    until: dt.date | None = None,
    factors: Sequence[Factor],
) -> tuple[Sample, pa.Table]:
    """The risk point's visits with their factors, and the visits' own table (engines/factors/labels.py), row by row."""
    visits = labelled_visits(view, dataset, risk_point, until=until)
    return sample_of(view, visits, factors), visits


def labelled_visits(view: LakeView, dataset: str, risk_point: str, *, until: dt.date | None = None) -> pa.Table:
    """The risk point's planned visits. Outcomes as known before `until` (default today); those that could still change
    then are unknown: a violation that shows early would else stand for its whole window.

    Visits with a cause are left out: they are facts of factors, but were not made by the design that the model is to
    serve.
    """
    from mingcha.engines.factors.labels import labels

    visits = labels(view, dataset, risk_point, known_before=until)
    visits = visits.filter(visits["planned"])
    open_still = pc.greater(visits["mature_on"], pa.scalar(until or timezone.localdate(), pa.date32()))
    label = pc.if_else(open_still, pa.scalar(None, pa.float64()), visits["label"])
    visits = visits.set_column(visits.column_names.index("label"), "label", label)
    if not visits.num_rows:
        raise Problem(
            zh="没有可供学习的检查记录。",
            en="There are no visits to learn from.",
            where=f"{dataset}.{risk_point}",
            todo_zh="请检查风险点的 population，以及 --until 之前是否有检查。",
            todo_en="Check the risk point's population, and whether there are visits before --until.",
        )
    return visits


def newest_visit(view: LakeView, dataset: str, before: dt.date) -> dt.date | None:
    """The day of the latest visit before a day, whatever it found."""
    import duckdb

    from mingcha.engines.lake.view import files_sql

    with duckdb.connect() as connection:
        found = connection.execute(
            f"SELECT max(_event_at)::DATE FROM {files_sql(view.sources[dataset].files)} WHERE _event_at < ?", [before]
        ).fetchone()
    return found[0] if found else None


def last_visits(view: LakeView, dataset: str, before: dt.date) -> dict[str, dt.date]:
    """Entity -> the day of its latest visit before a day, as known before it, whatever the visit found."""
    from mingcha.engines.factors.labels import latest_visits

    found = latest_visits(view, dataset, before)
    return dict(zip(found["entity"].to_pylist(), found["day"].to_pylist(), strict=True))


def sample_of(view: LakeView, visits: pa.Table, factors: Sequence[Factor]) -> Sample:
    """`visits` with their factors, row by row."""
    from mingcha.engines.factors.matrix import matrix
    from mingcha.engines.risk.sample import Sample

    return Sample.build(
        factors=[f.name for f in factors],
        x=matrix(view, factors, visits),
        as_of=np.array(visits["as_of"].to_pylist(), dtype="datetime64[D]"),
        y=visits["label"].to_numpy(),
        row=visits["visit"].to_pylist(),
        inspectors=visits["inspectors"].to_pylist(),
        stratum=[s or "" for s in visits["stratum"].to_pylist()],
        pi=visits["pi"].to_numpy(),
        known_from=np.array(visits["mature_on"].to_pylist(), dtype="datetime64[D]"),
        groups=_groups(visits["entity"].to_pylist(), visits["as_of"].to_pylist()),
    )


def _groups(entity: list[str], day: list[dt.date]) -> dict[str, list[str]]:
    """Levels of each attribute that has at least two of them; the rest say nothing. `age`: of the firm on the day.
    `size`: its quarter by registered capital, the smallest first."""
    fields = ("opened_on", "capital", *GROUPS)
    rows = {key: rest for key, *rest in Entity.objects.values_list("key", *fields).iterator(chunk_size=20_000)}
    known = [rows.get(key, [None] + [""] * (len(GROUPS) + 1)) for key in entity]
    columns = {name: [values[i] for values in known] for i, name in enumerate(GROUPS, 2)}
    columns["size"] = quarters([capital_of(values[1]) for values in known])
    columns["age"] = [_age(values[0], on) for values, on in zip(known, day, strict=True)]
    return {name: levels for name, levels in columns.items() if 2 <= len({v for v in levels if v}) <= 60}


def capital_of(text: str) -> float:
    """A registered capital as sources write it ("500万元", "1,200,000", "0.5 亿元"), its unit taken as yuan where none
    is said; NaN where there is no number."""
    found = re.search(r"\d[\d,，]*\.?\d*", text)
    if not found:
        return float("nan")
    after = text[found.end() :].lstrip()[:1]
    return float(re.sub("[,，]", "", found[0])) * {"万": 1e4, "亿": 1e8}.get(after, 1.0)


def quarters(values: Sequence[float]) -> list[str]:
    """Each value's quarter among those that are known: "1/4" the smallest to "4/4"; "" where unknown."""
    known = np.asarray(values, dtype=np.float64)
    if np.isnan(known).all():
        return [""] * len(known)
    edges = np.nanquantile(known, [0.25, 0.5, 0.75])
    place = np.searchsorted(edges, known, side="left")
    return ["" if np.isnan(v) else f"{p + 1}/4" for v, p in zip(known, place, strict=True)]


def _age(opened: dt.date | None, day: dt.date) -> str:
    years = (day - opened).days / 365.25 if opened else -1.0
    return "" if years < 0 else next(band for band, below in AGES.items() if years < below)


def directions(factors: Sequence[Factor]) -> dict[str, int]:
    """What the contracts know beforehand of how factors pull: name -> +1 or -1."""
    return {f.name: _WAY[f.direction] for f in factors if f.direction}


def of_days(factors: Sequence[Factor]) -> set[str]:
    """Names of the factors that are the same for everyone on a day."""
    return {f.name for f in factors if f.family in ("calendar", "date")}


def told(factors: Sequence[Factor], view: LakeView) -> dict[str, dict[str, Any]]:
    """What the contracts say of each factor, for its card."""
    from mingcha.engines.factors.titles import meaning

    return {
        f.name: {
            "title": {"zh": f.title_zh, "en": f.title_en},
            "meaning": meaning(f, view.sources[f.dataset].contract if f.dataset else None),
            "dataset": f.dataset,
            "family": f.family,
            "unit": f.unit,
            "basis": {"law": f.basis.law, "article": f.basis.article, "purpose": f.basis.purpose} if f.basis else {},
        }
        for f in factors
    }


def champion_of(dataset: Dataset, risk_point: str) -> tuple[tuple[Model, dt.date] | None, list[Factor]]:
    """The model in force for a risk point, with the day from which on it hasn't learnt; and its factors."""
    row = RiskModel.objects.filter(dataset=dataset, risk_point=risk_point, state="champion").first()
    if row is None:
        return None, []
    loaded, factors = model_load(row)
    return (loaded, row.trained_until), factors


def risk_points() -> list[tuple[str, str, tuple[str, str]]]:
    """(dataset, risk point, its titles in Chinese and English) of every dataset of inspections."""
    found = []
    for dataset in Dataset.objects.filter(contract__contains="inspections").order_by("pk").defer("contract"):
        inspections = dataset_contract(dataset).inspections
        found += [
            (dataset.name, p.name, (p.title_zh, p.title_en)) for p in (inspections.risk_points if inspections else ())
        ]
    return found


def leads(model: RiskModel) -> bool:
    """Whether the model's scores give entities their class: it is of the first risk point of its contract, and of the
    first dataset that has a model in force."""
    inspections = dataset_contract(model.dataset).inspections
    first = RiskModel.objects.filter(state="champion").order_by("dataset_id").values_list("dataset_id", flat=True)[:1]
    of_first = model.dataset_id in list(first)
    return bool(inspections) and inspections.risk_points[0].name == model.risk_point and of_first


def scores_in_force(model: RiskModel) -> QuerySet[RiskScore] | QuerySet[PointScore]:
    """The scores in force of the model's risk point, by whichever model made them."""
    of_point = {"model__dataset": model.dataset_id, "model__risk_point": model.risk_point}
    leading = RiskScore.objects.filter(**of_point)
    return leading if leading.exists() else PointScore.objects.filter(**of_point)


def model_get(number: str = "", *, to_sign: bool = False) -> RiskModel:
    """The model `number`; without it the one in force (the one that waits for a signature, if `to_sign`; the only one,
    where none is in force). Problem where there is none, or more than one: of several risk points each has its own."""
    models = RiskModel.objects.select_related("dataset")
    waiting = models.filter(state=ModelState.CHALLENGER)
    in_force = models.filter(state=ModelState.CHAMPION)
    found = list(models.filter(number=number) if number else waiting if to_sign else in_force or models)
    if len(found) == 1:
        return found[0]
    there = found or list(models)
    if not there:
        raise Problem(
            zh="还没有训练过模型，不能评分。",
            en="No model has been trained, so nothing can be scored.",
            todo_zh="请先运行 mingcha risk train。",
            todo_en="Run mingcha risk train first.",
        )
    said = "; ".join(f"{m.number} ({m.dataset.name}.{m.risk_point}, {m.state})" for m in there[:8])
    if number:
        zh, en = f"没有模型“{number}”。", f"There is no model {number!r}."
    elif found:
        zh, en = "模型不止一个，须写明编号。", "There is more than one model: say its number."
    else:
        zh, en = "没有待签发的模型。", "No model waits for a signature."
    raise Problem(zh=zh, en=en, todo_zh=f"已有：{said}", todo_en=f"There are: {said}")


def model_folder(model: RiskModel) -> Path:
    return home() / "models" / model.folder


def model_load(model: RiskModel) -> tuple[Model, list[Factor]]:
    """The model's bytes, checked against its digest, and its factors as they were declared when it was trained."""
    from mingcha.engines.factors.factor import Factor
    from mingcha.engines.risk.model import load

    loaded = load(model_folder(model))
    if loaded.digest != model.digest:
        raise Problem(
            zh=f"模型 {model.number} 的文件与登记的摘要不符。",
            en=f"The files of the model {model.number} are not those that were registered: their digest differs.",
            where=str(model_folder(model)),
            todo_zh="请从备份恢复，或重新训练。",
            todo_en="Restore it from a backup, or train again.",
        )
    return loaded, [Factor.from_json(f) for f in loaded.about["declared"]]


def base_rate(model: RiskModel) -> float:
    """The rate of which a model's classes are multiples: that of its training."""
    return float(model_load(model)[0].about["base_rate"])


def explanation(model: RiskModel, entity: Entity, as_of: dt.date) -> dict[str, Any]:
    """Why `entity` has its score as of a day: reasons that add up to it, and what would change it."""
    from mingcha.engines.factors.matrix import matrix
    from mingcha.engines.risk.explanation import explain
    from mingcha.engines.risk.sample import Sample

    loaded, factors = model_load(model)
    rows = pa.table({"entity": pa.array([entity.key]), "as_of": pa.array([as_of], pa.date32())})
    x = matrix(lake_view(), factors, rows)  # the whole lake: peers and places are read of other datasets too
    sample = Sample.build(factors=[f.name for f in factors], x=x, as_of=[np.datetime64(as_of)], row=[entity.key])
    changeable = {f.name for f, way in zip(factors, loaded.directions, strict=True) if way and f.family in OWN}
    said = explain(loaded, sample, changeable=changeable)[0].as_dict()
    titles = {f.name: (f.title_zh, f.title_en, f.unit) for f in factors}
    for part in (*said["reasons"], *said["changes"]):
        part["title_zh"], part["title_en"], part["unit"] = titles[part["factor"]]
    middle = loaded.grid[:, 10]
    place = {name: i for i, name in enumerate(loaded.factors)}
    for reason in said["reasons"]:
        typical = float(middle[place[reason["factor"]]])
        reason["typical"] = None if np.isnan(typical) else typical
    return said | {"as_of": as_of, "model": model.number}
