"""What the disk and the paths do is told to the user by every command alike: exit 2, no trace, nothing half-done."""

import errno
import os
import subprocess
import sys

import duckdb
import pytest
from django.db.utils import OperationalError
from tests.apps.exchange.licences import file, licences

from mingcha.cli import of_the_machine

COMMAND = "from mingcha.cli import main\nmain()"
UNRESOLVED = """
from mingcha.instance import open_django
open_django()
from mingcha.apps.exchange import hooks
hooks.after_import.clear()
""" + COMMAND  # fmt: skip


@pytest.fixture
def run(tmp_path):
    def run(*words, home, code=COMMAND):
        env = {**os.environ, "MINGCHA_HOME": str(home), "MINGCHA_LANG": "en"}
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, words)], env=env, cwd=tmp_path, capture_output=True, text=True
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


@pytest.fixture
def contract(tmp_path):
    path = tmp_path / "licences.yaml"
    path.write_text(licences(), encoding="utf-8")
    return path


def test_a_full_disk_while_resolving_is_said_and_the_import_run_again_makes_up_for_it(
    run, small_disk, tmp_path, contract
):
    home = small_disk / "instance"
    delivery = file(tmp_path / "a.csv", *(f"JY{i},,,1,2020-01-01" for i in range(4_000)))
    assert run("import", contract, delivery, home=home, code=UNRESOLVED).returncode == 0
    filler = small_disk / "filler"
    with pytest.raises(OSError), filler.open("wb") as hole:
        while True:
            hole.write(b"x" * 4096)
            hole.flush()
    os.truncate(filler, filler.stat().st_size - 200_000)
    done = run("entity", "resolve", home=home)
    assert done.returncode == 2, done.stderr
    assert "disk is full" in done.stderr
    assert done.stdout == ""
    filler.unlink()
    assert "in all" in (listed := run("entity", "list", "--limit", "1", home=home)).stderr
    assert listed.stderr.startswith("0 in all")
    again = run("import", contract, delivery, home=home)
    assert again.returncode == 0
    assert "it adds nothing" in again.stdout
    assert run("entity", "list", "--limit", "1", home=home).stderr.startswith("4,000 in all")


def test_paths_that_cannot_be_written_are_problems(run, instance, tmp_path, contract):
    run("import", contract, file(tmp_path / "a.csv", "JY1,,,many,2020-01-01"), home=instance)
    for place in ("/no/such/held.csv", "/no/such/held.xlsx", "/proc/held.csv"):
        done = run("quarantine", "export", "licences", "-o", place, home=instance)
        assert (done.returncode, done.stdout) == (2, "")
        assert place in done.stderr and "Check the path" in done.stderr
    done = run("dataset", "list", home="/proc/mingcha")
    assert done.returncode == 2 and "/proc/mingcha" in done.stderr


def test_an_export_that_breaks_off_leaves_the_file_that_was_there(run, instance, tmp_path, contract):
    run("import", contract, file(tmp_path / "a.csv", "JY1,,,many,2020-01-01"), home=instance)
    held = next((instance / "lake").glob("licences/*/quarantine.parquet"))
    held.rename(tmp_path / "lost.parquet")
    (tmp_path / "held.csv").write_text("of yesterday")
    done = run("quarantine", "export", "licences", "-o", "held.csv", home=instance)
    assert done.returncode == 2 and str(held) in done.stderr
    assert [p.name for p in tmp_path.glob("held*")] == ["held.csv"]
    assert (tmp_path / "held.csv").read_text() == "of yesterday"


def test_a_lake_file_that_is_missing_is_a_problem(run, instance, tmp_path, contract):
    run("import", contract, file(tmp_path / "a.csv", "JY1,,,1,2020-01-01"), home=instance)
    lost = next((instance / "lake").glob("licences/*/data*.parquet"))
    lost.unlink()
    done = run("entity", "show", "licence:food:JY1", home=instance)
    assert done.returncode == 2
    assert str(lost) in done.stderr and "restore it from a backup" in done.stderr


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk is full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "disk is full"),
        (OperationalError("database or disk is full"), "disk is full"),
        (duckdb.IOException("Could not write all bytes: No space left on device"), "disk is full"),
        (duckdb.OutOfMemoryException("failed to offload; see 'max_temp_directory_size'"), "disk is full"),
        (duckdb.IOException('No files found that match the pattern "/lake/a.parquet"'), "/lake/a.parquet"),
        (OperationalError("attempt to write a readonly database"), "can't be read or written"),
        (IsADirectoryError(errno.EISDIR, "Is a directory", "/tmp"), "/tmp"),
    ],
)
def test_whoever_notices_it_it_is_said_alike(error, said):
    assert said in of_the_machine(error).text("en")


@pytest.mark.parametrize("error", [ValueError("ours"), OSError(errno.EIO, "Input/output error"), KeyError("disk")])
def test_a_fault_of_ours_keeps_its_trace(error):
    assert of_the_machine(error) is None
