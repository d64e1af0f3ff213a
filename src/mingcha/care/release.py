"""Styles and scripts for a server: all of them under one address that changes with their content.

/static/<digest>/...: what a browser has of that address it need never ask for again, modules that import each other by
relative paths work untouched, and no file is rewritten. Each is compressed once, here.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from mingcha.engines.lake.folder import aside, locked, sync

CURRENT = "CURRENT"
LEFT_OUT = (".map", ".d.ts", ".ts", ".md", ".scss", "LICENSE", "LICENSE.txt")
KEPT = 2  # releases: pages that were open during an upgrade still find theirs


def current(static: Path) -> str:
    """The digest in use, "" where nothing was gathered."""
    path = static / CURRENT
    return path.read_text().strip() if path.exists() else ""


def gather(static: Path) -> tuple[str, bool]:
    """Gather what the apps and packages bring into `static`; the digest, and whether it is a new one."""
    files = dict(_found())
    digest = _digest(files)
    with locked(static):
        if digest == current(static) and (static / digest).is_dir():
            return digest, False
        made = static / f"{digest}.part"
        shutil.rmtree(made, ignore_errors=True)
        for name, source in files.items():
            target = made / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        _compress(made)
        shutil.rmtree(static / digest, ignore_errors=True)
        made.rename(static / digest)
        with aside(static / CURRENT) as part:
            part.write_text(digest)
            sync(part)
        old = sorted((p for p in static.iterdir() if p.is_dir() and p.name != digest), key=lambda p: p.stat().st_mtime)
        for path in old[: max(0, len(old) - KEPT + 1)]:
            shutil.rmtree(path, ignore_errors=True)
    return digest, True


def _found() -> list[tuple[str, Path]]:
    from django.contrib.staticfiles.finders import get_finders

    found: dict[str, Path] = {}
    for finder in get_finders():
        for name, storage in finder.list([".*", "*~"]):
            path = f"{storage.prefix}/{name}" if getattr(storage, "prefix", None) else name
            if not path.endswith(LEFT_OUT):
                found.setdefault(path, Path(storage.path(name)))
    return sorted(found.items())


def _digest(files: dict[str, Path]) -> str:
    digest = hashlib.sha256()
    for name, path in files.items():
        digest.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _compress(folder: Path) -> None:
    from whitenoise.compress import Compressor

    compressor = Compressor(quiet=True)
    for path in folder.rglob("*"):
        if path.is_file() and compressor.should_compress(path.name):
            for _ in compressor.compress(str(path)) or ():
                pass
