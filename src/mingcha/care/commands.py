"""`mingcha backup`, `mingcha restore`, `mingcha upgrade`, `mingcha doctor`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from mingcha.instance import open_django, place
from mingcha.output import print_json, said, say
from mingcha.problems import Problem

if TYPE_CHECKING:
    from .backup import Progress

PASSPHRASE = "MINGCHA_BACKUP_PASSPHRASE"  # noqa: S105 the variable's name

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出 / print JSON")]


class MakeUnlessSaid(TyperGroup):
    """`mingcha backup FOLDER` is `mingcha backup make FOLDER`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, "--help"):
            args = ["make", *args]
        return super().parse_args(ctx, args)


backup = typer.Typer(
    cls=MakeUnlessSaid,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="备份与核对 / Back the instance up while it is in use: mingcha backup FOLDER; verify a backup.",
)
restore = typer.Typer(pretty_exceptions_enable=False)
upgrade = typer.Typer(pretty_exceptions_enable=False)
doctor = typer.Typer(pretty_exceptions_enable=False)


@backup.command("make")
def backup_make_(
    target: Annotated[Path, typer.Argument(metavar="FOLDER|FILE.tar", help="新的目录，或一个 .tar 文件 / a new one")],
    since: Annotated[
        Path | None, typer.Option("--since", help="上一份备份：内容相同的文件只作硬链接 / link what has not changed")
    ] = None,
    without_secrets: Annotated[
        bool, typer.Option("--without-secrets", help="不含密钥和抽取的保密材料 / without keys and draws' secrets")
    ] = False,
    encrypt: Annotated[
        bool, typer.Option("--encrypt", help=f"以口令加密（{PASSPHRASE}，或当场输入）/ seal it under a passphrase")
    ] = False,
    as_json: Json = False,
) -> None:
    """备份：数据库、数据湖、模型、抽取、文件为同一时刻的一份 / Database, lake, models, draws and files as one."""
    open_django(migrate=False)
    from .backup import backup_make

    passphrase = _passphrase(confirm=True) if encrypt else ""
    with bar(quiet=as_json) as progress:
        report = backup_make(target, since=since, secrets=not without_secrets, passphrase=passphrase, progress=progress)
    if as_json:
        print_json(report.as_json())
        return
    size, linked = report.bytes / 1e6, report.bytes_linked / 1e6
    say(
        f"备份完成：{report.files:,} 个文件，{size:,.1f} MB（沿用上一份 {linked:,.1f} MB），{report.seconds:.1f} 秒",
        f"Backed up: {report.files:,} files, {size:,.1f} MB ({linked:,.1f} MB of these linked), {report.seconds:.1f} s",
    )
    if report.left_out:
        say(f"未包含：{'、'.join(report.left_out)}", f"Left out: {', '.join(report.left_out)}")
    typer.echo(report.path)


@backup.command("verify")
def backup_verify_(
    path: Annotated[Path, typer.Argument(metavar="FOLDER|FILE.tar", help="备份 / the backup")], as_json: Json = False
) -> None:
    """核对备份：逐个文件比对 SHA-256，打开数据库比对各表 / Every file's SHA-256, and the database opened."""
    open_django(migrate=False)
    from .restore import backup_verify

    with bar(quiet=as_json) as progress:
        report = backup_verify(path, passphrase=_if_sealed(path), progress=progress)
    if as_json:
        print_json(report.as_json())
        return
    say(
        f"备份完好：{report.files:,} 个文件，{report.bytes / 1e6:,.1f} MB，数据库 {len(report.tables)} 张表 "
        f"{report.rows:,} 行，制作于 {report.made_at}",
        f"The backup is whole: {report.files:,} files, {report.bytes / 1e6:,.1f} MB, a database of "
        f"{len(report.tables)} tables and {report.rows:,} rows, made at {report.made_at}",
    )


@restore.command()
def restore_(
    path: Annotated[
        Path | None, typer.Argument(metavar="FOLDER|FILE.tar", help="备份 / the backup", show_default=False)
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="实例不是空的：现有内容移到一旁 / move aside what is there")
    ] = False,
    finish: Annotated[
        bool, typer.Option("--finish", help="完成上次中断的恢复 / finish one that was cut off in its last step")
    ] = False,
    as_json: Json = False,
) -> None:
    """从备份恢复：全部核对无误后才动实例 / Restore a backup: nothing is touched before all of it is checked."""
    set_up()
    from .restore import backup_restore, restore_finish

    if finish:
        old = restore_finish()
        say(f"恢复完成。{_where(old)[0]}", f"The restore is finished. {_where(old)[1]}")
        return
    if path is None:
        raise Problem(
            zh="没有说明从哪份备份恢复。",
            en="Which backup to restore is not said.",
            todo_zh="mingcha restore 备份的目录或 .tar 文件",
            todo_en="mingcha restore FOLDER|FILE.tar",
        )
    with bar(quiet=as_json) as progress:
        report = backup_restore(path, replace=replace, passphrase=_if_sealed(path), progress=progress)
    if as_json:
        print_json(report.as_json())
        return
    say(
        f"已恢复 {report.made_at} 的备份：{report.files:,} 个文件，{report.bytes / 1e6:,.1f} MB；数据库 "
        f"{len(report.tables)} 张表 {report.rows:,} 行，摘要与备份时一致。用时 {report.seconds:.1f} 秒。",
        f"Restored the backup of {report.made_at}: {report.files:,} files, {report.bytes / 1e6:,.1f} MB; the "
        f"database's {len(report.tables)} tables, {report.rows:,} rows, have the digests of then. "
        f"{report.seconds:.1f} s.",
    )
    if report.old:
        say(*_where(report.old))
    if report.left_out:
        say(
            f"备份中未包含：{'、'.join(report.left_out)}；没有这些，未完成的抽取不能继续，所有人须重新登录。",
            f"The backup left out: {', '.join(report.left_out)}; without these no unfinished draw goes on, and all "
            "sign in again.",
        )
    typer.echo(str(place()))


