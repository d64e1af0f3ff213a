"""Where an instance lives: one folder with the database, the lake, uploaded files and secrets."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def home() -> Path:
    """MINGCHA_HOME, default ./instance, absolute. Made with its folders on first use."""
    path = Path(os.environ.get("MINGCHA_HOME", "instance")).absolute()
    for name in ("lake", "files", "models", "draws", "tmp"):
        (path / name).mkdir(parents=True, exist_ok=True)
    return path


def secret_key() -> str:
    """The instance's own signing key: from the environment, else made once and kept readable to its owner only."""
    if value := os.environ.get("MINGCHA_SECRET_KEY"):
        return value
    path = home() / "secret.key"
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return path.read_text()


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
