"""`mingcha bench backup`: the instance in MINGCHA_HOME backed up, again with links, verified, and restored elsewhere.

On PostgreSQL it is restored into a database of its own, which is dropped. The reference, measured in the same run: a
bare copy of the instance's files, each safe on disk.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer


def run(folder: Path) -> dict[str, Any]:
    """Figures; what is made lies in `folder`, on the disk that is measured."""
    from mingcha.care import databases
    from mingcha.care.commands import set_up

    set_up()
    vendor = databases.vendor()
    first = _told("backup", folder / "first")
    second = _told("backup", folder / "second", "--since", folder / "first")
    start = time.perf_counter()
    verified = _told("backup", "verify", folder / "first")
    verify_s = time.perf_counter() - start
    with _elsewhere(folder, vendor) as environment:
        restored = _told("restore", folder / "first", **environment)
    simulated = json.loads((folder / "first" / "manifest.json").read_text())["simulated"]
    return {
        "simulated": simulated,
        "database": vendor,
        "rows": first["rows"],
        "files": first["files"],
        "mb": round(first["bytes"] / 1e6, 1),
        "backup_s": first["seconds"],
        "backup_database_s": first["database_s"],
        "backup_checksums_s": first["checksums_s"],
        "backup_since_s": second["seconds"],
        "linked_mb": round(second["bytes_linked"] / 1e6, 1),
        "verify_s": round(verify_s, 3),
        "restore_s": restored["seconds"],
        "same_checksums": restored["tables"] == verified["tables"],
        "peak_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024),
        "reference": {"copy_s": _copied(folder / "first", folder / "reference")},
        "machine": {
            "cores": os.cpu_count(),
            "load": round(os.getloadavg()[0], 2),
            "python": platform.python_version(),
            "system": platform.platform(),
        },
    }


def main(
    folder: Annotated[Path | None, typer.Option(help="Where to back up to; a temporary folder by default.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
) -> None:
    """Backup and restore of the instance in MINGCHA_HOME: seconds, sizes, and that the checksums are the same."""
    with tempfile.TemporaryDirectory(prefix="mingcha-bench-backup-", dir=folder) as place:
        figures = run(Path(place))
    if not as_json and figures["simulated"]:
        typer.echo("模拟数据 / simulated data")
    typer.echo(json.dumps(figures, indent=1))


def _told(*words: Any, **environment: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "mingcha.cli", *map(str, words), "--json"]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return dict(json.loads(done.stdout))


@contextlib.contextmanager
def _elsewhere(folder: Path, vendor: str) -> Iterator[dict[str, str]]:
    from mingcha.care import databases

    name = f"mingcha_bench_{os.getpid()}"
    try:
        yield {"MINGCHA_HOME": str(folder / "restored"), "MINGCHA_DB_NAME": name}
    finally:
        if vendor == "postgresql":
            databases.postgres_drop(name)


def _copied(source: Path, target: Path) -> float:
    start = time.perf_counter()
    for path in source.rglob("*"):
        if path.is_file():
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            with path.open("rb") as file, place.open("wb") as copy:
                while piece := file.read(1 << 20):
                    copy.write(piece)
                copy.flush()
                os.fsync(copy.fileno())
    return round(time.perf_counter() - start, 3)
