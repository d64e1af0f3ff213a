"""`mingcha doctor`: what is well with an instance, what soon won't be, and what is wrong, each with what to do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from mingcha.instance import home, unknown_migrations

from . import databases
from .backup import KEPT_LAKE, LAST

SHOWN = 3
LITTLE_ROOM = 2 << 30  # bytes free below which it warns; a tenth of that is bad
OLD_BACKUP = timedelta(days=2)
LATE = timedelta(minutes=10)  # of a job that waits, or a round that is due


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True)
class Finding:
    """`name`: the check's, for machines. `todo_*`: empty where all is well."""

    name: str
    level: Level
    zh: str
    en: str
    todo_zh: str = ""
    todo_en: str = ""


Check = Callable[[bool], Iterator[Finding]]  # whether to look deep


def checkup(*, deep: bool = False) -> list[Finding]:
    """Every check in turn; one that breaks is a finding itself."""
    found: list[Finding] = []
    for check in CHECKS:
        try:
            found.extend(check(deep))
        except Exception as error:  # what is broken must not hide the rest
            told = str(error).split("\n")[0]
            name = check.__name__.strip("_")
            found.append(Finding(name, Level.BAD, f"{name}：检查未能完成：{told}", f"{name}: it broke off: {told}"))
            if name == "database":
                break  # the others ask it
    return found


def as_json(findings: list[Finding]) -> dict[str, Any]:
    return {"level": worst(findings), "findings": [asdict(one) for one in findings]}


def worst(findings: list[Finding]) -> Level:
    return max((one.level for one in findings), key=list(Level).index, default=Level.OK)


def _settings(_: bool) -> Iterator[Finding]:
    from django.conf import settings
    from django.core.checks import WARNING, run_checks

    module = os.environ["DJANGO_SETTINGS_MODULE"].rsplit(".", 1)[-1]
    yield Finding("settings", Level.OK, f"设置：{module}（{home()}）", f"settings: {module} ({home()})")
    if databases.vendor() == "sqlite":
        return
    said = [m for m in run_checks(include_deployment_checks=True) if m.level >= WARNING and not m.is_silenced()]
    for one in said:
        yield Finding(
            "deployment",
            Level.WARN,
            f"部署检查 {one.id}：{one.msg}",
            f"check --deploy {one.id}: {one.msg}",
            one.hint or "",
            one.hint or "",
        )
    if not said:
        yield Finding("deployment", Level.OK, "部署检查（check --deploy）：无问题", "check --deploy: nothing found")
    local = {"localhost", "127.0.0.1", "[::1]"}
    if not set(settings.ALLOWED_HOSTS) - local:
        yield Finding(
            "hosts",
            Level.WARN,
            "只应答本机名称",
            "it answers to this machine's own names only",
            "设置 MINGCHA_HOSTS 为用户所用的域名",
            "set MINGCHA_HOSTS to the name by which it is reached",
        )


def _secret_key(_: bool) -> Iterator[Finding]:
    if os.environ.get("MINGCHA_SECRET_KEY"):
        yield Finding("secret_key", Level.OK, "签名密钥：取自环境变量", "signing key: from the environment")
        return
    path = home() / "secret.key"
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        yield Finding(
            "secret_key",
            Level.BAD,
            f"签名密钥他人可读（{mode:o}）",
            f"others may read the signing key ({mode:o})",
            f"chmod 600 {path}",
            f"chmod 600 {path}",
        )
    else:
        yield Finding("secret_key", Level.OK, "签名密钥：只有所有者可读", "signing key: its owner's only")


def _disk(_: bool) -> Iterator[Finding]:
    usage = shutil.disk_usage(home())
    free, total = usage.free / 1e9, usage.total / 1e9
    level = Level.BAD if usage.free < LITTLE_ROOM / 10 else Level.WARN if usage.free < LITTLE_ROOM else Level.OK
    todo = ("腾出空间，或把实例移到更大的磁盘", "free some space, or move the instance to a larger disk")
    yield Finding(
        "disk",
        level,
        f"磁盘：剩 {free:,.1f} GB，共 {total:,.1f} GB",
        f"disk: {free:,.1f} of {total:,.1f} GB free",
        *(todo if level != Level.OK else ()),
    )


