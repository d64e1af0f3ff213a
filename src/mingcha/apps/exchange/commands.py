"""`mingcha import`, `mingcha quarantine` and `mingcha dataset`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mingcha.apps.accounts.commands import By
from mingcha.instance import open_django
from mingcha.output import notice, print_json, print_table, said, unmarked

if TYPE_CHECKING:
    from .services import ImportReport

import_app = typer.Typer(pretty_exceptions_enable=False)
quarantine_app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, help="隔离区 / Quarantine: rows held back, and why."
)
dataset_app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, help="数据集 / Datasets: contracts, deliveries, files."
)

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出 / print JSON")]
Name = Annotated[str, typer.Argument(help="数据集名 / the dataset's name", metavar="DATASET")]
Number = Annotated[int | None, typer.Option("--batch", help="只看这一批 / only this batch")]


@import_app.command()
def import_(
    contract: Annotated[
        str, typer.Argument(metavar="CONTRACT", help="数据契约（YAML）/ the contract; or a dataset's name")
    ],
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="CSV（可 gzip）、xlsx、Parquet")],
    where: Annotated[
        str, typer.Option("--where", help="只取符合条件的行 / take only rows that satisfy it: \"city = '佛山'\"")
    ] = "",
    cluster: Annotated[
        bool | None, typer.Option("--cluster/--no-cluster", help="导入时按主体排序 / sort by entity (default: by size)")
    ] = None,
    by: By = "",
    as_json: Json = False,
) -> None:
    """导入一批数据：逐行检查，合格的入库，不合格的隔离 / Import a delivery: good rows kept, bad rows to quarantine."""
    open_django()
    from mingcha.apps.accounts.selectors import user_acting

    from .nothing import came_to_nothing
    from .services import batch_import

    user = user_acting(by, "exchange.dataset.import")
    with _bar(files, quiet=as_json) as progress:
        report = batch_import(
            contract=contract,
            files=files,
            where=where,
            clustered=cluster,
            user=user,
            progress=progress,
            waiting=_waiting,
        )
    if as_json:
        print_json(report.as_json())
    else:
        _print_report(report)
    came_to_nothing(report)


@quarantine_app.command("list")
def quarantine_list(
    dataset: Annotated[str | None, typer.Argument(help="数据集名 / a dataset's name")] = None,
    batch: Number = None,
    rows: Annotated[int, typer.Option("--rows", min=0, help="列出前几行 / show this many rows, too")] = 0,
    by: By = "",
    as_json: Json = False,
) -> None:
    """各批数据被隔离的原因 / Why rows were held back, batch by batch."""
    open_django()
    from mingcha.apps.accounts.selectors import user_acting

    from .selectors import quarantine_reasons, quarantine_rows, simulated_of

    user = user_acting(by, "exchange.quarantine.view")
    reasons = quarantine_reasons(dataset=dataset, batch=batch, user=user)
    names = list(dict.fromkeys(r["dataset"] for r in reasons))
    held = (
        [{"dataset": n, **r} for n in names for r in quarantine_rows(dataset=n, batch=batch, limit=rows, user=user)]
        if rows
        else []
    )
    simulated = simulated_of(names)
    if as_json:
        print_json({"reasons": reasons, "simulated": simulated} | ({"rows": held} if rows else {}))
        return
    if not reasons:
        yours = said("隔离区没有您可以查看的行。", "Nothing that you may see is in quarantine.")
        typer.echo(yours if user else said("隔离区是空的。", "The quarantine is empty."))
    print_table(
        (said("数据集/批次", "dataset/batch"), said("行数", "rows"), said("字段", "field"), said("原因", "reason")),
        [(f"{r['dataset']}/{r['batch']}", f"{r['rows']:,}", r["field"], _reason(r)) for r in reasons],
    )
    if held:
        print_table(
            (
                said("文件", "file"),
                said("行", "row"),
                said("字段", "field"),
                said("值", "value"),
                said("原因", "reason"),
            ),
            [(r["file"], str(r["row"]), r["field"], (r["value"] or "")[:80], _reason(r)) for r in held],
        )
    notice(simulated)


@quarantine_app.command("export")
def quarantine_export(
    dataset: Name,
    output: Annotated[Path, typer.Option("--output", "-o", help=".xlsx 或 / or .csv")],
    batch: Number = None,
    by: By = "",
) -> None:
    """导出隔离的行及原因，交提供单位改正 / Export held-back rows with reasons, for the supplying department to mend."""
    open_django()
    from mingcha.apps.accounts.selectors import user_acting

    from . import services
    from .selectors import simulated_of

    user = user_acting(by, "exchange.quarantine.hand_back")
    rows = services.quarantine_export(dataset=dataset, path=output, batch=batch, user=user)
    typer.echo(said(f"已导出 {rows:,} 行：{output}", f"{rows:,} rows exported: {output}"))
    notice(simulated_of([dataset]))


@quarantine_app.command("replay")
def quarantine_replay(
    dataset: Name,
    batch: Number = None,
    contract: Annotated[
        Path | None, typer.Option("--contract", help="改正后的契约（新版本）/ the mended contract (a new version)")
    ] = None,
    by: By = "",
    as_json: Json = False,
) -> None:
    """按现行（或改正后的）契约重新检查隔离的行 / Check held-back rows again, under the contract or a mended one."""
    open_django()
    from mingcha.apps.accounts.selectors import user_acting

    from . import services

    user = user_acting(by, "exchange.quarantine.replay")
    reports = services.quarantine_replay(dataset=dataset, batch=batch, contract=contract, user=user, waiting=_waiting)
    if as_json:
        print_json([r.as_json() for r in reports])
    else:
        for report in reports:
            _print_report(report)


@dataset_app.command("list")
def dataset_list(as_json: Json = False) -> None:
    """已有的数据集 / What datasets there are."""
    open_django()
    from .selectors import datasets_summary

    found = datasets_summary()
    if as_json:
        print_json(found)
        return
    if not found:
        typer.echo(said("还没有数据集。用 mingcha import 导入。", "There are no datasets yet. Use mingcha import."))
    head = (said("名称", "name"), said("标题", "title"), said("版本", "version"), said("行数", "rows"))
    head += (said("隔离", "in quarantine"), said("批次", "batches"), said("最近", "last"))
    print_table(
        head,
        [
            (
                d["name"],
                unmarked(d["title"]) + (said("（模拟）", " (simulated)") if d["simulated"] else ""),
                d["version"],
                f"{d['rows']:,}",
                f"{d['quarantined']:,}",
                str(d["batches"]),
                (d["last_received"] or "")[:16].replace("T", " "),
            )
            for d in found
        ],
    )


@dataset_app.command("show")
def dataset_show(dataset: Name, as_json: Json = False) -> None:
    """一个数据集：字段、批次、文件 / One dataset: fields, batches, files."""
    open_django()
    from .selectors import dataset_summary

    found = dataset_summary(dataset)
    if as_json:
        print_json(found)
        return
    typer.echo(f"{unmarked(found['title'])}  {found['name']}  {found['version']}  {found['department']}")
    notice(found["simulated"])
    typer.echo(
        said(
            f"{found['rows']:,} 行，{found['files']} 个文件，{found['bytes'] / 1e6:,.1f} MB",
            f"{found['rows']:,} rows, {found['files']} files, {found['bytes'] / 1e6:,.1f} MB",
        )
    )
    print_table(
        (said("字段", "field"), said("列名", "column"), said("类型", "type"), said("标题", "title")),
        [(f["name"], f["header"], f["type"] + (" *" if f["required"] else ""), f["title"]) for f in found["fields"]],
    )
    head = (said("批次", "batch"), said("收到", "received"), said("入库", "accepted"), said("重复", "duplicate"))
    head += (said("隔离", "quarantined"), said("文件", "files"))
    print_table(
        head,
        [
            (
                str(b["number"]) + (said("（已撤回）", " (withdrawn)") if b["withdrawn"] else ""),
                b["received_at"][:16].replace("T", " "),
                f"{b['accepted']:,}",
                f"{b['duplicate']:,}",
                f"{b['quarantined']:,}",
                ", ".join(b["files"]) or said(f"重试第 {b['replay_of']} 批", f"replay of batch {b['replay_of']}"),
            )
            for b in found["batches"]
        ],
    )


@dataset_app.command("contract")
def dataset_contract(dataset: Name) -> None:
    """现行的数据契约 / Print the contract in force."""
    open_django()
    from .selectors import dataset_get

    sys.stdout.write(dataset_get(dataset).contract.rstrip() + "\n")


@dataset_app.command("cluster")
def dataset_cluster(dataset: Name, by: By = "") -> None:
    """把数据集的文件按主体排序合并 / Sort and merge the dataset's files by entity, for fast reading."""
    open_django()
    from mingcha.apps.accounts.selectors import user_acting

    from . import services

    user = user_acting(by, "exchange.dataset.import")
    rows = services.dataset_cluster(name=dataset, user=user, waiting=_waiting)
    typer.echo(
        said(f"已排序 {rows:,} 行。", f"{rows:,} rows sorted.") if rows else said("已是有序的。", "It is sorted.")
    )


