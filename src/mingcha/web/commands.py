"""`mingcha serve`, `mingcha init`."""

from __future__ import annotations

import contextlib
from typing import Annotated

import typer

from mingcha.instance import home, open_django
from mingcha.output import say

serve = typer.Typer()
init = typer.Typer()


@serve.command()
def serve_(
    port: Annotated[int, typer.Option(min=1, max=65535, help="where to listen")] = 8000,
    host: Annotated[
        str, typer.Option(help="0.0.0.0 to be reached from other machines; the names they may use: MINGCHA_HOSTS")
    ] = "127.0.0.1",
) -> None:
    """Serve the desk and the public pages. See docs/howto/serve.md."""
    run(host=host, port=port)


def run(*, host: str = "127.0.0.1", port: int = 8000, note: str = "") -> None:
    """Open the instance and serve it until interrupted. `note` is printed under the address."""
    allowed = _answer_to(host)
    open_django()
    _check_port(host, port)
    import warnings

    import uvicorn

    # WhiteNoise hands its files over as plain iterators; they are small, and read whole is how they are sent.
    warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
    (home() / "static").mkdir(exist_ok=True)
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 compared, not bound
    typer.echo(f"明察 Mingcha  http://{shown}:{port}/  ({home()})")
    if allowed:
        say(
            f"其他机器可用这些名称访问（MINGCHA_HOSTS）：{'、'.join(allowed)}；未加密，仅限可信网络。",
            f"Others may use these names (MINGCHA_HOSTS): {', '.join(allowed)}; no encryption: trusted nets only.",
        )
    if note:
        typer.echo(note)
    uvicorn.run("mingcha.config.asgi:application", host=host, port=port, log_level="warning", lifespan="off")


def _answer_to(host: str) -> list[str]:
    """The names by which other machines may ask for us: MINGCHA_HOSTS where it is set, else this machine's own name
    and addresses. Never any name at all: a page of another site could then read ours by its own."""
    import os
    import socket

    if host in ("127.0.0.1", "localhost", "::1"):
        return []
    if "MINGCHA_HOSTS" not in os.environ:
        name = socket.gethostname()
        names = {name, socket.getfqdn()} | ({host} - {"0.0.0.0", "::"})  # noqa: S104 compared, not bound
        with contextlib.suppress(OSError):
            names |= {str(info[4][0]) for info in socket.getaddrinfo(name, None)}
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))  # nothing is sent: the system says which address it would go out by
            names.add(probe.getsockname()[0])
        found = sorted(f"[{n}]" if ":" in n else n for n in names if "%" not in n)
        os.environ["MINGCHA_HOSTS"] = ",".join(dict.fromkeys(["localhost", "127.0.0.1", "[::1]", *found]))
    return os.environ["MINGCHA_HOSTS"].split(",")


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
