"""`backup_verify` and `backup_restore`: everything is checked in a place of its own before the instance is touched.

The files are copied beside the instance's own, each against its SHA-256, the database is opened and its tables' digests
compared; only then do old and new change places, by renames that a note (`instance.RESTORING`) lets another run finish.
What was there is moved aside, never deleted.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from mingcha.engines.lake.folder import aside, sync
from mingcha.instance import RESTORING, flocked, home, place, unknown_migrations
from mingcha.problems import Problem

from . import databases
from .backup import MARGIN, Progress
from .manifest import Entry
from .places import Backup, hashed, open_backup
from .tables import differing, table_states

STAYS = {"tmp", "static", "backups"}  # of the instance, whatever is restored into it
STAGED = ".restored-"
SHOWN = 5  # files that a problem names


@dataclass
class RestoreReport:
    path: str
    made_at: str
    vendor: str
    files: int
    bytes: int
    rows: int
    tables: dict[str, Any]
    old: str = ""  # where what was there is now; "" where nothing was
    left_out: tuple[str, ...] = ()
    files_s: float = 0.0
    database_s: float = 0.0
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        return {k: round(v, 3) if isinstance(v, float) else v for k, v in vars(self).items()}


def backup_verify(path: Path, *, passphrase: str = "", progress: Progress = lambda *_: None) -> RestoreReport:
    """Read the whole backup: every file against its SHA-256, and the database opened and its tables compared. Problem
    that names the files which are missing or damaged."""
    began = time.perf_counter()
    backup = open_backup(path.absolute(), passphrase)
    place_aside = tempfile.TemporaryDirectory(prefix="verify-", dir=home() / "tmp")  # not on the backup's own disk
    with place_aside as scratch, _at_hand(backup, Path(scratch)) as database:
        _read_all(backup, progress)
        files_s = time.perf_counter() - began
        _database_opens(backup, database)
    return _report(backup, began, files_s)


def backup_restore(
    path: Path, *, replace: bool = False, passphrase: str = "", progress: Progress = lambda *_: None
) -> RestoreReport:
    """Put the backup in the place of the instance. Problem, and nothing touched, where a file is damaged or missing,
    the backup is of other settings or of newer code, the instance is in use, or not empty and not `replace`."""
    began = time.perf_counter()
    backup = open_backup(path.absolute(), passphrase)
    _refuse_other_settings(backup)
    _refuse_newer(backup)
    with _alone():
        _refuse_unfinished()
        _tidy()
        full = _names_in_use()
        if (full or not _database_empty()) and not replace:
            raise Problem(
                zh="这个实例不是空的。",
                en="This instance is not empty.",
                where=str(place()),
                todo_zh="换一个 MINGCHA_HOME（及数据库），或加 --replace：现有内容移到一旁，不删除。",
                todo_en="Take another MINGCHA_HOME (and database), or add --replace: what is there is moved aside, not "
                "deleted.",
            )
        _present(backup)
        _room(backup)
        staged = home() / f"{STAGED}{secrets.token_hex(4)}"
        try:
            staged.mkdir(mode=0o700)
            _stage(backup, staged, progress)
            files_s = time.perf_counter() - began
            database = _stage_database(backup, staged)
        except BaseException:
            _drop_staged(staged)
            raise
        old = _change_places(backup, staged, database, full)
    report = _report(backup, began, files_s)
    report.old = old
    return report


def restore_finish() -> str:
    """Go on with a restore that was cut off when its files had begun to change places; where the old ones are."""
    with _alone():
        note = place() / RESTORING
        if not note.exists():
            raise Problem(
                zh="没有中断的恢复。",
                en="No restore was cut off here.",
                where=str(place()),
                todo_zh="请用 mingcha restore 备份路径。",
                todo_en="Use mingcha restore PATH.",
            )
        return _go_on(json.loads(note.read_text()))


# what is checked before anything is written


def _refuse_other_settings(backup: Backup) -> None:
    ours, theirs = databases.vendor(), backup.manifest.vendor
    if ours != theirs:
        names = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
        other = "server" if theirs == "postgresql" else "embedded"
        raise Problem(
            zh=f"这是 {names[theirs]} 的备份，本实例用的是 {names[ours]}：备份不能在两者之间恢复。",
            en=f"The backup is of {names[theirs]} and this instance is on {names[ours]}: a backup isn't restored from "
            "one into the other.",
            where=str(backup.path),
            todo_zh=f"请设置 DJANGO_SETTINGS_MODULE=mingcha.config.settings.{other} 后再恢复。",
            todo_en=f"Set DJANGO_SETTINGS_MODULE=mingcha.config.settings.{other}, then restore.",
        )


def _refuse_newer(backup: Backup) -> None:
    if unknown := unknown_migrations(backup.manifest.migrations):
        raise Problem(
            zh=f"这份备份出自更新的版本（{backup.manifest.mingcha}）：本版本不认识 {'、'.join(unknown[:SHOWN])}。",
            en=f"The backup is of a newer version ({backup.manifest.mingcha}): this one doesn't know "
            f"{', '.join(unknown[:SHOWN])}.",
            where=str(backup.path),
            todo_zh="请先升级明察，再恢复。",
            todo_en="Upgrade Mingcha first, then restore.",
        )


def _refuse_unfinished() -> None:
    if (place() / RESTORING).exists():
        raise Problem(
            zh="上一次恢复被中断，尚未完成。",
            en="A restore was cut off before its end.",
            where=str(place()),
            todo_zh="请先运行 mingcha restore --finish。",
            todo_en="Run mingcha restore --finish first.",
        )


def _present(backup: Backup) -> None:
    """Cheap, so that a large backup with a file missing is refused at once."""
    wrong = []
    for entry in backup.manifest.files:
        stored = backup.stored(entry.path)
        if stored != backup.expected(entry):
            wrong.append(entry.path)
    if wrong:
        raise _damaged(backup, wrong)


def _damaged(backup: Backup, wrong: list[str]) -> Problem:
    more = f" (+{len(wrong) - SHOWN})" if len(wrong) > SHOWN else ""
    return Problem(
        zh=f"备份不完整：{len(wrong)} 个文件缺失或已损坏。什么都没有改动。",
        en=f"The backup is not whole: {len(wrong)} of its files are missing or damaged. Nothing was touched.",
        where=f"{backup.path}: {'、'.join(wrong[:SHOWN])}{more}",
        todo_zh="请用另一份备份；mingcha backup verify 可核对任何一份。",
        todo_en="Take another backup; mingcha backup verify checks any of them.",
    )


def _room(backup: Backup) -> None:
    needed, free = backup.manifest.bytes, shutil.disk_usage(home()).free
    if free < needed + MARGIN:
        raise Problem(
            zh=f"磁盘空间不足：需要 {needed / 1e6:,.0f} MB，只剩 {free / 1e6:,.0f} MB。",
            en=f"There is not enough room: it takes {needed / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are free.",
            where=str(home()),
            todo_zh="请腾出空间；现有内容在核对完成前不会被移动。",
            todo_en="Free some space; what is there stays until everything is checked.",
        )


def _read_all(backup: Backup, progress: Progress) -> None:
    _present(backup)
    total, done, wrong = backup.manifest.bytes, 0, []

    def passed(count: int) -> None:
        nonlocal done
        done += count
        progress("核对", "verifying", done, total)

    for entry in backup.manifest.files:
        if not _as_stated(backup, entry, lambda _: None, passed):
            wrong.append(entry.path)
    if wrong:
        raise _damaged(backup, wrong)


def _as_stated(backup: Backup, entry: Entry, write: Callable[[bytes], Any], passed: Callable[[int], None]) -> bool:
    digest = hashlib.sha256()
    try:
        for piece in hashed(backup.content(entry.path), digest, passed):
            write(piece)
    except Problem:  # of a seal that doesn't open
        return False
    return digest.hexdigest() == entry.sha256


# the new instance, beside the old


def _stage(backup: Backup, staged: Path, progress: Progress) -> None:
    total, done = backup.manifest.bytes, 0

    def passed(count: int) -> None:
        nonlocal done
        done += count
        progress("恢复", "restoring", done, total)

    for entry in backup.manifest.files:
        path = staged / _in_instance(backup, entry)
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = 0o600 if entry.secret else 0o666
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "wb") as file:
            sound = _as_stated(backup, entry, file.write, passed)
            file.flush()
            os.fsync(file.fileno())
        if not sound:
            raise _damaged(backup, [entry.path])
    for name in ("lake", "files", "models", "draws"):
        (staged / name).mkdir(exist_ok=True)
    for folder in sorted((p for p in staged.rglob("*") if p.is_dir()), reverse=True):
        sync(folder)
    sync(staged)


def _in_instance(backup: Backup, entry: Entry) -> str:
    if entry.path != backup.manifest.database:
        return entry.path
    return databases.sqlite_path().name if databases.vendor() == "sqlite" else Path(entry.path).name


def _stage_database(backup: Backup, staged: Path) -> str:
    """The staged database, opened and compared; the name of the new one on PostgreSQL, else ""."""
    path = staged / _in_instance(backup, _entry_of_database(backup))
    if backup.manifest.vendor == "sqlite":
        _compare_sqlite(backup, path)
        return ""
    name = _postgres_name("restored", staged.name.removeprefix(STAGED))
    (staged / ".database").write_text(name)  # before it is made: what a kill leaves is found by it
    databases.postgres_restore(path, name)
    with databases.postgres_reader(name) as reader:
        _compare(backup, table_states(reader))
    path.unlink()
    return name


def _postgres_name(word: str, token: str) -> str:
    name = str(databases.settings()["NAME"])
    return f"{name[: 62 - len(word) - len(token)]}_{word}_{token}"[:63]


def _entry_of_database(backup: Backup) -> Entry:
    return next(entry for entry in backup.manifest.files if entry.path == backup.manifest.database)


def _compare_sqlite(backup: Backup, path: Path) -> None:
    if databases.sqlite_faults(path):
        raise _damaged(backup, [backup.manifest.database])
    with databases.sqlite_reader(path) as reader:
        _compare(backup, table_states(reader))


def _compare(backup: Backup, found: dict[str, Any]) -> None:
    if wrong := differing(backup.manifest.tables, found):
        raise Problem(
            zh=f"数据库的内容与清单不符：{'、'.join(wrong[:SHOWN])}。什么都没有改动。",
            en=f"The database is not what the manifest states: {', '.join(wrong[:SHOWN])}. Nothing was touched.",
            where=f"{backup.path}: {backup.manifest.database}",
            todo_zh="请用另一份备份。",
            todo_en="Take another backup.",
        )


@contextlib.contextmanager
def _at_hand(backup: Backup, scratch: Path) -> Iterator[Path]:
    """The database's file of a backup, unsealed and outside a tar."""
    if backup.members is None and not backup.passphrase:
        yield backup.path / backup.manifest.database
        return
    path = scratch / "database"
    if backup.stored(backup.manifest.database) is not None:
        with contextlib.suppress(Problem), path.open("wb") as file:  # told where all files are read
            for piece in backup.content(backup.manifest.database):
                file.write(piece)
    yield path


