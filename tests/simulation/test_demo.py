"""The demo's bookkeeping: what is done stays done, what is not ours is left alone."""

import json
import subprocess
import sys

import pytest

from mingcha.instance import home
from mingcha.problems import Problem
from mingcha.simulation import demo


@pytest.fixture
def steps(instance, monkeypatch):
    """Two steps that count their runs; the second fails until it is told not to."""
    runs = {"first": 0, "second": 0, "fail": True}

    def first(_):
        runs["first"] += 1
        (home() / "demo").mkdir(exist_ok=True)
        return {"rows": 3}

    def second(_):
        runs["second"] += 1
        if runs["fail"]:
            raise KeyboardInterrupt
        return {}

    monkeypatch.setattr(
        demo, "STEPS", (demo.Step("first", "一", "one", first), demo.Step("second", "二", "two", second))
    )
    return runs


def test_a_killed_demo_goes_on_where_it_stopped_and_is_then_done(steps):
    with pytest.raises(KeyboardInterrupt):
        demo.prepare(500, 1)
    assert steps["first"] == 1
    steps["fail"] = False
    done = demo.prepare(500, 1)
    assert steps == {"first": 1, "second": 2, "fail": False}
    assert demo.complete(done) and done.done["first"]["rows"] == 3
    demo.prepare(500, 1)
    assert steps["second"] == 2, "the second time nothing is left to do"
    assert json.loads((home() / demo.STATE).read_text())["simulated"] is True


def test_another_city_is_refused_and_made_when_asked_for(steps):
    steps["fail"] = False
    demo.prepare(500, 1)
    (home() / "mine.txt").write_text("kept")
    with pytest.raises(Problem, match="--fresh"):
        demo.prepare(600, 1)
    done = demo.prepare(600, 1, fresh=True)
    assert done.entities == 600 and steps["first"] == 2
    assert (home() / "mine.txt").read_text() == "kept", "only what an instance is made of is deleted"


def test_what_an_older_version_left_unfinished_is_begun_anew(steps, monkeypatch):
    with pytest.raises(KeyboardInterrupt):
        demo.prepare(500, 1)
    monkeypatch.setattr(demo, "code_digest", lambda: "newer")
    steps["fail"] = False
    assert demo.prepare(500, 1).code == "newer"
    assert steps["first"] == 2


def test_an_instance_with_data_is_refused(steps):
    (home() / "mingcha.sqlite3").write_bytes(b"")
    with pytest.raises(Problem, match="holds data"):
        demo.prepare(500, 1)
    assert steps["first"] == 0


def test_the_servers_database_is_refused(steps, monkeypatch):
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "mingcha.config.settings.server")
    with pytest.raises(Problem, match="embedded"):
        demo.prepare(500, 1)


def test_commands_start_without_django_numpy_or_polars():
    code = (
        "import mingcha.simulation.commands, mingcha.simulation.demo, sys; "
        "assert not {'django', 'numpy', 'polars', 'lightgbm', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_months_must_make_quarters(instance):
    run = subprocess.run(
        [sys.executable, "-m", "mingcha.cli", "simulate", "--months", "4"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 2 and "multiple of 3" in run.stderr
