"""One line of an object's story and its audit record, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.services import audit_record
from mingcha.apps.notices.services import notice_send
from mingcha.problems import Problem

from ..models import CreditEvent, Interview, Listing


def event_write(
    of: Listing | Interview, what: str, *, user: User | None, note: str = "", data: dict[str, Any] | None = None
) -> CreditEvent:
    name = "listing" if isinstance(of, Listing) else "interview"
    event = CreditEvent.objects.create(
        **{name: of}, at=timezone.now(), user=user, what=what, note=note, data=data or {}
    )
    audit_record(
        user=user, action=f"credit.{name}.{what}", obj=of, after={"note": note, "state": of.state, **(data or {})}
    )
    return event


def said(text: str, zh: str, en: str) -> str:
    """`text` without blanks at its ends; Problem where nothing is left: `zh`, `en` name what must be said."""
    text = text.strip()
    if not text:
        raise Problem(
            zh=f"没有填写{zh}。", en=f"Nothing is said as {en}.", todo_zh=f"请填写{zh}。", todo_en=f"Say it: {en}."
        )
    return text


def advance(of: Listing | Interview, sources: tuple[str, ...], target: str, **values: Any) -> None:
    """Move `of` on and set `values`, or raise Problem: of two people at once the conditional update lets one win."""
    model = type(of)
    if model.objects.filter(pk=of.pk, state__in=sources).update(state=target, **values) != 1:
        of.refresh_from_db()
        raise not_now(of)
    of.state = target
    for name, value in values.items():
        setattr(of, name, value)


def not_now(of: Listing | Interview) -> Problem:
    """The Problem of a step that the state doesn't allow."""
    return Problem(
        zh=f"现为“{of.get_state_display()}”，不能办理这一步。",
        en=f"It is in the state {of.state!r}; this step isn't possible.",
        where=str(of),
        todo_zh="可能已由他人办理或重复提交，请刷新页面查看。",
        todo_en="Someone may have done it already, or it was sent twice: look at the page again.",
    )


def notify(to: Iterable[User], text: str, params: dict[str, Any], of: Listing | Interview) -> None:
    """Put `text` (a msgid) on the bell of `to`, with the way to the page."""
    notice_send(to=to, text=text, params=params, url=of.get_absolute_url())
