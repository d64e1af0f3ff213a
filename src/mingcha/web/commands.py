"""`mingcha serve`, `mingcha init`."""

from __future__ import annotations

from typing import Annotated

import typer

from mingcha.instance import home, open_django

serve = typer.Typer()
init = typer.Typer()


@serve.command()
def serve_(
    port: Annotated[int, typer.Option(help="where to listen")] = 8000,
    host: Annotated[str, typer.Option(help="0.0.0.0 to be reached from other machines")] = "127.0.0.1",
) -> None:
    """Serve the desk and the public pages."""
    run(host=host, port=port)


def run(*, host: str = "127.0.0.1", port: int = 8000, note: str = "") -> None:
    """Open the instance and serve it until interrupted. `note` is printed under the address."""
    open_django()
    _check_port(host, port)
    import warnings

    import uvicorn

    # WhiteNoise hands its files over as plain iterators; they are small, and read whole is how they are sent.
    warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
    (home() / "static").mkdir(exist_ok=True)
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 compared, not bound
    typer.echo(f"明察 Mingcha  http://{shown}:{port}/  ({home()})")
    if note:
        typer.echo(note)
    uvicorn.run("mingcha.config.asgi:application", host=host, port=port, log_level="warning", lifespan="off")


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


def _check_port(host: str, port: int) -> None:
    import socket

    from mingcha.problems import Problem

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Problem(
                zh=f"不能监听 {host}:{port}：{error.strerror}。",
                en=f"Can't listen on {host}:{port}: {error.strerror}.",
                todo_zh="请用 --port 换一个端口。",
                todo_en="Choose another port with --port.",
            ) from None
