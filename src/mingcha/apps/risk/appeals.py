"""An entity's appeal against its risk class: written down with the score that it speaks of, and answered by a person.

A score orders inspections and decides nothing else, so nobody sets one by hand. An appeal that is upheld ends in data
corrected (where, is named), or in the machine computing the score again from what is known today; one that isn't, in a
reason.
"""

from __future__ import annotations

from typing import BinaryIO

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.permissions import in_jurisdiction
from mingcha.apps.accounts.services import audit_record
from mingcha.apps.entities.models import Entity, Resolution
from mingcha.apps.exchange.models import Batch
from mingcha.problems import Problem

from . import clocks
from .choices import AppealOutcome, AppealState, CorrectedBy
from .evidence import MOST_FILES, evidence_keep
from .models import Appeal, AppealEvidence
from .numbers import paper_number, waiting_number
from .services.rescoring import score_recompute


@transaction.atomic
def appeal_file(*, entity: Entity, text: str, user: User | None = None) -> Appeal:
    """Write down what the entity says; the clock of the answer starts. Problem: nothing is said, it has no class, an
    appeal of it is open."""
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
            zh=f"{entity.key} 已有未答复的申诉（{waiting.number}）。",
            en=f"{entity.key} has an appeal without an answer, {waiting.number}.",
            todo_zh="请先答复。",
            todo_en="Answer it first.",
        )
    appeal = Appeal.objects.create(
        number=waiting_number(),
        entity=entity,
        model=score.model,
        probability=score.probability,
        risk_class=score.risk_class,
        as_of=score.as_of,
        text=text.strip(),
        filed_by=user,
    )
    appeal.number = paper_number("RA", appeal.pk)
    appeal.save(update_fields=["number"])
    clocks.answer_start(appeal, user)
    audit_record(
        user=user,
        action="risk.appeal.file",
        obj=appeal,
        after={"number": appeal.number, "entity": entity.key, "text": appeal.text},
    )
    return appeal


@transaction.atomic
def evidence_add(*, appeal: Appeal, file: BinaryIO, name: str, user: User) -> AppealEvidence:
    """Keep a file beside an open appeal. Problem: answered already, too many, no kind that is taken, there already."""
    found = Appeal.objects.filter(pk=appeal.pk, state=AppealState.OPEN).exists()
    count = appeal.evidence.count()
    if not found or count >= MOST_FILES:
        raise Problem(
            zh="申诉已答复，不能再加材料。" if not found else f"一件申诉最多 {MOST_FILES} 个文件。",
            en="The appeal is answered: nothing is added to it." if not found else f"{MOST_FILES} files at most.",
            where=appeal.number,
            todo_zh="新材料请随新的申诉登记。" if not found else "请合并成一个 PDF。",
            todo_en="File a new appeal with it." if not found else "Put them into one PDF.",
        )
    kept = evidence_keep(file, name)
    row, created = AppealEvidence.objects.get_or_create(
        appeal=appeal,
        sha256=kept.sha256,
        defaults={"name": kept.name, "mime": kept.mime, "bytes": kept.bytes, "added_by": user},
    )
    if not created:
        raise Problem(
            zh=f"这个文件已在材料中：{row.name}。",
            en=f"This file is there already: {row.name}.",
            where=appeal.number,
            todo_zh="不必重复上传。",
            todo_en="It needn't be added again.",
        )
    audit_record(
        user=user,
        action="risk.appeal.evidence",
        obj=appeal,
        after={"file": row.name, "sha256": row.sha256, "bytes": row.bytes},
    )
    return row


@transaction.atomic
def appeal_answer(
    *,
    number: str,
    outcome: str,
    answer: str,
    user: User,
    corrected_by: str = "",
    corrected_in: str = "",
) -> Appeal:
    """Answer an open appeal of his jurisdiction, under a person's name; its clock is met.

    `corrected_in` names, for the outcome "corrected", what was done: a dataset or a batch of it ("complaints/3"), or
    the number of the decision on a key. Problem: no such open appeal, no answer, no such correction.
    """
    text = answer.strip()
    if not text or outcome not in AppealOutcome.values:
        raise Problem(
            zh="答复没有内容。" if not text else "没有写明结果。",
            en="The answer says nothing." if not text else "The answer has no outcome.",
            where=number,
            todo_zh="请写明结果和理由，企业会看到原文。",
            todo_en="Say what came of it, and why: the firm reads it as it is.",
        )
    corrected = outcome == AppealOutcome.CORRECTED
    if corrected:
        _require_correction(corrected_by, corrected_in.strip())
    changed = Appeal.objects.filter(
        in_jurisdiction(user, "entity__division"), number=number, state=AppealState.OPEN
    ).update(
        state=AppealState.DISMISSED if outcome == AppealOutcome.UNCHANGED else AppealState.UPHELD,
        outcome=outcome,
        answer=text,
        answered_by=user,
        answered_at=timezone.now(),
        corrected_by=corrected_by if corrected else "",
        corrected_in=corrected_in.strip() if corrected else "",
    )
    if not changed:
        raise Problem(
            zh=f"没有未答复的申诉 {number}。",
            en=f"No appeal {number} waits for an answer.",
            todo_zh="它可能已由他人答复，请在申诉列表中查看。",
            todo_en="Someone may have answered it: see the list of appeals.",
        )
    appeal = Appeal.objects.select_related("entity").get(number=number)
    if outcome == AppealOutcome.RECOMPUTED:
        appeal.probability_after, appeal.class_after = score_recompute(entity=appeal.entity, user=user)
        appeal.save(update_fields=["probability_after", "class_after"])
    clocks.answer_meet(appeal, user)
    audit_record(
        user=user,
        action="risk.appeal.answer",
        obj=appeal,
        before={"state": AppealState.OPEN.value},
        after={
            "entity": appeal.entity.key,
            "state": appeal.state,
            "outcome": outcome,
            "answer": text,
            **({"corrected_by": corrected_by, "corrected_in": appeal.corrected_in} if corrected else {}),
            **({"class_after": appeal.class_after} if appeal.class_after else {}),
        },
    )
    return appeal


def _require_correction(kind: str, reference: str) -> None:
    """Problem unless the reference names something that is there."""
    if kind == CorrectedBy.KEY:
        there = reference.isdigit() and Resolution.objects.filter(pk=int(reference)).exists()
    else:
        dataset, _, batch = reference.partition("/")
        batches = Batch.objects.filter(dataset__name=dataset)
        there = (batches.filter(number=int(batch)) if batch.isdigit() else batches).exists() and not (
            batch and not batch.isdigit()
        )
    if kind not in CorrectedBy.values or not there:
        raise Problem(
            zh=f"找不到所写的更正“{reference}”。" if reference else "没有写明数据在哪里更正。",
            en=f"There is no correction {reference!r}."
            if reference
            else "It isn't said where the data were corrected.",
            todo_zh="请写数据集（可带批次，如 complaints/3），或编码决定的编号。",
            todo_en="Name the dataset (or a batch of it, complaints/3), or the number of the decision on a key.",
        )


def appeals_of(entity: Entity) -> QuerySet[Appeal]:
    """The entity's appeals, the newest first."""
    return Appeal.objects.filter(entity=entity).select_related("model", "answered_by")


def appeals_listed() -> QuerySet[Appeal]:
    """All appeals, those without an answer first."""
    return Appeal.objects.select_related("entity", "model").order_by(F("answered_at").asc(nulls_first=True), "-pk")