def _where(old: str) -> tuple[str, str]:
    return (f"原有内容在：{old}", f"What was there is in {old}") if old else ("", "")


@upgrade.command()
def upgrade_(
    target: Annotated[
        Path | None, typer.Option("--to", help="备份到哪里 / where the backup goes; default: backups/ of the instance")
    ] = None,
    no_backup: Annotated[bool, typer.Option("--no-backup", help="不先备份 / without a backup before")] = False,
) -> None:
    """换上新代码之后：备份、更新数据表、检查 / After new code is there: a backup, the tables, what ships, a look."""
    open_django(migrate=False)
    from .upgrading import upgrade as run

    with bar(quiet=False) as progress:
        kept = run(target=target, without_backup=no_backup, said=say, progress=progress)
    say(
        *(
            (f"升级完成；升级前的备份：{kept}", f"Upgraded; the backup from before: {kept}")
            if kept
            else ("完成", "Done")
        )
    )
    _examine(deep=False, as_json=False)


@doctor.command()
def doctor_(
    deep: Annotated[
        bool, typer.Option("--deep", help="逐个读取数据湖文件 / read every file of the lake through")
    ] = False,
    checksums: Annotated[
        bool, typer.Option("--checksums", help="打印各表和各文件的摘要 / print digests of tables and files, as JSON")
    ] = False,
    as_json: Json = False,
) -> None:
    """检查实例：每行写明正常、注意或有误，以及怎么办 / Examine the instance; exit status 2 where something is wrong."""
    open_django(migrate=False)
    if checksums:
        from .checksums import checksums as found

        with bar(quiet=as_json) as progress:
            print_json(found(progress))
        return
    _examine(deep=deep, as_json=as_json)


def _examine(*, deep: bool, as_json: bool) -> None:
    from . import checkup

    findings = checkup.checkup(deep=deep)
    if as_json:
        print_json(checkup.as_json(findings))
    else:
        marks = {"ok": "✓", "warn": "!", "bad": "✗"}
        for one in findings:
            typer.echo(f"{marks[one.level]} {said(one.zh, one.en)}")
            if one.todo_zh or one.todo_en:
                typer.echo(f"  → {said(one.todo_zh, one.todo_en)}")
    if checkup.worst(findings) == checkup.Level.BAD:
        raise typer.Exit(2)


def set_up() -> None:
    """Django's settings and models, without using the instance."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mingcha.config.settings.embedded")
    django.setup()


def _passphrase(*, confirm: bool = False) -> str:
    if value := os.environ.get(PASSPHRASE):
        return value
    if not sys.stdin.isatty():
        raise Problem(
            zh="没有口令。",
            en="There is no passphrase.",
            where=PASSPHRASE,
            todo_zh=f"请设置环境变量 {PASSPHRASE}；丢失口令即丢失备份。",
            todo_en=f"Set {PASSPHRASE}; who loses it loses the backup.",
        )
    return str(typer.prompt(said("备份口令", "passphrase"), hide_input=True, confirmation_prompt=confirm))


def _if_sealed(path: Path) -> str:
    from .places import SEALED

    sealed = (path / SEALED).exists() if path.is_dir() else False
    if os.environ.get(PASSPHRASE) or not (sealed or (path.is_file() and sys.stdin.isatty() and _tar_sealed(path))):
        return os.environ.get(PASSPHRASE, "")
    return _passphrase() if sys.stdin.isatty() else ""


def _tar_sealed(path: Path) -> bool:
    import tarfile

    from .places import SEALED

    try:
        with tarfile.open(path, "r:") as tar:
            return SEALED in tar.getnames()
    except tarfile.TarError:
        return False


@contextmanager
def bar(*, quiet: bool) -> Iterator[Progress]:
    """A progress bar on a terminal; nothing elsewhere."""
    if quiet or not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task, last = shown.add_task("…", total=None), 0.0

        def progress(zh: str, en: str, done: int, total: int) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last > 0.1 or done == total:
                last = now
                shown.update(task, description=said(zh, en), completed=done, total=total or None)

        yield progress
