"""`mingcha backup`: one moment of everything, of an instance in use; its manifest; what is linked, sealed, left out."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest

from mingcha.care.sealing import CHUNK, new_salt, seal, sealed_size, unseal
from mingcha.problems import Problem

from .conftest import EMBEDDED, ROOT, done, refused, told

PASSPHRASE = {"MINGCHA_BACKUP_PASSPHRASE": "a long passphrase"}


def manifest(path):
    return json.loads((path / "manifest.json").read_text())


def test_a_backup_has_everything_and_a_manifest_with_every_hash(mine, tmp_path):
    report = told("backup", tmp_path / "one", home=mine)
    stated = manifest(tmp_path / "one")
    paths = {entry["path"] for entry in stated["files"]}
    assert {
        "database/mingcha.sqlite3",
        "secret.key",
        "files/ab/照片.jpg",
        "draws/JH-2026-001-secret/sealed.json",
    } <= paths
    assert len([p for p in paths if p.startswith("lake/licences/")]) >= 2
    assert report["files"] == len(paths) and report["bytes"] == sum(e["bytes"] for e in stated["files"])
    assert stated["tables"]["exchange_batch"]["rows"] == 2 and stated["vendor"] == "sqlite"
    assert any(name.startswith("exchange.0001") for name in stated["migrations"])
    there = {str(p.relative_to(tmp_path / "one")) for p in (tmp_path / "one").rglob("*") if p.is_file()}
    assert there == paths | {"manifest.json"}
    assert (tmp_path / "one").stat().st_mode & 0o777 == 0o700
    assert {p.stat().st_mode & 0o77 for p in (tmp_path / "one").rglob("*") if p.is_file()} == {0}
    assert "whole" in done("backup", "verify", tmp_path / "one", home=mine)


def test_the_next_backup_links_what_has_not_changed(mine, tmp_path):
    done("backup", tmp_path / "one", home=mine)
    (mine / "files" / "ab" / "new.jpg").write_bytes(b"new")
    report = told("backup", tmp_path / "two", "--since", tmp_path / "one", home=mine)
    assert report["bytes_linked"] > 50_000
    photo = "files/ab/照片.jpg"
    assert (tmp_path / "one" / photo).samefile(tmp_path / "two" / photo)
    assert (tmp_path / "two/files/ab/new.jpg").read_bytes() == b"new"
    (mine / photo).write_bytes(os.urandom(50_000))  # of the same size
    done("backup", tmp_path / "three", "--since", tmp_path / "two", home=mine)
    assert (tmp_path / "three" / photo).read_bytes() == (mine / photo).read_bytes()
    assert "whole" in done("backup", "verify", tmp_path / "three", home=mine)
    said = refused("backup", tmp_path / "four.tar", "--since", tmp_path / "two", home=mine)
    assert "Only a backup that is a folder" in said


def test_one_file_with_everything(mine, tmp_path):
    done("backup", tmp_path / "one.tar", home=mine)
    assert (tmp_path / "one.tar").stat().st_mode & 0o777 == 0o600
    assert "whole" in done("backup", "verify", tmp_path / "one.tar", home=mine)


@pytest.mark.parametrize("name", ["sealed", "sealed.tar"])
def test_sealed_it_shows_nothing_and_opens_by_its_passphrase_only(mine, tmp_path, name):
    done("backup", tmp_path / name, "--encrypt", home=mine, **PASSPHRASE)
    place = tmp_path / name
    stored = [place] if place.is_file() else [p for p in place.rglob("*") if p.is_file()]
    key = (mine / "secret.key").read_bytes()
    assert not any(key in p.read_bytes() or b"SQLite format" in p.read_bytes() for p in stored)
    assert "whole" in done("backup", "verify", place, home=mine, **PASSPHRASE)
    assert "passphrase is needed" in refused("backup", "verify", place, home=mine)
    wrong = refused("backup", "verify", place, home=mine, MINGCHA_BACKUP_PASSPHRASE="another")
    assert "passphrase is another one" in wrong


def test_sealed_backups_follow_each_other_under_one_passphrase(mine, tmp_path):
    done("backup", tmp_path / "one", "--encrypt", home=mine, **PASSPHRASE)
    report = told("backup", tmp_path / "two", "--encrypt", "--since", tmp_path / "one", home=mine, **PASSPHRASE)
    assert report["bytes_linked"] > 50_000
    assert "whole" in done("backup", "verify", tmp_path / "two", home=mine, **PASSPHRASE)


def test_without_secrets_it_has_none_and_says_so(mine, tmp_path):
    report = told("backup", tmp_path / "one", "--without-secrets", home=mine)
    assert report["left_out"] == ["draws/JH-2026-001-secret", "secret.key"]
    paths = {entry["path"] for entry in manifest(tmp_path / "one")["files"]}
    assert not {"secret.key", "draws/JH-2026-001-secret/sealed.json"} & paths
    assert "draws/JH-2026-001/ceremony.json" in paths


def test_it_overwrites_nothing_and_lies_outside(mine, tmp_path):
    (tmp_path / "there").mkdir()
    assert "overwrites nothing" in refused("backup", tmp_path / "there", home=mine)
    assert "within the instance" in refused("backup", mine / "lake" / "b", home=mine)
    assert "no instance here" in refused("backup", tmp_path / "b", home=tmp_path / "nothing")
    assert not (tmp_path / "b").exists() and not (tmp_path / "b.part").exists()


def test_a_lake_file_that_is_gone_is_named_and_nothing_is_left(mine, tmp_path):
    lost = next((mine / "lake" / "licences").rglob("data-*.parquet"))
    lost.unlink()
    said = refused("backup", tmp_path / "b", home=mine)
    assert str(lost) in said
    assert [p.name for p in tmp_path.iterdir()] == ["instance"]


WRITER = """
import sys, time
from mingcha.instance import open_django
open_django()
from django.db import transaction
from mingcha.apps.accounts.models import Unit
print("ready", flush=True)
for i in range(100_000):
    with transaction.atomic():  # two rows or none
        Unit.objects.create(code=f"a{i}", name="a")
        Unit.objects.create(code=f"b{i}", name="b")
