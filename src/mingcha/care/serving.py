"""`mingcha serve`: gunicorn over the desk and the public pages; one process on SQLite, several on a server.

Threads, since Django's views are plain functions that wait for a database (docs/decisions/0008). An own master process
starts workers anew that die, lets requests end when told to stop, and takes a socket from systemd where it gives one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from mingcha.instance import home, open_django
from mingcha.output import say
from mingcha.problems import Problem

serve = typer.Typer()
static = typer.Typer()

GRACE = 30  # seconds that requests have to end when the server is told to stop
SLOW = 60  # seconds after which the database gives a page's query up (PostgreSQL)
REQUESTS = 20_000  # after which a worker is replaced: what leaks is bounded


@serve.command()
def serve_(
    port: Annotated[int, typer.Option(min=1, max=65535, help="where to listen")] = 8000,
    host: Annotated[
        str, typer.Option(help="0.0.0.0 to be reached from other machines; the names they may use: MINGCHA_HOSTS")
    ] = "127.0.0.1",
    socket: Annotated[str, typer.Option("--socket", help="listen on this Unix socket, for a proxy beside us")] = "",
    processes: Annotated[
        int, typer.Option(min=0, max=64, help="worker processes; 0: one on SQLite, on a server one a core and one more")
    ] = 0,
    threads: Annotated[int, typer.Option(min=1, max=64, help="threads of each process")] = 8,
) -> None:
    """Serve the desk and the public pages. See docs/howto/serve.md."""
    run(host=host, port=port, socket_path=socket, processes=processes, threads=threads)


@static.command()
def static_() -> None:
    """Gather styles and scripts for a server, compressed, under an address of their own (serve and upgrade do it)."""
    open_django(migrate=False)
    from .release import gather

    typer.echo(f"{home() / 'static' / gather(home() / 'static')[0]}")


def run(
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    socket_path: str = "",
    processes: int = 0,
    threads: int = 8,
    note: str = "",
) -> None:
    """Open the instance and serve it until interrupted. `note` is printed under the address."""
    given = _given_by_systemd()
    allowed = [] if socket_path or given else _answer_to(host)
    os.environ.setdefault("MINGCHA_DB_TIMEOUT_S", str(SLOW))
    with _metrics():
        open_django()
        _gather_static()
        if not given:
            _check_free(host, port, socket_path)
        from django.db import connection, connections

        embedded = connection.vendor == "sqlite"
        processes = processes or (1 if embedded else (os.cpu_count() or 1) + 1)
        shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 compared, not bound
        place = "systemd" if given else f"unix:{socket_path}" if socket_path else f"http://{shown}:{port}/"
        typer.echo(f"明察 Mingcha  {place}  ({home()})")
        if allowed:
            say(
                f"其他机器可用这些名称访问（MINGCHA_HOSTS）：{'、'.join(allowed)}；未加密，仅限可信网络。",
                f"Others may use these names (MINGCHA_HOSTS): {', '.join(allowed)}; no encryption: trusted nets only.",
            )
        if note:
            typer.echo(note)
        sys.stdout.flush()
        connections.close_all()  # workers open their own
        from mingcha.apps.jobs.beside import worker_beside

        with worker_beside() if embedded else contextlib.nullcontext():
            _gunicorn(
                {
                    "bind": f"unix:{socket_path}" if socket_path else f"{f'[{host}]' if ':' in host else host}:{port}",
                    "workers": processes,
                    "threads": threads,
                }
            )


def _gunicorn(settings: dict[str, Any]) -> None:
    from gunicorn.app.base import BaseApplication
    from gunicorn.glogging import Logger

    class OurLogger(Logger):
        """Gunicorn's words by our own handlers."""

        def setup(self, cfg: Any) -> None:
            self.error_log.handlers, self.error_log.propagate = [], True
            self.access_log.handlers, self.access_log.propagate = [], False

    settings = {
        "worker_class": "gthread",
        "preload_app": True,
        "graceful_timeout": GRACE,
        "timeout": 120,  # of a worker's own sign of life, not of a request
        "keepalive": 75,
        "max_requests": REQUESTS if settings["workers"] > 1 else 0,
        "max_requests_jitter": REQUESTS // 10,
        "secure_scheme_headers": {},  # what a proxy says is judged in one place: care/proxy.py
        "forwarder_headers": "",
        "umask": 0o007,
        "proc_name": "mingcha",
        "loglevel": "warning",
        "logger_class": OurLogger,
        "control_socket_disable": True,
        "child_exit": _gone,
        "worker_exit": _leave,
        **settings,
    }

    class Server(BaseApplication):
        def load_config(self) -> None:
            for name, value in settings.items():
                if name in self.cfg.settings:
                    self.cfg.set(name, value)

        def load(self) -> Any:
            from mingcha.config.wsgi import application

            return application

    Server().run()


def _leave(_: Any, worker: Any) -> None:
    """A worker ends here: what its master would tidy up at its end is not for it to tidy."""
    ended = sys.exc_info()[1]
    code = getattr(ended, "code", 1 if ended else 0)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def _gone(_: Any, worker: Any) -> None:
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)


@contextlib.contextmanager
def _metrics() -> Iterator[None]:
    """Where the workers of this server count together; prometheus_client wants to know before it is imported."""
    import psutil

    for left in (home() / "tmp").glob("metrics-*"):
        if not psutil.pid_exists(int(left.name.removeprefix("metrics-"))):
            shutil.rmtree(left, ignore_errors=True)
    folder = home() / "tmp" / f"metrics-{os.getpid()}"
    folder.mkdir(exist_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _gather_static() -> None:
    """On a server the addresses of styles and scripts hold their digest, which the settings read when they start: where
    there is a new one, start again."""
    from django.conf import settings

    from .release import gather

    (home() / "static").mkdir(exist_ok=True)
    if settings.WHITENOISE_USE_FINDERS:
        return
    digest, _ = gather(home() / "static")
    if Path(settings.STATIC_ROOT).name != digest:
        sys.stdout.flush()
        os.execv(sys.executable, [sys.executable, "-m", "mingcha.cli", *sys.argv[1:]])  # noqa: S606 ourselves


def _given_by_systemd() -> bool:
    return os.environ.get("LISTEN_PID") == str(os.getpid()) and os.environ.get("LISTEN_FDS", "0") != "0"


def _answer_to(host: str) -> list[str]:
    """The names by which other machines may ask for us: MINGCHA_HOSTS where it is set, else this machine's own name
    and addresses. Never any name at all: a page of another site could then read ours by its own."""
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


def _check_free(host: str, port: int, socket_path: str) -> None:
    if socket_path:
        with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
            probe.connect(socket_path)
            raise _taken(socket_path, "in use", "请先停止正在使用它的服务，或换一个路径。", "Stop who uses it first.")
        if not Path(socket_path).absolute().parent.is_dir():
            raise _taken(socket_path, os.strerror(2), "请先建立其目录。", "Make its folder first.")
        return
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise _taken(
                f"{host}:{port}", error.strerror or "", "请用 --port 换一个端口。", "Choose another port with --port."
            ) from None


def _taken(where: str, said: str, todo_zh: str, todo_en: str) -> Problem:
    return Problem(
        zh=f"不能监听 {where}：{said}。", en=f"Can't listen on {where}: {said}.", todo_zh=todo_zh, todo_en=todo_en
    )
