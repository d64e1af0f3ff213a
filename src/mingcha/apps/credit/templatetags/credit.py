"""Load with `{% load credit %}`."""

from __future__ import annotations

from django import template

from .. import tables
from ..grounds import ground
from ..models import CreditBatch

register = template.Library()


@register.filter
def ground_text(key: str) -> str:
    return ground(key).text


@register.filter
def changed(batch: CreditBatch) -> int:
    """Firms whose class a delivery changed."""
    return tables.changed(batch)
