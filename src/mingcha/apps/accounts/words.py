"""Actions in plain words, for people who judge rights or read the trail: actions.csv."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from mingcha.language import language


@cache
def _said() -> dict[str, dict[str, str]]:
    with Path(__file__).with_name("actions.csv").open(encoding="utf-8", newline="") as file:
        return {row["action"]: row for row in csv.DictReader(file)}


def action_in_words(action: str) -> str:
    """What `action` is, in the user's language; its own name where nobody has said it yet."""
    row = _said().get(action)
    return row[language()] if row else action


def actions_said() -> frozenset[str]:
    return frozenset(_said())
