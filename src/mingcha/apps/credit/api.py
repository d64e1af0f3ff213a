"""Operations: interviews, the two lists, credit classes. Papers that are handed in go through the desk."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema
from pydantic import AwareDatetime, Field

from mingcha.api.operations import acts, reads, shows
from mingcha.api.pages import Asked, Page, page
from mingcha.apps.accounts.permissions import visible
from mingcha.apps.entities.selectors import entities_visible
from mingcha.lists.keyset import Order

from . import services
from .choices import Grade, InterviewState, Kind, ListingState
from .models import ClassInForce, Interview, Listing
from .selectors import interviews_visible, listings_public_found, listings_visible

router = Router(tags=["信用监管 Credit"])


class InterviewOut(Schema):
    id: int
    entity: str
    division: str
    state: InterviewState
    number: str
    reason: str
    basis: str
    at: dt.datetime
    place: str
    notified_on: dt.date | None
    held_at: dt.datetime | None
    outcome: str
    closed_at: dt.datetime | None
    simulated: bool

    @staticmethod
    def resolve_entity(interview: Interview) -> str:
        return interview.entity.key


class UndertakingOut(Schema):
    text: str
    due_on: dt.date
    state: str
    note: str


class InterviewDetail(Schema):
    interview: InterviewOut
    undertakings: list[UndertakingOut]


class ListingOut(Schema):
    id: int
    kind: Kind
    ground: str
    basis: str
    entity: str
    division: str
    state: ListingState
    facts: str
    found_on: dt.date
    told_on: dt.date | None
    statement_until: dt.date | None
    decision_number: str
    decided_at: dt.datetime | None
    reason: str
    published_at: dt.datetime | None
    public_until: dt.date | None
    ended_at: dt.datetime | None
    simulated: bool

    @staticmethod
    def resolve_entity(listing: Listing) -> str:
        return listing.entity.key


class PublicListing(Schema):
    kind: Kind
    entity: str
    entity_name: str
    decision_number: str
    facts: str
    basis: str
    published_at: dt.datetime | None
    public_until: dt.date | None
    simulated: bool

    @staticmethod
    def resolve_entity(listing: Listing) -> str:
        return listing.entity.key

    @staticmethod
    def resolve_entity_name(listing: Listing) -> str:
        return listing.entity.name


class ClassOut(Schema):
    entity: str
    grade: Grade
    before: str
    as_of: dt.date
    source: str

    @staticmethod
    def resolve_entity(one: ClassInForce) -> str:
        return one.entity.key

    @staticmethod
    def resolve_source(one: ClassInForce) -> str:
        return one.batch.source


class InterviewsAsked(Asked):
    state: InterviewState | None = None
    entity: str = Field("", max_length=120)


class ListingsAsked(Asked):
    kind: Kind | None = None
    state: ListingState | None = None
    entity: str = Field("", max_length=120)


class ClassesAsked(Asked):
    grade: Grade | None = None
    entity: str = Field("", max_length=120)


class PublicAsked(Asked):
    q: str = Field("", max_length=60)
    kind: Kind | None = None


class InterviewIn(Schema):
    entity: str = Field(max_length=120)
    reason: str = Field(min_length=1, max_length=5000)
    basis: str = Field(min_length=1, max_length=200)
    at: AwareDatetime
    place: str = Field(min_length=1, max_length=200)
    by: list[str] = Field(min_length=1, max_length=10, description="约谈人员姓名 / names of who holds it")
    contact: str = Field("", max_length=100)


class ListingIn(Schema):
    entity: str = Field(max_length=120)
    kind: Kind
    ground: str = Field(min_length=1, max_length=40)
    evidence: str = Field(min_length=1, max_length=5000)
    found_on: dt.date | None = None
    period: str = Field("", max_length=10)
    penalty: str = Field("", max_length=80)


class Reasons(Schema):
    reason: str = Field(min_length=1, max_length=5000)


class Outcome(Schema):
    outcome: str = Field(min_length=1, max_length=5000)


class Decision(Schema):
    listed: bool
    reason: str = Field(min_length=1, max_length=5000)


HOLD, DECIDE = "credit.interview.hold", "credit.listing.decide"


@reads(router, "/interviews", Page[InterviewOut], action="credit.interview.view")
def interviews_list(request: HttpRequest, asked: Query[InterviewsAsked]) -> dict[str, Any]:
    """行政约谈 / Interviews, the latest first."""
    return page(request, _asked(interviews_visible(request.auth), asked), Order("pk", descending=True), asked)


@acts(router, "/interviews", InterviewOut, action=HOLD, status=201)
def interview_open(request: HttpRequest, given: InterviewIn) -> Interview:
    """发起约谈 / Draw up an interview."""
    said = given.model_dump() | {"entity": _entity(request, given.entity)}
    return services.interview_open(user=request.auth, **said)


@reads(router, "/interviews/{int:id}", InterviewDetail, action="credit.interview.view")
def interview_get(request: HttpRequest, id: int) -> dict[str, Any]:
    """一次约谈 / One interview, with what the firm undertook."""
    found = _interview(request, id, "credit.interview.view")
    return {"interview": found, "undertakings": list(found.undertakings.all())}


@acts(router, "/interviews/{int:id}/close", InterviewOut, action=HOLD)
def interview_close(request: HttpRequest, id: int, given: Outcome) -> Interview:
    """办结约谈 / Close it, with what came of it."""
    found = _interview(request, id, HOLD)
    services.interview_close(interview=found, outcome=given.outcome, user=request.auth)
    return _fresh(found)


@acts(router, "/interviews/{int:id}/cancel", InterviewOut, action=HOLD)
def interview_cancel(request: HttpRequest, id: int, given: Reasons) -> Interview:
    """取消约谈 / It won't be held."""
    found = _interview(request, id, HOLD)
    services.interview_cancel(interview=found, reason=given.reason, user=request.auth)
    return _fresh(found)


