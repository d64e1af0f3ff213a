"""What the disk and the paths do is told to the user by every command alike: exit 2, no trace, nothing half-done."""

import errno
import os
import sqlite3
import subprocess
import sys
from contextlib import closing

import duckdb
import pytest
from django.db.utils import OperationalError
from tests.apps.exchange.licences import file, licences

from mingcha.cli import main, of_the_machine

COMMAND = "from mingcha.cli import program\nprogram()"
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
    # a log that has grown would be room to write in
    with closing(sqlite3.connect(home / "mingcha.sqlite3")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
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


@pytest.mark.parametrize(
    ("words", "en", "zh"),
    [
        (["--bogus"], ["There is no option --bogus", "Where: mingcha"], ["没有选项 --bogus", "位置：mingcha"]),
        (["imprt"], ["There is no command 'imprt'", "Did you mean import?"], ["没有命令“imprt”", "是不是 import？"]),
        (["quarantine", "lst"], ["Did you mean list?", "mingcha quarantine --help"], ["是不是 list？"]),
        (["import", "--wher", "x"], ["There is no option --wher", "Did you mean --where?"], ["没有选项 --wher"]),
        (["import", "c.yaml"], ["argument FILE... is missing"], ["缺少参数 FILE..."]),
        (["import", "--where"], ["--where lacks its value"], ["--where 后面缺少值"]),
        (["serve", "now"], ["too much: now"], ["多出的参数：now"]),
        (["serve", "--port", "x"], ["--port is wrong: it must be a whole number"], ["--port 的值不对：应为整数"]),
        (["serve", "--port", "99999"], ["--port is wrong: it must be 65535 or less"], ["不得大于 65535"]),
        (["serve", "--port", "-1"], ["--port is wrong: it must be 1 or more"], ["不得小于 1"]),
        (["demo", "--port", "99999"], ["it must be 65535 or less"], ["不得大于 65535"]),
        (["simulate", "--policy", "x"], ["it must be one of 'uniform'"], ["应为 'uniform'"]),
    ],
)
def test_what_is_typed_wrongly_is_said_as_every_problem_is(monkeypatch, capsys, words, en, zh):
    monkeypatch.setattr(sys, "argv", ["mingcha", *words])
    for lang, said in (("en", en), ("zh", zh)):
        monkeypatch.setenv("MINGCHA_LANG", lang)
        with pytest.raises(SystemExit) as left:
            main()
        captured = capsys.readouterr()
        assert (left.value.code, captured.out) == (2, "")
        assert all(part in captured.err for part in said), captured.err
        assert "处理：" in captured.err if lang == "zh" else "What to do:" in captured.err


def test_help_and_nothing_at_all_print_the_help(monkeypatch, capsys):
    for words, status in ((["--help"], 0), ([], 2), (["user"], 2)):
        monkeypatch.setattr(sys, "argv", ["mingcha", *words])
        with pytest.raises(SystemExit) as left:
            main()
        captured = capsys.readouterr()
        assert left.value.code == status and "Usage: mingcha" in captured.out + captured.err