@dataset_app.command("withdraw")
def dataset_withdraw(
    dataset: Name,
    yes: Annotated[bool, typer.Option("--yes", help="不再询问 / don't ask")] = False,
    by: By = "",
) -> None:
    """撤回数据集的全部行，以便重新导入 / Take all its rows out of the lake, to import them anew."""
    open_django()
    from mingcha.apps.accounts.selectors import user_acting

    from . import services
    from .selectors import dataset_summary

    user = user_acting(by, "exchange.dataset.withdraw")
    found = dataset_summary(dataset)
    question = said(
        f"撤回 {found['title']} 的 {found['rows']:,} 行？", f"Withdraw {found['rows']:,} rows of {dataset}?"
    )
    if not yes:
        typer.confirm(question, abort=True, err=True)
    rows = services.dataset_withdraw(name=dataset, user=user, waiting=_waiting)
    typer.echo(said(f"已撤回 {rows:,} 行。", f"{rows:,} rows withdrawn."))


def _reason(reason: dict[str, Any]) -> str:
    return said(reason.get("reason_zh") or reason.get("zh", ""), reason.get("reason_en") or reason.get("en", ""))


def _waiting() -> None:
    typer.echo(
        said(
            "另一个进程正在导入同一数据集，等待它完成……", "Another process is importing this dataset; waiting for it..."
        ),
        err=True,
    )


