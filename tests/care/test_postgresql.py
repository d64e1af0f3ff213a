"""Backup and restore on the server's settings, and that both engines give the same digests of the same rows."""

import json
import os

import pytest

from .conftest import DYING, command, done, fill, refused, told

pytestmark = pytest.mark.postgres


@pytest.fixture
def city(server, tmp_path):
    home = tmp_path / "instance"
    fill(home, tmp_path, **server)
    return home


def state(home, server):
    script = (
        "import json; from mingcha.instance import open_django; open_django(migrate=False)\n"
        "from mingcha.care import databases; from mingcha.care.tables import table_states\n"
        "with databases.live() as reader: print(json.dumps(table_states(reader)))"
    )

    ended = command(home=home, script=script, **server)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_there_and_back(server, city, tmp_path):
    before = state(city, server)
    report = told("backup", tmp_path / "b", home=city, **server)
    assert report["rows"] == sum(t["rows"] for t in before.values())
    assert "whole" in done("backup", "verify", tmp_path / "b", home=city, **server)
    done("user", "add", "late", "--password", "Long-Enough-1", home=city, **server)
    assert "not empty" in refused("restore", tmp_path / "b", home=city, **server)
    restored = told("restore", tmp_path / "b", "--replace", home=city, **server)
    assert restored["tables"] == before == state(city, server)
    assert "late" not in done("user", "list", home=city, **server)
    assert "_before_" in restored["old"]
    old = {**server, "MINGCHA_DB_NAME": restored["old"].rsplit(" ", 1)[-1]}
    assert "late" in done("user", "list", home=city, **old)


def test_a_damaged_dump_touches_nothing(server, city, tmp_path):
    done("backup", tmp_path / "b", home=city, **server)
    before = state(city, server)
    dump = tmp_path / "b" / "database" / "mingcha.dump"
    dump.write_bytes(dump.read_bytes()[:-100] + bytes(100))
    assert "mingcha.dump" in refused("restore", tmp_path / "b", "--replace", home=city, **server)
    assert state(city, server) == before


def test_a_role_that_may_not_make_databases_is_told_what_it_needs(server, city, tmp_path):
    import psycopg

    done("backup", tmp_path / "b", home=city, **server)
    role = f"mingcha_role_{os.getpid()}"
    with psycopg.connect(host="127.0.0.1", user="postgres", autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {role} LOGIN NOCREATEDB PASSWORD 'x'")
        try:
            admin.execute(f"ALTER DATABASE {server['MINGCHA_DB_NAME']} OWNER TO {role}")
            narrow = {**server, "MINGCHA_DB_USER": role, "MINGCHA_DB_PASSWORD": "x"}
            said = refused("restore", tmp_path / "b", "--replace", home=city, **narrow)
            assert f"ALTER ROLE {role} CREATEDB" in said
        finally:
            admin.execute(f"ALTER DATABASE {server['MINGCHA_DB_NAME']} OWNER TO postgres")
            admin.execute(f"DROP ROLE {role}")


def test_without_pg_dump_it_says_what_to_install(server, city, tmp_path):
    (tmp_path / "bin").mkdir()
    said = refused("backup", tmp_path / "b", home=city, **server, MINGCHA_PG_BIN=str(tmp_path / "bin"))
    assert "postgresql-client-" in said
    old = tmp_path / "bin" / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.1'\n")
    old.chmod(0o755)
    said = refused("backup", tmp_path / "b", home=city, **server, MINGCHA_PG_BIN=str(tmp_path / "bin"))
    assert "(9)" in said and not (tmp_path / "b").exists()


def test_a_backup_of_one_setting_is_not_for_the_other(server, city, tmp_path):
    done("backup", tmp_path / "b", home=city, **server)
    said = refused("restore", tmp_path / "b", home=tmp_path / "embedded")
    assert "mingcha.config.settings.server" in said


ROWS = """
import datetime as dt, json
from django.db import transaction
from mingcha.instance import open_django
open_django()
from mingcha.apps.accounts.models import AuditRecord, Unit
from mingcha.apps.exchange.models import Batch, Dataset
from mingcha.care import databases
from mingcha.care.tables import table_states
at = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
for i in range(50):
    Unit.objects.create(id=i + 1, code=f"单位-{i}-ß", name="名 \\n'\\" %s", division=str(i))
d = Dataset.objects.create(id=1, name="d", title="题", contract="x", version="1", simulated=True,
    document={"b": [1, 2.5, None, 1e-7, 1e300], "a": {"z": "é", "y": True}})
Dataset.objects.update(created_at=at, updated_at=at + dt.timedelta(microseconds=1))
for i in range(20):
    Batch.objects.create(id=i + 1, dataset=d, number=i, version="1", rows_read=2**40, rows_accepted=0, rows_duplicate=0,
        rows_quarantined=0, seconds=0.1 * i + 1e-9, received_at=at + dt.timedelta(microseconds=i * 10))
with databases.live() as reader:
    states = table_states(reader)
print(json.dumps({t: states[t] for t in ("accounts_unit", "exchange_dataset", "exchange_batch")}))
"""


def test_both_engines_give_one_digest_of_the_same_rows(server, tmp_path):

    said = [command(home=tmp_path / str(i), script=ROWS, **env) for i, env in enumerate((server, {}))]
    assert not [one.stderr for one in said if one.returncode], [one.stderr for one in said]
    here, there = (json.loads(one.stdout) for one in said)
    assert here == there


def test_into_a_database_that_is_not_there_yet(server, city, tmp_path):
    done("backup", tmp_path / "b", home=city, **server)
    other = {**server, "MINGCHA_DB_NAME": server["MINGCHA_DB_NAME"] + "_other"}
    restored = told("restore", tmp_path / "b", home=tmp_path / "other", **other)
    assert restored["tables"] == state(city, server) == state(tmp_path / "other", other)
    assert restored["old"] == ""


SWAP = """
import os, signal
from mingcha.care import databases
swap = databases.postgres_swap
def dying(*names):
    if {after}:
        swap(*names)
    os.kill(os.getpid(), signal.SIGKILL)
databases.postgres_swap = dying
from mingcha.cli import main
main()
"""


@pytest.mark.slow
def test_a_restore_that_is_killed_leaves_the_old_or_the_new(server, city, tmp_path):
    done("backup", tmp_path / "b", home=city, **server)
    new, words = state(city, server), ["restore", tmp_path / "b", "--replace"]
    done("user", "add", "late", "--password", "Long-Enough-1", home=city, **server)
    old = state(city, server)
    ended = command(*words, home=city, script=DYING, DIE_AT="400", **server)  # while it copies
    assert ended.returncode == -9 and state(city, server) == old
    for after in (False, True):
        ended = command(*words, home=city, script=SWAP.format(after=after), **server)
        assert ended.returncode == -9
        assert "restore --finish" in refused("user", "list", home=city, **server)
        done("restore", "--finish", home=city, **server)
        assert state(city, server) == new
        assert not list(city.glob(".restor*"))
