"""`mingcha user add|list|password`."""

from __future__ import annotations

from typing import Annotated

import typer

from mingcha.instance import open_django
from mingcha.output import print_table, said, say
from mingcha.problems import Problem

By = Annotated[
    str, typer.Option("--by", help="经办人（用户名），须有此项权限 / who does it (user name); must have the right")
]

app = typer.Typer(no_args_is_help=True, help="Members of staff: add, list, set a password.")

Password = Annotated[
    str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for when not given.")
]


@app.command()
def add(
    username: str,
    password: Password,
    role: Annotated[str, typer.Option(help="administrator, clerk, planner, officer or auditor")] = "officer",
    unit: Annotated[str, typer.Option(help="the code of a unit; default: the bureau")] = "",
    name: Annotated[str, typer.Option(help="the person's name")] = "",
    by: By = "",
) -> None:
    """Add a member of staff."""
    open_django()
    from .selectors import user_acting
    from .services import user_create

    acting = user_acting(by, "accounts.user.manage")
    user = user_create(username=username, password=password, role=role, unit=_unit(unit), name=name, user=acting)
    typer.echo(f"{user.username}  {user.role}  {user.unit.name if user.unit else '—'}")


@app.command("list")
def list_() -> None:
    """Everyone with an account."""
    open_django()
    from .models import User

    if not User.objects.exists():
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
            for u in User.objects.select_related("unit").order_by("username")
        ],
    )


@app.command()
def password(username: str, password: Password, by: By = "") -> None:
    """Set a new password."""
    open_django()
    from .models import User
    from .selectors import user_acting
    from .services import user_set_password

    acting = user_acting(by, "accounts.user.manage")
    account = User.objects.filter(username=username).first()
    if not account:
        raise Problem(
            zh=f"没有用户“{username}”。",
            en=f"There is no user {username!r}.",
            todo_zh="用 mingcha user list 查看。",
            todo_en="See mingcha user list.",
        )
    user_set_password(account=account, password=password, user=acting)
    say(f"{account.username}：密码已更新", f"{account.username}: password set")


def _unit(code: str):
    from .models import Unit

    found = Unit.objects.filter(code=code).first() if code else Unit.objects.order_by("pk").first()
    if found is None and code:
        raise Problem(
            zh=f"没有代码为“{code}”的单位。",
            en=f"There is no unit with the code {code!r}.",
            todo_zh="现有：" + ("、".join(Unit.objects.values_list("code", flat=True)) or "无"),
            todo_en="There are: " + (", ".join(Unit.objects.values_list("code", flat=True)) or "none"),
        )
    return found
