"""`mingcha credit` and `mingcha listing`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

import typer

from mingcha.apps.accounts.commands import By
from mingcha.instance import open_django
from mingcha.output import notice, print_json, print_table, said, say, users_language
from mingcha.problems import Problem

credit_app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="信用风险分类 / Credit classes, as the province gives them.",
)
listing_app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="经营异常名录、严重违法失信名单 / The abnormal and dishonest lists.",
)

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出 / print JSON")]
Number = Annotated[int, typer.Argument(metavar="NUMBER", help="编号，见 list / its number: see list")]
Reason = Annotated[str, typer.Option("--reason", help="理由，留档 / why; it is kept")]
Decider = Annotated[str, typer.Option("--by", help="作决定的人（用户名）/ who decides (user name)")]


@credit_app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV 或 xlsx / CSV or xlsx")],
    source: Annotated[str, typer.Option(help="由谁给出，如省市场监督管理局 / who gave the classes")],
    as_of: Annotated[str, typer.Option("--as-of", help="哪一天的分类 / of which day: 2026-10-31")],
    by: By = "",
    as_json: Json = False,
) -> None:
    """导入一个月的分类 / Take in a month's classes: all are kept, the latest by its day is in force."""
    open_django()
    from mingcha.apps.accounts.selectors import user_acting

    from .services import classes_import

    user = user_acting(by, "credit.class.import")
    batch = classes_import(path=file, source=source, as_of=_day(as_of), user=user)
    figures = {
        "rows": batch.rows,
        "taken": batch.taken,
        "unknown": batch.unknown,
        "faulty": batch.faulty,
        "counts": batch.counts,
        "changes": batch.changes,
    }
    if as_json:
        print_json(figures | {"batch": batch.pk, "faults": batch.faults})
        return
    print_table(
        (
            said("行", "rows"),
            said("采用", "taken"),
            said("不在库", "not in the register"),
            said("有误", "faulty"),
            "A",
            "B",
            "C",
            "D",
        ),
        [(batch.rows, batch.taken, batch.unknown, batch.faulty, *(batch.counts.get(g, 0) for g in "ABCD"))],
    )
    for fault in batch.faults[:10]:
        say(
            f"第 {fault['row']} 行：{fault['key']} {fault['grade']}：{fault['zh']}",
            f"row {fault['row']}: {fault['key']} {fault['grade']}: {fault['en']}",
            aside=True,
        )


@credit_app.command("batches")
def batches(as_json: Json = False) -> None:
    """导入过哪些文件，变化多少 / Deliveries so far, and how many firms changed by each."""
    open_django()
    from .selectors import batches_newest
    from .tables import changed

    rows = [
        {"as_of": b.as_of.isoformat(), "source": b.source, "file": b.name, "taken": b.taken, "changed": changed(b)}
        for b in batches_newest()
    ]
    if as_json:
        print_json(rows)
        return
    print_table(
        (
            said("分类日期", "as of"),
            said("来源", "source"),
            said("文件", "file"),
            said("户", "firms"),
            said("变化", "changed"),
        ),
        [tuple(row.values()) for row in rows],
    )


@credit_app.command("letterhead")
def letterhead(
    unit: Annotated[str, typer.Argument(help="单位代码 / the unit's code")],
    prefix: Annotated[str, typer.Argument(help="文号字头，如 云市监 / how its numbers begin")],
    by: By = "",
) -> None:
    """设置单位的文号字头 / Set the characters by which a unit's documents are numbered."""
    open_django()
    from mingcha.apps.accounts.models import Unit
    from mingcha.apps.accounts.selectors import user_acting

    from .services.numbers import letterhead_set

    found = Unit.objects.filter(code=unit).first()
    if found is None:
        raise Problem(zh=f"没有代码为“{unit}”的单位。", en=f"There is no unit with the code {unit!r}.")
    letterhead_set(unit=found, prefix=prefix, user=user_acting(by, "accounts.user.manage"))
    say(f"{found}：{prefix}", f"{found}: {prefix}")


