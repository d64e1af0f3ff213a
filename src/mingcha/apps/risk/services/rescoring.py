"""Writes: one entity's score computed again, from what is known today. Nobody sets a score by hand."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.services import audit_record
from mingcha.apps.entities.models import Entity
from mingcha.problems import Problem

from .. import selectors
from ..models import RiskScore, Scoring, ScoringCell
from ..rules import move_of, risk_classes, turn_of
from .scoring import TOWNSHIP


@transaction.atomic
def score_recompute(*, entity: Entity, user: User | None = None) -> tuple[float, str]:
    """Compute the entity's score in force again, as of today, by the model that gave it; its probability and class.

    What the pages count moves with it. Problem: it has no score, or the model's files or the records are not here.
    """
    score = RiskScore.objects.select_related("model", "entity").filter(entity=entity).first()
    if score is None:
        raise Problem(
            zh=f"{entity.key} 没有评分，无从重算。",
            en=f"{entity.key} has no score to compute again.",
            todo_zh="请选择其他结果。",
            todo_en="Choose another outcome.",
        )
    today = timezone.localdate()
    try:
        said = selectors.explanation(score.model, entity, today)
    except (OSError, KeyError) as error:
        raise Problem(
            zh="重算需要模型文件和数据湖记录，此处不全。",
            en="Computing it again needs the model's files and the records, which are not all here.",
            where=str(error),
            todo_zh="请从备份恢复，或待下次评分。",
            todo_en="Restore them from a backup, or wait for the next scoring.",
        ) from error
    probability = float(said["probability"])
    letter = str(risk_classes([probability], selectors.base_rate(score.model))[0])
    before = {"probability": score.probability, "class": score.risk_class, "as_of": str(score.as_of)}
    scoring = Scoring.objects.filter(model=score.model, in_force=True, leading=True).first()
    was = move_of(score.move, score.risk_class) if scoring and scoring.compared else ""
    if scoring:
        _recount(scoring, score, (score.risk_class, was), (letter, was), (score.probability, probability))
    score.move = f"{was or '-'}{letter}" if scoring and scoring.compared and was != letter else ""
    score.turn = turn_of(score.move)
    score.probability, score.risk_class, score.as_of = probability, letter, today
    score.save(update_fields=["probability", "risk_class", "as_of", "move", "turn"])
    audit_record(
        user=user,
        action="risk.score.recompute",
        obj=score,
        before=before,
        after={"probability": probability, "class": letter, "as_of": str(today)},
    )
    return probability, letter


def _recount(scoring: Scoring, score: RiskScore, old: tuple[str, str], new: tuple[str, str], p: tuple[float, float]):
    place = {
        "scoring": scoring,
        "division": score.entity.division[:TOWNSHIP],
        "district": score.district,
        "industry": score.industry,
    }
    for (letter, before), entities, expected in ((old, -1, -p[0]), (new, 1, p[1])):
        if entities < 0:
            cells = ScoringCell.objects.filter(**place, risk_class=letter, before=before, entities__gt=0)
        else:
            cells = ScoringCell.objects.filter(
                pk=ScoringCell.objects.get_or_create(
                    **place, risk_class=letter, before=before, defaults={"entities": 0, "expected": 0.0}
                )[0].pk
            )
        cells.update(entities=F("entities") + entities, expected=F("expected") + expected)
