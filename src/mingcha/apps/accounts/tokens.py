"""Reads: who acts through a token, and within which bounds.

He acts as its owner, with two narrowings that every selector and service meets without knowing: `may` asks the token's
scopes besides the matrix (permissions.py), and his unit is a copy whose division is what the token and the owner both
reach. So a token never may more than its owner may today.
"""

from __future__ import annotations

import copy
import datetime as dt

from django.db.models import QuerySet
from django.utils import timezone

from .models import ApiToken, User
from .permissions import visible
from .services.tokens import digest_of

USED_EVERY = dt.timedelta(minutes=5)  # between two notes of when a token was last used


def bearer(text: str) -> User | None:
    """The user who acts through the token with this text; None where there is none that is good now."""
    now = timezone.now()
    good = ApiToken.objects.filter(digest=digest_of(text), revoked_at=None, expires_at__gt=now, user__is_active=True)
    token = good.select_related("user__unit").first()
    if token is None:
        return None
    if token.last_used_at is None or token.last_used_at < now - USED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return acting(token)


def acting(token: ApiToken) -> User:
    """Its owner, narrowed to it."""
    user = token.user
    user.token = token
    division = _both(token.division, user.unit.division) if user.unit else None
    if division is None:
        user.unit = None
    elif division != user.unit.division:
        unit = copy.copy(user.unit)
        unit.division, unit.parent_id = division, unit.pk  # as a unit below his own: not the whole bureau
        user.unit = unit
    return user


def tokens_visible(user: User) -> QuerySet[ApiToken]:
    return visible(ApiToken.objects.select_related("user"), user, "accounts.token.manage")


def standing(token: ApiToken) -> str:
    """ "revoked", "expired", "closed" (its owner's account) or "valid"."""
    if token.revoked_at:
        return "revoked"
    if token.expires_at <= timezone.now():
        return "expired"
    return "valid" if token.user.is_active else "closed"


def _both(one: str, other: str) -> str | None:
    """What two prefixes have in common: the longer one, where it begins with the other."""
    short, long = sorted((one, other), key=len)
    return long if long.startswith(short) else None
