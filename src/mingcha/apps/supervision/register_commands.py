"""`mingcha catalogue` and `mingcha inspector`: lists in, lists out."""

from __future__ import annotations

import datetime as dt
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import typer

from mingcha.apps.accounts.commands import By
from mingcha.instance import open_django
from mingcha.output import said, say
from mingcha.problems import Problem, languages

File = Annotated[Path | None, typer.Argument(help="xlsx or CSV 文件")]
Sample = Annotated[bool, typer.Option("--sample", help="The list that ships, marked as a sample 内置示例")]

catalogue_app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, help="抽查事项清单 / The catalogue of inspection items."
)
inspector_app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, help="执法检查人员名册 / The register of inspectors."
)


@catalogue_app.command("import")
def catalogue_import(
    file: File = None,
    year: Annotated[int, typer.Option(help="年度 / the catalogue's year; default: this year")] = 0,
    title: Annotated[str, typer.Option(help="清单名称 / its title")] = "",
    into: Annotated[str, typer.Option(help="已有草稿的编号 / the number of a draft to import into")] = "",
    publish: Annotated[bool, typer.Option("--publish", help="随即公布 / publish it at once")] = False,
    sample: Sample = False,
    by: By = "",
) -> None:
    """导入事项清单 / Import a list of items into a draft. Rows with errors are told and left out."""
    open_django()
    from django.utils import timezone

    from mingcha.apps.accounts.selectors import user_acting

    from .catalogue_rows import read_items
    from .models import Catalogue
    from .register_choices import CatalogueState
    from .samples import sample_path
    from .services import catalogue as services

    user = user_acting(by, "supervision.catalogue.edit")
    if publish and user:
        user_acting(by, "supervision.catalogue.publish")
    path = _given(file, sample_path("catalogue") if sample else None)
    read = read_items(path)
    digest = sha256(path.read_bytes()).hexdigest()
    found = Catalogue.objects.filter(number=into).first() if into else None
    if into and found is None:
        raise Problem(
            zh=f"没有清单“{into}”。", en=f"There is no catalogue {into!r}.", todo_zh="见 mingcha catalogue list。"
        )
    if found is None:  # the same file again: its draft, or what was published of it
        found = Catalogue.objects.filter(source_sha256=digest).exclude(state=CatalogueState.SUPERSEDED).first()
    if found and found.state == CatalogueState.PUBLISHED:
        say(
            f"这个文件已公布为 {found.number}，没有改动。",
            f"This file is published as {found.number}: nothing changes.",
        )
        return
    if not read.items:
        _tell_wrong(read.listed)
        raise Problem(zh="没有可以导入的事项。", en="No item could be taken.", where=str(path))
    if found is None:
        year = year or timezone.localdate().year
        name = title or f"随机抽查事项清单（{year}年版）" + ("（示例）" if sample else "")
        found = services.catalogue_create(year=year, title=name, unit=None, user=user, sample=sample)
    change = services.catalogue_import(catalogue=found, items=read.items, user=user, source=path.name, sha256=digest)
    _tell_wrong(read.listed)
    new, changed, same = len(change.new), len(change.changed), len(change.same)
    say(
        f"{found.number}：新增 {new} 项，变更 {changed} 项，未变 {same} 项。",
        f"{found.number}: {new} items are new, {changed} changed, {same} as before.",
    )
    if publish:
        services.catalogue_publish(catalogue=found, user=user)
        say("清单已公布：/public/catalogue/", "The catalogue is public: /public/catalogue/")


@catalogue_app.command("list")
def catalogue_list() -> None:
    """列出清单 / List catalogues."""
    open_django()
    from django.db.models import Count

    from .models import Catalogue

    for one in Catalogue.objects.annotate(size=Count("items")).select_related("unit"):
        mark = "  " + said("示例", "sample") if one.sample else ""
        typer.echo(f"{one.number}  {one.state:10}  {one.size:>5}  {one.unit.name}  {one.title}{mark}")


@inspector_app.command("import")
def inspector_import(file: File = None, sample: Sample = False, by: By = "") -> None:
    """导入执法检查人员 / Import inspectors. Rows with errors are told and left out; again changes nothing."""
    open_django()
    from mingcha.apps.accounts.selectors import user_acting

    from .samples import sample_path
    from .services import directories as services

    user = user_acting(by, "supervision.inspector.edit")
    path = _given(file, sample_path("inspectors") if sample else None)
    read = services.inspectors_read(path, user)
    if not read.people:
        _tell_wrong(read.listed)
        raise Problem(zh="没有可以导入的人员。", en="Nobody could be taken.", where=str(path))
    entered = services.inspectors_import(read=read, user=user, source=path.name, simulated=sample)
    _tell_wrong(read.listed)
    new, changed, same = len(entered.new), len(entered.changed), len(entered.same)
    say(
        f"新增 {new} 人，变更 {changed} 人，未变 {same} 人。",
        f"{new} people are new, {changed} changed, {same} as before.",
    )


@inspector_app.command("list")
def inspector_list(
    on: Annotated[str, typer.Option(help="只列该日持证有效者 / only who is certified on that day, YYYY-MM-DD")] = "",
) -> None:
    """列出执法检查人员 / List inspectors."""
    open_django()
    from .draw_words import day_of
    from .models import Inspector
    from .selectors.directories import certify

    people = list(Inspector.objects.order_by("number"))
    day = day_of(on) if on else ""
    certify(people, dt.date.fromisoformat(day) if day else None)
    for one in people:
        until = one.certified_to.isoformat() if one.certified_to else ""
        if not day or (one.active and until >= day):
            typer.echo(
                f"{one.number:14}  {until:10}  {one.load:>4}  {one.name}  {one.department}  {'、'.join(one.skills)}"
            )


def _given(file: Path | None, sample: Path | None) -> Path:
    if (file is None) == (sample is None):
        raise Problem(
            zh="请给出一个文件，或用 --sample。",
            en="Give a file, or --sample.",
            todo_zh="例：mingcha catalogue import 清单.xlsx",
            todo_en="For example: mingcha catalogue import list.xlsx",
        )
    return file or sample  # type: ignore[return-value]


def _tell_wrong(listed: Any, most: int = 20) -> None:
    """What is wrong, row by row, to standard error."""
    for one in listed.wrong[:most]:
        for language in languages():
            where, what = (one.where_zh, one.zh) if language == "zh" else (one.where_en, one.en)
            todo = one.todo_zh if language == "zh" else one.todo_en
            typer.echo(f"{where}: {what}" + (f" {todo}" if todo else ""), err=True)
    if len(listed.wrong) > most:
        say(f"另有 {len(listed.wrong) - most} 处错误。", f"And {len(listed.wrong) - most} more.", aside=True)
