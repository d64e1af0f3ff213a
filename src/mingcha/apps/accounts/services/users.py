"""Writes: users. An account is closed, never deleted: what its holder did keeps his name."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from mingcha.problems import Problem

from ..choices import Role
from ..models import Unit, User
from ..rules import may_give
from ..selectors import may_manage, units_managed
from .audit import audit_record
from .sessions import sessions_end
from .tokens import token_revoke


@transaction.atomic
def user_create(
    *,
    username: str,
    password: str,
    role: str,
    unit: Unit | None,
    name: str = "",
    must_change: bool = False,
    user: User | None = None,
) -> User:
    """Make a user; Problem where the name is taken, the role unknown, the password too weak, or `user` has no say.

    An empty `password` signs nobody in: the account waits for one, or for single sign-on. `must_change`: a new one is
    asked for at the first sign-in.
    """
    if User.objects.filter(username=username).exists():
        raise Problem(
            zh=f"用户名“{username}”已被使用。",
            en=f"The user name {username!r} is taken.",
            where="username",
            todo_zh="请换一个用户名。",
            todo_en="Choose another one.",
        )
    _check_role(role)
    _check_appointment(user, role, unit)
    account = User(username=username, name=name, role=role, unit=unit, must_change=must_change)
    if password:
        _check_password(password, account)
        account.set_password(password)
    else:
        account.set_unusable_password()
    try:
        account.full_clean(exclude=("password",))
    except ValidationError as error:
        raise Problem(
            zh="用户名只能含字母、数字和 @ . + - _。",
            en="A user name has letters, digits and @ . + - _ only.",
            where="username" if set(error.message_dict) == {"username"} else "; ".join(error.messages),
            todo_zh="请换一个用户名。",
            todo_en="Choose another one.",
        ) from None
    account.save()
    audit_record(user=user, action="accounts.user.create", obj=account, after=_told(account))
    return account


def user_enlist(**given) -> User:
    """As `user_create`, by an administrator for somebody else: the password that he hands over is changed at once."""
    return user_create(**given, must_change=bool(given.get("password")))


@transaction.atomic
def user_change(*, account: User, name: str, role: str, unit: Unit | None, user: User | None = None) -> User:
    """Another name, role or unit. Nobody changes his own role or unit."""
    _check_role(role)
    _check_say(user, account)
    before = _told(account)
    changed = role != account.role or (unit and unit.pk) != account.unit_id
    if user and account.pk == user.pk and changed:
        raise _not_oneself()
    if changed:
        _check_appointment(user, role, unit)
    account.name, account.role, account.unit = name, role, unit
    account.save(update_fields=["name", "role", "unit"])
    if before != _told(account):
        audit_record(user=user, action="accounts.user.change", obj=account, before=before, after=_told(account))
    return account


@transaction.atomic
def user_close(*, account: User, user: User | None = None) -> None:
    """Close the account, end its sessions and revoke its tokens. What it did, and who it was, stays."""
    _check_say(user, account)
    if user and account.pk == user.pk:
        raise _not_oneself()
    if User.objects.filter(pk=account.pk, is_active=True).update(is_active=False) == 1:
        account.is_active = False
        audit_record(user=user, action="accounts.user.close", obj=account, before={"open": True}, after={"open": False})
    sessions_end(account=account, user=user)
    for token in account.tokens.filter(revoked_at=None):
        token_revoke(token=token, user=user)


@transaction.atomic
def user_reopen(*, account: User, user: User | None = None) -> None:
    _check_say(user, account)
    _check_appointment(user, account.role, account.unit)
    if User.objects.filter(pk=account.pk, is_active=False).update(is_active=True) == 1:
        account.is_active = True
        audit_record(
            user=user, action="accounts.user.reopen", obj=account, before={"open": False}, after={"open": True}
        )


@transaction.atomic
def user_set_language(*, user: User, language: str) -> None:
    before, user.language = user.language, language
    user.save(update_fields=["language"])
    audit_record(
        user=user, action="accounts.user.language", obj=user, before={"language": before}, after={"language": language}
    )


@transaction.atomic
def user_set_password(
    *, account: User, password: str, must_change: bool = False, keep: str = "", user: User | None = None
) -> None:
    """Give `account` a new password and end its sessions but that with the key `keep`; Problem where it is too weak."""
    if user and user.pk != account.pk:
        _check_say(user, account)
    _check_password(password, account)
    account.set_password(password)
    account.must_change = must_change
    account.save(update_fields=["password", "must_change"])
    audit_record(user=user, action="accounts.user.password", obj=account, after={"must_change": must_change})
    sessions_end(account=account, keep=keep, user=user)


def _told(account: User) -> dict:
    return {
        "username": account.username,
        "name": account.name,
        "role": str(account.role),
        "unit": account.unit.code if account.unit else "",
    }


def _check_role(role: str) -> None:
    if role not in Role.values:
        raise Problem(
            zh=f"没有“{role}”这个角色。",
            en=f"There is no role {role!r}.",
            todo_zh="可选：" + "、".join(f"{r.value} {r.label}" for r in Role),
            todo_en="Choose one of: " + ", ".join(Role.values),
        )


def _check_say(user: User | None, account: User) -> None:
    if user is not None and not may_manage(user, account):
        raise Problem(
            zh=f"“{account}”不在您的管辖之内。",
            en=f"{account} isn't yours to manage.",
            todo_zh="请由其所在单位或上级单位的管理员办理。",
            todo_en="Ask an administrator of his unit, or of one above.",
        )


def _check_appointment(user: User | None, role: str, unit: Unit | None) -> None:
    """`unit` is one in which `user` may appoint, and `role` one that he may give."""
    if unit and unit.closed_at:
        raise Problem(
            zh=f"“{unit}”已撤销。",
            en=f"{unit} is closed.",
            todo_zh="请选择在用的单位。",
            todo_en="Choose a unit that is open.",
        )
    if user is None:
        return
    if unit is None or unit.pk not in units_managed(user):
        raise Problem(
            zh=f"不能在“{unit or '（无单位）'}”任用人员：只能在本单位及下级单位任用。",
            en=f"You can't appoint anyone in {unit or 'no unit'}: only in your own unit and those below it.",
            todo_zh="请由上级单位的管理员办理。",
            todo_en="Ask an administrator of the unit above.",
        )
    if not may_give(user.role, role):
        raise Problem(
            zh=f"不能授予“{Role(role).label}”：它有您没有的人员或审计权限。",
            en=f"You can't give the role {role}: it has rights over people or records that you haven't.",
            todo_zh="请由管理员办理。",
            todo_en="Ask an administrator.",
        )


def _not_oneself() -> Problem:
    return Problem(
        zh="不能更改自己的角色、单位，也不能停用自己。",
        en="Nobody changes his own role or unit, or closes his own account.",
        todo_zh="请由另一名管理员办理。",
        todo_en="Ask another administrator.",
    )


def _check_password(password: str, account: User) -> None:
    try:
        validate_password(password, account)
    except ValidationError as error:
        said = " ".join(error.messages)
        raise Problem(
            zh=f"密码强度不够。{said}",
            en=f"The password is too weak. {said}",
            todo_zh="请用十个以上字符、不常见的密码。",
            todo_en="Use ten characters or more, and nothing common.",
        ) from None
