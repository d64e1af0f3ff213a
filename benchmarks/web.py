"""`mingcha bench web`: the desk as its users feel it: a real server over a bureau of a city's size, real HTTP.

All data are simulated. Each page is asked for alone, then by many users at once who pause between pages; beside it, in
the same run by the same server software, a bare Django page that reads one row. SQL queries a page are counted in this
process on the same database. The draw of 10,000 is timed as the service that the worker calls.
"""

from __future__ import annotations

import http.client
import json
import os
import platform
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

PAUSE, SETTLE = 3.0, 20.0  # seconds between two pages of a user; before anything counts
AT_ONCE = {"postgresql": 50, "sqlite": 10}
BARE = """
import os, sys
from django.conf import settings
from mingcha.config.settings import {kind} as ours
settings.configure(SECRET_KEY="bare", ALLOWED_HOSTS=["*"], DATABASES=ours.DATABASES, ROOT_URLCONF=__name__, USE_TZ=True)
import django; django.setup()
from django.db import connection
from django.http import HttpResponse
from django.urls import path
def one(request, pk):
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM entities_entity WHERE id = %s", [pk])
        row = cursor.fetchone()
    return HttpResponse(row[0] if row else "-")
urlpatterns = [path("<int:pk>/", one)]
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
"""


def main(
    database: Annotated[str, typer.Option(help="postgresql or sqlite")] = "postgresql",
    entities: Annotated[int, typer.Option(help="Entities; a fifth as many tasks.")] = 1_000_000,
    records: Annotated[int, typer.Option(help="Records in the lake; default: four an entity.")] = 0,
    seconds: Annotated[int, typer.Option(help="How long the users are at it.")] = 120,
    keep: Annotated[Path | None, typer.Option(help="Keep the instance here, or use the one that is here.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
) -> None:
    """The desk's pages: p95_ms alone, reach 150; p95_ms_50_users (10 on SQLite), 400; draw_10000_s, 20."""
    home = keep or Path(tempfile.mkdtemp(prefix="mingcha-bench-web-"))
    name = "mingcha_bench_web" + ("_" + keep.name.replace("-", "_") if keep else f"_{os.getpid()}")
    os.environ |= {"MINGCHA_HOME": str(home), "MINGCHA_TLS": "0", "MINGCHA_HOSTS": "127.0.0.1,localhost,testserver"}
    if database == "postgresql":
        os.environ |= {"DJANGO_SETTINGS_MODULE": "mingcha.config.settings.server", "MINGCHA_DB_NAME": name}
    else:
        os.environ["DJANGO_SETTINGS_MODULE"] = "mingcha.config.settings.embedded"
    built = (home / "bench.json").exists()
    try:
        if database == "postgresql" and not built:
            _postgresql(f'DROP DATABASE IF EXISTS "{name}"')
            _postgresql(f'CREATE DATABASE "{name}"')
        figures = run(database, home, entities, records or 4 * entities, seconds, built, quiet=as_json)
    finally:
        if keep is None:
            shutil.rmtree(home, ignore_errors=True)
            if database == "postgresql":
                _postgresql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    if not as_json:
        typer.echo("模拟数据 / simulated data")
    typer.echo(json.dumps(figures, indent=1, ensure_ascii=False))


def run(
    database: str, home: Path, entities: int, records: int, seconds: int, built: bool, *, quiet: bool
) -> dict[str, Any]:
    from mingcha.instance import open_django

    say = (lambda text: None) if quiet else (lambda text: typer.echo(f"… {text}", err=True))
    open_django()
    from benchmarks import _bureau
    from django.db import connections

    begun = time.perf_counter()
    if not built:
        _bureau.build(entities, entities // 5, records, say)
        (home / "bench.json").write_text("{}")
    build_s = time.perf_counter() - begun
    say("the draw")
    draw_s, freeze_s, drawn = _bureau.draw(entities, min(10_000, entities // 10))
    taken, frame = drawn.taken, drawn.units
    pages = _pages()
    say("queries")
    queries = _queries(pages)
    connections.close_all()
    cookies = {}
    with _server(home, database) as (port, process), _bare(home, database) as bare_port:
        say("alone")
        for user in sorted({page["user"] for page in pages.values() if page["user"]}):
            cookies[user] = _sign_in(port, user)
        bare = _alone(bare_port, [f"/{i}/" for i in range(1, 400)], "", 300)
        alone = {name: _alone(port, p["paths"], cookies.get(p["user"], ""), 60) for name, p in pages.items()}
        say(f"{AT_ONCE[database]} users at once")
        many = _together(port, pages, cookies, AT_ONCE[database], seconds)
        peak = _memory(process.pid)
    figures = {
        name: {
            "p95_ms": _quantile(alone[name], 0.95),
            "p50_ms": _quantile(alone[name], 0.5),
            "p95_ms_50_users": _quantile(many[name], 0.95),
            "asked_50_users": len(many[name]),
            "sql_queries": queries[name],
        }
        for name in pages
    }
    return {
        "database": database,
        "entities": entities,
        "tasks": entities // 5,
        "records": records,
        "users": AT_ONCE[database],
        "bare_p95_ms": _quantile(bare, 0.95),
        "pages": figures,
        "worst_p95_ms": max(f["p95_ms"] for f in figures.values()),
        "worst_p95_ms_50_users": max(f["p95_ms_50_users"] for f in figures.values()),
        "draw_10000_s": round(draw_s, 2),
        "draw": {"taken": taken, "frame": frame, "freeze_s": round(freeze_s, 2)},
        "peak_mb": peak,
        "build_s": round(build_s, 1),
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()},
    }


def _pages() -> dict[str, dict[str, Any]]:
    """Name -> who asks, and addresses to ask for: others each time, so that no cache answers for all."""
    from mingcha.apps.entities.models import Entity
    from mingcha.apps.supervision.models import Draw, Plan, Task

    chance = random.Random(7)
    some = list(Entity.objects.filter(pk__in=chance.sample(range(1, Entity.objects.count()), 300)).order_by("pk"))
    tasks = list(Task.objects.order_by("pk").values_list("number", flat=True)[:: max(1, Task.objects.count() // 300)])
    plans = list(Plan.objects.values_list("number", flat=True))
    draws = list(Draw.objects.filter(drawn_at__isnull=False).values_list("plan__number", flat=True))
    lists = [urlencode({"after": ""}), *(urlencode({"sort": s}) for s in ("name", "-name", "-risk"))]
    filtered = [
        urlencode({"industry": i, "district": f"区{d}"} | ({"class": c} if c else {}))
        for i in ("餐饮业", "零售业", "制造业")
        for d in range(1, 11)
        for c in ("", "C", "D")
    ]

    def search(n: int) -> list[str]:
        return [f"/search/?q={quote(e.name[3 : 3 + n])}" for e in some if len(e.name) >= 3 + n]

    return {
        "home": {"user": "head", "paths": ["/"]},
        "home_officer": {"user": "officer0", "paths": ["/"]},
        "entities": {"user": "planner", "paths": [f"/entities/?{q}" for q in lists]},
        "entities_filtered": {"user": "planner", "paths": [f"/entities/?{q}" for q in filtered]},
        "entities_facets": {"user": "planner", "paths": [f"/entities/?part=facets&{q}" for q in filtered]},
        "search_2": {"user": "planner", "paths": search(2)},
        "search_3": {"user": "planner", "paths": search(3)},
        "search_8": {"user": "planner", "paths": search(8)},
        "entity": {"user": "planner", "paths": [f"/entities/{e.key}/" for e in some]},
        "plans": {"user": "planner", "paths": ["/plans/"]},
        "plan": {"user": "planner", "paths": [f"/plans/{n}/" for n in [*plans, *draws * 5]]},
        "tasks": {
            "user": "head",
            "paths": ["/tasks/", "/tasks/?state=issued", "/tasks/?state=rectifying&state=recheck"],
        },
        "task": {"user": "head", "paths": [f"/tasks/{n}/" for n in tasks]},
        "model": {"user": "planner", "paths": ["/risk/models/M-2026.11-1/"]},
        "public_results": {"user": "", "paths": [f"/public/results/?q={quote(e.name[3:6])}" for e in some]},
        "public_entity": {"user": "", "paths": [f"/public/results/{e.key}/" for e in some]},
    }


def _queries(pages: dict[str, dict[str, Any]]) -> dict[str, int]:
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from mingcha.apps.accounts.models import User

    found = {}
    for name, page in pages.items():
        client = Client()
        if page["user"]:
            user = User.objects.get(username=page["user"])
            client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])
        client.get(page["paths"][0])
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(page["paths"][-1])
        assert answer.status_code == 200, (name, answer.status_code)
        found[name] = len(asked)
    return found


class _server:
    """`mingcha serve` on a port of its own."""

    def __init__(self, home: Path, database: str) -> None:
        self.port = _free_port()
        self.log = (home / "serve.log").open("w")

    def __enter__(self) -> tuple[int, subprocess.Popen]:
        command = [sys.executable, "-m", "mingcha.cli", "serve", "--port", str(self.port)]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        _await(self.port, "/account/sign-in/")
        return self.port, self.process

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(40)
        self.log.close()


class _bare:
    """The bare page by the same server software, with as many processes and threads."""

    def __init__(self, home: Path, database: str) -> None:
        self.port, self.folder = _free_port(), home / "tmp"
        self.database = database

    def __enter__(self) -> int:
        kind = "server" if self.database == "postgresql" else "embedded"
        (self.folder / "bare_page.py").write_text(BARE.format(kind=kind))
        workers = (os.cpu_count() or 1) + 1 if self.database == "postgresql" else 1
        command = [
            sys.executable, "-m", "gunicorn", "bare_page:application", "-b", f"127.0.0.1:{self.port}", "-w",
            str(workers), "--threads", "8", "-k", "gthread", "--chdir", str(self.folder), "--log-level", "error",
        ]  # fmt: skip
        environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
        self.process = subprocess.Popen(command, env=environment)
        _await(self.port, "/1/")
        return self.port

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(40)


def _alone(port: int, paths: list[str], cookie: str, n: int) -> list[float]:
    """Milliseconds of `n` requests one after the other, over one connection; five before them don't count."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    return [_ask(connection, paths[i % len(paths)], cookie) for i in range(n + 5)][5:]


def _together(
    port: int, pages: dict[str, dict[str, Any]], cookies: dict[str, str], users: int, seconds: int
) -> dict[str, list[float]]:
    """Milliseconds by page of `users` who ask for one page after the other, in random order, and pause between."""
    took: dict[str, list[float]] = {name: [] for name in pages}
    start, end = time.monotonic() + SETTLE, time.monotonic() + SETTLE + seconds
    faults: list[Exception] = []

    def user(number: int) -> None:
        chance = random.Random(number)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        time.sleep(chance.uniform(0, PAUSE))
        try:
            while time.monotonic() < end:
                name = chance.choice(list(pages))
                page = pages[name]
                spent = _ask(connection, chance.choice(page["paths"]), cookies.get(page["user"], ""))
                if time.monotonic() > start:
                    took[name].append(spent)
                time.sleep(PAUSE)
        except Exception as error:  # a user's fault is the benchmark's
            faults.append(error)

    threads = [threading.Thread(target=user, args=(i,)) for i in range(users)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return took


def _ask(connection: http.client.HTTPConnection, path: str, cookie: str) -> float:
    begun = time.perf_counter()
    headers = {"Accept-Encoding": "gzip", "Host": "127.0.0.1"} | ({"Cookie": cookie} if cookie else {})
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200, (path, answer.status)
    return (time.perf_counter() - begun) * 1000


def _sign_in(port: int, user: str) -> str:
    from benchmarks._bureau import PASSWORD

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/account/sign-in/")
    answer = connection.getresponse()
    page = answer.read().decode()
    csrf = re.search(r"csrftoken=([^;]+)", answer.headers["Set-Cookie"])[1]
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)', page)[1]
    body = urlencode({"username": user, "password": PASSWORD, "csrfmiddlewaretoken": token})
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": f"csrftoken={csrf}"}
    connection.request("POST", "/account/sign-in/", body, headers)
    answer = connection.getresponse()
    answer.read()
    found = [re.search(r"sessionid=([^;]+)", value) for value in answer.headers.get_all("Set-Cookie") or []]
    return "sessionid=" + next(one[1] for one in found if one)


def _memory(pid: int) -> int:
    """Megabytes of the server's processes together, as far as each has them to itself."""
    import psutil

    root = psutil.Process(pid)
    return round(sum(p.memory_full_info().uss for p in [root, *root.children(recursive=True)]) / 2**20)


def _quantile(values: list[float], q: float) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(q * len(ordered)))], 1) if ordered else float("nan")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _await(port: int, path: str) -> None:
    for _ in range(300):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("GET", path)
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(f"no server on port {port}")


def _postgresql(statement: str) -> None:
    import psycopg

    host, user = os.environ.get("MINGCHA_DB_HOST", "127.0.0.1"), os.environ.get("MINGCHA_DB_USER", "postgres")
    with psycopg.connect(host=host, user=user, dbname="postgres", autocommit=True) as connection:
        connection.execute(statement)  # the name is ours
