"""`mingcha upgrade`: a backup of before, then the tables; never backwards; a cut-off run is gone on with."""

import json
import sqlite3

import pytest

from .conftest import command, done, refused, told


def back(home):
    """The instance as older code left it: without the last migration of an app that has some."""
    done_ = command(home=home, script=BACK)
    assert done_.returncode == 0, done_.stderr


BACK = """
from mingcha.instance import open_django
open_django()
from django.core.management import call_command
call_command("migrate", "jobs", "0001", verbosity=0)
"""


def applied(home):
    database = sqlite3.connect(home / "mingcha.sqlite3")
    found = database.execute("SELECT app, name FROM django_migrations").fetchall()
    database.close()
    return {f"{app}.{name}" for app, name in found}


def test_there_is_a_backup_of_before_and_the_tables_are_new(mine, tmp_path):
    now = applied(mine)
    back(mine)
    before = applied(mine)
    assert before < now
    said = done("upgrade", "--to", tmp_path / "before", home=mine)
    assert applied(mine) == now and "Upgraded" in said and "✓" in said
    stated = json.loads((tmp_path / "before" / "manifest.json").read_text())
    assert set(stated["migrations"]) == before
    done("restore", tmp_path / "before", "--replace", home=mine)  # newer code takes an older backup
    assert applied(mine) == before
    assert "head" in done("user", "list", home=mine)


def test_with_nothing_to_do_it_makes_no_backup(mine):
    done("upgrade", home=mine)
    assert not (mine / "backups").exists()


def test_a_cut_off_upgrade_keeps_its_backup(mine, tmp_path):
    back(mine)
    done("backup", tmp_path / "first", home=mine)
    (mine / ".upgrade.json").write_text(json.dumps({"backup": str(tmp_path / "first")}))
    said = done("upgrade", "--to", tmp_path / "second", home=mine)
    assert "going on" in said and not (tmp_path / "second").exists()
    assert not (mine / ".upgrade.json").exists()


def test_it_never_goes_backwards(mine):
    database = sqlite3.connect(mine / "mingcha.sqlite3")
    database.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('jobs', '9999_new', '2030-01-01')")
    database.commit()
    database.close()
    assert "newer than the code" in refused("upgrade", home=mine)


def test_what_was_squashed_is_not_newer_than_the_code(db, settings):
    """Restore, doctor, upgrade and every command on a server say the same of it."""
    from mingcha.care.checkup import pending_migrations
    from mingcha.instance import _leave_to_upgrade, unknown_migrations

    settings.MIGRATION_MODULES = {"jobs": "tests.care.squashed"}
    assert unknown_migrations(["jobs.0001_initial", "jobs.0002_stop_asked_at", "jobs.0001_squashed"]) == []
    assert unknown_migrations(["jobs.0003_newer", "later.0001_initial"]) == ["jobs.0003_newer", "later.0001_initial"]
    assert pending_migrations() == []
    _leave_to_upgrade()  # its tables hold something, and are as they should be


COUNTING = """
import sys
from django.core import management
call = management.call_command
def counted(name, *words, **more):
    print("called", name)
    return call(name, *words, **more)
management.call_command = counted
from mingcha.cli import main
main()
"""


def test_the_tables_are_brought_up_to_date_once(mine):
    back(mine)
    ended = command("upgrade", "--no-backup", home=mine, script=COUNTING)
    assert "Done" in ended.stdout and ended.stdout.count("called migrate") == 1, ended.stderr
    again = command("user", "list", home=mine, script=COUNTING)
    assert again.returncode == 0 and "called migrate" not in again.stdout


@pytest.mark.postgres
def test_a_server_s_tables_are_changed_by_upgrade_only(server, tmp_path):
    home = tmp_path / "instance"
    done("init", "--username", "head", "--password", "Cloud-Ting-2026", home=home, **server)
    ended = command(home=home, script=BACK, **server)
    assert ended.returncode == 0, ended.stderr
    (home / ".schema").unlink()
    assert "mingcha upgrade" in refused("user", "list", home=home, **server)
    done("upgrade", home=home, **server)
    assert "head" in done("user", "list", home=home, **server)
    assert told("backup", tmp_path / "b", home=home, **server)["files"] >= 1
