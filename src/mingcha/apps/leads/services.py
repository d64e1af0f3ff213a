"""Writes: a lead is opened, assigned, checked and decided. Whether a case follows is a person's decision."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_noop

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.services import audit_record
from mingcha.apps.entities.models import Entity
from mingcha.apps.law.services import clock_meet, clock_start
from mingcha.apps.notices.services import notice_send
from mingcha.problems import Problem

from .choices import WAITING, LeadEventKind, LeadState, Source
from .models import Lead, LeadEvent

CHECK = "report.check"  # the rule by which a lead is to be checked


@transaction.atomic
def lead_open(
    *,
    title: str,
    user: User | None,
    text: str = "",
    source: str = Source.HAND,
    about: Any = None,
    url: str = "",
    entity: Entity | None = None,
    division: str = "",
) -> Lead:
    """Open a lead; its check has its clock from today. `about`: the object that it comes from, `url` where that is
    seen. An object gives rise to one lead at a time: a second call gives the one that waits."""
    title = title.strip()
    if not title:
        raise Problem(
            zh="线索要有标题。", en="A lead needs a title.", todo_zh="写明怀疑什么。", todo_en="Say what is suspected."
        )
    where = {"source_type": about._meta.label_lower, "source_id": str(about.pk)} if about is not None else {}
    if where and (there := Lead.objects.filter(**where, state__in=WAITING).first()):
        return there
    lead = Lead(
        title=title[:200],
        text=text.strip(),
        source=source,
        source_url=url,
        entity=entity,
        division=division or (entity.division if entity else "") or (user.unit.division if user and user.unit else ""),
        opened_by=user,
        simulated=bool(entity and entity.simulated),
        **where,
    )
    try:
        with transaction.atomic():
            lead.save()
    except IntegrityError:  # somebody was faster
        return Lead.objects.get(**where, state__in=WAITING)
    lead.number = f"XS-{timezone.localdate():%Y}-{lead.pk:06d}"
    lead.save(update_fields=["number"])
    _event(lead, LeadEventKind.OPEN, user, lead.text)
    clock_start(
        rule=CHECK,
        subject=lead,
        title=f"{lead.number} {lead.title}"[:300],
        url=lead_url(lead),
        division=lead.division,
        started=timezone.localdate(),
        role="head",
        user=user,
    )
    audit_record(user=user, action="leads.lead.open", obj=lead, after={"number": lead.number, "source": source} | where)
    return lead


@transaction.atomic
def lead_assign(*, lead: Lead, to: User, user: User) -> Lead:
    """Give it to an officer of its own jurisdiction to check."""
    if not (to.is_active and to.unit and lead.division.startswith(to.unit.division)):
        raise Problem(
            zh=f"“{to}”不在线索的辖区内，或已停用。",
            en=f"{to} isn't of the lead's jurisdiction, or is closed.",
            where=str(lead),
            todo_zh="请选择本辖区在用的人员。",
            todo_en="Choose a member of staff of that jurisdiction.",
        )
    _move(lead, (LeadState.OPEN, LeadState.CHECKING), LeadState.CHECKING, assignee=to)
    _event(lead, LeadEventKind.ASSIGN, user, str(to))
    notice_send(
        to=[to] if to != user else [],
        text=gettext_noop("The lead %(number)s is yours to check: %(title)s"),
        params={"number": lead.number, "title": lead.title},
        url=lead_url(lead),
    )
    audit_record(user=user, action="leads.lead.assign", obj=lead, after={"assignee": to.username})
    return lead


@transaction.atomic
def lead_note(*, lead: Lead, text: str, user: User) -> LeadEvent:
    """What the check has found so far."""
    if not Lead.objects.filter(pk=lead.pk, state__in=WAITING).exists():
        raise _not_now(lead)
    event = _event(lead, LeadEventKind.NOTE, user, _said(lead, text))
    audit_record(user=user, action="leads.lead.note", obj=lead, after={"event": event.pk})
    return event


@transaction.atomic
def lead_decide(*, lead: Lead, founded: bool, text: str, user: User) -> Lead:
    """Whether a case is to be opened, with the reason. Whoever checked it doesn't decide alone: the head does."""
    text = _said(lead, text)
    checked = lead.events.filter(kind=LeadEventKind.NOTE, user=user).exists()
    if checked or Lead.objects.filter(pk=lead.pk, assignee=user).exists():
        raise Problem(
            zh="核查人不能自己决定是否立案。",
            en="Who checked a lead can't decide on it.",
            where=str(lead),
            todo_zh="请报负责人决定。",
            todo_en="Let the head decide.",
        )
    target = LeadState.FOUNDED if founded else LeadState.UNFOUNDED
    _move(lead, (LeadState.CHECKING,), target, decided_at=timezone.now(), decided_by=user)
    _event(lead, LeadEventKind.DECIDE, user, text)
    clock_meet(subject=lead, rule=CHECK, user=user)
    audit_record(user=user, action="leads.lead.decide", obj=lead, after={"state": target, "reason": text})
    return lead


def lead_url(lead: Lead) -> str:
    return reverse("leads:lead", args=[lead.number])


def _move(lead: Lead, sources: tuple[str, ...], target: str, **fields: Any) -> None:
    if Lead.objects.filter(pk=lead.pk, state__in=sources).update(state=target, **fields) != 1:
        raise _not_now(lead)
    lead.refresh_from_db()


def _not_now(lead: Lead) -> Problem:
    lead.refresh_from_db()
    return Problem(
        zh=f"线索现为“{lead.get_state_display()}”，不能这样办理。",
        en=f"The lead is {lead.state}: this can't be done to it now.",
        where=str(lead),
        todo_zh="请刷新后再看。",
        todo_en="Look again.",
    )


def _event(lead: Lead, kind: str, user: User | None, text: str = "") -> LeadEvent:
    return LeadEvent.objects.create(lead=lead, kind=kind, user=user, text=text)


def _said(lead: Lead, text: str) -> str:
    if text := text.strip():
        return text
    raise Problem(
        zh="请写明情况。",
        en="Say what was found.",
        where=str(lead),
        todo_zh="填写后再提交。",
        todo_en="Fill it in and submit again.",
    )
