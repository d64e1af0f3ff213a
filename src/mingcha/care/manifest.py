"""What a backup says of itself: its files with their SHA-256, the versions, and the state of the database's tables."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import PurePosixPath
from typing import Any

from mingcha.problems import Problem

FORMAT = "mingcha-backup/1"


@dataclass(frozen=True)
class Entry:
    """A file of the backup: its place in the instance, its bytes and SHA-256 unsealed."""

    path: str
    bytes: int
    sha256: str
    secret: bool = False


@dataclass(frozen=True)
class Manifest:
    """`database`: its file among `files`. `migrations`: those applied, "app.0001_name". `tables`: name -> as in
    `tables.TableState`. `left_out`: what was not taken on purpose."""

    made_at: str
    mingcha: str
    python: str
    vendor: str  # sqlite or postgresql
    vendor_version: str
    database: str
    migrations: list[str]
    tables: dict[str, dict[str, Any]]
    files: list[Entry]
    simulated: bool = False
    left_out: list[str] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        return sum(entry.bytes for entry in self.files)

    def as_json(self) -> dict[str, Any]:
        value = {"format": FORMAT, **asdict(self)}
        return {**value, "sha256": _digest(value)}


def read_manifest(text: bytes, where: str) -> Manifest:
    """Problem where it is damaged, of another system, or of a form that this version doesn't know."""
    try:
        value = json.loads(text)
        stated, form = value.pop("sha256"), value.pop("format")
        whole = stated == _digest({"format": form, **value})
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _damaged(where) from None
    if not whole:
        raise _damaged(where)
    if form != FORMAT:
        raise Problem(
            zh=f"这份备份的格式是“{form}”，本版本只认识“{FORMAT}”。",
            en=f"The backup is of the form {form!r}; this version knows {FORMAT!r} only.",
            where=where,
            todo_zh="请用制作它的版本，或更新的版本恢复。",
            todo_en="Restore it with the version that made it, or a newer one.",
        )
    try:
        files = [Entry(**entry) for entry in value.pop("files")]
        manifest = Manifest(files=files, **value)
    except (KeyError, TypeError):
        raise _damaged(where) from None
    for entry in files:
        pure = PurePosixPath(entry.path)
        if pure.is_absolute() or ".." in pure.parts or not pure.parts or "\\" in entry.path:
            raise _damaged(f"{where}: {entry.path}")
    return manifest


def _digest(value: dict[str, Any]) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _damaged(where: str) -> Problem:
    return Problem(
        zh="备份的清单已损坏，或不是明察的备份。",
        en="The backup's manifest is damaged, or is none of Mingcha's.",
        where=where,
        todo_zh="请用另一份备份。",
        todo_en="Take another backup.",
    )
