"""Operations: the notices of the token's owner."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from mingcha.api.operations import acts, reads
from mingcha.api.pages import Asked, Page, page
from mingcha.lists.keyset import Order

from . import services
from .models import Notification
from .selectors import notices_of

router = Router(tags=["消息 Notices"])


class NoticeOut(Schema):
    id: int
    at: dt.datetime
    kind: str
    text: str
    url: str
    read_at: dt.datetime | None

    @staticmethod
    def resolve_text(notice: Notification) -> str:
        return notice.said


class NoticesAsked(Asked):
    unread: bool = False


class Read(Schema):
    read: int


@reads(router, "/notices", Page[NoticeOut], action="notices.notice.view")
def notices_list(request: HttpRequest, asked: Query[NoticesAsked]) -> dict[str, Any]:
    """本人的消息 / The owner's own notices, the latest first."""
    rows = notices_of(request.auth)
    if asked.unread:
        rows = rows.filter(read_at=None)
    return page(request, rows, Order("pk", descending=True), asked)


@acts(router, "/notices/read", Read, action="notices.notice.view")
def notices_read(request: HttpRequest) -> dict[str, int]:
    """全部标为已读 / Mark them all as read."""
    return {"read": services.notices_read(notices=notices_of(request.auth))}
