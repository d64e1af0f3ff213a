"""`mingcha init`."""

from __future__ import annotations

from typing import Annotated

import typer

from mingcha.instance import home, open_django

init = typer.Typer()


@init.command()
def init_(
    username: Annotated[str, typer.Option(prompt="管理员用户名 / administrator's user name")],
    password: Annotated[
        str, typer.Option(prompt="密码 / password", hide_input=True, confirmation_prompt=True, help="Asked for.")
    ],
    bureau: Annotated[str, typer.Option(help="the bureau's name")] = "市场监督管理局",
    division: Annotated[str, typer.Option(help="its division code (GB/T 2260); empty: the whole instance")] = "",
) -> None:
    """Make an instance with its first administrator."""
    open_django()
    from mingcha.apps.accounts.services import unit_save, user_create

    unit = unit_save(code=division or "bureau", name=bureau, division=division)
    user_create(username=username, password=password, role="administrator", unit=unit)
    typer.echo(f"{home()}\n{bureau} · {username}\n下一步 / Next: mingcha serve")
