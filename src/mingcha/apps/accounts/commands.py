"""`mingcha user`: units, people, certificates, passwords, second factors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mingcha.instance import open_django
from mingcha.output import print_table, said, say
from mingcha.problems import Problem

By = Annotated[
    str, typer.Option("--by", help="经办人（用户名），须有此项权限 / who does it (user name); must have the right")
]

app = typer.Typer(no_args_is_help=True, help="Units, people, certificates: add, list, close, import, set a password.")

Password = Annotated[
    str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for when not given.")
]
Day = Annotated[str, typer.Option(help="YYYY-MM-DD")]


@app.command()
def add(
    username: str,
    password: Password,
    role: Annotated[
        str, typer.Option(help="administrator, head, clerk, planner, officer, community or auditor")
    ] = "officer",
    unit: Annotated[str, typer.Option(help="the code of a unit; default: the bureau")] = "",
    name: Annotated[str, typer.Option(help="the person's name")] = "",
    by: By = "",
) -> None:
    """Add a member of staff."""
    acting = _acting(by)
    from .services import user_create

    user = user_create(username=username, password=password, role=role, unit=_unit(unit), name=name, user=acting)
    typer.echo(f"{user.username}  {user.role}  {user.unit.name if user.unit else '—'}")


@app.command("list")
def list_(by: By = "") -> None:
    """Everyone with an account; with --by those whom that user may see."""
    open_django()
    from .models import User
    from .permissions import visible
    from .selectors import user_acting

    acting = user_acting(by, "accounts.user.view")
    people = User.objects.select_related("unit").order_by("username")
    if acting:
        people = visible(people, acting, "accounts.user.view")
    if not people.exists():
        say(
            "还没有用户：用 mingcha init 或 mingcha user add 添加。",
            "No users yet: mingcha init or mingcha user add.",
        )
    print_table(
        (
            said("用户名", "username"),
            said("姓名", "name"),
            said("角色", "role"),
            said("单位", "unit"),
            said("区划", "division"),
            said("启用", "active"),
        ),
        [
            (u.username, u.name, u.role, u.unit or "—", u.unit.division if u.unit else "", "✓" if u.is_active else "")
            for u in people
        ],
    )


@app.command()
def password(username: str, password: Password, by: By = "") -> None:
    """Set a new password, and end the account's sessions."""
    acting = _acting(by)
    from .services import user_set_password

    account = _account(username)
    user_set_password(account=account, password=password, user=acting)
    say(f"{account.username}：密码已更新", f"{account.username}: password set")


@app.command()
def close(username: str, by: By = "") -> None:
    """Close an account and end its sessions. What it did stays on record."""
    acting = _acting(by)
    from .services import user_close

    account = _account(username)
    user_close(account=account, user=acting)
    say(f"{account.username}：账号已停用", f"{account.username}: account closed")


@app.command()
def unit(
    code: str,
    name: Annotated[str, typer.Option(help="its name; needed for a new one")] = "",
    parent: Annotated[str, typer.Option(help="the code of the unit above")] = "",
    division: Annotated[str, typer.Option(help="its division code (GB/T 2260 and below)")] = "",
    kind: Annotated[str, typer.Option(help="bureau, sub_bureau, station or community")] = "",
    close: Annotated[bool, typer.Option("--close", help="close it instead")] = False,
    by: By = "",
) -> None:
    """Add, change or close a unit. What isn't given stays as it is."""
    acting = _acting(by)
    from .choices import UnitKind
    from .models import Unit
    from .services import unit_close, unit_save

    found = Unit.objects.select_related("parent").filter(code=code).first()
    if close:
        unit_close(unit=found or _unit(code), user=acting)
        say(f"{code}：单位已撤销", f"{code}: unit closed")
        return
    if kind and kind not in UnitKind.values:
        raise Problem(
            zh=f"没有“{kind}”这个类别。",
            en=f"There is no kind {kind!r}.",
            todo_zh="可选：" + "、".join(UnitKind.values),
            todo_en="Choose one of: " + ", ".join(UnitKind.values),
        )
    if not found and not name:
        raise Problem(
            zh=f"没有代码为“{code}”的单位。",
            en=f"There is no unit with the code {code!r}.",
            todo_zh="要新增，请用 --name 写明名称。",
            todo_en="To add it, give its name with --name.",
        )
    above = _unit(parent) if parent else found.parent if found else None
    saved = unit_save(
        code=code,
        name=name or found.name,
        division=division or (found.division if found else ""),
        parent=above,
        kind=kind,
        user=acting,
    )
    typer.echo(f"{saved.code}  {saved.kind}  {saved.name}  {saved.division or '—'}")


