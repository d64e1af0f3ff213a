"""The audit record that every service of every app leaves."""

from __future__ import annotations

import getpass
import os
import uuid
from functools import cache

from ..middleware import request_id
from ..models import AuditRecord, User

_process = uuid.uuid4().hex  # a command has no request: its process is one


def audit_record(
    *, user: User | None, action: str, obj, before: dict | None = None, after: dict | None = None
) -> AuditRecord:
    """Write the audit record of a change to `obj`, in the caller's transaction. `obj`: what was changed."""
    return AuditRecord.objects.create(
        request=request_id.get() or _process,
        user=user,
        actor=_through(user) if user or request_id.get() else _system_user(),
        division=user.unit.division if user and user.unit_id else "",
        action=action,
        object_type=obj._meta.label_lower,
        object_id=str(obj.pk),
        before=before,
        after=after,
    )


def audit_sign_in(*, action: str, account: User | None, name: str, by: User | None = None, **said) -> AuditRecord:
    """Write down a sign-in, a failure, a lock or a sign-out: of `account`, or of a `name` that nobody has."""
    return AuditRecord.objects.create(
        request=request_id.get() or _process,
        user=by,
        actor="" if by else name[:100],
        division=account.unit.division if account and account.unit_id else "",
        action=action,
        object_type="accounts.user",
        object_id=str(account.pk) if account else "",
        after=said,
    )


def _through(user: User | None) -> str:
    """By which token, where one acts for the user."""
    token = getattr(user, "token", None)
    return f"token:{token.name}"[:100] if token else ""


@cache
def _system_user() -> str:
    """Who runs this command, as the operating system knows him."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a user without an entry, as in some containers
        name = str(os.getuid())
    return f"cli:{name}"[:100]
