"""A small instance that was really used (a bureau, an import, an uploaded file), and the command over copies of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.apps.exchange.licences import file, licences

ROOT = Path(__file__).resolve().parents[2]
EMBEDDED = {"DJANGO_SETTINGS_MODULE": "mingcha.config.settings.embedded", "MINGCHA_LANG": "en"}
# a command that is killed at the N-th call that touches the file system
DYING = """
import os, signal, sys
left = int(os.environ.get("DIE_AT", "0"))
count = 0
def audit(name, _):
    global count
    if name.startswith(("open", "os.", "shutil.", "sqlite3.", "subprocess.")):
        count += 1
        if count == left:
            os.kill(os.getpid(), signal.SIGKILL)
from mingcha.care.commands import set_up
set_up()
sys.addaudithook(audit)
from mingcha.cli import main
try:
    main()
except SystemExit as ended:
    if "COUNT" in os.environ:
        open(os.environ["COUNT"], "w").write(str(count))
    os._exit(ended.code or 0)
"""


def command(*words, home, script: str = "", **environment) -> subprocess.CompletedProcess:
    env = {**os.environ, **EMBEDDED, "MINGCHA_HOME": str(home), **environment}
    start = [sys.executable, *(["-c", script] if script else ["-m", "mingcha.cli"])]
    return subprocess.run([*start, *map(str, words)], env=env, cwd=ROOT, capture_output=True, text=True, timeout=300)


def done(*words, home, **environment) -> str:
    ended = command(*words, home=home, **environment)
    assert ended.returncode == 0, ended.stderr + ended.stdout
    return ended.stdout


def told(*words, home, **environment) -> dict:
    return json.loads(done(*words, "--json", home=home, **environment))


def refused(*words, home, **environment) -> str:
    ended = command(*words, home=home, **environment)
    assert ended.returncode == 2, (ended.returncode, ended.stderr + ended.stdout)
    assert "Traceback" not in ended.stderr
    return ended.stderr


def fill(home: Path, tmp: Path, **environment) -> None:
    """Two deliveries, a member of staff, an uploaded file, a draw's secret."""
    words = ["--username", "head", "--password", "Cloud-Ting-2026", "--division", "98"]
    done("init", *words, home=home, **environment)
    (tmp / "c.yaml").write_text(licences(), encoding="utf-8")
    first = file(tmp / "a.csv", *(f"JY{i},,,{i % 1000},2020-01-01" for i in range(3000)))
    second = file(tmp / "b.csv", *(f"JY{i},,,{i % 1000},2021-01-01" for i in range(2000, 4000)))
    for delivery in (first, second):
        done("import", tmp / "c.yaml", delivery, home=home, **environment)
    (home / "files" / "ab").mkdir()
    (home / "files" / "ab" / "照片.jpg").write_bytes(os.urandom(50_000))
    secret = home / "draws" / "JH-2026-001-secret"
    secret.mkdir()
    (secret / "sealed.json").write_text("{}")
    (home / "draws" / "JH-2026-001").mkdir()
    (home / "draws" / "JH-2026-001" / "ceremony.json").write_text("{}")


@pytest.fixture(scope="session")
def used(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("used") / "instance"
    fill(home, tmp_path_factory.mktemp("deliveries"))
    return home


@pytest.fixture
def mine(used, tmp_path) -> Path:
    """A copy of the used instance."""
    return Path(shutil.copytree(used, tmp_path / "instance"))


@pytest.fixture
def server(tmp_path):
    """The environment of the server's settings over a fresh database, which goes afterwards."""
    import psycopg

    host, port = os.environ.get("MINGCHA_DB_HOST", "127.0.0.1"), os.environ.get("MINGCHA_DB_PORT", "5432")
    name = f"mingcha_care_{os.getpid()}"
    try:
        admin = psycopg.connect(host=host, port=port, user="postgres", autocommit=True, connect_timeout=2)
    except psycopg.OperationalError:
        pytest.skip(f"no PostgreSQL at {host}:{port}")
    with admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield {
                "DJANGO_SETTINGS_MODULE": "mingcha.config.settings.server",
                "MINGCHA_DB_NAME": name,
                "MINGCHA_SECRET_KEY": "only for this test, and long enough for the check of settings 1234567890",
            }
        finally:
            left = admin.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{name}%"]).fetchall()
            for (one,) in left:
                admin.execute(f'DROP DATABASE IF EXISTS "{one}" WITH (FORCE)')