def _database(deep: bool) -> Iterator[Finding]:
    with databases.live() as reader:
        yield Finding(
            "database",
            Level.OK,
            f"数据库：{reader.vendor} {reader.version}",
            f"database: {reader.vendor} {reader.version}",
        )
        applied = [f"{a}.{n}" for a, n in reader.rows("SELECT app, name FROM django_migrations")]
    if databases.vendor() == "sqlite":
        faults = databases.sqlite_faults(databases.sqlite_path(), in_use=True)
        if faults:
            yield Finding(
                "integrity",
                Level.BAD,
                f"数据库已损坏：{faults[0]}",
                f"the database is damaged: {faults[0]}",
                "从备份恢复：mingcha restore；并检查磁盘",
                "restore a backup: mingcha restore; and check the disk",
            )
        else:
            yield Finding("integrity", Level.OK, "数据库完整", "the database is whole")
        wal = databases.sqlite_path().with_name(databases.sqlite_path().name + "-wal")
        size = wal.stat().st_size if wal.exists() else 0
        if size > 1 << 30:
            yield Finding(
                "wal",
                Level.WARN,
                f"写前日志有 {size / 1e9:.1f} GB：有命令长时间占用读事务",
                f"the write-ahead log has {size / 1e9:.1f} GB",
                "结束长时间运行的命令后重启服务",
                "end the commands that have run for long, then start the server anew",
            )
    unknown = unknown_migrations(applied)
    pending = pending_migrations()
    if unknown:
        yield Finding(
            "migrations",
            Level.BAD,
            f"数据库比代码新：{'、'.join(unknown[:SHOWN])}",
            f"the database is newer than the code: {', '.join(unknown[:SHOWN])}",
            "升级代码，或恢复升级前的备份",
            "upgrade the code, or restore the backup from before the upgrade",
        )
    elif pending:
        yield Finding(
            "migrations",
            Level.BAD,
            f"有 {len(pending)} 项迁移待执行",
            f"{len(pending)} migrations are pending",
            "mingcha upgrade",
            "mingcha upgrade",
        )
    else:
        yield Finding("migrations", Level.OK, "数据表与代码一致", "the tables are those of the code")


def pending_migrations() -> list[str]:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return [str(m) for m, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]


def _lake(deep: bool) -> Iterator[Finding]:
    with databases.live() as reader:
        named = {str(path): int(size) for path, size in reader.rows(KEPT_LAKE)}
        every = {str(row[0]) for row in reader.rows("SELECT path FROM exchange_lakefile")}
    root = home() / "lake"
    missing = [path for path in named if not (root / path).exists()]
    wrong = [path for path, size in named.items() if path not in missing and (root / path).stat().st_size != size]
    if missing or wrong:
        shown = "、".join((missing + wrong)[:SHOWN])
        yield Finding(
            "lake",
            Level.BAD,
            f"数据湖：{len(missing)} 个文件缺失，{len(wrong)} 个大小不符：{shown}",
            f"lake: {len(missing)} files are missing, {len(wrong)} have another size: {shown}",
            "从备份取回这些文件（备份目录的 lake/ 下路径相同）",
            "take them from a backup (they lie under the same paths in its lake/)",
        )
    else:
        size = sum(named.values()) / 1e6
        yield Finding(
            "lake",
            Level.OK,
            f"数据湖：{len(named):,} 个文件齐全，{size:,.0f} MB",
            f"lake: {len(named):,} files, all there, {size:,.0f} MB",
        )
    orphans = [
        p
        for p in root.glob("*/*/*.parquet")
        if not p.parts[-3].startswith("_") and str(p.relative_to(root)) not in every
    ]
    orphans = [p for p in orphans if not p.parent.name.startswith(".") and time.time() - p.stat().st_mtime > 3600]
    if orphans:
        yield Finding(
            "orphans",
            Level.WARN,
            f"数据湖：{len(orphans)} 个文件没有记录引用（中断的导入所留）",
            f"lake: {len(orphans)} files that no row names (a cut-off import's)",
            "下次导入该数据集时自动清除",
            "the next import into the dataset removes them",
        )
    if deep and not missing:
        broken = [path for path in named if not _whole(root / path)]
        yield Finding(
            "lake_deep",
            Level.BAD if broken else Level.OK,
            f"数据湖逐文件读取：{len(broken)} 个损坏 {'、'.join(broken[:SHOWN])}"
            if broken
            else "数据湖逐文件读取：全部可读",
            f"lake, read through: {len(broken)} are damaged: {', '.join(broken[:SHOWN])}"
            if broken
            else "lake, read through: all sound",
            *(("从备份取回这些文件", "take them from a backup") if broken else ()),
        )


def _whole(path: Path) -> bool:
    """Every page of a Parquet file, decompressed and against its checksum where it has one."""
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            for _ in file.iter_batches(batch_size=65_536):
                pass
    except Exception:  # Arrow has many ways to say so
        return False
    return True


def _work(_: bool) -> Iterator[Finding]:
    from django.utils import timezone

    from mingcha.apps.jobs.choices import JobState
    from mingcha.apps.jobs.models import Job, Schedule

    since = timezone.now() - LATE
    late = Job.objects.filter(state=JobState.QUEUED, created_at__lt=since).count()
    rounds = list(Schedule.objects.filter(due_at__lt=since).values_list("name", flat=True))
    if late or rounds:
        yield Finding(
            "worker",
            Level.WARN,
            f"没有人在做后台工作：{late} 项排队超过十分钟，{len(rounds)} 项例行工作逾期",
            f"nobody does the long work: {late} jobs wait for more than ten minutes, {len(rounds)} rounds are overdue",
            "启动 mingcha-worker（systemctl start mingcha-worker），或 mingcha worker",
            "start mingcha-worker (systemctl start mingcha-worker), or mingcha worker",
        )
    else:
        yield Finding("worker", Level.OK, "后台工作：没有积压", "long work: nothing is late")
    for name, said in Schedule.objects.filter(failed=True).values_list("name", "said"):
        yield Finding(
            "rounds",
            Level.WARN,
            f"例行工作 {name} 上次失败：{said[:200]}",
            f"the round {name} failed the last time: {said[:200]}",
            "到时会再做一次；原因见 mingcha-worker 的日志",
            "it is done again when it is due; the worker's log says why",
        )


