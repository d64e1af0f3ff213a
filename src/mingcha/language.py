"""The reader's language, as the request or the job has it: this system speaks two."""

from __future__ import annotations

from typing import Any, Literal

from django.utils.translation import get_language

from mingcha.problems import Problem


def language() -> Literal["zh", "en"]:
    """The current language; Chinese where none is active."""
    return "zh" if (get_language() or "zh").startswith("zh") else "en"


def chinese() -> bool:
    return language() == "zh"


def in_language(text: Any) -> Any:
    """A text in the current language out of {"zh": ..., "en": ...}; anything else as it is."""
    if not isinstance(text, dict):
        return text
    return text.get(language()) or text.get("zh") or text.get("en") or ""


def told(problem: Problem) -> str:
    """What is wrong, where, and what to do, in the current language: one to three lines."""
    return problem.text(language())
