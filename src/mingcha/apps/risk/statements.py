"""The statement of reasons that a firm may be shown: its words are frozen when it is issued, and can be checked."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.services import audit_record
from mingcha.apps.entities.models import Entity
from mingcha.apps.entities.selectors import lake_view
from mingcha.apps.exchange.models import Batch
from mingcha.problems import Problem

from . import clocks, selectors, words
from .choices import HandedBy
from .models import RiskScore, Statement
from .numbers import paper_number, waiting_number


def statement_words(entity: Entity, user: User) -> dict[str, Any]:
    """The words as they would be issued now (words.content). Problem: no score, or the reasons can't be worked out."""
    score = RiskScore.objects.select_related("model__dataset").filter(entity=entity).first()
    if score is None:
        raise Problem(
            zh=f"{entity.key} 还没有评分，无可说明。",
            en=f"{entity.key} has no score to state reasons for.",
            todo_zh="评分后再出具。",
            todo_en="Issue it once the entity is scored.",
        )
    model = score.model
    try:
        said = selectors.explanation(model, entity, score.as_of)
        told = _told(model)
    except (OSError, KeyError) as error:
        raise Problem(
            zh="说明理由需要模型文件和数据湖记录，此处不全。",
            en="The reasons need the model's files and the records, which are not all here.",
            where=str(error),
            todo_zh="请从备份恢复后再出具。",
            todo_en="Restore them from a backup, then issue it.",
        ) from error
    zh, _, en = model.title.partition(" / ")
    return words.content(
        entity={"name": entity.name, "key": entity.key, "address": entity.address},
        risk_class=score.risk_class,
        point={"zh": zh, "en": en or zh},
        model=model.number,
        as_of=score.as_of,
        reasons=said["reasons"],
        changes=said["changes"],
        told=told,
        sources=_sources({t.dataset for t in told.values()}, score.as_of),
        bureau=str(user.unit or ""),
        days=clocks.answer_days(entity.division),
    )


@transaction.atomic
def statement_issue(*, entity: Entity, user: User) -> Statement:
    """Freeze the words under a number and a digest. What was issued stays as it was, whatever is scored later."""
    content = statement_words(entity, user)
    at = timezone.now().replace(microsecond=0)
    score = RiskScore.objects.get(entity=entity)
    statement = Statement.objects.create(
        number=waiting_number(),
        entity=entity,
        model_id=score.model_id,
        content=content,
        issued_at=at,
        issued_by=user,
        simulated=entity.simulated,
    )
    statement.number = paper_number("RE", statement.pk)
    statement.digest = words.digest_of(statement.number, issued_text(at), content)
    statement.save(update_fields=["number", "digest"])
    audit_record(
        user=user,
        action="risk.explanation.issue",
        obj=statement,
        after={"number": statement.number, "entity": entity.key, "digest": statement.digest},
    )
    return statement


@transaction.atomic
def statement_printed(*, statement: Statement, user: User) -> None:
    """Keep who printed it."""
    audit_record(user=user, action="risk.explanation.print", obj=statement, after={"number": statement.number})


@transaction.atomic
def statement_hand(*, statement: Statement, how: str, to: str, user: User) -> Statement:
    """Keep how and to whom it was handed out, once. Problem: no way or receiver is said, it was handed out already."""
    if how not in HandedBy.values or not to.strip():
        raise Problem(
            zh="没有写明送达方式或接收人。",
            en="The way or the receiver isn't said.",
            where=statement.number,
            todo_zh="请选择方式并填写接收人。",
            todo_en="Choose a way and name who received it.",
        )
    at = timezone.now()
    changed = Statement.objects.filter(pk=statement.pk, handed_at=None).update(
        handed_at=at, handed_by=user, handed_how=how, handed_to=to.strip()[:60]
    )
    if changed != 1:
        raise Problem(
            zh=f"{statement.number} 已登记送达。",
            en=f"{statement.number} has been handed out already.",
            todo_zh="再次送达请另行出具。",
            todo_en="Issue another one to hand it out again.",
        )
    audit_record(
        user=user,
        action="risk.explanation.hand",
        obj=statement,
        after={"number": statement.number, "how": how, "to": to.strip()[:60]},
    )
    statement.refresh_from_db()
    return statement


def issued_text(at: dt.datetime) -> str:
    """The moment as it goes into the digest: ISO 8601 in the instance's time zone, to the second."""
    return timezone.localtime(at).isoformat(timespec="seconds")


def statement_holds(statement: Statement) -> bool:
    """Whether the words are still those of its digest."""
    return words.digest_of(statement.number, issued_text(statement.issued_at), statement.content) == statement.digest


def _told(model: Any) -> dict[str, words.Told]:
    from mingcha.engines.factors.titles import for_the_firm

    _, factors = selectors.model_load(model)
    sources = lake_view().sources
    told = {}
    for factor in factors:
        source = sources.get(factor.dataset)
        text = for_the_firm(factor, source.contract if source else None)
        if text is None:
            continue
        basis = factor.basis
        own = factor.family in selectors.OWN and factor.signal.kind != "topic" and not factor.signal.adjusted
        ever = not factor.window and factor.statistic in ("count", "sum", "max")
        told[factor.name] = words.Told(
            text=text,
            unit=factor.unit,
            own=own,
            mendable=own and not ever,
            dataset=factor.dataset,
            law=basis.law if basis else "",
            article=basis.article if basis else "",
        )
    return told


def _sources(names: set[str], as_of: dt.date) -> dict[str, dict[str, Any]]:
    """Each dataset's title and department in both languages, and the day up to which it was known."""
    from mingcha.engines.factors.titles import two_languages

    rows = (
        Batch.objects.filter(dataset__name__in=names, withdrawn_at=None)
        .values("dataset__name", "dataset__title", "dataset__department")
        .annotate(last=Max("received_at"))
    )
    found = {}
    for row in rows:
        zh, en = two_languages(row["dataset__title"])
        department_zh, department_en = two_languages(row["dataset__department"])
        known = min(timezone.localtime(row["last"]).date(), as_of)
        found[row["dataset__name"]] = {
            "zh": zh,
            "en": en,
            "department_zh": department_zh,
            "department_en": department_en,
            "as_of": known.isoformat(),
        }
    return found
