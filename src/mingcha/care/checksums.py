"""The state of an instance in figures that can be compared: before a backup and after its restore, here and there."""

from __future__ import annotations

import hashlib
from typing import Any

from mingcha.instance import home

from . import databases
from .backup import KEPT_LAKE, Progress
from .places import hashed, pieces
from .tables import table_states


def checksums(progress: Progress = lambda *_: None) -> dict[str, Any]:
    """Rows and digest of every table, SHA-256 of the lake's files, and one digest over each of the two."""
    with databases.live() as reader:
        tables = table_states(reader)
        named = reader.rows(KEPT_LAKE)
        vendor = reader.vendor
    total, done = sum(size for _, size in named), 0

    def passed(count: int) -> None:
        nonlocal done
        done += count
        progress("数据湖", "lake", done, total)

    files = {}
    for path, _ in named:
        digest = hashlib.sha256()
        with (home() / "lake" / path).open("rb") as file:
            for _ in hashed(pieces(file), digest, passed):
                pass
        files[path] = digest.hexdigest()
    return {
        "vendor": vendor,
        "rows": sum(state["rows"] for state in tables.values()),
        "bytes": done,
        "database": _together({name: state["sha256"] for name, state in tables.items()}),
        "lake": _together(files),
        "tables": tables,
        "files": files,
    }


def _together(digests: dict[str, str]) -> str:
    return hashlib.sha256("\n".join(f"{name} {value}" for name, value in sorted(digests.items())).encode()).hexdigest()