def _database_opens(backup: Backup, path: Path) -> None:
    if backup.manifest.vendor == "sqlite":
        _compare_sqlite(backup, path)
        return
    import subprocess

    major = int(backup.manifest.vendor_version.split(".")[0])
    command = [databases.tool("pg_restore", major), "--list", str(path)]
    done = subprocess.run(command, capture_output=True, text=True)  # noqa: S603
    listed = {line.split()[6] for line in done.stdout.splitlines() if " TABLE DATA " in line}
    if done.returncode or set(backup.manifest.tables) - listed:
        raise _damaged(backup, [backup.manifest.database])


# old and new change places


def _change_places(backup: Backup, staged: Path, database: str, full: list[str]) -> str:
    """From here on it can be gone on with. Where the old files are, "" where there were none."""
    stamp = f"{datetime.now():%Y%m%dT%H%M%S}"  # noqa: DTZ005 a name for people, by their clock
    coming = sorted(p.name for p in staged.iterdir() if p.name != ".database")
    if "secret.key" not in coming and "secret.key" in full:
        full = [name for name in full if name != "secret.key"]  # a backup without secrets doesn't take ours away
    note = {
        "staged": staged.name,
        "old": f"before-restore-{stamp}",
        "out": full,
        "in": coming,
        "step": "out",
        "database": {"new": database, "old": _postgres_name("before", stamp), "empty": _database_empty()}
        if database
        else None,
    }
    _write_note(note)
    return _go_on(note)


