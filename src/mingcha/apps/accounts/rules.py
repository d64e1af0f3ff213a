"""Pure decisions: who may appoint whom where, and what a unit may stand under."""

from __future__ import annotations

import datetime

from .choices import UnitKind
from .permissions import matrix

LEVELS = [UnitKind.BUREAU, UnitKind.SUB_BUREAU, UnitKind.STATION, UnitKind.COMMUNITY]


def may_give(giver: str, role: str) -> bool:
    """Whether one of the role `giver` may give `role`: only one whose rights over people and records he has himself.
    (The rights of the trade are another matter: who appoints the planner needn't plan.)"""
    return all(giver in roles for action, roles in matrix().items() if action.startswith("accounts.") and role in roles)


def kind_fits(kind: str, parent_kind: str | None) -> bool:
    """A unit stands under one of a higher level; a bureau, or an office of the same level's bureau, may stand alone."""
    if parent_kind is None:
        return kind != UnitKind.COMMUNITY
    return LEVELS.index(UnitKind(kind)) > LEVELS.index(UnitKind(parent_kind)) or kind == parent_kind == UnitKind.BUREAU


def level_below(parent_kind: str | None) -> str:
    return LEVELS[min(LEVELS.index(UnitKind(parent_kind)) + 1, len(LEVELS) - 1)] if parent_kind else UnitKind.BUREAU


def standing(certificate, on: datetime.date, soon: int) -> str:
    """ "revoked", "future", "expired", "soon" (within `soon` days) or "valid": how a certificate stands on a day."""
    if certificate.revoked_at:
        return "revoked"
    if certificate.valid_from > on:
        return "future"
    if certificate.valid_to < on:
        return "expired"
    return "soon" if certificate.valid_to <= on + datetime.timedelta(days=soon) else "valid"
