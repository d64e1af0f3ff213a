"""Writes: law-enforcement certificates."""

from __future__ import annotations

import datetime

from django.db import transaction
from django.utils import timezone

from mingcha.problems import Problem

from ..models import Certificate, User
from ..selectors import may_manage
from .audit import audit_record


@transaction.atomic
def certificate_save(
    *,
    account: User,
    number: str,
    valid_from: datetime.date,
    valid_to: datetime.date,
    scopes: list[str] | None = None,
    issuer: str = "",
    user: User | None = None,
) -> Certificate:
    """Enter a certificate, or correct the one with this number; Problem where it is another person's."""
    _check_say(user, account)
    if not number.strip() or valid_to < valid_from:
        raise Problem(
            zh="执法证须有证号，且有效期止日不早于起日。",
            en="A certificate has a number, and doesn't end before it begins.",
            where=f"{number} {valid_from}–{valid_to}",
            todo_zh="请改正证号或有效期。",
            todo_en="Mend the number or the dates.",
        )
    found = Certificate.objects.select_related("user").filter(number=number.strip()).first()
    if found and found.user_id != account.pk:
        raise Problem(
            zh=f"证号“{number}”登记在另一人名下。",
            en=f"The certificate {number!r} is another person's.",
            todo_zh="请核对证号。",
            todo_en="Check the number.",
        )
    before = certificate_told(found) if found else None
    certificate = found or Certificate(user=account, number=number.strip())
    certificate.scopes = list(dict.fromkeys(s.strip() for s in scopes or [] if s.strip()))
    certificate.issuer, certificate.valid_from, certificate.valid_to = issuer.strip(), valid_from, valid_to
    certificate.save()
    if before != certificate_told(certificate):
        audit_record(
            user=user,
            action="accounts.certificate.change" if found else "accounts.certificate.create",
            obj=certificate,
            before=before,
            after=certificate_told(certificate),
        )
    return certificate


@transaction.atomic
def certificate_revoke(*, certificate: Certificate, reason: str, user: User | None = None) -> None:
    """From now on it entitles to nothing. It stays on record."""
    _check_say(user, certificate.user)
    if not reason.strip():
        raise Problem(
            zh="注销执法证须写明原因。",
            en="A certificate is revoked for a reason: write it down.",
            todo_zh="请填写原因。",
            todo_en="Fill in the reason.",
        )
    now = timezone.now()
    moved = Certificate.objects.filter(pk=certificate.pk, revoked_at=None).update(
        revoked_at=now, revoked_reason=reason.strip()[:200]
    )
    if moved == 1:
        audit_record(
            user=user, action="accounts.certificate.revoke", obj=certificate, after={"reason": reason.strip()[:200]}
        )


def certificate_told(certificate: Certificate) -> dict:
    return {
        "number": certificate.number,
        "user": certificate.user.username,
        "scopes": certificate.scopes,
        "issuer": certificate.issuer,
        "valid_from": certificate.valid_from.isoformat(),
        "valid_to": certificate.valid_to.isoformat(),
    }


def _check_say(user: User | None, account: User) -> None:
    if user is not None and not may_manage(user, account):
        raise Problem(
            zh=f"“{account}”不在您的管辖之内。",
            en=f"{account} isn't yours to manage.",
            todo_zh="请由其所在单位或上级单位的管理员办理。",
            todo_en="Ask an administrator of his unit, or of one above.",
        )
