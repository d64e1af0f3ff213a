"""What a model may not be used for: versioned words in both languages, which every signature names by their digest.

A version is never edited once a model was signed under it: write the next file, and the next signature takes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).with_name("limits")


@dataclass(frozen=True)
class Limits:
    """`content`: {"zh" or "en": {"title", "lead", "sections": [{"title", "points": [text]}], "answers"}}."""

    version: str
    digest: str
    content: dict[str, Any]


@cache
def limits_of(version: str) -> Limits:
    """The text of a version. KeyError where there is none."""
    path = FOLDER / f"{version}.yaml"
    if version not in versions():
        raise KeyError(version)
    data = path.read_bytes()
    return Limits(version, sha256(data).hexdigest(), yaml.safe_load(data))


def limits_latest() -> Limits:
    """The text that the next signature is put under."""
    return limits_of(versions()[-1])


@cache
def versions() -> tuple[str, ...]:
    """All versions, the oldest first: their names are dates."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))
