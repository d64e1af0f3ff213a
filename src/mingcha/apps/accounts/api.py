"""Operations: who the token is, units, the audit trail."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema
from pydantic import Field

from mingcha.api.operations import reads
from mingcha.api.pages import Asked, Page, page
from mingcha.lists.keyset import Order

from .audit_trail import trail_search, trail_visible
from .models import AuditRecord, Unit
from .permissions import matrix, visible

router = Router(tags=["账号与审计 Accounts"])


class UnitOut(Schema):
    code: str
    name: str
    kind: str
    parent: str
    division: str
    closed_at: dt.datetime | None

    @staticmethod
    def resolve_parent(unit: Unit) -> str:
        return unit.parent.code if unit.parent else ""


class Me(Schema):
    """What the token may today: its scopes AND what its owner's role may, within `division`."""

    token: str
    user: str
    role: str
    division: str | None
    scopes: list[str]
    actions: list[str]
    expires_at: dt.datetime


class AuditOut(Schema):
    id: int
    at: dt.datetime
    request: str
    user: str
    actor: str = Field(description="token:… 为经由哪个令牌 / token:… is through which token")
    division: str
    action: str
    object_type: str
    object_id: str
    before: Any
    after: Any

    @staticmethod
    def resolve_user(record: AuditRecord) -> str:
        return record.user.username if record.user else ""


class TrailAsked(Asked):
    q: str = Field("", max_length=100, description="人员、动作、类型:编号、请求 / who, action, type:id, request")
    action: str = Field("", max_length=60)
    since: dt.datetime | None = None


@reads(router, "/me", Me, action="accounts.rights.view")
def me_get(request: HttpRequest) -> dict[str, Any]:
    """令牌本身 / What this token is, and may."""
    user = request.auth
    return {
        "token": user.token.name,
        "user": user.username,
        "role": user.role,
        "division": user.unit.division if user.unit else None,
        "scopes": user.token.scopes,
        "actions": sorted(action for action in matrix() if user.may(action)),
        "expires_at": user.token.expires_at,
    }


@reads(router, "/units", Page[UnitOut], action="accounts.unit.view")
def units_list(request: HttpRequest, asked: Query[Asked]) -> dict[str, Any]:
    """机构 / Units of the jurisdiction."""
    rows = visible(Unit.objects.select_related("parent"), request.auth, "accounts.unit.view")
    return page(request, rows, Order("code"), asked)


@reads(router, "/audit-records", Page[AuditOut], action="accounts.audit.view")
def audit_records_list(request: HttpRequest, asked: Query[TrailAsked]) -> dict[str, Any]:
    """审计记录 / What the jurisdiction's people did, the latest first."""
    rows = trail_visible(request.auth)
    if asked.action:
        rows = rows.filter(action=asked.action)
    if asked.since:
        rows = rows.filter(at__gte=asked.since)
    if asked.q.strip():
        rows = trail_search(rows, asked.q.strip())
    return page(request, rows, Order("pk", descending=True), asked)


@reads(router, "/audit-records/{int:id}", AuditOut, action="accounts.audit.view")
def audit_record_get(request: HttpRequest, id: int) -> AuditRecord:
    """一条审计记录 / One audit record, with before and after."""
    return get_object_or_404(trail_visible(request.auth), pk=id)
