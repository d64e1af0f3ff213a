"""Who acts on the command line: the matrix is applied to whom `--by` names, and the audit trail knows either way."""

import getpass
import os
import subprocess
import sys

import pytest
from tests.apps.exchange.licences import file, licences

COMMAND = "from mingcha.cli import program\nprogram()"
SETUP = """
from mingcha.instance import open_django
open_django()
from django.conf import settings
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
from mingcha.apps.accounts.services import unit_save, user_create
bureau = unit_save(code="98", name="Bureau", division="98")
below = unit_save(code="980103", name="Deer", division="980103", parent=bureau)
for role in ("administrator", "clerk", "planner", "officer", "auditor"):
    user_create(username=role, password="Cloud-Ting-2026", role=role, unit=bureau)
user_create(username="deer", password="Cloud-Ting-2026", role="clerk", unit=below)
"""
TRAIL = """
from mingcha.instance import open_django
open_django()
from mingcha.apps.accounts.models import AuditRecord
for r in AuditRecord.objects.order_by("id"):
    print(r.action, r.user.username if r.user else r.actor)
"""


@pytest.fixture
def run(instance, tmp_path):
    def run(*words, code=COMMAND):
        env = {**os.environ, "MINGCHA_HOME": str(instance), "MINGCHA_LANG": "en"}
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, words)], env=env, cwd=tmp_path, capture_output=True, text=True
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    assert run(code=SETUP).returncode == 0
    (tmp_path / "c.yaml").write_text(licences(), encoding="utf-8")
    file(tmp_path / "a.csv", "JY1,91440606748023528A,张三,10,2020-01-01", "JY2,,李四,many,2020-01-01")
    return run


def test_who_may_not_is_refused_and_nothing_happens(run, tmp_path):
    for words, who, action in (
        (("import", "c.yaml", "a.csv"), "planner", "exchange.dataset.import"),
        (("risk", "train", "licences"), "clerk", "risk.model.train"),
        (("risk", "score"), "auditor", "risk.scores.refresh"),
        (("risk", "sign"), "planner", "risk.model.sign"),
        (("user", "add", "x", "--password", "Long-Enough-1"), "clerk", "accounts.user.manage"),
        (("user", "password", "clerk", "--password", "Long-Enough-1"), "officer", "accounts.user.manage"),
    ):
        done = run(*words, "--by", who)
        assert (done.returncode, done.stdout) == (2, "")
        assert f"{who!r}" in done.stderr and action in done.stderr
    assert run("import", "c.yaml", "a.csv", "--by", "clerk").returncode == 0
    for words, who, action in (
        (("dataset", "withdraw", "licences", "--yes"), "planner", "exchange.dataset.withdraw"),
        (("quarantine", "list"), "officer", "exchange.quarantine.view"),
        (("quarantine", "export", "licences", "-o", "held.csv"), "auditor", "exchange.quarantine.hand_back"),
        (("quarantine", "replay", "licences"), "auditor", "exchange.quarantine.replay"),
        (("entity", "merge", "x", "y", "--reason", "same"), "officer", "entities.entity.decide"),
    ):
        done = run(*words, "--by", who)
        assert done.returncode == 2
        assert action in done.stderr or "no entity" in done.stderr.lower()
    assert not (tmp_path / "held.csv").exists()
    assert "There is no user 'ghost'" in run("import", "c.yaml", "a.csv", "--by", "ghost").stderr
    deer = run("quarantine", "export", "licences", "-o", "held.csv", "--by", "deer")
    assert deer.returncode == 2 and "bureau's own staff" in deer.stderr
    assert not (tmp_path / "held.csv").exists()


def test_the_trail_names_the_user_or_the_system_s(run):
    assert run("import", "c.yaml", "a.csv", "--by", "clerk").returncode == 0
    assert run("quarantine", "export", "licences", "-o", "held.csv").returncode == 0
    assert run("user", "password", "deer", "--password", "Long-Enough-1", "--by", "administrator").returncode == 0
    trail = run(code=TRAIL).stdout.splitlines()
    assert "exchange.batch.import clerk" in trail
    assert f"exchange.quarantine.hand_back cli:{getpass.getuser()}" in trail
    assert "accounts.user.password administrator" in trail