@app.command()
def certificate(
    username: str,
    number: str,
    valid_from: Day = "",
    valid_to: Day = "",
    scope: Annotated[list[str] | None, typer.Option(help="what it entitles to; may be given several times")] = None,
    issuer: str = "",
    revoke: Annotated[str, typer.Option(help="revoke it instead, for this reason")] = "",
    by: By = "",
) -> None:
    """Enter, correct or revoke a law-enforcement certificate."""
    acting = _acting(by)
    from .models import Certificate
    from .services import certificate_revoke, certificate_save

    account = _account(username)
    if revoke:
        found = Certificate.objects.select_related("user").filter(user=account, number=number).first()
        if found is None:
            raise Problem(
                zh=f"“{username}”名下没有执法证“{number}”。",
                en=f"{username!r} has no certificate {number!r}.",
                todo_zh="请核对证号。",
                todo_en="Check the number.",
            )
        certificate_revoke(certificate=found, reason=revoke, user=acting)
        say(f"{number}：已注销", f"{number}: revoked")
        return
    made = certificate_save(
        account=account,
        number=number,
        valid_from=_day(valid_from, "--valid-from"),
        valid_to=_day(valid_to, "--valid-to"),
        scopes=scope or [],
        issuer=issuer,
        user=acting,
    )
    typer.echo(f"{account.username}  {made.number}  {made.valid_from}–{made.valid_to}")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="xlsx or CSV: 用户名 角色 单位代码, and 姓名 执法证号 执法范围 …")],
    by: By = "",
) -> None:
    """Add and change people and certificates from a table. Rows with a mistake are left out and told; exit status 2."""
    acting = _acting(by)
    from .services import people_import

    report = people_import(path=file, user=acting)
    say(
        f"新增 {report.added} 人，更改 {report.changed} 人，登记执法证 {report.certificates} 件；"
        f"{len(report.faults)} 行未导入",
        f"{report.added} added, {report.changed} changed, {report.certificates} certificates; "
        f"{len(report.faults)} rows left out",
    )
    for fault in report.faults:
        say(
            f"{fault.where_zh}：{fault.zh} {fault.todo_zh}", f"{fault.where_en}: {fault.en} {fault.todo_en}", aside=True
        )
    if report.faults:
        raise typer.Exit(2)


@app.command("totp-reset")
def totp_reset(
    username: str,
    reason: Annotated[str, typer.Option(prompt="原因 / reason", help="why; it stands in the audit trail")],
    by: By = "",
) -> None:
    """Take the second factor of an account away: the phone is lost. It can be enrolled anew."""
    acting = _acting(by)
    from .services.factor import factor_remove

    account = _account(username)
    factor_remove(account=account, user=acting, reason=reason)
    say(f"{account.username}：动态口令已重置", f"{account.username}: second factor reset")


def _acting(by: str):
    open_django()
    from .selectors import user_acting

    return user_acting(by, "accounts.user.manage")


def _account(username: str):
    from .models import User

    account = User.objects.select_related("unit").filter(username=username).first()
    if not account:
        raise Problem(
            zh=f"没有用户“{username}”。",
            en=f"There is no user {username!r}.",
            todo_zh="用 mingcha user list 查看。",
            todo_en="See mingcha user list.",
        )
    return account


def _day(text: str, option: str):
    import datetime

    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise Problem(
            zh=f"“{text}”不是日期。",
            en=f"{text!r} is no date.",
            where=option,
            todo_zh="请写成 2026-01-31 的样子。",
            todo_en="Write it like 2026-01-31.",
        ) from None


def _unit(code: str):
    from .models import Unit

    rows = Unit.objects.select_related("parent")
    found = rows.filter(code=code).first() if code else rows.order_by("pk").first()
    if found is None and code:
        raise Problem(
            zh=f"没有代码为“{code}”的单位。",
            en=f"There is no unit with the code {code!r}.",
            todo_zh="现有：" + ("、".join(Unit.objects.values_list("code", flat=True)) or "无"),
            todo_en="There are: " + (", ".join(Unit.objects.values_list("code", flat=True)) or "none"),
        )
    return found
