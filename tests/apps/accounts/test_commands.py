"""`mingcha user`: units, certificates, import, closing, the second factor; each with --by."""

import os
import subprocess
import sys

import pytest

SETUP = """
from mingcha.instance import open_django
open_django()
from django.conf import settings
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
from mingcha.apps.accounts.services import unit_save, user_create
bureau = unit_save(code="98", name="Bureau", division="98")
below = unit_save(code="980103", name="Deer", division="980103", parent=bureau)
user_create(username="root", password="Cloud-Ting-2026", role="administrator", unit=bureau)
user_create(username="deer", password="Cloud-Ting-2026", role="administrator", unit=below)
"""
PROGRAM = "from mingcha.cli import program\nprogram()"


@pytest.fixture
def run(instance, tmp_path):
    def run(*words, code=PROGRAM):
        env = {**os.environ, "MINGCHA_HOME": str(instance), "MINGCHA_LANG": "en"}
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, words)], env=env, cwd=tmp_path, capture_output=True, text=True
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    assert run(code=SETUP).returncode == 0
    return run


def test_units_people_certificates(run, tmp_path):
    done = run("user", "unit", "s1", "--name", "Station 1", "--parent", "980103", "--division", "980103001")
    assert (done.returncode, done.stdout.split()[:2]) == (0, ["s1", "station"]), done.stderr
    refused = run("user", "unit", "s2", "--name", "S", "--parent", "98", "--division", "98", "--by", "deer")
    assert refused.returncode == 2 and "isn't yours" in refused.stderr
    (tmp_path / "people.csv").write_text(
        "用户名,姓名,角色,单位代码,执法证号,执法范围,有效期自,有效期至\n"
        "zhang,张三,执法人员,s1,C-1,食品;特种设备,2026-01-01,2030-12-31\n"
        "li,李四,chef,s1,,,,\n"
        "wang,王五,officer,98,,,,\n",
        encoding="gb18030",
    )
    done = run("user", "import", "people.csv", "--by", "deer")
    assert done.returncode == 2 and "1 added, 0 changed, 1 certificates; 2 rows left out" in done.stdout
    assert "row 3, column 角色 (C3): there is no role 'chef'" in done.stderr
    assert "row 4" in done.stderr and "You can't appoint anyone in Bureau" in done.stderr
    listed = run("user", "list", "--by", "deer").stdout
    assert "zhang" in listed and "root" not in listed
    dates = ("--valid-from", "2026-01-01", "--valid-to", "2027-01-01")
    assert run("user", "certificate", "zhang", "C-2", *dates, "--scope", "药品").returncode == 0
    assert "another person's" in run("user", "certificate", "deer", "C-2", *dates).stderr
    assert run("user", "certificate", "zhang", "C-2", "--revoke", "transferred", "--by", "deer").returncode == 0
    assert "is no date" in run("user", "certificate", "zhang", "C-3").stderr
    assert run("user", "close", "zhang", "--by", "deer").returncode == 0
    assert run("user", "unit", "s1", "--close", "--by", "deer").returncode == 0


def test_who_has_no_say_is_refused(run):
    assert "isn't yours to manage" in run("user", "close", "root", "--by", "deer").stderr
    assert "own account" in run("user", "close", "root", "--by", "root").stderr
    assert "isn't yours" in run("user", "totp-reset", "root", "--reason", "x", "--by", "deer").stderr
    assert run("user", "totp-reset", "deer", "--reason", "phone lost", "--by", "root").returncode == 0
    assert "There is no user" in run("user", "totp-reset", "ghost", "--reason", "x").stderr
