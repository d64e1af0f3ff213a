"""Numbers that papers carry: RA-2026-000001, the year and the row's own number, so that no two are ever alike."""

from __future__ import annotations

import uuid

from django.utils import timezone


def waiting_number() -> str:
    """What stands in the column until the row is there and its number is known."""
    return uuid.uuid4().hex


def paper_number(prefix: str, pk: int) -> str:
    return f"{prefix}-{timezone.localdate():%Y}-{pk:06d}"
