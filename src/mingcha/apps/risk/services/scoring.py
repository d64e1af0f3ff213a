"""Writes: everyone scored, and what the pages count of a scoring counted once, with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from django.db import transaction
from django.utils import timezone

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.services import audit_record
from mingcha.apps.entities.models import Entity
from mingcha.apps.entities.selectors import lake_view
from mingcha.desk.aggregates import refresh
from mingcha.desk.models import Aggregate
from mingcha.engines.lake.folder import aside

from .. import selectors
from ..choices import ModelState
from ..drift import drift_measure
from ..models import PointScore, RiskModel, RiskScore, Scoring, ScoringCell
from ..rules import risk_classes, turn_of

Progress = Callable[[int, int], None]  # steps done, of how many
STEPS = 5
REASONED = 50_000  # whose first reasons are worked out at once: of classes C and D, the highest
TOWNSHIP = 9  # digits of a division by which scorings are counted
_KEPT = ("probability", "risk_class", "district", "industry", "move", "turn", "reasons", "last_visit")
_CELL = ["division", "district", "industry", "risk_class", "before"]


def scores_refresh(
    *,
    model: RiskModel,
    as_of: dt.date | None = None,
    user: User | None = None,
    progress: Progress = lambda done, total: None,
) -> dict[str, Any]:
    """Score everyone whom the model may score, as of a day (default today), and put a champion's scores in force.

    All scores are kept as Parquet in the model's folder (entity, probability, risk_class). Counts by class.
    """
    from mingcha.engines.factors.labels import eligible
    from mingcha.engines.factors.matrix import matrix_all
    from mingcha.engines.risk.explanation import raising
    from mingcha.engines.risk.sample import Sample

    as_of = as_of or timezone.localdate()
    loaded, factors = selectors.model_load(model)
    view = lake_view()
    progress(0, STEPS)
    who = eligible(view, model.dataset.name, model.risk_point, as_of)
    who, x = matrix_all(view, factors, as_of, entities=who)
    progress(1, STEPS)
    names = who.to_pylist()
    sample = Sample.build(factors=[f.name for f in factors], x=x, as_of=np.full(len(names), np.datetime64(as_of)))
    probability = loaded.score_any_day(sample)
    letters = risk_classes(probability, loaded.about["base_rate"])
    progress(2, STEPS)
    path = selectors.model_folder(model) / f"scores-{as_of}.parquet"
    with aside(path) as beside:
        pq.write_table(pa.table({"entity": who, "probability": probability, "risk_class": letters.tolist()}), beside)
    drift = drift_measure(model, loaded, factors, view, x, probability, as_of)
    progress(3, STEPS)
    in_force = model.state == ModelState.CHAMPION
    table = pl.DataFrame({"key": names, "probability": probability, "risk_class": letters.astype(str)})
    if in_force:
        high = _reasoned(probability, letters)
        places = raising(loaded, sample.take(high))
        visits = selectors.last_visits(view, model.dataset.name, as_of)
        table = table.with_columns(
            pl.Series("reasons", _reasons(model, loaded.factors, len(names), high, places)),
            pl.col("key").replace_strict(visits, default=None, return_dtype=pl.Date).alias("last_visit"),
        )
    progress(4, STEPS)
    with transaction.atomic():
        model.drift = drift
        model.save(update_fields=["drift"])
        scoring = Scoring.objects.create(
            model=model,
            as_of=as_of,
            user=user,
            scored=len(names),
            base_rate=loaded.about["base_rate"],
            in_force=in_force,
            drift=drift,
        )
        if in_force:
            scores_put_in_force(scoring=scoring, table=table, user=user)
    progress(5, STEPS)
    return {
        "scored": len(names),
        "classes": {letter: int((letters == letter).sum()) for letter in "ABCD"},
        "as_of": str(as_of),
        "file": str(path),
        "in_force": in_force,
        "drift": drift["psi"],
        "newest_visit": selectors.newest_visit(view, model.dataset.name, as_of),
    }


def _reasoned(probability: np.ndarray, letters: np.ndarray) -> np.ndarray:
    """Rows whose first reasons are worked out: of classes C and D, the highest REASONED."""
    high = np.flatnonzero(np.isin(letters, ["C", "D"]))
    if len(high) > REASONED:
        high = high[np.argsort(-probability[high], kind="stable")[:REASONED]]
    return np.sort(high)


def _reasons(model: RiskModel, factors: tuple[str, ...], n: int, rows: np.ndarray, places: np.ndarray) -> list[str]:
    """For each of `n` entities its first reasons as places in the card's list of factors ("0,3"), "" where unknown."""
    on_card = {factor["name"]: str(i) for i, factor in enumerate(model.card.get("factors", []))}
    text = [on_card.get(name, "") for name in factors]
    reasons = [""] * n
    for row, found in zip(rows.tolist(), places.tolist(), strict=True):
        reasons[row] = ",".join(text[j] for j in found if j >= 0 and text[j])
    return reasons


