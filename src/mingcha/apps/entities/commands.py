"""`mingcha entity`: one entity's file, finding entities, and who is who."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Annotated, Any

import typer

from mingcha.apps.accounts.commands import By
from mingcha.instance import open_django
from mingcha.output import notice, print_json, print_table, said, say, under_way, users_language

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="市场主体 / Market entities: their files, keys and links.",
)

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出 / print JSON")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="最多多少条 / how many at most")]
Reason = Annotated[str, typer.Option("--reason", help="理由，留档 / why; it is kept")]
Decider = Annotated[str, typer.Option("--by", help="作决定的人（用户名）/ who decides (user name)")]


@app.command()
def show(
    key: Annotated[str, typer.Argument(help="统一社会信用代码、注册号、许可证号、临时编码 / any key of the entity")],
    timing: Annotated[bool, typer.Option("--timing", help="显示查询用时 / print how long the query took")] = False,
    as_json: Json = False,
    limit: Limit = None,
    dataset: Annotated[list[str] | None, typer.Option("--dataset", help="只看这些数据集 / only these datasets")] = None,
    by: By = "",
) -> None:
    """一户一档：按时间列出各来源的全部记录 / The entity file: every record of every source in time order."""
    open_django()
    from mingcha.apps.accounts.selectors import user_acting

    from .selectors import entity_file

    user = user_acting(by, "entities.entity.view")
    file = entity_file(key, user=user, datasets=dataset, limit=limit)
    if as_json:
        print_json(_file_json(file))
    else:
        _print_file(file)
    if timing and not as_json:
        typer.echo(f"查询 / query: {file.milliseconds:.1f} ms", err=True)


@app.command()
def find(
    text: Annotated[list[str], typer.Argument(help="名称、地址的一部分，拼音首字母，编码 / part of a name or address")],
    limit: Limit = 20,
    as_json: Json = False,
    by: By = "",
) -> None:
    """按名称、地址、首字母或编码查找 / Find entities by a part of name or address, initials, or code."""
    open_django()
    from mingcha.apps.accounts.selectors import user_acting

    from .selectors import entities_search

    user = user_acting(by, "entities.entity.view")
    begun = time.perf_counter()
    limit = limit or 20
    more = entities_search(user, " ".join(text), limit=limit + 1)
    found, seconds = more[:limit], time.perf_counter() - begun
    if as_json:
        print_json([_entity_json(e) for e in found])
        return
    _print_entities(found)
    if len(more) > len(found):
        say(f"前 {limit} 个，还有更多：--limit", f"The first {limit}; there are more: --limit", aside=True)
    else:
        say(f"{len(found)} 个，{seconds * 1000:.0f} ms", f"{len(found)} found, {seconds * 1000:.0f} ms", aside=True)


@app.command("list")
def list_(
    provisional: Annotated[
        bool, typer.Option("--provisional", help="只列临时编码的主体 / those without a credit code")
    ] = False,
    conflicts: Annotated[bool, typer.Option("--conflicts", help="列出编码冲突 / keys that two entities claim")] = False,
    limit: Limit = 50,
    as_json: Json = False,
    by: By = "",
) -> None:
    """列出主体，或待人工判定的编码冲突 / List entities, or the conflicts that wait for a decision."""
    open_django()
    from mingcha.apps.accounts.selectors import user_acting

    from .models import Entity
    from .selectors import conflicts_open, entities_visible

    user = user_acting(by, "entities.entity.view")
    if conflicts:
        rows = [
            {
                "key": c.value,
                "stays_with": c.entity.key,
                "stays_with_name": c.entity.name,
                "claimed_by": c.claimant.key,
                "claimed_by_name": c.claimant.name,
                "dataset": c.source,
                "known_at": c.known_at,
            }
            for c in conflicts_open(user)[:limit]
        ]
        if as_json:
            print_json(rows)
        else:
            _print_rows(rows)
        _count(conflicts_open(user).count(), len(rows))
        return
    entities = (Entity.objects.all() if user is None else entities_visible(user)).order_by("key")
    if provisional:
        entities = entities.filter(provisional=True)
    found = list(entities[:limit])
    if as_json:
        print_json([_entity_json(e) for e in found])
    else:
        _print_entities(found)
    _count(entities.count(), len(found))


@app.command()
def resolve(
    dataset: Annotated[list[str] | None, typer.Argument(help="数据集，缺省为全部 / datasets; all by default")] = None,
    as_json: Json = False,
) -> None:
    """归并新批次中的主体（导入后自动进行）/ Resolve the entities of new batches (an import does it by itself)."""
    open_django()
    from dataclasses import asdict

    from .services import entities_resolve

    if dataset:
        from mingcha.apps.exchange.selectors import dataset_get

        for name in dataset:
            dataset_get(name)
    report = entities_resolve(datasets=dataset or None, say=under_way)
    if as_json:
        print_json(asdict(report))
        return
    say(
        f"批次 {report.batches}，新主体 {report.entities_new:,}，更新 {report.entities_changed:,}，"
        f"新关联 {report.links_new:,}，撤回关联 {report.links_retracted:,}，待判定冲突 {report.conflicts_new:,}，"
        f"用时 {report.seconds:.1f} 秒",
        f"{report.batches} batches: {report.entities_new:,} new entities, {report.entities_changed:,} changed, "
        f"{report.links_new:,} new links, {report.links_retracted:,} retracted, "
        f"{report.conflicts_new:,} conflicts to decide, {report.seconds:.1f} s",
    )


@app.command()
def merge(
    keep: Annotated[str, typer.Argument(help="保留的主体 / the one that stays")],
    drop: Annotated[str, typer.Argument(help="并入的主体 / the one that turns out to be it")],
    reason: Reason,
    by: Decider,
) -> None:
    """由人判定两个主体为同一个 / Say that two entities are one: from now on, with a reason."""
    open_django()
    from mingcha.apps.accounts.selectors import user_signing

    from .selectors import entity_get
    from .services import entity_merge

    user = user_signing(by, "entities.entity.decide")
    one, other = entity_get(keep, user=user), entity_get(drop, user=user)
    entity_merge(keep=one, drop=other, reason=reason, user=user)
    say(f"{other.key} 已并入 {one.key}", f"{other.key} is now {one.key}")


@app.command()
def split(
    entity: Annotated[str, typer.Argument(help="主体 / the entity")],
    key: Annotated[list[str], typer.Argument(help="要拆出的编码 scheme:value / the keys that aren't its own")],
    reason: Reason,
    by: Decider,
    to: Annotated[
        str, typer.Option("--to", help="归入的主体，缺省为新的临时主体 / whose they are; a new one by default")
    ] = "",
) -> None:
    """由人判定某些编码不属于该主体 / Say that keys don't belong to an entity: from now on, with a reason."""
    open_django()
    from mingcha.apps.accounts.selectors import user_signing

    from .selectors import entity_get
    from .services import entity_split

    user = user_signing(by, "entities.entity.decide")
    one, target = entity_get(entity, user=user), entity_get(to, user=user) if to else None
    other = entity_split(entity=one, keys=key, to=target, reason=reason, user=user)
    say(f"已从 {one.key} 拆出到 {other.key}", f"Taken out of {one.key} into {other.key}")


