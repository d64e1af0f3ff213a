"""An entity's appeal against its risk class: written down with the score that it speaks of, and answered by a person.

A score orders inspections and decides nothing else, so an appeal that is upheld doesn't change it by hand: its records
are corrected, and the next scoring follows.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.permissions import in_jurisdiction
from mingcha.apps.accounts.services import audit_record
from mingcha.apps.entities.models import Entity
from mingcha.problems import Problem

from .choices import AppealState
from .models import Appeal


@transaction.atomic
def appeal_file(*, entity: Entity, text: str, user: User | None = None) -> Appeal:
    """Write down what the entity says. Problem: nothing is said, it has no class, an appeal of it is open."""
    score = getattr(entity, "risk", None)
    if not text.strip() or score is None:
        raise Problem(
            zh="申诉没有内容。" if score else f"{entity.key} 没有风险类别，无可申诉。",
            en="The appeal says nothing." if score else f"{entity.key} has no risk class to appeal against.",
            todo_zh="请写明主体的意见。" if score else "评分后再登记。",
            todo_en="Write down what the entity says." if score else "File it once the entity is scored.",
        )
    if waiting := Appeal.objects.filter(entity=entity, state=AppealState.OPEN).first():
        raise Problem(
            zh=f"{entity.key} 已有未答复的申诉（{waiting.pk} 号）。",
            en=f"{entity.key} has an appeal without an answer, number {waiting.pk}.",
            todo_zh="请先答复。",
            todo_en="Answer it first.",
        )
    appeal = Appeal.objects.create(
        entity=entity,
        model=score.model,
        probability=score.probability,
        risk_class=score.risk_class,
        as_of=score.as_of,
        text=text.strip(),
        filed_by=user,
    )
    audit_record(user=user, action="risk.appeal.file", obj=appeal, after={"entity": entity.key, "text": appeal.text})
    return appeal


@transaction.atomic
def appeal_answer(*, number: int, upheld: bool, answer: str, user: User) -> Appeal:
    """Answer an open appeal of his jurisdiction, under a person's name. Problem: no such open appeal, no answer."""
    state = AppealState.UPHELD if upheld else AppealState.DISMISSED
    changed = bool(answer.strip()) and Appeal.objects.filter(
        in_jurisdiction(user, "entity__division"), pk=number, state=AppealState.OPEN
    ).update(state=state, answer=answer.strip(), answered_by=user, answered_at=timezone.now())
    if not changed:
        raise Problem(
            zh="答复没有内容。" if not answer.strip() else f"没有未答复的 {number} 号申诉。",
            en="The answer says nothing." if not answer.strip() else f"No appeal number {number} waits for an answer.",
            todo_zh="用 mingcha risk appeals 查看。",
            todo_en="See mingcha risk appeals.",
        )
    appeal = Appeal.objects.select_related("entity").get(pk=number)
    after = {"entity": appeal.entity.key, "state": str(state), "answer": appeal.answer}
    audit_record(user=user, action="risk.appeal.answer", obj=appeal, after=after)
    return appeal


def appeals_of(entity: Entity) -> QuerySet[Appeal]:
    """The entity's appeals, the newest first."""
    return Appeal.objects.filter(entity=entity).select_related("model", "answered_by")


def appeals_listed() -> QuerySet[Appeal]:
    """All appeals, those without an answer first."""
    return Appeal.objects.select_related("entity", "model").order_by(F("answered_at").asc(nulls_first=True), "-pk")
