"""Reads: a user's own notices. There is no way to another's."""

from __future__ import annotations

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet

from mingcha.apps.accounts.models import User

from .models import Notification

MOST = 99  # the bell counts no further


def notices_of(user: User) -> QuerySet[Notification]:
    """The user's own notices, the newest first, each with `unread`."""
    unread = ExpressionWrapper(Q(read_at=None), output_field=BooleanField())
    return Notification.objects.filter(user_id=user.pk).annotate(unread=unread)


def unread_count(user: User) -> int:
    """How many the user hasn't read, up to MOST + 1: one read of a partial index."""
    return Notification.objects.filter(user_id=user.pk, read_at=None).order_by()[: MOST + 1].count()
