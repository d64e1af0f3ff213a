"""Writes: the second factor. A secret is sealed, a code is good once, guesses are counted and then refused a while."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import time

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from mingcha.problems import Problem

from ..models import RecoveryCode, SecondFactor, User
from ..sealing import seal, unseal
from ..selectors import may_manage
from ..totp import recovery_codes, secret_new, step_of
from .audit import audit_record

_PURPOSE = "totp"


def factor_begin(*, account: User) -> str:
    """A new secret for `account`, not in force until a code confirms it; the secret, to be shown once."""
    secret = secret_new()
    found, _ = SecondFactor.objects.get_or_create(user=account, defaults={"sealed": ""})
    if found.confirmed_at:
        raise Problem(
            zh="动态口令已经启用。",
            en="A second factor is in force already.",
            todo_zh="如要更换，请先停用。",
            todo_en="Remove it first to change it.",
        )
    found.sealed, found.last_step = seal(secret, purpose=_PURPOSE, bound_to=str(account.pk)), 0
    found.save(update_fields=["sealed", "last_step"])
    return secret


def factor_secret(account: User) -> str:
    """The secret of an enrolment that has begun."""
    return unseal(account.second_factor.sealed, purpose=_PURPOSE, bound_to=str(account.pk))


@transaction.atomic
def factor_confirm(*, account: User, code: str) -> list[str]:
    """Put the begun factor in force by a code from the phone; its recovery codes, to be shown once."""
    found = _factor(account)
    if found.confirmed_at:
        raise _wrong()
    _check_code(found, code)
    found.confirmed_at = timezone.now()
    found.save(update_fields=["confirmed_at"])
    codes = _fresh_codes(found)
    audit_record(user=account, action="accounts.factor.confirm", obj=found, after={"user": account.username})
    return codes


@transaction.atomic
def recovery_codes_renew(*, account: User) -> list[str]:
    found = _factor(account)
    found.recovery_codes.all().delete()
    codes = _fresh_codes(found)
    audit_record(user=account, action="accounts.factor.recovery_codes", obj=found, after={"user": account.username})
    return codes


def factor_check(*, account: User, code: str) -> str:
    """Check a code at sign-in; how it was given: "totp" or "recovery". Problem: wrong, used before, or too many tries.

    Not one transaction: a failure must stay counted.
    """
    found = _factor(account)
    if not found.confirmed_at:
        raise _wrong()
    given = "".join(code.split()).lower()
    if len(given) <= 8:
        _check_code(found, given)
        return "totp"
    _guarded(found)
    codes = found.recovery_codes.filter(digest=_digest(found, given), used_at=None)
    if codes.update(used_at=timezone.now()) != 1:
        _count(found)
        raise _wrong()
    SecondFactor.objects.filter(pk=found.pk).update(failures=0)
    audit_record(user=account, action="accounts.factor.recovery", obj=found, after={"user": account.username})
    return "recovery"


@transaction.atomic
def factor_remove(*, account: User, user: User | None = None, reason: str = "") -> None:
    """Take the second factor away: by its holder, or by who manages his account when the phone is lost."""
    if user is not None and user.pk != account.pk and not may_manage(user, account):
        raise Problem(
            zh=f"“{account}”不在您的管辖之内。",
            en=f"{account} isn't yours to manage.",
            todo_zh="请由其所在单位或上级单位的管理员办理。",
            todo_en="Ask an administrator of his unit, or of one above.",
        )
    found = SecondFactor.objects.filter(user=account).first()
    if found is None:
        return
    audit_record(
        user=user,
        action="accounts.factor.remove",
        obj=found,
        before={"user": account.username, "confirmed": bool(found.confirmed_at)},
        after={"reason": reason},
    )
    found.delete()


def _factor(account: User) -> SecondFactor:
    found = SecondFactor.objects.filter(user=account).first()
    if found is None:
        raise _wrong()
    return found


def _check_code(found: SecondFactor, code: str) -> None:
    _guarded(found)
    secret = unseal(found.sealed, purpose=_PURPOSE, bound_to=str(found.user_id))
    step = step_of(secret, "".join(code.split()), now=time.time(), after=found.last_step)
    # of two who give the same code at once, one moves the row
    if step is None or (
        SecondFactor.objects.filter(pk=found.pk, last_step__lt=step).update(last_step=step, failures=0) != 1
    ):
        _count(found)
        raise _wrong()


def _guarded(found: SecondFactor) -> None:
    now = timezone.now()
    if found.locked_until and found.locked_until > now:
        minutes = int((found.locked_until - now).total_seconds() // 60) + 1
        raise Problem(
            zh=f"错误次数过多，请 {minutes} 分钟后再试。",
            en=f"Too many wrong codes. Try again in {minutes} minutes.",
            todo_zh="手机遗失时，请本单位管理员重置动态口令。",
            todo_en="If the phone is lost, ask an administrator of your unit to reset the second factor.",
        )


def _count(found: SecondFactor) -> None:
    rows = SecondFactor.objects.filter(pk=found.pk)
    rows.update(failures=F("failures") + 1)
    until = timezone.now() + datetime.timedelta(hours=settings.AXES_COOLOFF_TIME)
    if rows.filter(failures__gte=settings.AXES_FAILURE_LIMIT).update(failures=0, locked_until=until):
        audit_record(user=None, action="accounts.factor.lock", obj=found, after={"user": found.user.username})


def _fresh_codes(found: SecondFactor) -> list[str]:
    codes = recovery_codes()
    RecoveryCode.objects.bulk_create(RecoveryCode(factor=found, digest=_digest(found, code)) for code in codes)
    return codes


def _digest(found: SecondFactor, code: str) -> str:
    """Keyed with the instance's secret and bound to its holder. (50 random bits need no slow digest.)"""
    key = hashlib.sha256(f"mingcha recovery {settings.SECRET_KEY}".encode()).digest()
    return hmac.digest(key, f"{found.user_id}:{code.replace('-', '')}".encode(), "sha256").hex()


def _wrong() -> Problem:
    return Problem(
        zh="动态口令不正确，或已用过。",
        en="The code is wrong, or was used before.",
        todo_zh="请等手机上出现下一个再输入；手机时间须准确。",
        todo_en="Wait for the next one on your phone; its clock must be right.",
    )