@reads(router, "/listings", Page[ListingOut], action="credit.listing.view")
def listings_list(request: HttpRequest, asked: Query[ListingsAsked]) -> dict[str, Any]:
    """异常名录和严重违法失信名单 / The abnormal and dishonest lists, proposals included, the latest first."""
    rows = _asked(listings_visible(request.auth), asked)
    if asked.kind:
        rows = rows.filter(kind=asked.kind)
    return page(request, rows, Order("pk", descending=True), asked)


@acts(router, "/listings", ListingOut, action="credit.listing.propose", status=201)
def listing_propose(request: HttpRequest, given: ListingIn) -> Listing:
    """建议列入 / Propose a listing, with its evidence. Another person decides."""
    said = given.model_dump() | {"entity": _entity(request, given.entity)}
    return services.listing_propose(user=request.auth, **said)


@reads(router, "/listings/{int:id}", ListingOut, action="credit.listing.view")
def listing_get(request: HttpRequest, id: int) -> Listing:
    """一条列入 / One listing."""
    return _listing(request, id, "credit.listing.view")


@acts(router, "/listings/{int:id}/decide", ListingOut, action=DECIDE)
def listing_decide(request: HttpRequest, id: int, given: Decision) -> Listing:
    """决定列入或不予列入 / Decide, as another person than who proposed."""
    found = _listing(request, id, DECIDE)
    return _fresh(services.listing_decide(listing=found, listed=given.listed, reason=given.reason, user=request.auth))


@acts(router, "/listings/{int:id}/publish", ListingOut, action=DECIDE)
def listing_publish(request: HttpRequest, id: int) -> Listing:
    """公示列入决定 / Show the listing to the public."""
    found = _listing(request, id, DECIDE)
    services.listing_publish(listing=found, user=request.auth)
    return _fresh(found)


@reads(router, "/credit-classes", Page[ClassOut], action="credit.class.view")
def credit_classes_list(request: HttpRequest, asked: Query[ClassesAsked]) -> dict[str, Any]:
    """信用风险分类 / Credit classes in force, as the province gave them."""
    rows = visible(ClassInForce.objects.select_related("entity", "batch"), request.auth, "credit.class.view")
    if asked.grade:
        rows = rows.filter(grade=asked.grade)
    if asked.entity:
        rows = rows.filter(entity__key=asked.entity)
    return page(request, rows, Order("pk"), asked)


@shows(router, "/public/listings", Page[PublicListing])
def public_listings_list(request: HttpRequest, asked: Query[PublicAsked]) -> dict[str, Any]:
    """公示的名录名单 / Listings that are public, the latest first."""
    rows = listings_public_found(asked.q, asked.kind or "")
    return page(request, rows, Order("pk", descending=True), asked)


def _asked(rows: Any, asked: Any) -> Any:
    if asked.state:
        rows = rows.filter(state=asked.state)
    return rows.filter(entity__key=asked.entity) if asked.entity else rows


def _entity(request: HttpRequest, key: str) -> Any:
    return get_object_or_404(entities_visible(request.auth), key=key)


def _interview(request: HttpRequest, pk: int, action: str) -> Interview:
    return get_object_or_404(interviews_visible(request.auth, action), pk=pk)


def _listing(request: HttpRequest, pk: int, action: str) -> Listing:
    return get_object_or_404(listings_visible(request.auth, action), pk=pk)


def _fresh(one: Any) -> Any:
    one.refresh_from_db()
    return one
