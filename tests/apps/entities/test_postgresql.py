"""The same tests of entities on PostgreSQL, in a process of their own with the server's settings."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.postgres
HERE = Path(__file__).parent


def test_resolution_files_search_and_decisions_on_postgresql(tmp_path):
    address = os.environ.get("MINGCHA_DB_HOST", "127.0.0.1"), int(os.environ.get("MINGCHA_DB_PORT", "5432"))
    try:
        socket.create_connection(address, timeout=2).close()
    except OSError:
        pytest.skip(f"no PostgreSQL at {address[0]}:{address[1]}")
    files = ("test_resolve.py", "test_file.py", "test_search.py", "test_decide.py", "test_history.py")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "--create-db",
            "-p",
            "no:cacheprovider",
            *(str(HERE / f) for f in files),
        ],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "mingcha.config.settings.server",
            "MINGCHA_DB_NAME": f"mingcha_entities_{os.getpid()}",
            "MINGCHA_SECRET_KEY": "only for this test",
        },
        capture_output=True,
        text=True,
        cwd=HERE.parents[2],
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "skipped" not in done.stdout.splitlines()[-1] or "1 skipped" in done.stdout.splitlines()[-1]
