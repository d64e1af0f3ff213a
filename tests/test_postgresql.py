"""The rooms that write to the database, and the whole road from files to a draw, on PostgreSQL as a server has it.

Both in processes of their own: settings are read once a process. What is left out runs commands in instances that it
makes itself, which are SQLite's.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.postgres
ROOT = Path(__file__).parents[1]
OWN_INSTANCES = (
    "apps/accounts/test_acting.py",
    "apps/accounts/test_commands.py",
    "apps/exchange/test_import_command.py",
    "web/test_commands.py",
)


@pytest.fixture
def server():
    """The environment of the server's settings over a fresh database, which goes afterwards."""
    import psycopg

    host, port = os.environ.get("MINGCHA_DB_HOST", "127.0.0.1"), os.environ.get("MINGCHA_DB_PORT", "5432")
    name = f"mingcha_{os.getpid()}"
    try:
        admin = psycopg.connect(host=host, port=port, user="postgres", autocommit=True, connect_timeout=2)
    except psycopg.OperationalError:
        pytest.skip(f"no PostgreSQL at {host}:{port}")
    with admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            settings = {
                "DJANGO_SETTINGS_MODULE": "mingcha.config.settings.server",
                "MINGCHA_DB_NAME": name,
                "MINGCHA_TLS": "0",
            }
            yield {**os.environ, **settings, "MINGCHA_SECRET_KEY": "only for this test"}
        finally:
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _pytest(env, *words):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words]
    done = subprocess.run(command, env=env, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout


def test_the_apps_and_the_desk_on_postgresql(server):
    left_out = [f"--ignore=tests/{path}" for path in OWN_INSTANCES]
    said = _pytest(server, "--create-db", *left_out, "tests/api", "tests/apps", "tests/lists", "tests/web")
    skipped = [line for line in said.splitlines() if line.startswith("SKIPPED")]
    assert all("only SQLite has them" in line for line in skipped)


@pytest.mark.realdata
def test_the_how_to_on_postgresql(server, realdata):
    """Contracts, import, entities, model, backtest, card, scores and a draw among three parties."""
    said = _pytest(server, "-m", "realdata", "tests/realdata/test_bring_your_own_data.py")
    assert "skipped" not in said
