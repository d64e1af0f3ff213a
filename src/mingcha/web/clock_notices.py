"""Whoever a clock concerns is told, once, when it is soon due and when it is late."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_noop

from mingcha.apps.law.selectors import clock_people
from mingcha.apps.notices.choices import Kind
from mingcha.apps.notices.services import notice_send


def soon_due(clock: Any) -> None:
    _tell(clock, gettext_noop("Soon due, on %(day)s: %(matter)s"), Kind.HEED)


def late(clock: Any) -> None:
    _tell(clock, gettext_noop("Late since %(day)s: %(matter)s"), Kind.FAILED)


def _tell(clock: Any, text: str, kind: str) -> None:
    params = {"day": clock.due_on.isoformat(), "matter": clock.title}
    notice_send(to=clock_people(clock), text=text, params=params, url=clock.url, kind=kind)
