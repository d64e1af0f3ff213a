"""Writes: who is signed in where. Ending a session deletes Django's own of that key: its browser is out at once."""

from __future__ import annotations

from importlib import import_module

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from ..choices import SignInBy
from ..models import User, UserSession
from .audit import audit_record, audit_sign_in


def session_keep(*, account: User, key: str, ip: str | None, agent: str, by: str = SignInBy.PASSWORD) -> UserSession:
    """Remember a sign-in."""
    return UserSession.objects.update_or_create(
        key=key,
        defaults={
            "user": account,
            "ip": ip or None,
            "agent": agent[:300],
            "by": by,
            "seen_at": timezone.now(),
            "ended_at": None,
        },
    )[0]


@transaction.atomic
def session_end(*, session: UserSession, user: User | None = None) -> None:
    _end([session.key])
    audit_record(
        user=user,
        action="accounts.session.end",
        obj=session,
        after={"user": session.user.username, "ip": session.ip},
    )


@transaction.atomic
def sessions_end(*, account: User, keep: str = "", user: User | None = None) -> int:
    """End all sessions of `account` but the one with the key `keep`; how many."""
    keys = list(account.sessions.filter(ended_at=None).exclude(key=keep).values_list("key", flat=True))
    if keys:
        _end(keys)
        audit_record(user=user, action="accounts.session.end_all", obj=account, after={"sessions": len(keys)})
    return len(keys)


def _end(keys: list[str]) -> None:
    store = import_module(settings.SESSION_ENGINE).SessionStore
    for key in keys:
        store(key).delete()
    UserSession.objects.filter(key__in=keys, ended_at=None).update(ended_at=timezone.now())


@transaction.atomic
def session_over(*, account: User, key: str, ip: str) -> None:
    """Its holder signed out."""
    UserSession.objects.filter(key=key, ended_at=None).update(ended_at=timezone.now())
    audit_sign_in(action="accounts.session.finish", account=account, name=account.username, by=account, ip=ip)


def session_taken_over(*, old: str, new: str) -> None:
    """Django gave the same sign-in a new key."""
    UserSession.objects.filter(key=old).update(key=new, seen_at=timezone.now(), ended_at=None)
