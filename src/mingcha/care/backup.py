"""`backup_make`: database, lake, models, draws and files as one, of an instance in use.

The database first, as of one moment; then the lake's files that its rows name, which nobody removes meanwhile
(`folder.held`); then everything else, which may be a little newer: files are written before their rows, and a row that
comes later finds its file or makes it again. The manifest is written last: what has none is no backup.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from mingcha.engines.lake import folder as lake
from mingcha.instance import flocked, home
from mingcha.problems import Problem

from . import databases
from .databases import Reader
from .manifest import Entry, Manifest
from .places import Backup, Writing, hashed, is_tar, open_backup, pieces, writing
from .tables import table_states

# Not of the instance's state: made anew, or taken apart from the rest.
NOT_TAKEN = {"lake", "tmp", "static", "backups"}
KEPT_LAKE = "SELECT path, bytes FROM exchange_lakefile WHERE retired_at IS NULL ORDER BY path"
LAST = ".last-backup.json"  # when the last one was made, and where: for the doctor
MARGIN = 64 << 20  # bytes that stay free

Progress = Callable[[str, str, int, int], None]  # what is done, in zh and en; done, of how many


@dataclass
class BackupReport:
    path: str
    files: int = 0
    bytes: int = 0
    bytes_linked: int = 0  # of these, not written again
    sealed: bool = False
    left_out: list[str] = field(default_factory=list)
    rows: int = 0
    database_s: float = 0.0
    checksums_s: float = 0.0
    files_s: float = 0.0
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        return {k: round(v, 3) if isinstance(v, float) else v for k, v in vars(self).items()}


def backup_make(
    target: Path,
    *,
    since: Path | None = None,
    secrets: bool = True,
    passphrase: str = "",
    progress: Progress = lambda *_: None,
) -> BackupReport:
    """A backup at `target`: a folder, or one file where its name ends with .tar. `since`: a former backup, a folder,
    whose files of the same content are linked and not written again. Problem where something stands in the way."""
    target = target.absolute()
    _outside(target)
    former = _former(since, target, passphrase)
    clock, report = _Clock(), BackupReport(str(target), sealed=bool(passphrase))
    salt = former.salt if former and passphrase else b""
    with _one_at_a_time(), lake.held(home() / "lake"), writing(target, passphrase=passphrase, salt=salt) as place:
        with _scratch(place) as scratch:
            copy = scratch / databases.name_in_backup()
            _room(target, _database_bytes())
            with databases.snapshot(copy, lambda *n: progress("数据库", "database", *n)) as reader:
                report.database_s = clock.lap()
                _sound(copy, reader)
                tables = _states(reader, progress)
                named = reader.rows(KEPT_LAKE)
                migrations = applied(reader)
                simulated = bool(reader.rows("SELECT 1 FROM exchange_dataset WHERE simulated LIMIT 1"))
                version = reader.version
            report.checksums_s = clock.lap()
            files = list(_files(named))
            report.left_out = [] if secrets else sorted({_top(path) for path, _ in files if _secret(path)})
            files = [(path, named) for path, named in files if secrets or not _secret(path)]
            entries = _taken(place, scratch, copy, files, former, report, progress)
        manifest = Manifest(
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            mingcha=metadata.version("mingcha"),
            python=platform.python_version(),
            vendor=reader.vendor,
            vendor_version=version,
            database=f"database/{copy.name}",
            migrations=migrations,
            tables=tables,
            files=entries,
            simulated=simulated,
            left_out=report.left_out,
        )
        place.finish(manifest)
    with lake.aside(home() / LAST) as part:
        part.write_text(json.dumps({"at": manifest.made_at, "path": str(target)}, ensure_ascii=False))
    report.files, report.bytes = len(entries), manifest.bytes
    report.rows = sum(state["rows"] for state in tables.values())
    report.files_s, report.seconds = clock.lap(), clock.total
    return report


def applied(reader: Reader) -> list[str]:
    return [f"{app}.{name}" for app, name in reader.rows("SELECT app, name FROM django_migrations ORDER BY app, name")]


def _taken(
    place: Writing,
    scratch: Path,
    copy: Path,
    files: list[tuple[str, bool]],
    former: Backup | None,
    report: BackupReport,
    progress: Progress,
) -> list[Entry]:
    """All files into the backup, the database's copy first; their entries."""
    root = home()
    sizes = {path: _size(root / path) for path, _ in files}
    known = {entry.path: entry for entry in former.manifest.files} if former else {}
    _room(place.target, sum(size for path, size in sizes.items() if known.get(path, Entry("", -1, "")).bytes != size))
    total, done = sum(sizes.values()) + copy.stat().st_size, 0

    def passed(count: int) -> None:
        nonlocal done
        done += count
        progress("文件", "files", done, total)

    entries = [place.take(f"database/{copy.name}", copy, passed=passed)]
    shutil.rmtree(scratch)
    for path, named in files:
        try:
            file = (root / path).open("rb")
        except FileNotFoundError:
            if named:
                raise _gone(root / path) from None
            continue  # a temporary file, which is no more
        with file:
            entry = known.get(path)
            if former and entry and _same(file, entry, passed) and place.link(path, former.path / path):
                entries.append(entry)
                report.bytes_linked += entry.bytes
                continue
            if entry:
                file.seek(0)
            entries.append(place.add(path, file, secret=_secret(path), passed=None if entry else passed))
    return entries


def _same(file: Any, entry: Entry, passed: Callable[[int], None]) -> bool:
    """Whether the file's content is that of a former backup's entry; it is read, not guessed from its date."""
    size = os.fstat(file.fileno()).st_size
    digest = hashlib.sha256()
    for _ in hashed(pieces(file, size), digest, passed):
        pass
    return size == entry.bytes and digest.hexdigest() == entry.sha256