def _go_on(note: dict[str, Any]) -> str:
    root = place()
    old, staged = root / "backups" / note["old"], root / note["staged"]
    if note["step"] == "out":
        if note["out"]:
            old.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in note["out"]:
            if (root / name).exists() and not (old / name).exists():
                (root / name).rename(old / name)
        if note["out"]:
            sync(old)
        if note["database"]:
            databases.postgres_swap(note["database"]["new"], note["database"]["old"])
            if note["database"]["empty"]:
                databases.postgres_drop(note["database"]["old"])
        note["step"] = "in"
        _write_note(note)
    for name in note["in"]:
        if (staged / name).exists():
            if (root / name).is_dir() and not _holds(root / name):
                shutil.rmtree(root / name)  # made by whoever looked for the instance meanwhile
            (staged / name).rename(root / name)
    sync(root)
    shutil.rmtree(staged, ignore_errors=True)
    (root / ".schema").unlink(missing_ok=True)
    (root / RESTORING).unlink()
    sync(root)
    if not note["out"]:
        return ""
    kept = f" + {note['database']['old']}" if note["database"] and not note["database"]["empty"] else ""
    return f"{old}{kept}"


def _write_note(note: dict[str, Any]) -> None:
    with aside(place() / RESTORING) as part:
        part.write_text(json.dumps(note, ensure_ascii=False))
        sync(part)
    sync(place())


