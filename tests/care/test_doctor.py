"""`mingcha doctor`: what is wrong is named with what to do; what is well is said, too."""

import json
import os
import sqlite3

import pytest

from .conftest import command, done, told


def findings(home, *words, status=0, **environment):
    ended = command("doctor", "--json", *words, home=home, **environment)
    assert ended.returncode == status, ended.stderr + ended.stdout
    return {one["name"]: one for one in json.loads(ended.stdout)["findings"]}


def test_a_sound_instance(mine, tmp_path):
    found = findings(mine, "--deep")
    for name in ("settings", "secret_key", "disk", "integrity", "migrations", "lake", "lake_deep", "worker"):
        assert found[name]["level"] == "ok", found[name]
    assert found["backup"]["level"] == "warn" and "every day" in found["backup"]["todo_en"]
    done("backup", tmp_path / "b", home=mine)
    assert findings(mine)["backup"]["level"] == "ok"
    assert "数据库完整" in done("doctor", home=mine, MINGCHA_LANG="zh")


def test_a_round_that_failed_is_told(mine):
    database = sqlite3.connect(mine / "mingcha.sqlite3")
    row = ("credit.listings.lapse", "2099-01-01", "ValueError: broken", True)
    database.execute("INSERT INTO jobs_schedule (name, due_at, said, failed) VALUES (?, ?, ?, ?)", row)
    database.commit()
    database.close()
    found = findings(mine)["rounds"]
    assert found["level"] == "warn" and "credit.listings.lapse" in found["en"] and "broken" in found["en"]


def a_lake_file(home):
    return next((home / "lake" / "licences").rglob("data-*.parquet"))


def lose(home):
    a_lake_file(home).unlink()
    return "lake"


def cut(home):
    os.truncate(a_lake_file(home), 10)
    return "lake"


def show_key(home):
    (home / "secret.key").chmod(0o644)
    return "secret_key"


def damage_database(home):
    database = sqlite3.connect(home / "mingcha.sqlite3")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.execute("PRAGMA writable_schema = ON")
    root = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'accounts_auditrecord'").fetchone()[0]
    size = database.execute("PRAGMA page_size").fetchone()[0]
    database.close()
    with (home / "mingcha.sqlite3").open("rb+") as file:
        file.seek((root - 1) * size)
        file.write(os.urandom(size))
    return "integrity"


def forget_migration(home):
    database = sqlite3.connect(home / "mingcha.sqlite3")
    database.execute("DELETE FROM django_migrations WHERE app = 'supervision'")
    database.commit()
    return "migrations"


@pytest.mark.parametrize("harm", [lose, cut, show_key, damage_database, forget_migration])
def test_what_is_wrong_is_named(mine, harm):
    name = harm(mine)
    found = findings(mine, status=2)
    assert found[name]["level"] == "bad" and found[name]["todo_en"] and found[name]["todo_zh"]


def test_only_a_deep_look_finds_a_flipped_byte(mine):
    path = a_lake_file(mine)
    content = bytearray(path.read_bytes())
    for i in range(100, 200):
        content[i] ^= 0xFF
    path.write_bytes(content)
    assert findings(mine)["lake"]["level"] == "ok"
    assert findings(mine, "--deep", status=2)["lake_deep"]["level"] == "bad"


def test_checksums_tell_two_states_apart(mine, used):
    before = told("doctor", "--checksums", home=mine)
    assert before == told("doctor", "--checksums", home=used)
    done("user", "add", "late", "--password", "Long-Enough-1", home=mine)
    after = told("doctor", "--checksums", home=mine)
    assert after["lake"] == before["lake"] and after["database"] != before["database"]
    changed = {name for name, state in after["tables"].items() if state != before["tables"][name]}
    assert changed == {"accounts_user", "accounts_auditrecord"}
