"""Who came by single sign-on: an account that is there, or, where the instance says so, a new one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction

from mingcha.problems import Problem

from ..choices import Role
from ..models import Unit, User
from .audit import audit_record, audit_sign_in
from .users import user_create


def user_of_claims(claims: Mapping[str, Any], *, ip: str) -> User:
    """The account that the provider's claims name; role and unit follow its groups where the settings map them.
    Problem: no such account, or closed. The failure is audited."""
    given = settings.OIDC
    username = str(claims.get(given["claim"]) or "")
    account = User.objects.select_related("unit").filter(username=username).first() if username else None
    if account is None and username and given["create"]:
        account = _made(username, claims)
    if account is None or not account.is_active:
        audit_sign_in(
            action="accounts.session.fail", account=account, name=username, ip=ip, how="oidc", sub=str(claims["sub"])
        )
        closed = account is not None
        raise Problem(
            zh=f"账号“{username}”已停用。" if closed else f"本系统没有账号“{username}”。",
            en=f"The account {username!r} is closed." if closed else f"There is no account {username!r} here.",
            todo_zh="请联系本单位的管理员。",
            todo_en="Ask an administrator of your unit.",
        )
    return _follow(account, claims)


def _made(username: str, claims: Mapping[str, Any]) -> User | None:
    role, unit = _mapped(claims)
    if role is None or unit is None:
        return None  # nobody said where he belongs: an administrator makes the account
    return user_create(username=username, password="", role=role, unit=unit, name=str(claims.get("name") or "")[:60])


@transaction.atomic
def _follow(account: User, claims: Mapping[str, Any]) -> User:
    role, unit = _mapped(claims)
    before = {"role": str(account.role), "unit": account.unit.code if account.unit else ""}
    account.role, account.unit = role or account.role, unit or account.unit
    after = {"role": str(account.role), "unit": account.unit.code if account.unit else ""}
    if before != after:
        account.save(update_fields=["role", "unit"])
        audit_record(user=None, action="accounts.user.follow_provider", obj=account, before=before, after=after)
    return account


def _mapped(claims: Mapping[str, Any]) -> tuple[str | None, Unit | None]:
    """Role and unit by the first of the settings' groups in which he is."""
    given = settings.OIDC
    groups = claims.get(given["groups_claim"]) or []
    groups = set(groups if isinstance(groups, list) else [groups])
    role = next((role for group, role in given["roles"].items() if group in groups and role in Role.values), None)
    code = next((code for group, code in given["units"].items() if group in groups), None)
    return role, Unit.objects.filter(code=code, closed_at=None).first() if code else None
