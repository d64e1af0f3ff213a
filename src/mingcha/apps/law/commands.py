"""`mingcha law rules|rule|amend|calendar|clocks|sweep`."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from mingcha.instance import open_django
from mingcha.output import print_json, print_table, said, say, users_language
from mingcha.problems import Problem

By = Annotated[
    str, typer.Option("--by", help="经办人（用户名），须有此项权限 / who does it (user name); must have the right")
]
Json = Annotated[bool, typer.Option("--json", help="machine-readable")]

app = typer.Typer(no_args_is_help=True, help="Rules of law, the working-day calendar, clocks.")


def _day(text: str, option: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Problem(
            zh=f"“{text}”不是日期。",
            en=f"{text!r} is no day.",
            where=option,
            todo_zh="请写成 2026-11-20。",
            todo_en="Write it as 2026-11-20.",
        ) from None


@app.command()
def rules(
    words: Annotated[str, typer.Argument(help="in the title, law, article or key")] = "",
    on: Annotated[str, typer.Option(help="in force on this day; default today")] = "",
    every: Annotated[bool, typer.Option("--all", help="all versions")] = False,
    as_json: Json = False,
) -> None:
    """The rules in force, with law, article and source mark."""
    open_django()
    from django.utils import timezone

    from .selectors import rules_listed
    from .tables import RULES
    from .templatetags.law import title, value

    day = None if every else _day(on, "--on") if on else timezone.localdate()
    rows = RULES.search(rules_listed(day), words).order_by("key", "division", "effective_from")
    if as_json:
        return print_json([_plain(row) for row in rows])
    if not rows:
        return say("没有符合的规则。", "No rule matches.")
    with users_language():
        print_table(
            (
                said("规则", "rule"),
                said("名称", "title"),
                said("数值", "value"),
                said("依据", "basis"),
                said("来源", "source"),
                said("生效", "from"),
                said("失效", "to"),
            ),
            [
                (r.key, title(r), value(r), f"{r.law} {r.article}".strip(), r.mark, r.effective_from, r.effective_to)
                for r in rows
            ],
        )


@app.command()
def rule(key: str, as_json: Json = False) -> None:
    """A rule in time: all its versions."""
    open_django()
    from .selectors import rule_versions
    from .templatetags.law import title, value

    versions = rule_versions(key)
    if not versions:
        raise _no_rule(key)
    if as_json:
        return print_json([_plain(v) for v in versions])
    with users_language():
        typer.echo(f"{key}  {title(versions[0])}")
        for v in versions:
            typer.echo(f"\n{v.effective_from} – {v.ends or ''} {'*' if v.now else ''} {v.division}".rstrip())
            typer.echo(f"  {value(v)}  {v.law} {v.article} [{v.mark}]")
            for words in (v.starts, v.note):
                if words:
                    typer.echo(f"  {said(words['zh'], words['en'])}")
            for extra in (*v.pauses, *v.extensions):
                more = f" +{extra['value']}" if extra.get("value") else ""
                typer.echo(f"  - {extra['key']}: {said(extra['zh'], extra['en'])}{more}")
            if v.terms:
                typer.echo(f"  {json.dumps(v.terms, ensure_ascii=False)}")
            if v.reason:
                typer.echo(f"  {v.made_by or '—'}: {v.reason}")


@app.command()
def amend(
    key: str,
    since: Annotated[str, typer.Option("--from", help="the first day of the new version")],
    reason: Annotated[str, typer.Option(help="the document or decision that it follows")],
    value: Annotated[str, typer.Option(help="the new value")] = "",
    unit: Annotated[str, typer.Option(help="working_day, calendar_day, month, year")] = "",
    terms: Annotated[str, typer.Option(help="the new terms, as JSON")] = "",
    to: Annotated[str, typer.Option(help="its last day, where it ends")] = "",
    division: Annotated[str, typer.Option(help="for this division and below only")] = "",
    law: Annotated[str, typer.Option(help="law or document, where it is another")] = "",
    article: Annotated[str, typer.Option(help="its article")] = "",
    mark: Annotated[str, typer.Option(help="T read in the text, S not")] = "S",
    by: By = "",
) -> None:
    """Write a new version of a rule down, from a day on."""
    open_django()
    from mingcha.apps.accounts.selectors import user_signing

    from .selectors import rule_versions
    from .services import rule_amend

    user = user_signing(by, "law.rule.amend")
    versions = rule_versions(key)
    if not versions:
        raise _no_rule(key)
    base = next((v for v in versions if v.now and division.startswith(v.division)), versions[0])
    try:
        number = Decimal(value) if value else None
        wanted = json.loads(terms) if terms else None
        if wanted is not None and not isinstance(wanted, dict):
            raise ValueError
    except (InvalidOperation, ValueError):
        raise Problem(
            zh="数值或条件看不懂。", en="The value or the terms can't be read.", where="--value, --terms"
        ) from None
    row = rule_amend(
        rule=base,
        effective_from=_day(since, "--from"),
        effective_to=_day(to, "--to") if to else None,
        user=user,
        reason=reason,
        value=number,
        unit=unit,
        terms=wanted,
        division=division or None,
        law=law,
        article=article,
        mark=mark,
    )
    say(f"{row.key} 自 {row.effective_from} 起有新版本。", f"{row.key} has a new version from {row.effective_from}.")


@app.command()
def calendar(
    year: int,
    day: Annotated[str, typer.Option(help="correct this day")] = "",
    works: Annotated[bool | None, typer.Option("--work/--rest", help="what the day is")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="take the day's correction back")] = False,
    file: Annotated[
        Path | None, typer.Option("--import", help="a year's arrangement: lines of the notice, or CSV")
    ] = None,
    reason: Annotated[str, typer.Option(help="the notice that it follows")] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """A year's working days; correct one, or take the State Council's arrangement over."""
    open_django()
    from mingcha.apps.accounts.selectors import user_signing

    from .selectors import calendar_now
    from .services import calendar_day_clear, calendar_day_set, calendar_import

    if not 2004 <= year < 2100:
        raise Problem(zh=f"没有 {year} 年的日历。", en=f"There is no calendar of {year}.")
    if file or day:
        user = user_signing(by, "law.calendar.change")
        if file:
            try:
                text = file.read_text("utf-8-sig")
            except UnicodeDecodeError:
                raise Problem(
                    zh="文件不是 UTF-8 编码的文本。", en="The file is no UTF-8 text.", where=str(file)
                ) from None
            days, moved = calendar_import(year=year, text=text, source=reason, user=user)
            say(f"已采用 {days} 天；{moved} 个时限的末日有变。", f"{days} days taken over; {moved} clocks moved.")
        else:
            at = _day(day, "--day")
            if not clear and works is None:
                raise Problem(zh="没有写明上班还是休息。", en="Say --work or --rest.", where="--day")
            moved = (
                calendar_day_clear(day=at, user=user)
                if clear
                else calendar_day_set(day=at, works=bool(works), reason=reason, user=user)
            )
            say(f"日历已更正；{moved} 个时限的末日有变。", f"The calendar is corrected; {moved} clocks moved.")
        return
    shown = calendar_now()
    first, days = dt.date(year, 1, 1), (dt.date(year, 12, 31) - dt.date(year, 1, 1)).days + 1
    odd = [d for n in range(days) if shown.holiday(d := first + dt.timedelta(n))]
    if as_json:
        return print_json(
            {
                "year": year,
                "announced": shown.knows(year),
                "working_days": shown.working_days(first - dt.timedelta(1), dt.date(year, 12, 31)),
                "rest": [d for d in odd if not shown.works(d)],
                "work": [d for d in odd if shown.works(d)],
            }
        )
    if not shown.knows(year):
        say(f"{year} 年节假日尚未公布：只按周末计。", f"The holidays of {year} aren't announced yet: weekdays only.")
    total = shown.working_days(first - dt.timedelta(1), dt.date(year, 12, 31))
    say(f"{year} 年共 {total} 个工作日。", f"{year} has {total} working days.")
    rest, work = ([f"{d:%m-%d}" for d in odd if shown.works(d) is on] for on in (False, True))
    say("平日放假：" + "、".join(rest), "Weekdays off: " + ", ".join(rest))
    say("周末上班：" + "、".join(work), "Weekends worked: " + ", ".join(work))


@app.command()
def clocks(
    by: By = "",
    key: Annotated[str, typer.Option("--rule", help="only of this rule")] = "",
    late: Annotated[bool, typer.Option("--late", help="only what is late")] = False,
    limit: Annotated[int, typer.Option(min=1)] = 50,
    as_json: Json = False,
) -> None:
    """Open clocks, the soonest due first."""
    open_django()
    from mingcha.apps.accounts.selectors import user_acting

    from .choices import ClockState
    from .models import Clock
    from .selectors import clocks_open
    from .templatetags.law import face, title

    user = user_acting(by, "law.clock.view")
    rows = clocks_open(user) if user else Clock.objects.filter(ended_on=None).order_by("due_on", "pk")
    rows = rows.select_related("rule", "assignee")
    if key:
        rows = rows.filter(key=key)
    if late:
        rows = rows.filter(state=ClockState.LATE)
    rows = list(rows[:limit])
    if as_json:
        return print_json(
            [
                {
                    "id": c.pk,
                    "rule": c.key,
                    "title": c.title,
                    "state": c.state,
                    "started": c.started_on,
                    "due": c.due_on,
                    "unannounced": c.unannounced,
                    "division": c.division,
                    "assignee": c.assignee and c.assignee.username,
                }
                for c in rows
            ]
        )
    if not rows:
        return say("没有进行中的时限。", "No clock is running.")
    with users_language():
        print_table(
            (
                said("期限", "due"),
                said("余", "left"),
                said("事项", "matter"),
                said("规则", "rule"),
                said("承办", "with"),
            ),
            [(c.due_on, face(c).words, c.title, title(c.rule), c.assignee) for c in rows],
        )


@app.command()
def sweep() -> None:
    """Mark what is soon due or late now. The worker of `mingcha serve` does this every minute."""
    open_django()
    from .services import clocks_sweep

    done = clocks_sweep()
    say(
        f"将到期 {done.warned}，逾期 {done.late}，出错 {done.failed}。",
        f"Soon due {done.warned}, late {done.late}, failed {done.failed}.",
    )


def _plain(row) -> dict:
    return {
        "key": row.key,
        "title": {"zh": row.title_zh, "en": row.title_en},
        "value": None if row.value is None else float(row.value),
        "unit": row.unit,
        "terms": row.terms,
        "starts": row.starts,
        "rest_day": row.rest_day,
        "pauses": row.pauses,
        "extensions": row.extensions,
        "law": row.law,
        "article": row.article,
        "mark": row.mark,
        "from": row.effective_from,
        "to": row.effective_to,
        "division": row.division,
        "shipped": row.shipped,
    }


def _no_rule(key: str) -> Problem:
    return Problem(
        zh=f"没有规则“{key}”。",
        en=f"There is no rule {key!r}.",
        todo_zh="用 mingcha law rules 列出全部规则。",
        todo_en="List them with mingcha law rules.",
    )
