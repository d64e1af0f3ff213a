"""Writes: notices are sent, read and pruned.

They leave no audit record: a notice changes nothing and tells what has a record of its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from mingcha.apps.accounts.models import User

from .choices import Kind
from .models import Notification

_BATCH = 1000
KEPT_READ, KEPT = dt.timedelta(days=90), dt.timedelta(days=365)  # a read notice, any notice


@transaction.atomic
def notice_send(
    *, to: Iterable[User], text: str, params: Mapping[str, Any] | None = None, url: str = "", kind: str = Kind.INFO
) -> int:
    """Tell each of `to`, once, and return how many were told.

    `text` is a msgid (mark it with gettext_noop) with %(name)s of `params`, plain values that JSON holds. It is part of
    the caller's transaction: what is rolled back was never told.
    """
    people = {user.pk for user in to if user and user.is_active}
    given = dict(params or {})
    Notification.objects.bulk_create(
        (Notification(user_id=pk, text=text, params=given, url=url, kind=kind) for pk in sorted(people)),
        batch_size=_BATCH,
    )
    return len(people)


def notices_read(*, notices: QuerySet[Notification]) -> int:
    """Mark as read those of `notices` (a user's own) that aren't yet; return how many."""
    return notices.filter(read_at=None).order_by().update(read_at=timezone.now())


def notices_unread(*, notices: QuerySet[Notification]) -> int:
    """Mark those of `notices` (a user's own) as not read after all; return how many."""
    return notices.exclude(read_at=None).order_by().update(read_at=None)


def notices_prune(*, now: dt.datetime | None = None) -> int:
    """Remove notices read 90 days ago and any a year old; return how many. Run daily by the worker."""
    now = now or timezone.now()
    read, _ = Notification.objects.filter(read_at__lt=now - KEPT_READ).delete()
    old, _ = Notification.objects.filter(at__lt=now - KEPT).delete()
    return read + old
