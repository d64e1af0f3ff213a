"""What all tests share. Their instance is made by mingcha.testing, before any settings are read."""

import os
import subprocess
from pathlib import Path

import pytest


@pytest.fixture
def instance(tmp_path, monkeypatch) -> Path:
    """A fresh MINGCHA_HOME for one test that runs the command line as a process of its own."""
    monkeypatch.setenv("MINGCHA_HOME", str(tmp_path / "instance"))
    return tmp_path / "instance"


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 16 MB, where we may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", place], capture_output=True)
    if mounted.returncode:
        pytest.skip("no right to mount a small file system")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder of real data; the test is skipped where there is none."""
    path = Path(os.environ.get("MINGCHA_REALDATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"no real data at {path}: set MINGCHA_REALDATA")
    return path


@pytest.fixture(scope="session", autouse=True)
def flushable():
    """A test that commits is cleaned up by deleting every row: the tables that refuse it step aside."""
    from django.db import connection
    from django.test import TransactionTestCase

    from mingcha.apps.accounts.immutable import protect, unprotect

    flush = TransactionTestCase._fixture_teardown

    def teardown(self):
        tables = connection.introspection.table_names()
        guarded = [t for t in ("accounts_auditrecord", "credit_creditevent", "credit_paper") if t in tables]
        for table in guarded:
            unprotect(connection, table)
        flush(self)
        for table in guarded:
            protect(connection, table)

    TransactionTestCase._fixture_teardown = teardown
    yield
    TransactionTestCase._fixture_teardown = flush


@pytest.fixture(autouse=True)
def forgetful():
    """What one test's page keeps for two minutes is nothing to the next."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    """A password is hashed at once: a third of a second each, for every person of every test, is most of their time."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
