"""Writes: tokens of the API. One is made for oneself, or by whoever manages the account."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from mingcha.problems import Problem

from ..models import ApiToken, User
from ..permissions import READING, covers, may
from .audit import audit_record


def digest_of(text: str) -> str:
    """What is kept of a token: it has 256 random bits, so a plain digest can't be turned back."""
    return hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic
def token_create(
    *, owner: User, name: str, scopes: Sequence[str], user: User | None, division: str = "", days: int = 90
) -> tuple[ApiToken, str]:
    """A token and its text, which nobody can read again. Problem: no name, a scope that names no action which the owner
    may do, a division outside of his, a time too long, a name that another of his tokens has."""
    name, scopes = name.strip()[:60], sorted({scope.strip() for scope in scopes if scope.strip()})
    _check_name(name)
    _check_scopes(owner, scopes)
    own = owner.unit.division if owner.unit else None
    if own is None or not (division or own).startswith(own):
        raise Problem(
            zh=f"区划“{division}”不在“{owner}”的辖区内。" if owner.unit else f"“{owner}”不属于任何单位，没有辖区。",
            en=f"The division {division!r} lies outside the jurisdiction of {owner.username!r}."
            if owner.unit
            else f"{owner.username!r} belongs to no unit and has no jurisdiction.",
            where="division",
            todo_zh=f"请填写以 {own} 开头的区划代码，或留空。" if own else "请由管理员设置单位或留空。",
            todo_en=f"Give one that begins with {own}, or none." if own else "Have an administrator set the unit.",
        )
    if not 1 <= days <= settings.API_TOKEN_DAYS:
        raise Problem(
            zh=f"令牌最长 {settings.API_TOKEN_DAYS} 天。",
            en=f"A token holds for {settings.API_TOKEN_DAYS} days at most.",
            where="days",
            todo_zh="请缩短有效期，到期前换新令牌。",
            todo_en="Give fewer days, and make a new one before it ends.",
        )
    text = "mct_" + secrets.token_urlsafe(32)
    try:
        with transaction.atomic():
            token = ApiToken.objects.create(
                user=owner,
                name=name,
                digest=digest_of(text),
                hint=text[:8],
                scopes=scopes,
                division=division or own,
                expires_at=timezone.now() + dt.timedelta(days=days),
            )
    except IntegrityError:
        raise Problem(
            zh=f"已有名为“{name}”的令牌。",
            en=f"There is a token named {name!r} already.",
            where="name",
            todo_zh="请换一个名称，或先撤销旧的。",
            todo_en="Choose another name, or revoke the old one first.",
        ) from None
    audit_record(
        user=user,
        action="accounts.token.create",
        obj=token,
        after={"name": name, "owner": owner.username, "scopes": scopes, "division": token.division, "days": days},
    )
    return token, text


@transaction.atomic
def token_revoke(*, token: ApiToken, user: User | None) -> None:
    """It is good no more, at once."""
    now = timezone.now()
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now) == 1:
        token.revoked_at = now
        audit_record(user=user, action="accounts.token.revoke", obj=token, after={"name": token.name})


def _check_name(name: str) -> None:
    if not name:
        raise Problem(
            zh="令牌没有名称。",
            en="The token has no name.",
            where="name",
            todo_zh="请写明给哪个系统使用。",
            todo_en="Say which system it is for.",
        )


def _check_scopes(owner: User, scopes: Sequence[str]) -> None:
    from ..permissions import matrix

    useless = [scope for scope in scopes if not any(covers(scope, a) and may(owner, a) for a in matrix())]
    if not scopes or useless:
        raise Problem(
            zh=f"“{owner}”没有这些权限：{'、'.join(useless)}" if useless else "令牌没有范围。",
            en=f"{owner.username!r} has none of these rights: {', '.join(useless)}"
            if useless
            else "The token has no scopes.",
            where="scopes",
            todo_zh=f"可用权限表中的动作，或 supervision.*、supervision.task.*、{READING}（全部查看）。",
            todo_en=f"Take actions of the table of rights, or supervision.*, supervision.task.*, {READING} (reading).",
        )