def _count(total: int, shown: int) -> None:
    say(f"共 {total:,} 个，列出 {shown:,} 个", f"{total:,} in all, {shown:,} shown", aside=True)


def _entity_json(entity: Any) -> dict[str, Any]:
    names = ("key", "provisional", "name", "name_other", "kind", "status", "industry", "address")
    names += ("division", "district", "capital", "opened_on", "closed_on", "latitude", "longitude", "simulated")
    return {name: getattr(entity, name) for name in names}


def _file_json(file: Any) -> dict[str, Any]:
    def version(v: Any) -> dict[str, Any]:
        where = {"batch": v.batch, "file": v.file, "row": v.row}
        return {
            "known_at": v.known_at,
            "received_at": v.received_at,
            **where,
            "fields": {c.name: c.value for c in v.cells},
        }

    return {
        "entity": _entity_json(file.entity),
        "keys": [
            {
                "key": k.value,
                "known_at": k.known_at,
                "valid_from": k.valid_from,
                "valid_to": k.valid_to,
                "source": k.source,
            }
            for k in file.keys
        ],
        "total": file.total,
        "sources": [{"dataset": s.name, "title": s.title, "records": s.records} for s in file.sources],
        "disagreements": [{"role": d.role, "said": [list(said) for said in d.said]} for d in file.disagreements],
        "records": [
            {
                "dataset": r.dataset,
                "event_at": r.event_at,
                "known_assumed": r.known_assumed,
                "key": r.key,
                "simulated": r.simulated,
                **version(r.latest),
                "changed": list(r.changed),
                "earlier": [version(v) for v in r.earlier],
            }
            for r in file.records
        ],
        "milliseconds": file.milliseconds,
    }


