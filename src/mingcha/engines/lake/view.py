"""A pinned view of the lake: which files hold which dataset, fixed at one moment.

The files are append-only Parquet, so whoever holds a view reads the same rows however long it takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .contract import Contract


@dataclass(frozen=True)
class Source:
    """One dataset: its contract and its Parquet files (columns: the contract's fields and SYSTEM_COLUMNS)."""

    contract: Contract
    files: tuple[Path, ...]


@dataclass(frozen=True)
class LakeView:
    """`links` are Parquet files (key, entity, valid_from, valid_to, known_at, retracted_at): which source key belonged
    to which entity, when (valid), and since when we know (known). Times are UTC timestamps, null = open."""

    sources: Mapping[str, Source]
    links: tuple[Path, ...] = ()
    zone: str = "Asia/Shanghai"
    notes: Mapping[str, str] = field(default_factory=dict)
