"""Pure decisions."""

from __future__ import annotations

from datetime import date
from typing import Any


def masked(value: Any) -> str | None:
    """What may be shown of a restricted value: the first character of a text, nothing of a number or a date."""
    if value is None:
        return None
    if isinstance(value, (bool, int, float, date)):
        return "***"
    text = str(value)
    if len(text) >= 8 and text.replace("-", "").isalnum() and text.isascii():  # telephone, number: ends tell which
        return f"{text[:3]}{'*' * (len(text) - 5)}{text[-2:]}"
    return text[:1] + "**"
