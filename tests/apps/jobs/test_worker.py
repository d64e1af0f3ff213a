"""Workers as processes: progress is seen in an open transaction, a job is taken once, a kill is found."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def place(request, tmp_path):
    """The environment of an instance of its own, on either database."""
    environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    environment |= {"MINGCHA_HOME": str(tmp_path / "instance"), "PYTHONPATH": str(ROOT)}
    if request.param == "sqlite":
        yield environment
        return
    import psycopg

    host, port = os.environ.get("MINGCHA_DB_HOST", "127.0.0.1"), os.environ.get("MINGCHA_DB_PORT", "5432")
    name = f"mingcha_jobs_{os.getpid()}"
    try:
        admin = psycopg.connect(host=host, port=port, user="postgres", autocommit=True, connect_timeout=2)
    except psycopg.OperationalError:
        pytest.skip(f"no PostgreSQL at {host}:{port}")
    with admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield environment | {
                "DJANGO_SETTINGS_MODULE": "mingcha.config.settings.server",
                "MINGCHA_DB_NAME": name,
                "MINGCHA_SECRET_KEY": "only for this test",
            }
        finally:
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def worker(place):
    """worker() starts one; those that still run at the end are ended."""
    started = []

    def start():
        command = [sys.executable, "-m", "tests.apps.jobs.kinds", "work"]
        started.append(subprocess.Popen(command, cwd=ROOT, env=place))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait(10)


def ask(place, *words):
    command = [sys.executable, "-m", "tests.apps.jobs.kinds", *words]
    done = subprocess.run(command, cwd=ROOT, env=place, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout or "null")


def until(what, seconds=300):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.2)
    pytest.fail("it didn't come to that")


def states(place):
    return [row["state"] for row in ask(place, "states")]


def test_progress_is_seen_and_stop_heeded_while_its_transaction_is_open(place, worker):
    ask(place, "start", "tests.writes", json.dumps({"name": "x", "stops": 60}), "")
    worker()
    until(lambda: [(row["state"], row["at"]) for row in ask(place, "states")] == [("running", 1)])
    ask(place, "stop", "1")
    until(lambda: states(place) == ["stopped"])


def test_two_workers_take_each_job_once(place, worker, tmp_path):
    note = tmp_path / "note"
    for key in range(6):
        ask(place, "start", "tests.count", json.dumps({"to": 2, "note": str(note)}), str(key))
    worker(), worker()
    until(lambda: states(place) == ["done"] * 6)
    ran = note.read_text().split()
    assert sorted(ran) == sorted(set(ran)) and len(ran) == 6


@pytest.mark.parametrize(("kind", "end"), [("tests.patient", "done"), ("tests.impatient", "failed")])
def test_a_killed_worker_s_job_is_found(place, worker, tmp_path, kind, end):
    """What may be begun anew is; what may not has failed, and says what to do."""
    note = tmp_path / "note"
    ask(place, "start", kind, json.dumps({"note": str(note), "seconds": 2}), "")
    first = worker()
    until(note.exists)
    first.send_signal(signal.SIGKILL)
    first.wait(10)
    worker()
    until(lambda: states(place) == [end])
    row = ask(place, "states")[0]
    assert len(note.read_text().split()) == row["attempts"] == (2 if end == "done" else 1)
    assert end == "done" or "start it again" in row["problem"]["todo_en"]


def test_a_worker_told_to_end_gives_its_job_back(place, worker, tmp_path):
    note = tmp_path / "note"
    ask(place, "start", "tests.patient", json.dumps({"note": str(note), "seconds": 3}), "")
    first = worker()
    until(note.exists)
    first.terminate()
    assert first.wait(10) == 0
    assert states(place) == ["queued"]
    worker()
    until(lambda: states(place) == ["done"])