"""


def test_of_an_instance_that_is_written_to_it_is_one_moment(mine, tmp_path):
    env = {**os.environ, **EMBEDDED, "MINGCHA_HOME": str(mine)}
    writer = subprocess.Popen([sys.executable, "-c", WRITER], env=env, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        writer.stdout.readline()
        for i in range(3):
            done("backup", tmp_path / str(i), home=mine)
    finally:
        writer.kill()
        writer.wait()
    counts = []
    for i in range(3):
        with closing(sqlite3.connect(tmp_path / str(i) / "database" / "mingcha.sqlite3")) as copy:
            a, b = (copy.execute("SELECT count(*) FROM accounts_unit WHERE name = ?", x).fetchone()[0] for x in "ab")
        assert a == b
        counts.append(a)
        assert "whole" in done("backup", "verify", tmp_path / str(i), home=mine)
    assert counts == sorted(set(counts)), "the writer was not held up"


def test_meanwhile_no_retired_file_of_the_lake_goes(instance, db, tmp_path):
    import datetime as dt

    from django.utils import timezone

    from mingcha.apps.exchange.models import Dataset, LakeFile
    from mingcha.apps.exchange.services.commit import writing
    from mingcha.engines.lake import folder

    path = instance / "lake" / "d" / "1" / "a.parquet"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"rows")
    dataset = Dataset.objects.create(name="d", title="d", contract="", document={}, version="1")
    old = timezone.now() - dt.timedelta(days=2)
    LakeFile.objects.create(dataset=dataset, kind="accepted", path="d/1/a.parquet", rows=1, bytes=4, retired_at=old)
    with folder.held(instance / "lake"), writing("d"):
        assert path.exists() and LakeFile.objects.count() == 1
    with writing("d"):
        assert not path.exists() and LakeFile.objects.count() == 0


def test_two_backups_at_once_are_one(mine, tmp_path):
    import fcntl

    with (mine / "tmp" / "backup.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "under way" in refused("backup", tmp_path / "one", home=mine)
    done("backup", tmp_path / "one", home=mine)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_a_sealed_file_opens_again_and_every_change_is_noticed(tmp_path, size):
    content, path = os.urandom(size), tmp_path / "sealed"
    sealed = b"".join(seal([content[:7], content[7:]], "p", new_salt()))
    assert len(sealed) == sealed_size(size)
    path.write_bytes(sealed)
    with path.open("rb") as file:
        assert b"".join(unseal(file, "p", where="")) == content
    damaged = [
        sealed[:-1],
        sealed + b"x",
        sealed[: len(sealed) // 2],
        sealed[:70] + bytes([sealed[70] ^ 1]) + sealed[71:],
    ]
    if size == 3 * CHUNK:  # whole chunks gone, or in another order
        step = CHUNK + 16
        head, chunks = sealed[:65], [sealed[65 + i * step : 65 + (i + 1) * step] for i in range(3)]
        damaged += [head + chunks[0] + chunks[1], head + chunks[1] + chunks[0] + chunks[2]]
    for wrong in damaged:
        path.write_bytes(wrong)
        with path.open("rb") as file, pytest.raises(Problem):
            b"".join(unseal(file, "p", where=""))


def test_the_copy_of_a_database_is_quick_to_the_user(mine, tmp_path):
    start = time.perf_counter()
    report = told("backup", tmp_path / "one", home=mine)
    assert 0 < report["database_s"] <= report["seconds"] <= time.perf_counter() - start