def _print_file(file: Any) -> None:
    from django.utils import timezone
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from .timeline import contracts_of, happened_of

    console = Console()
    entity = file.entity
    head = Text(f"{entity.name or entity.key}  ", style="bold").append(entity.key, style="cyan")
    if entity.provisional:
        head.append("  " + said("临时编码", "provisional"), style="yellow")
    if entity.simulated:
        head.append("  " + said("模拟数据", "simulated data"), style="magenta")
    console.print(head)
    with users_language():
        facts = (entity.kind, entity.get_status_display(), entity.district, entity.address)
    console.print("  ".join(str(fact) for fact in facts if fact), style="dim", highlight=False)
    console.print("  ".join(k.value for k in file.keys), style="dim", highlight=False)
    table = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    for zh, en in (("发生", "happened"), ("可知", "known"), ("来源", "source"), ("内容", "record")):
        table.add_column(said(zh, en), no_wrap=en in ("happened", "known"), overflow="fold")
    contracts = contracts_of(s.name for s in file.sources)
    for record in file.records:
        event, known = happened_of(record, contracts[record.dataset]), timezone.localtime(record.latest.known_at)
        assumed = "*" if record.known_assumed else ""
        body = Text("  ".join(f"{c.title}={_shown(c.value)}" for c in record.latest.cells if c.value is not None))
        for version in record.earlier:
            before = {c.name: c for c in version.cells}
            was = "  ".join(f"{before[n].title}={_shown(before[n].value)}" for n in record.changed if n in before)
            body.append(f"\n↳ {timezone.localtime(version.known_at):%Y-%m-%d} {was}", style="yellow")
        table.add_row(
            f"{event:%Y-%m-%d %H:%M}" if isinstance(event, datetime) else f"{event}",
            f"{known:%Y-%m-%d}{assumed}",
            record.title,
            body,
        )
    console.print(table)
    notes = [
        said(
            f"共 {file.total} 条记录，{len(file.sources)} 个来源",
            f"{file.total} records of {len(file.sources)} sources",
        )
    ]
    if any(r.known_assumed for r in file.records):
        notes.append(said("* 可知时间按数据契约假定", "* known time assumed by the contract"))
    if any(r.earlier for r in file.records):
        notes.append(said("↳ 该记录先前的内容", "↳ what the record said before"))
    console.print("\n".join(notes), style="dim", highlight=False)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "、".join(map(str, value))
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}".removesuffix(" 00:00")
    return str(value)


def _print_entities(entities: list[Any]) -> None:
    with users_language():
        _print_rows(
            [{"key": e.key, "name": e.name, "status": e.get_status_display(), "address": e.address} for e in entities]
        )
    notice(any(e.simulated for e in entities))


_HEADS = {
    "key": ("编码", "key"),
    "name": ("名称", "name"),
    "status": ("状态", "status"),
    "address": ("住所", "address"),
    "stays_with": ("现归", "stays with"),
    "stays_with_name": ("其名称", "its name"),
    "claimed_by": ("另有主张", "claimed by"),
    "claimed_by_name": ("其名称", "its name"),
    "dataset": ("数据集", "dataset"),
    "known_at": ("可知", "known"),
}


def _print_rows(rows: list[dict[str, Any]]) -> None:
    if not rows:
        say("没有。", "None.")
        return
    print_table([said(*_HEADS[name]) for name in rows[0]], [[_shown(value) for value in row.values()] for row in rows])
