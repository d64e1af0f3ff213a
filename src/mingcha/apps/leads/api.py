"""Operations: leads, from their opening to the decision."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema
from pydantic import Field

from mingcha.api.errors import Refusal
from mingcha.api.operations import acts, reads
from mingcha.api.pages import Asked, Page, page
from mingcha.apps.accounts.selectors import people_visible
from mingcha.apps.entities.selectors import entities_visible
from mingcha.lists.keyset import Order

from . import services
from .choices import LeadEventKind, LeadState, Source
from .models import Lead, LeadEvent
from .selectors import leads_visible

router = Router(tags=["线索 Leads"])


class LeadOut(Schema):
    number: str
    title: str
    text: str
    source: Source
    source_type: str
    source_id: str
    entity: str
    division: str
    state: LeadState
    assignee: str
    opened_at: dt.datetime
    decided_at: dt.datetime | None
    simulated: bool

    @staticmethod
    def resolve_entity(lead: Lead) -> str:
        return lead.entity.key if lead.entity else ""

    @staticmethod
    def resolve_assignee(lead: Lead) -> str:
        return lead.assignee.username if lead.assignee else ""


class LeadEventOut(Schema):
    at: dt.datetime
    kind: LeadEventKind
    user: str
    text: str

    @staticmethod
    def resolve_user(event: LeadEvent) -> str:
        return event.user.username if event.user else ""


class LeadDetail(Schema):
    lead: LeadOut
    events: list[LeadEventOut]


class LeadsAsked(Asked):
    state: LeadState | None = None
    source: Source | None = None
    entity: str = Field("", max_length=120)


class LeadIn(Schema):
    title: str = Field(min_length=1, max_length=200)
    text: str = Field("", max_length=5000)
    source: Source = Source.HAND
    entity: str = Field("", max_length=120, description="主体代码 / an entity's key")


class AssignIn(Schema):
    to: str = Field(min_length=1, max_length=150, description="用户名 / user name")


class NoteIn(Schema):
    text: str = Field(min_length=1, max_length=5000)


class DecideIn(Schema):
    founded: bool
    text: str = Field(min_length=1, max_length=5000)


@reads(router, "/leads", Page[LeadOut], action="leads.lead.view")
def leads_list(request: HttpRequest, asked: Query[LeadsAsked]) -> dict[str, Any]:
    """线索 / Leads, the latest first."""
    rows = leads_visible(request.auth)
    if asked.state:
        rows = rows.filter(state=asked.state)
    if asked.source:
        rows = rows.filter(source=asked.source)
    if asked.entity:
        rows = rows.filter(entity__key=asked.entity)
    return page(request, rows, Order("pk", descending=True), asked)


@acts(router, "/leads", LeadOut, action="leads.lead.open", status=201)
def lead_open(request: HttpRequest, given: LeadIn) -> Lead:
    """登记线索 / Open a lead; its check has its clock from today."""
    entity = get_object_or_404(entities_visible(request.auth), key=given.entity) if given.entity else None
    return services.lead_open(title=given.title, text=given.text, source=given.source, entity=entity, user=request.auth)


@reads(router, "/leads/{number}", LeadDetail, action="leads.lead.view")
def lead_get(request: HttpRequest, number: str) -> dict[str, Any]:
    """一条线索 / One lead, with its story."""
    lead = _lead(request, number, "leads.lead.view")
    return {"lead": lead, "events": list(lead.events.select_related("user"))}


@acts(router, "/leads/{number}/assign", LeadOut, action="leads.lead.assign")
def lead_assign(request: HttpRequest, number: str, given: AssignIn) -> Lead:
    """指派核查人 / Give it to an officer to check."""
    lead = _lead(request, number, "leads.lead.assign")
    to = people_visible(request.auth).filter(username=given.to, is_active=True).first()
    if to is None:
        raise Refusal(422, "invalid", f"没有用户“{given.to}”。", f"There is no user {given.to!r}.", where="body.to")
    return services.lead_assign(lead=lead, to=to, user=request.auth)


@acts(router, "/leads/{number}/note", LeadEventOut, action="leads.lead.check", status=201)
def lead_note(request: HttpRequest, number: str, given: NoteIn) -> LeadEvent:
    """登记核查情况 / What the check has found so far."""
    lead = _lead(request, number, "leads.lead.check")
    return services.lead_note(lead=lead, text=given.text, user=request.auth)


@acts(router, "/leads/{number}/decide", LeadOut, action="leads.lead.decide")
def lead_decide(request: HttpRequest, number: str, given: DecideIn) -> Lead:
    """决定是否立案 / Whether a case is to be opened."""
    lead = _lead(request, number, "leads.lead.decide")
    return services.lead_decide(lead=lead, founded=given.founded, text=given.text, user=request.auth)


def _lead(request: HttpRequest, number: str, action: str) -> Lead:
    return get_object_or_404(leads_visible(request.auth, action), number=number)
