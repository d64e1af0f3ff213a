"""The rules that come with the software: shipped/*.yaml, one entry a version, as business staff can read and check."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).with_name("shipped")
_NAMES = {"from": "effective_from", "to": "effective_to"}


def rows() -> list[dict[str, Any]]:
    """All entries as fields of Rule. ValueError where a file is wrong: it is ours, so it is a fault, not a Problem."""
    entries = []
    for path in sorted(FOLDER.glob("*.yaml")):
        for number, entry in enumerate(yaml.safe_load(path.read_text("utf-8")), 1):
            try:
                entries.append(_fields(dict(entry)))
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"{path.name}, entry {number} ({entry.get('key')}): {error!r}") from error
    return entries


def _fields(entry: dict[str, Any]) -> dict[str, Any]:
    title = entry.pop("title")
    row = {_NAMES.get(name, name): value for name, value in entry.items()}
    row |= {"title_zh": title["zh"], "title_en": title["en"]}
    if "value" in row:
        row["value"] = Decimal(str(row["value"]))
    for name in ("effective_from", "effective_to"):
        if name in row and not isinstance(row[name], dt.date):
            raise ValueError(f"{name} is no day: {row[name]!r}")
    for name in ("key", "unit", "law", "mark", "effective_from"):
        row[name]
    for name in ("starts", "note"):
        if row.get(name) and set(row[name]) != {"zh", "en"}:
            raise ValueError(f"{name} must be said in both languages")
    return row