def _clock(_: bool) -> Iterator[Finding]:
    if databases.vendor() == "postgresql":
        with databases.live() as reader:
            theirs = reader.rows("SELECT extract(epoch FROM clock_timestamp())::float8")[0][0]
        skew = abs(theirs - time.time())
        if skew > 2:
            yield Finding(
                "clock",
                Level.BAD,
                f"本机与数据库的时钟相差 {skew:.0f} 秒",
                f"the clocks of this machine and the database differ by {skew:.0f} s",
                "在两台机器上启用时间同步（chrony）",
                "have both machines keep time (chrony)",
            )
            return
    newest = max((p.stat().st_mtime for p in home().iterdir()), default=0)
    if newest > time.time() + 60:
        yield Finding(
            "clock",
            Level.BAD,
            "本机时钟慢了：实例中有来自“未来”的文件",
            "this machine's clock is late: files of the instance are of times to come",
            "启用时间同步（chrony）",
            "have it keep time (chrony)",
        )
        return
    synchronised = _ntp()
    if synchronised is False:
        yield Finding(
            "clock",
            Level.WARN,
            "时钟未与时间服务器同步",
            "the clock is not kept by a time server",
            "启用 chrony 或 systemd-timesyncd",
            "enable chrony or systemd-timesyncd",
        )
    else:
        yield Finding(
            "clock",
            Level.OK,
            f"时钟：{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
            f"clock: {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
        )


def _ntp() -> bool | None:
    """Whether systemd says that the clock is kept; None where it can't be asked."""
    if not (command := shutil.which("timedatectl")):
        return None
    asked = subprocess.run([command, "show", "-p", "NTPSynchronized", "--value"], capture_output=True, text=True)  # noqa: S603
    return {"yes": True, "no": False}.get(asked.stdout.strip()) if asked.returncode == 0 else None


def _parts(_: bool) -> Iterator[Finding]:
    from django.conf import settings
    from django.contrib.staticfiles import finders

    from mingcha.care import release

    package = Path(settings.PACKAGE)
    stale = [po for po in package.glob("**/locale/*/LC_MESSAGES/*.po") if not _compiled(po)]
    if stale:
        yield Finding(
            "translations",
            Level.WARN,
            f"{len(stale)} 份译文未编译：页面会出现英文",
            f"{len(stale)} translations aren't compiled: pages will be part English",
            "make locale",
            "make locale",
        )
    else:
        yield Finding("translations", Level.OK, "译文已编译", "translations are compiled")
    fonts = [name for name in ("vendor/tabler/tabler.min.css", "vendor/inter/wght.css") if not finders.find(name)]
    if fonts:
        yield Finding(
            "front_end",
            Level.BAD,
            f"缺少前端组件：{'、'.join(fonts)}",
            f"parts of the front end are missing: {', '.join(fonts)}",
            "python scripts/front_end.py",
            "python scripts/front_end.py",
        )
    else:
        yield Finding("front_end", Level.OK, "前端组件与字体齐全", "parts and fonts of the front end are there")
    if not settings.WHITENOISE_USE_FINDERS and not release.current(home() / "static"):
        yield Finding(
            "static",
            Level.BAD,
            "样式和脚本尚未收集",
            "styles and scripts aren't gathered",
            "mingcha static",
            "mingcha static",
        )


def _compiled(po: Path) -> bool:
    mo = po.with_suffix(".mo")
    return mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime


def _backup(_: bool) -> Iterator[Finding]:
    path = home() / LAST
    last = json.loads(path.read_text()) if path.exists() else None
    if not last:
        yield Finding(
            "backup",
            Level.WARN,
            "从未备份",
            "it was never backed up",
            "mingcha backup 目录；每天一次",
            "mingcha backup FOLDER, every day",
        )
        return
    age = datetime.now(UTC) - datetime.fromisoformat(last["at"])
    told = (f"上次备份：{last['at']}，{last['path']}", f"last backup: {last['at']}, {last['path']}")
    if age > OLD_BACKUP:
        yield Finding("backup", Level.WARN, *told, "mingcha backup 目录；每天一次", "mingcha backup FOLDER, every day")
    else:
        yield Finding("backup", Level.OK, *told)


CHECKS: tuple[Check, ...] = (_settings, _secret_key, _disk, _database, _lake, _work, _clock, _parts, _backup)
