"""`mingcha restore`: what comes back is what was, and nothing is touched before everything is found right."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from .conftest import DYING, EMBEDDED, command, done, refused, told


@pytest.fixture(scope="session")
def saved(used, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "backup"
    done("backup", path, home=used)
    return path


DERIVED = ("tmp", "static", ".", "backups", "mingcha.sqlite3", "lake/_")  # lake/_: indexes, made anew when asked for


def contents(home):
    """Every file of the instance that is state, with its bytes; the database as its dump."""
    found = {}
    for path in home.rglob("*"):
        name = str(path.relative_to(home))
        if path.is_file() and not name.startswith(DERIVED) and "/." not in name:
            found[name] = path.read_bytes()
    with closing(sqlite3.connect(home / "mingcha.sqlite3")) as database:
        found["database"] = "\n".join(database.iterdump())
    return found


def test_into_an_empty_place_it_brings_all_back(saved, used, tmp_path):
    report = told("restore", saved, home=tmp_path / "new")
    assert contents(tmp_path / "new") == contents(used)
    assert report["tables"] == json.loads((saved / "manifest.json").read_text())["tables"]
    assert (tmp_path / "new" / "secret.key").stat().st_mode & 0o777 == 0o600
    assert "head" in done("user", "list", home=tmp_path / "new")
    assert "licences" in done("dataset", "list", home=tmp_path / "new")


def test_a_full_instance_is_moved_aside_and_only_when_told(saved, mine):
    (mine / "files" / "later.txt").write_text("later")
    done("user", "add", "late", "--password", "Long-Enough-1", home=mine)
    before = contents(mine)
    assert "not empty" in refused("restore", saved, home=mine)
    assert contents(mine) == before
    report = told("restore", saved, "--replace", home=mine)
    assert "late" not in done("user", "list", home=mine) and not (mine / "files" / "later.txt").exists()
    old = mine / "backups" / report["old"].rsplit("/", 1)[-1]
    assert (old / "files" / "later.txt").read_text() == "later"
    assert contents(old) == before


def flip(path, at=-5):
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def damages(copy):
    lake = next((copy / "lake").rglob("data-*.parquet"))
    stated = json.loads((copy / "manifest.json").read_text())
    return {
        "a lake file": (lambda: flip(lake), lake.name),
        "a lake file is gone": (lake.unlink, lake.name),
        "a file that is cut off": (lambda: os.truncate(copy / "files/ab/照片.jpg", 100), "照片.jpg"),
        "the database": (lambda: flip(copy / "database/mingcha.sqlite3", 5000), "mingcha.sqlite3"),
        "the manifest": (lambda: flip(copy / "manifest.json", 50), "manifest is damaged"),
        "no manifest": ((copy / "manifest.json").unlink, "no finished backup"),
        "a newer version": (lambda: newer(copy, stated), "newer version"),
        "another engine": (lambda: restate(copy, vendor="postgresql"), "isn't restored from one into the other"),
        "another system": (lambda: (copy / "manifest.json").write_text("{}"), "none of Mingcha's"),
        "a way out of the instance": (lambda: escape(copy, stated), "manifest is damaged"),
        "another database": (lambda: other_database(copy), "not what the manifest states"),
    }


def restate(copy, **changes):
    from mingcha.care.manifest import Entry, Manifest

    value = json.loads((copy / "manifest.json").read_text()) | changes
    files = [Entry(**entry) for entry in value.pop("files")]
    manifest = Manifest(files=files, **{k: v for k, v in value.items() if k not in ("format", "sha256")})
    (copy / "manifest.json").write_text(json.dumps(manifest.as_json()))


def newer(copy, stated):
    restate(copy, migrations=[*stated["migrations"], "accounts.9999_from_tomorrow"])


def escape(copy, stated):
    restate(copy, files=[*stated["files"], {"path": "../outside", "bytes": 0, "sha256": "", "secret": False}])


def other_database(copy):
    import hashlib

    path = copy / "database" / "mingcha.sqlite3"
    database = sqlite3.connect(path)
    database.execute("UPDATE accounts_unit SET name = 'other'")
    database.commit()
    database.close()
    stated = json.loads((copy / "manifest.json").read_text())
    for entry in stated["files"]:
        if entry["path"] == "database/mingcha.sqlite3":
            entry |= {"bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    restate(copy, files=stated["files"])


KINDS = (
    "a lake file",
    "a lake file is gone",
    "a file that is cut off",
    "the database",
    "the manifest",
    "no manifest",
    "a newer version",
    "another engine",
    "another system",
    "a way out of the instance",
    "another database",
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_backup_stops_before_it_harms_anything(saved, mine, tmp_path, kind):
    copy = shutil.copytree(saved, tmp_path / "copy")
    damage, named = damages(copy)[kind]
    damage()
    before = contents(mine)
    assert named in refused("restore", copy, "--replace", home=mine)
    assert contents(mine) == before
    assert not list(mine.glob(".rest*")) and not (mine / "backups").exists()
    if kind not in ("a newer version", "another engine"):
        assert named in refused("backup", "verify", copy, home=mine)


def test_what_is_in_use_is_not_replaced(saved, mine):
    env = {**os.environ, **EMBEDDED, "MINGCHA_HOME": str(mine)}
    code = "from mingcha.instance import use; use(); print('in use', flush=True); input()"
    user = subprocess.Popen([sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, stdin=subprocess.PIPE)
    try:
        user.stdout.readline()
        assert "is in use" in refused("restore", saved, "--replace", home=mine)
    finally:
        user.kill()
        user.wait()
    done("restore", saved, "--replace", home=mine)


def test_a_backup_without_secrets_leaves_the_instance_its_key(used, mine, tmp_path):
    done("backup", tmp_path / "b", "--without-secrets", home=used)
    key = (mine / "secret.key").read_bytes()
    assert "left out" in done("restore", tmp_path / "b", "--replace", home=mine)
    assert (mine / "secret.key").read_bytes() == key
    done("restore", tmp_path / "b", home=tmp_path / "new")
    assert (tmp_path / "new" / "secret.key").exists()


@pytest.mark.parametrize("kind", ["one.tar", "sealed"])
def test_every_kind_comes_back(used, tmp_path, kind):
    sealed = {"MINGCHA_BACKUP_PASSPHRASE": "a long passphrase"} if kind == "sealed" else {}
    done("backup", tmp_path / kind, *(["--encrypt"] if sealed else []), home=used, **sealed)
    done("restore", tmp_path / kind, home=tmp_path / "new", **sealed)
    assert contents(tmp_path / "new") == contents(used)


def points(home, words, tmp_path, number):
    """`number` calls at which to die, spread over a run of the command on a copy of `home`."""
    place = tmp_path / "counted"
    if home.exists():
        shutil.copytree(home, place)
    ended = command(*words, home=place, script=DYING, COUNT=str(tmp_path / "count"))
    assert ended.returncode == 0, ended.stderr
    shutil.rmtree(place)
    count = int((tmp_path / "count").read_text())
    return [1 + i * (count - 2) // (number - 1) for i in range(number)]


@pytest.mark.slow
def test_a_backup_that_is_killed_is_none_and_the_next_is_whole(mine, tmp_path):
    for name in ("b", "b.tar"):
        target = tmp_path / name
        kills = points(mine, ["backup", tmp_path / ("count-" + name)], tmp_path, 12)
        for at in kills:
            ended = command("backup", target, home=mine, script=DYING, DIE_AT=str(at))
            assert ended.returncode == -9
            if target.exists():
                assert "whole" in done("backup", "verify", target, home=mine)
                shutil.rmtree(target) if target.is_dir() else target.unlink()
        done("backup", target, home=mine)
        assert "whole" in done("backup", "verify", target, home=mine)
        assert not (tmp_path / f"{name}.part").exists() and not list((mine / "tmp").glob("backup-*"))


@pytest.mark.slow
def test_a_restore_that_is_killed_leaves_the_old_or_the_new(saved, used, mine, tmp_path):
    (mine / "files" / "later.txt").write_text("later")
    old, new = contents(mine), contents(used)
    pristine = shutil.copytree(mine, tmp_path / "pristine")
    words = ["restore", saved, "--replace"]
    last = points(pristine, words, tmp_path, 2)[1]
    finished = 0
    # all through the run, and each call of its end, where old and new change places
    for at in sorted({1 + i * last // 12 for i in range(12)} | set(range(last - 45, last + 1, 2))):
        shutil.rmtree(mine)
        shutil.copytree(pristine, mine)
        ended = command(*words, home=mine, script=DYING, DIE_AT=str(at))
        assert ended.returncode == -9
        if (mine / ".restoring.json").exists():
            finished += 1
            assert "cut off" in refused("user", "list", home=mine)
            assert "restore --finish" in refused("restore", saved, home=mine)
            done("restore", "--finish", home=mine)
            assert contents(mine) == new, at
        else:
            assert contents(mine) in (old, new), at
        done("restore", saved, "--replace", home=mine)
        assert contents(mine) == new
        assert not list(mine.glob(".rest*"))
    assert finished > 5


@pytest.mark.slow
def test_a_full_disk_stops_both_and_harms_nothing(small_disk, used, saved, tmp_path):
    home = small_disk / "instance"
    shutil.copytree(used, home)
    before = contents(home)
    (small_disk / "filler").write_bytes(bytes(9_000_000))
    said = refused("backup", small_disk / "b", home=home)
    assert "not enough room" in said or "disk is full" in said
    said = refused("restore", saved, "--replace", home=home)
    assert "not enough room" in said or "disk is full" in said
    assert contents(home) == before
    assert sorted(p.name for p in small_disk.iterdir()) == ["filler", "instance"]


@pytest.mark.slow
@pytest.mark.parametrize("words", [["backup", "TARGET"], ["backup", "TARGET.tar"], ["restore", "SAVED", "--replace"]])
def test_a_disk_that_fills_on_the_way_is_told(mine, tmp_path, words):
    """A limit on the size of files stands for a full disk, met when the work has begun."""
    (mine / "files" / "large.bin").write_bytes(bytes(8_000_000))
    limit = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    limit += "resource.setrlimit(resource.RLIMIT_FSIZE, (6_000_000, 6_000_000)); "
    before = contents(mine)
    large = tmp_path / "large"
    done("backup", large, home=mine)
    named = {"TARGET": tmp_path / "b", "TARGET.tar": tmp_path / "b.tar", "SAVED": large}
    ended = command(
        *(named.get(w, w) for w in words), home=mine, script=limit + "from mingcha.cli import program; program()"
    )
    assert ended.returncode == 2 and "disk is full" in ended.stderr, ended.stderr
    assert contents(mine) == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["instance", "large"]
    assert not list(mine.glob(".rest*")) and not list((mine / "tmp").glob("backup-*"))