def _files(named: list[Any]) -> Iterator[tuple[str, bool]]:
    """The instance's files, relative, and whether a row names them: the lake's are those of the snapshot."""
    for path, _ in named:
        yield f"lake/{path}", True
    database = {databases.sqlite_path().name + end for end in ("", "-wal", "-shm", "-journal")}
    database = database if databases.vendor() == "sqlite" else set()
    root = home()
    for top in sorted(root.iterdir()):
        if top.name in NOT_TAKEN | database or top.name.startswith("."):
            continue
        if top.is_file():
            yield top.name, False
        for folder, folders, names in os.walk(top, followlinks=True):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                if not name.startswith(".") and not name.endswith((".part", ".new")):
                    yield str((Path(folder) / name).relative_to(root)), False


def _secret(path: str) -> bool:
    """What none but the instance's keeper may have: signing keys, and what a draw hides until it is told."""
    parts = Path(path).parts
    return path.endswith(".key") or any(part.endswith("-secret") or part == "keys" for part in parts[:-1])


def _top(path: str) -> str:
    parts = Path(path).parts
    return "/".join(parts[:2]) if len(parts) > 2 else path


def _states(reader: Reader, progress: Progress) -> dict[str, Any]:
    read = 0

    def passed(rows: int) -> None:
        nonlocal read
        read += rows
        progress("核对数据库", "digests of the database", read, 0)

    return table_states(reader, passed)


def _sound(copy: Path, reader: Reader) -> None:
    if reader.vendor == "sqlite" and (faults := databases.sqlite_faults(copy)):
        raise Problem(
            zh=f"数据库已损坏：{faults[0]}",
            en=f"The database is damaged: {faults[0]}",
            where=str(databases.sqlite_path()),
            todo_zh="请从上一份备份恢复，并检查磁盘。",
            todo_en="Restore the last backup, and check the disk.",
        )
    if not reader.rows(
        "SELECT 1 FROM sqlite_master WHERE name = 'django_migrations'"
        if reader.vendor == "sqlite"
        else "SELECT 1 FROM pg_tables WHERE schemaname = 'public' AND tablename = 'django_migrations'"
    ):
        raise databases.nothing_here(str(home()))


def _former(since: Path | None, target: Path, passphrase: str) -> Backup | None:
    if since is None:
        return None
    former = open_backup(since.absolute(), passphrase)
    if former.members is not None or is_tar(target):
        raise Problem(
            zh="只有目录形式的备份可以接续上一份（用硬链接）；.tar 文件不行。",
            en="Only a backup that is a folder can follow a former one (by hard links); a .tar can't.",
            where=str(since),
            todo_zh="请备份到目录，或去掉 --since。",
            todo_en="Back up into a folder, or leave --since out.",
        )
    return former if bool(former.passphrase) == bool(passphrase) else None


def _outside(target: Path) -> None:
    kept = home() / "backups"
    if target.is_relative_to(home()) and not (target != kept and target.is_relative_to(kept)):
        raise Problem(
            zh="备份不能放在实例自己的目录里。",
            en="A backup can't lie within the instance itself.",
            where=str(target),
            todo_zh="请换一个目录，最好在另一块磁盘上。",
            todo_en="Choose another folder, best on another disk.",
        )


def _gone(path: Path) -> Problem:
    return Problem(
        zh="数据库里有这个文件，磁盘上没有：备份不会完整，因此没有做。",
        en="The database names this file and the disk doesn't have it: no backup would be whole, so none was made.",
        where=str(path),
        todo_zh="请从上一份备份恢复这个文件；mingcha doctor 会列出全部缺失。",
        todo_en="Restore the file from the last backup; mingcha doctor lists all that are missing.",
    )


def _room(target: Path, needed: int) -> None:
    folder = next(p for p in target.parents if p.exists())
    free = shutil.disk_usage(folder).free
    if free < needed + MARGIN:
        raise Problem(
            zh=f"磁盘空间不足：需要 {needed / 1e6:,.0f} MB，只剩 {free / 1e6:,.0f} MB。",
            en=f"There is not enough room: it takes {needed / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are free.",
            where=str(folder),
            todo_zh="请腾出空间，换一块磁盘，或用 --since 接续上一份备份。",
            todo_en="Free some space, take another disk, or follow a former backup with --since.",
        )


def _database_bytes() -> int:
    if databases.vendor() == "sqlite":
        return _size(databases.sqlite_path())
    return 0  # a dump is far smaller than the database: what it takes is known once it is there


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    with flocked(home() / "tmp" / "backup.lock") as held:
        if held is None:
            raise Problem(
                zh="这个实例正在备份。",
                en="A backup of this instance is under way.",
                where=str(home()),
                todo_zh="请等它结束。",
                todo_en="Wait until it is done.",
            )
        for left in (home() / "tmp").glob("backup-*"):  # what a kill left
            shutil.rmtree(left, ignore_errors=True)
        yield


@contextlib.contextmanager
def _scratch(place: Writing) -> Iterator[Path]:
    """Where the copy of the database is made: never in the clear on the disk of a sealed backup."""
    parent = home() / "tmp" if place.passphrase or place.tar else place.aside
    folder = Path(tempfile.mkdtemp(prefix="backup-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Clock:
    def __init__(self) -> None:
        self.began = self.last = time.perf_counter()

    def lap(self) -> float:
        now = time.perf_counter()
        lap, self.last = now - self.last, now
        return lap

    @property
    def total(self) -> float:
        return self.last - self.began
