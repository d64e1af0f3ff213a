"""Where an instance lives: one folder with the database, the lake, uploaded files and secrets."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO

from mingcha.engines.lake.folder import locked, sync
from mingcha.problems import Problem

SHORTEST_KEY = 32  # characters of a signing key that is taken for one; ours has 64


RESTORING = ".restoring.json"  # what is left to do of a restore: until it is done nobody uses the instance
_held: list[IO[str]] = []


def place() -> Path:
    """MINGCHA_HOME, default ./instance, absolute."""
    return Path(os.environ.get("MINGCHA_HOME", "instance")).absolute()


def home() -> Path:
    """The instance's folder, made with its folders on first use."""
    path = place()
    for name in ("lake", "files", "models", "draws", "tmp"):
        (path / name).mkdir(parents=True, exist_ok=True)
    return path


def secret_key() -> str:
    """The instance's own signing key: from the environment, else made once and kept readable to its owner only.

    It is written aside, safe on disk, then renamed: what a kill or a full disk leaves is not taken for a key. The first
    starts of two commands wait for each other, so that both sign with the same one.
    """
    if value := os.environ.get("MINGCHA_SECRET_KEY"):
        return value
    path = home() / "secret.key"
    if not _written(path):
        with locked(path.parent / "tmp"):
            if not _written(path):
                _write_key(path)
    key = path.read_text()
    if len(key.strip()) < SHORTEST_KEY:
        raise Problem(
            zh=f"实例的签名密钥不完整：只有 {len(key.strip())} 个字符。",
            en=f"The instance's signing key is not whole: it has only {len(key.strip())} characters.",
            where=str(path),
            todo_zh="请从备份恢复，或删除这个文件：下一条命令会另建一个，所有人须重新登录。",
            todo_en="Restore it from a backup, or delete it: the next command makes another, and all sign in again.",
        )
    return key


def _written(path: Path) -> bool:
    """Whether there is anything in the key's file; an empty one has never signed anything."""
    return path.exists() and path.stat().st_size > 0


def _write_key(path: Path) -> None:
    aside = path.with_suffix(".new")
    with os.fdopen(os.open(aside, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    sync(path.parent)


def _shipped_law() -> str:
    """A digest of the rules of law that come with the code: new ones are loaded as tables are, by `migrate`."""
    files = sorted(Path(__file__).parent.glob("apps/law/shipped/*.yaml"))
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


@contextmanager
def flocked(path: Path) -> Iterator[IO[str] | None]:
    """The file, locked for us alone; None where another process has it. The lock goes with the process."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        yield file


def use() -> None:
    """Say that this process uses the instance, until it ends: nobody restores a backup over it meanwhile. Problem
    where a restore is under way, or was cut off when files had begun to change places."""
    if _held and Path(_held[0].name).is_relative_to(home()):
        return
    file = (home() / "tmp" / "in-use.lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        under_way = False
    except BlockingIOError:
        under_way = True
    if under_way or (home() / RESTORING).exists():
        file.close()
        raise Problem(
            zh="正在从备份恢复这个实例。" if under_way else "从备份恢复时被中断，尚未完成。",
            en="A backup is being restored into this instance."
            if under_way
            else "A restore of this instance was cut off before its end.",
            where=str(home()),
            todo_zh="请等它结束。" if under_way else "请运行 mingcha restore --finish：已核对的文件各就各位。",
            todo_en="Wait until it is done."
            if under_way
            else "Run mingcha restore --finish: its files, checked already, go to their places.",
        )
    _held[:] = [file]


def open_django(*, migrate: bool = True) -> None:
    """Set Django up for a command, and bring the database's tables up to date when code brought new migrations."""
    import django

    use()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mingcha.config.settings.embedded")
    django.setup()
    if not migrate:
        return
    from django.conf import settings

    engine = settings.DATABASES["default"]
    database_missing = "sqlite" in engine["ENGINE"] and not Path(str(engine["NAME"])).exists()
    stamp = home() / ".schema"
    if database_missing or not stamp.exists() or stamp.read_text() != _tables():
        if "sqlite" not in engine["ENGINE"]:
            _leave_to_upgrade()
        tables_update()


def tables_update() -> None:
    """Bring the tables up to date, with what ships (rules of law come by post_migrate), and note which these are."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    (home() / ".schema").write_text(_tables())


def _tables() -> str:
    """Which tables this code and these settings want: what differs from the note asks for `migrate`."""
    from django.conf import settings

    engine = settings.DATABASES["default"]
    names = sorted(m.name for m in Path(__file__).parent.glob("**/migrations/[0-9]*.py"))
    settled = os.environ["DJANGO_SETTINGS_MODULE"]
    return "\n".join([settled, *names, _shipped_law(), f"{engine['ENGINE']}:{engine['NAME']}"])


def unknown_migrations(names: Iterable[str]) -> list[str]:
    """Those of `names` ("app.name") that this version's code neither has nor has squashed: a newer one's."""
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(None, ignore_no_migrations=True)
    known = {f"{app}.{name}" for app, name in loader.disk_migrations}
    replaced = {f"{app}.{name}" for one in loader.disk_migrations.values() for app, name in one.replaces}
    return sorted(set(names) - known - replaced)


def _leave_to_upgrade() -> None:
    """On a server tables that hold something are changed by `mingcha upgrade` only, after a backup: not by whichever
    command runs first, of whichever version on whichever machine."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    applied = set(executor.loader.applied_migrations)
    unknown = unknown_migrations(f"{app}.{name}" for app, name in applied)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if applied and (unknown or pending):
        raise Problem(
            zh=f"数据库比代码新：{'、'.join(unknown[:3])}。"
            if unknown
            else f"数据表还是旧版本的：{len(pending)} 项迁移待执行。",
            en=f"The database is newer than the code: {', '.join(unknown[:3])}."
            if unknown
            else f"The tables are of an older version: {len(pending)} migrations are pending.",
            where=str(connection.settings_dict["NAME"]),
            todo_zh="请安装更新的代码。" if unknown else "请运行 mingcha upgrade：先备份，再更新。",
            todo_en="Install newer code." if unknown else "Run mingcha upgrade: it backs up first.",
        )