@listing_app.command("list")
def list_(
    state: Annotated[str, typer.Option(help="状态 / only this state, like proposed")] = "",
    limit: Annotated[int, typer.Option(min=1, help="最多多少条 / how many at most")] = 50,
    by: By = "",
    as_json: Json = False,
) -> None:
    """名录上的与待决定的 / Listings, the newest first."""
    open_django()
    from mingcha.apps.accounts.selectors import user_acting

    from .models import Listing
    from .selectors import listings_visible

    user = user_acting(by, "credit.listing.view")
    rows = listings_visible(user) if user else Listing.objects.select_related("entity")
    rows = (rows.filter(state=state) if state else rows).order_by("-pk")[:limit]
    with users_language():
        shown = [_row(row) for row in rows]
    if as_json:
        print_json(shown)
        return
    heads = (
        said("编号", "number"),
        said("主体", "firm"),
        said("信用代码", "key"),
        said("名录", "list"),
        said("事由", "ground"),
        said("状态", "state"),
        said("决定书", "decision"),
    )
    print_table(heads, [tuple(row.values()) for row in shown])
    notice(any(row.simulated for row in rows))


@listing_app.command("propose")
def propose(
    reports: Annotated[
        int | None, typer.Option("--reports", help="未报该年度年报的 / who handed in no report of this year")
    ] = None,
    dataset: Annotated[str, typer.Option(help="年报数据集 / the dataset of annual reports")] = "annual_reports",
    field: Annotated[str, typer.Option(help="报告年度字段 / its field of the year")] = "report_year",
    three_years: Annotated[
        bool, typer.Option("--three-years", help="异常满三年的 / who has been on the abnormal list for three years")
    ] = False,
    by: By = "",
    as_json: Json = False,
) -> None:
    """从数据提出列入建议（不是决定）/ Propose from records; a person decides on every one."""
    open_django()
    from mingcha.apps.accounts.selectors import user_acting

    from .services import propose_after_three_years, propose_missing_reports

    user = user_acting(by, "credit.listing.generate")
    if reports is None and not three_years:
        raise Problem(
            zh="没有说明提出哪一种。",
            en="Say which.",
            todo_zh="用 --reports 2025 或 --three-years。",
            todo_en="Use --reports 2025 or --three-years.",
        )
    found: dict[str, Any] = {}
    if reports is not None:
        found["reports"] = propose_missing_reports(year=reports, dataset=dataset, field=field, user=user)
    if three_years:
        found["three_years"] = propose_after_three_years(user=user)
    if as_json:
        print_json({name: {"new": p.new, "before": p.before} for name, p in found.items()})
        return
    for proposed in found.values():
        say(
            f"新提出 {proposed.new:,} 户，{proposed.before:,} 户此前已提出或已决定。",
            f"{proposed.new:,} proposed; {proposed.before:,} were proposed or decided before.",
        )


@listing_app.command("decide")
def decide(
    number: Number,
    reason: Reason,
    by: Decider,
    no: Annotated[bool, typer.Option("--no", help="不予列入 / don't list")] = False,
) -> None:
    """决定列入或不予列入 / Decide, under a person's name; another than who proposed."""
    open_django()
    from mingcha.apps.accounts.selectors import user_signing

    from .selectors import listing_get
    from .services import listing_decide

    user = user_signing(by, "credit.listing.decide")
    made = listing_decide(
        listing=listing_get(number, user, "credit.listing.decide"), listed=not no, reason=reason, user=user
    )
    say(made.decision_number or "不予列入", made.decision_number or "not listed")


@listing_app.command("publish")
def publish(number: Number, by: Decider) -> None:
    """公示 / Publish a listing that is decided."""
    open_django()
    from mingcha.apps.accounts.selectors import user_signing

    from .selectors import listing_get
    from .services import listing_publish

    user = user_signing(by, "credit.listing.decide")
    listing_publish(listing=listing_get(number, user, "credit.listing.decide"), user=user)
    say("已公示", "published")


@listing_app.command("lapse")
def lapse() -> None:
    """移出期满的 / Take off whose term has ended; the worker does it by itself."""
    open_django()
    from .services import listings_lapse

    count = listings_lapse()
    say(f"期满移出 {count} 户", f"{count} taken off, their term over")


def _row(row: Any) -> dict[str, Any]:
    from .grounds import ground

    return {
        "number": row.pk,
        "firm": str(row.entity),
        "key": row.entity.key,
        "list": str(row.get_kind_display()),
        "ground": ground(row.ground).text + (f" {row.period}" if row.period else ""),
        "state": str(row.get_state_display()),
        "decision": row.decision_number,
    }


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Problem(
            zh=f"“{text}”不是日期。", en=f"{text!r} is no day.", todo_zh="如 2026-10-31。", todo_en="Like 2026-10-31."
        ) from None