@transaction.atomic
def scores_put_in_force(*, scoring: Scoring, table: pl.DataFrame, user: User | None = None) -> None:
    """Replace the point's scores in force by `table` (key, probability, risk_class; reasons and last_visit where they
    are known), each with how its class moved, and count the scoring's cells. Keys that mean no entity are left out."""
    model = scoring.model
    scoring.leading = selectors.leads(model)
    kept: type[RiskScore] | type[PointScore] = RiskScore if scoring.leading else PointScore
    old = RiskScore.objects.all()
    if not scoring.leading:
        old = PointScore.objects.filter(model__dataset=model.dataset_id, model__risk_point=model.risk_point)
    known = _frame(Entity.objects.values_list("pk", "key", "division", "district", "industry"),
                   {"pk": pl.Int64, "key": pl.String, "division": pl.String, "district": pl.String,
                    "industry": pl.String})  # fmt: skip
    earlier = old.filter(model__dataset=model.dataset_id, model__risk_point=model.risk_point)
    was = _frame(earlier.values_list("entity_id", "risk_class"), {"pk": pl.Int64, "before": pl.String})
    rows = table.join(known, on="key", how="inner").join(was, on="pk", how="left").with_columns(
        pl.col("before").fill_null(""), pl.col("division").str.slice(0, TOWNSHIP)
    )  # fmt: skip
    first = was.is_empty()
    changed = (pl.col("before") != pl.col("risk_class")) & (not first)
    move = pl.when(pl.col("before") == "").then(pl.lit("-")).otherwise(pl.col("before")) + pl.col("risk_class")
    rows = rows.with_columns(pl.when(changed).then(move).otherwise(pl.lit("")).alias("move"))
    turns = {found: turn_of(found) for found in rows["move"].unique().to_list()}
    rows = rows.with_columns(pl.col("move").replace_strict(turns, return_dtype=pl.String).alias("turn"))
    scoring.gone = len(was.join(rows, on="pk", how="anti"))
    scoring.before = (
        Scoring.objects.filter(in_force=True, model__dataset=model.dataset_id, model__risk_point=model.risk_point)
        .exclude(pk=scoring.pk)
        .first()
    )
    scoring.compared = not first
    scoring.save(update_fields=["leading", "gone", "before", "compared"])
    old.delete()
    columns = ["pk", *(c for c in _KEPT if c in rows.columns)]
    kept.objects.bulk_create(
        (
            kept(entity_id=pk, model=model, as_of=scoring.as_of, **dict(zip(columns[1:], rest, strict=True)))
            for pk, *rest in rows.select(columns).iter_rows()
        ),
        batch_size=5000,
    )
    _count(scoring, rows)
    if scoring.leading:
        transaction.on_commit(_tell_the_map)
    audit_record(
        user=user,
        action="risk.scores.refresh",
        obj=model,
        after={"as_of": str(scoring.as_of), "scored": scoring.scored},
    )


def _tell_the_map() -> None:
    """What the desk keeps of classes is counted anew at once, not when it has grown old."""
    for division in Aggregate.objects.filter(name="risk.classes").values_list("division", flat=True):
        refresh(["risk.classes"], division)


def _frame(values: Any, schema: Mapping[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(values.iterator(chunk_size=20_000), schema=dict(schema), orient="row")


def _count(scoring: Scoring, rows: pl.DataFrame) -> None:
    """The scoring's cells. Those of the scoring before the last are no longer asked for, and go."""
    cells = rows.group_by(_CELL).agg(entities=pl.len(), expected=pl.col("probability").sum()).sort(_CELL)
    ScoringCell.objects.bulk_create(
        (ScoringCell(scoring=scoring, **row) for row in cells.iter_rows(named=True)), batch_size=2000
    )
    keep = [scoring.pk, scoring.before_id]
    same = {"scoring__model__dataset": scoring.model.dataset_id, "scoring__model__risk_point": scoring.model.risk_point}
    ScoringCell.objects.filter(**same).exclude(scoring__in=[pk for pk in keep if pk]).delete()
