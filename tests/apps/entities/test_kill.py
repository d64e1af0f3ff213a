"""A resolution that is killed leaves everything as it was, and the next one does the whole work."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.slow

SCRIPT = """
import os, signal, sys
from mingcha.instance import open_django
open_django()
from tests.apps.entities.entity_deliveries import dataset, deliver
from mingcha.simulation.identifiers import uscc
import numpy as np
from mingcha.apps.entities.models import *
from mingcha.apps.entities.services import entities_resolve
from mingcha.apps.entities import store

def state():
    return Entity.ever.count(), EntityKey.objects.count(), Resolution.objects.count(), ResolvedBatch.objects.count()

mode, after = sys.argv[1], int(sys.argv[2])
if mode == "prepare":
    codes = uscc(["91"] * 3000, ["440604"] * 3000, np.arange(3000)).tolist()
    licences = dataset("licences", {"licence": "licence:food", "uscc": "uscc"}, ("name",))
    visits = dataset("visits", {"licence": "licence:food"})
    deliver(visits, [{"id": str(i), "known": 1, "licence": f"L{i}"} for i in range(2000)])
    entities_resolve()
    rows = [{"id": c, "known": 5, "licence": f"L{i}", "uscc": c, "name": f"店{i}"} for i, c in enumerate(codes)]
    deliver(licences, rows)
elif mode == "kill":
    calls, write = [], store.write
    def counted(sql, result):
        calls.append(sql)
        if len(calls) > after:
            os.kill(os.getpid(), signal.SIGKILL)
        return write(sql, result)
    store.write = counted
    entities_resolve()
else:
    entities_resolve()
print(*state())
"""


@pytest.fixture
def run(instance):
    def run(mode, after=0):
        env = {
            **os.environ,
            "MINGCHA_HOME": str(instance),
            "DJANGO_SETTINGS_MODULE": "mingcha.config.settings.embedded",
        }
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(SCRIPT), mode, str(after)],
            env=env, capture_output=True, text=True, cwd=os.getcwd(),
        )  # fmt: skip
        return done.returncode, done.stdout.strip(), done.stderr

    return run


def test_killed_at_every_step(run):
    code, before, errors = run("prepare")
    assert code == 0, errors
    assert before == "2000 2000 1 1"
    killed = 0
    for after in range(12):
        code, _, errors = run("kill", after)
        if code == 0:
            break
        assert code == -signal.SIGKILL, errors
        killed += 1
    assert killed >= 5
    code, done, errors = run("look")
    assert code == 0, errors
    # 2,000 provisional entities have become firms; 3,000 firms, each with its code and its licence
    assert done == "5000 8000 2 2"


def test_after_a_kill_nothing_has_changed(run):
    run("prepare")
    for after in (3, 6):
        assert run("kill", after)[0] == -signal.SIGKILL
    assert run("kill", 99)[1] == "5000 8000 2 2"
