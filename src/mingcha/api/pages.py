"""Lists come in pages that follow a key (lists/keyset): rows that come in meanwhile shift nothing."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from django.core import signing
from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Schema
from pydantic import Field

from mingcha.lists.keyset import Cursor, Order, cursor_of, read

from .errors import Refusal

T = TypeVar("T")
MOST = 500


class Asked(Schema):
    """What every list takes."""

    cursor: str = Field("", max_length=2000, description="上一页的 next / `next` of the page before")
    limit: int = Field(100, ge=1, le=MOST, description="每页行数 / rows a page")


class Page(Schema, Generic[T]):
    """A page. `next`: the cursor of the page after it; null where there is none."""

    items: list[T]
    next: str | None = None


def page(request: HttpRequest, rows: QuerySet, order: Order, asked: Asked, *, feed: bool = False) -> dict[str, Any]:
    """The page that was asked for. `feed`: there is always a next, for what is still to come."""
    start = _given(request, asked.cursor)
    found, more = read(rows, order, asked.limit, start, False)
    position = (start.position if start else 0) + len(found)
    following = asked.cursor if feed else None
    if found and (more or feed):
        following = signing.dumps(cursor_of(found[-1], order, position).encode(), salt=_salt(request), compress=True)
    return {"items": found, "next": following or None}


def page_of(request: HttpRequest, rows: list[Any], keys: list[tuple[Any, ...]], asked: Asked) -> dict[str, Any]:
    """The same of rows at hand, in the order of `keys`: plain, unique tuples that ascend."""
    start = 0
    if asked.cursor:
        last = tuple(_open(request, asked.cursor))
        start = next((at for at, key in enumerate(keys) if key > last), len(keys))
    end = start + asked.limit
    following = signing.dumps(keys[end - 1], salt=_salt(request), compress=True) if end < len(rows) else None
    return {"items": rows[start:end], "next": following}


def _given(request: HttpRequest, text: str) -> Cursor | None:
    return Cursor.decode(_open(request, text)) if text else None


def _open(request: HttpRequest, text: str) -> Any:
    """What we signed, for this address. Nobody writes a cursor of his own, nor takes one to another list."""
    try:
        return signing.loads(text, salt=_salt(request))
    except signing.BadSignature:
        zh, en = "游标不是本列表给出的。", "The cursor isn't one that this list gave."
        raise Refusal(422, "invalid", zh, en, where="query.cursor") from None


def _salt(request: HttpRequest) -> str:
    return f"api:{request.path}"