def _print_report(report: ImportReport) -> None:
    for file in report.already:
        number = f"{report.dataset}/{file['batch']}" if file["batch"] else ""
        typer.echo(
            said(
                f"{file['file']}：这个文件已导入过（{number or '本次重复给出'}），没有新增。",
                f"{file['file']}: this file was imported before ({number or 'given twice'}); it adds nothing.",
            )
        )
    if any(file["version"] not in ("", report.version) for file in report.already):
        name, version = report.dataset, report.version
        typer.echo(
            said(
                f"要按契约 {version} 重新读取：mingcha dataset withdraw {name}，再导入；"
                f"只重试被隔离的行：mingcha quarantine replay {name} --contract 契约文件",
                f"To read it anew under contract {version}: mingcha dataset withdraw {name}, then import it again; "
                f"to try only the rows in quarantine: mingcha quarantine replay {name} --contract FILE",
            )
        )
    for file in report.files:
        notes = [file["encoding"]] if file["encoding"] else []
        if file["not_taken"]:
            columns = ", ".join(file["not_taken"][:12])
            notes.append(said(f"契约未要求、未取的列：{columns}", f"columns not in the contract, not taken: {columns}"))
        typer.echo(f"{file['file']}: {file['rows']:,}" + (f"  ({'; '.join(notes)})" if notes else ""))
    if report.rows_read == 0:
        return
    counts = [
        (said("读入", "read"), report.rows_read),
        (said("入库", "accepted"), report.rows_accepted),
        (said("其中为已知记录的新版本", "of these, new versions of known records"), report.rows_changed),
        (said("已知（重复）", "already known"), report.rows_duplicate),
        (said("隔离", "in quarantine"), report.rows_quarantined),
        (said("未选取", "left out by --where"), report.rows_left_out),
        (said("提示（已入库）", "warnings (kept)"), report.warnings),
    ]
    always = counts[:2] + counts[4:5]
    for label, number in counts:
        if number or (label, number) in always:
            typer.echo(f"  {number:>14,}  {label}")
    print_table(
        (said("行数", "rows"), said("字段", "field"), said("原因", "reason")),
        [(f"{r['rows']:,}", r["field"], _reason(r)) for r in report.reasons[:20]],
    )
    if report.batch is None:
        typer.echo(said("没有新增。", "Nothing was added."))
    else:
        typer.echo(
            said(
                f"第 {report.batch} 批已提交，用时 {report.seconds:.1f} 秒。",
                f"Batch {report.dataset}/{report.batch} committed in {report.seconds:.1f} s.",
            )
        )
    if report.rows_quarantined:
        typer.echo(f"mingcha quarantine list {report.dataset} --rows 20")


@contextmanager
def _bar(files: list[Path], *, quiet: bool) -> Iterator[Any]:
    """A progress bar on a terminal; nothing elsewhere."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    sizes = [file.stat().st_size if file.is_file() else 0 for file in files]
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(said("检查", "checking"), total=sum(sizes) or None)
        done, last = 0, 0

        def told(taken: int, rows: int) -> None:
            nonlocal done, last
            done += last if taken < last else 0  # the next file has begun
            last = taken
            progress.update(task, completed=done + taken, description=f"{rows:,}")

        yield told
