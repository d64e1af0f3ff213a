"""Writes: users, units, and the audit record that every service of every app leaves."""

from __future__ import annotations

import getpass
import os
import uuid
from functools import cache

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from mingcha.problems import Problem

from .choices import Role
from .middleware import request_id
from .models import AuditRecord, Unit, User

_process = uuid.uuid4().hex  # a command has no request: its process is one


def audit_record(*, user: User | None, action: str, obj, before: dict | None = None, after: dict | None = None):
    """Write the audit record of a change to `obj`, in the caller's transaction."""
    return AuditRecord.objects.create(
        request=request_id.get() or _process,
        user=user,
        actor="" if user or request_id.get() else _system_user(),
        action=action,
        object_type=obj._meta.label_lower,
        object_id=str(obj.pk),
        before=before,
        after=after,
    )


@cache
def _system_user() -> str:
    """Who runs this command, as the operating system knows him."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a user without an entry, as in some containers
        name = str(os.getuid())
    return f"cli:{name}"[:100]


@transaction.atomic
def unit_save(
    *, code: str, name: str, division: str = "", parent: Unit | None = None, user: User | None = None
) -> Unit:
    unit, created = Unit.objects.update_or_create(
        code=code, defaults={"name": name, "division": division, "parent": parent}
    )
    audit_record(
        user=user,
        action="accounts.unit.create" if created else "accounts.unit.change",
        obj=unit,
        after={"code": code, "name": name, "division": division},
    )
    return unit


@transaction.atomic
def user_create(
    *, username: str, password: str, role: str, unit: Unit | None, name: str = "", user: User | None = None
) -> User:
    """Make a user; Problem where the name is taken, the role unknown or the password too weak."""
    if User.objects.filter(username=username).exists():
        raise Problem(
            zh=f"用户名“{username}”已被使用。",
            en=f"The user name {username!r} is taken.",
            todo_zh="请换一个用户名。",
            todo_en="Choose another one.",
        )
    if role not in Role.values:
        raise Problem(
            zh=f"没有“{role}”这个角色。",
            en=f"There is no role {role!r}.",
            todo_zh="可选：" + "、".join(Role.values),
            todo_en="Choose one of: " + ", ".join(Role.values),
        )
    account = User(username=username, name=name, role=role, unit=unit)
    _check_password(password, account)
    account.set_password(password)
    account.save()
    audit_record(user=user, action="accounts.user.create", obj=account, after={"username": username, "role": role})
    return account


@transaction.atomic
def user_set_language(*, user: User, language: str) -> None:
    before, user.language = user.language, language
    user.save(update_fields=["language"])
    audit_record(
        user=user, action="accounts.user.language", obj=user, before={"language": before}, after={"language": language}
    )


@transaction.atomic
def user_set_password(*, account: User, password: str, user: User | None = None) -> None:
    """Give `account` a new password; Problem where it is too weak."""
    _check_password(password, account)
    account.set_password(password)
    account.save(update_fields=["password"])
    audit_record(user=user, action="accounts.user.password", obj=account)


def _check_password(password: str, account: User) -> None:
    try:
        validate_password(password, account)
    except ValidationError as error:
        raise Problem(
            zh="密码强度不够。",
            en="The password is too weak.",
            where=" ".join(error.messages),
            todo_zh="请用十个以上字符、不常见的密码。",
            todo_en="Use ten characters or more, and nothing common.",
        ) from None
