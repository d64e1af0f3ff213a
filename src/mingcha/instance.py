"""Where an instance lives: one folder with the database, the lake, uploaded files and secrets."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from mingcha.engines.lake.folder import locked, sync
from mingcha.problems import Problem

SHORTEST_KEY = 32  # characters of a signing key that is taken for one; ours has 64


def home() -> Path:
    """MINGCHA_HOME, default ./instance, absolute. Made with its folders on first use."""
    path = Path(os.environ.get("MINGCHA_HOME", "instance")).absolute()
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


def open_django(*, migrate: bool = True) -> None:
    """Set Django up for a command, and bring the database's tables up to date when code brought new migrations."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mingcha.config.settings.embedded")
    django.setup()
    if not migrate:
        return
    stamp = home() / ".schema"
    migrations = Path(__file__).parent.glob("apps/*/migrations/[0-9]*.py")
    current = os.environ["DJANGO_SETTINGS_MODULE"] + "\n" + "\n".join(sorted(m.name for m in migrations))
    from django.conf import settings

    engine = settings.DATABASES["default"]
    current += f"\n{engine['ENGINE']}:{engine['NAME']}"
    database_missing = "sqlite" in engine["ENGINE"] and not Path(str(engine["NAME"])).exists()
    if database_missing or not stamp.exists() or stamp.read_text() != current:
        from django.core.management import call_command

        call_command("migrate", verbosity=0, interactive=False)
        stamp.write_text(current)
