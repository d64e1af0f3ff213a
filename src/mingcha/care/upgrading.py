"""`mingcha upgrade`: after new code is there: a backup, the tables, the data that ship, styles, and a look at it all.

Each step may be done again; what a cut-off run has done is noted, so that the next one doesn't back up tables that
were half changed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from mingcha.engines.lake.folder import aside, sync
from mingcha.instance import home, tables_update, unknown_migrations
from mingcha.problems import Problem

from . import databases
from .backup import Progress, applied, backup_make
from .checkup import pending_migrations

NOTE = ".upgrade.json"
Said = Callable[[str, str], None]


def upgrade(*, target: Path | None, without_backup: bool, said: Said, progress: Progress) -> Path | None:
    """Where the backup is. Problem, and nothing changed, where the database is newer than the code."""
    if databases.vendor() == "sqlite" and not databases.sqlite_path().exists():
        raise databases.nothing_here(str(home()))
    with databases.live() as reader:
        unknown = unknown_migrations(applied(reader))
    if unknown:
        raise Problem(
            zh=f"数据库比代码新：{'、'.join(unknown[:3])}。不能降级。",
            en=f"The database is newer than the code: {', '.join(unknown[:3])}. There is no way back.",
            where=str(home()),
            todo_zh="请安装更新的代码，或用这一版代码恢复升级前的备份（mingcha restore --replace）。",
            todo_en="Install newer code, or restore the backup from before the upgrade (mingcha restore --replace).",
        )
    pending = pending_migrations()
    note = home() / NOTE
    done = json.loads(note.read_text()) if note.exists() else {}
    kept = Path(done["backup"]) if done.get("backup") else None
    if kept and kept.exists():
        said(f"接着上次中断的升级；备份在 {kept}", f"going on with the upgrade that was cut off; its backup: {kept}")
    elif pending and not without_backup:
        kept = target or home() / "backups" / f"before-upgrade-{datetime.now():%Y%m%dT%H%M%S}"  # noqa: DTZ005 for people
        said(f"备份到 {kept}", f"backing up to {kept}")
        backup_make(kept, progress=progress)
        with aside(note) as part:
            part.write_text(json.dumps({"backup": str(kept.absolute())}))
            sync(part)
    said(f"数据表：{len(pending)} 项迁移", f"tables: {len(pending)} migrations")
    tables_update()
    from django.conf import settings

    if not settings.WHITENOISE_USE_FINDERS:
        from .release import gather

        said("样式和脚本", "styles and scripts")
        gather(home() / "static")
    note.unlink(missing_ok=True)
    return kept