def _names_in_use() -> list[str]:
    """The names in the instance's folder that something lies under."""
    names = []
    for path in sorted(home().iterdir()):
        if path.name in STAYS or path.name == RESTORING or path.name.startswith(STAGED):
            continue
        if _holds(path):
            names.append(path.name)
    return [name for name in names if name != ".schema"] if set(names) - {".schema", "secret.key"} else []


def _holds(path: Path) -> bool:
    """Whether there is a file, but for locks and other hidden ones."""
    return path.is_file() or any(p.is_file() and not p.name.startswith(".") for p in path.rglob("*"))


def _database_empty() -> bool:
    return databases.postgres_empty() if databases.vendor() == "postgresql" else True


def _tidy() -> None:
    """What restores left that were killed before anything had changed places."""
    for staged in home().glob(f"{STAGED}*"):
        _drop_staged(staged)


def _drop_staged(staged: Path) -> None:
    if (staged / ".database").exists():
        databases.postgres_drop((staged / ".database").read_text())
    shutil.rmtree(staged, ignore_errors=True)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Nobody uses the instance, and until the end nobody will (`instance.use`)."""
    with flocked(home() / "tmp" / "in-use.lock") as held:
        if held is None:
            raise Problem(
                zh="实例正在使用：有服务或命令在运行。",
                en="The instance is in use: it is served, or a command runs.",
                where=str(place()),
                todo_zh="请先停止 mingcha serve（systemctl stop mingcha mingcha-worker）和其他命令。",
                todo_en="Stop mingcha serve (systemctl stop mingcha mingcha-worker) and other commands first.",
            )
        yield


def _report(backup: Backup, began: float, files_s: float) -> RestoreReport:
    manifest, seconds = backup.manifest, time.perf_counter() - began
    return RestoreReport(
        path=str(backup.path),
        made_at=manifest.made_at,
        vendor=manifest.vendor,
        files=len(manifest.files),
        bytes=manifest.bytes,
        rows=sum(state["rows"] for state in manifest.tables.values()),
        tables=manifest.tables,
        left_out=tuple(manifest.left_out),
        files_s=files_s,
        database_s=seconds - files_s,
        seconds=seconds,
    )
