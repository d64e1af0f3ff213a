"""`mingcha token`: tokens of the API."""

from __future__ import annotations

from typing import Annotated

import typer
from django.utils import timezone

from mingcha.instance import open_django
from mingcha.output import print_table, said, say
from mingcha.problems import Problem

By = Annotated[
    str, typer.Option("--by", help="经办人（用户名），须有此项权限 / who does it (user name); must have the right")
]

app = typer.Typer(no_args_is_help=True, help="接口令牌 / Tokens of the API: create, list, revoke.")


@app.command("create")
def token_make(
    owner: Annotated[str, typer.Argument(help="所有人（用户名）/ its owner (user name)")],
    name: Annotated[str, typer.Argument(help="名称：给哪个系统 / which system it is for")],
    scope: Annotated[
        list[str],
        typer.Option(help="范围（可多个）/ scopes, repeatable: *.view, supervision.*, supervision.task.work, …"),
    ],
    division: Annotated[str, typer.Option(help="区划前缀，默认所有人的 / division prefix; default: the owner's")] = "",
    days: Annotated[int, typer.Option(min=1, help="有效天数 / days for which it holds")] = 90,
    quiet: Annotated[bool, typer.Option("--quiet", help="只输出令牌 / print nothing but the token")] = False,
    by: By = "",
) -> None:
    """新建令牌；只显示一次 / Make a token; it is shown once."""
    open_django()
    from .selectors import user_acting, user_get
    from .services import token_create

    acting = user_acting(by, "accounts.user.manage")
    token, text = token_create(
        owner=user_get(owner), name=name, scopes=scope, division=division, days=days, user=acting
    )
    if not quiet:
        until = f"{timezone.localtime(token.expires_at):%Y-%m-%d}"
        say(f"令牌“{token}”，至 {until}；以后不再显示：", f"The token {token.name!r}, until {until}; not shown again:")
    typer.echo(text)


@app.command("list")
def token_list() -> None:
    """所有令牌 / All tokens."""
    open_django()
    from .models import ApiToken
    from .tokens import standing

    print_table(
        (said("编号", "id"), said("名称", "name"), said("所有人", "owner"), said("范围", "scopes"),
         said("区划", "division"), said("至", "until"), said("状态", "state")),
        [
            (t.pk, t.name, t.user.username, " ".join(t.scopes), t.division, f"{timezone.localtime(t.expires_at):%F}",
             standing(t))
            for t in ApiToken.objects.select_related("user")
        ],
    )  # fmt: skip


@app.command("revoke")
def token_end(token: Annotated[int, typer.Argument(help="编号 / its id")], by: By = "") -> None:
    """撤销令牌，立即失效 / Revoke a token, at once."""
    open_django()
    from .models import ApiToken
    from .selectors import user_acting
    from .services import token_revoke

    acting = user_acting(by, "accounts.user.manage")
    found = ApiToken.objects.filter(pk=token).first()
    if found is None:
        raise Problem(
            zh=f"没有编号为 {token} 的令牌。",
            en=f"There is no token {token}.",
            todo_zh="用 mingcha token list 查看。",
            todo_en="See mingcha token list.",
        )
    token_revoke(token=found, user=acting)
    say(f"令牌“{found}”已撤销", f"The token {found.name!r} is revoked")
