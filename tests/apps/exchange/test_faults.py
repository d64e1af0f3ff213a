"""Killed, crowded, out of disk: nothing is lost, nothing is shown half, and the next import does the whole work."""

import json
import os
import resource
import signal
import subprocess
import sys
import time

import pytest
from tests.apps.exchange.licences import file, licences

SCRIPT = """
import json, os, signal, sys
from pathlib import Path
from mingcha.instance import open_django
open_django()
import duckdb, pandas, pyarrow.csv, pyarrow.parquet, pyarrow.compute, sqlglot, open_data_contract_standard.model
import django.db.models.sql.compiler, encodings.utf_8_sig
from django.db import connections
from mingcha.apps.exchange import hooks, services
from mingcha.apps.exchange.models import Batch, LakeFile
from mingcha.apps.exchange.selectors import lake_folder, lake_view
from mingcha.engines.lake.view import rows_sql
hooks.after_import.clear()

def state():
    '''What a reader sees: batches and the sum of rows; fails where a file that the database names is not whole.'''
    source = lake_view().sources.get("licences")
    rows = duckdb.execute("SELECT count(*), count(DISTINCT licence), sum(seats)::BIGINT FROM ("
        + rows_sql(source) + ")").fetchone() if source else (0, 0, None)
    held = [duckdb.execute(f"SELECT count(*) FROM '{lake_folder() / f.path}'").fetchone()[0] == f.rows
        for f in LakeFile.objects.all()]
    assert all(held)
    return [Batch.objects.count(), *rows]

def folders():
    place = lake_folder() / "licences"
    return sorted(p.name for p in place.iterdir() if p.is_dir()) if place.is_dir() else []

def deliver(contract, *files):
    return services.batch_import(contract=Path(contract), files=[Path(f) for f in files])

def forked(work):
    '''Run `work` in a child; returns its exit status, negative for a signal.'''
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:
            sys.stderr.write(repr(error))
            os._exit(3)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def killed_at(event, work):
    '''Kill ourselves at the `event`-th call that touches the file system or the database.'''
    def work_and_die():
        left = [event]
        def strike():
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        def audit(name, _):
            if name.startswith(("open", "os.", "shutil.", "sqlite3.")):
                strike()
        from django.db import connection
        sys.addaudithook(audit)
        with connection.execute_wrapper(lambda execute, *given: (strike(), execute(*given), strike())[1]):
            work()
    return forked(work_and_die)
"""


def python(script, *words, home, **options):
    env = {**os.environ, "MINGCHA_HOME": str(home), "DJANGO_SETTINGS_MODULE": "mingcha.config.settings.embedded"}
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT + script, *map(str, words)],
        env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=os.getcwd(), **options,
    )  # fmt: skip


def answer(process):
    out, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors
    return json.loads(out.splitlines()[-1])


@pytest.fixture
def delivery(tmp_path):
    """A contract and two files: 3,000 licences, then 1,000 of them changed and 1,000 new ones, with dirt."""
    contract = tmp_path / "c.yaml"
    contract.write_text(licences(), encoding="utf-8")
    first = file(tmp_path / "a.csv", *(f"JY{i},,,{i % 100},2020-01-01" for i in range(3000)), "x,,,1,2020-01-01")
    second = file(tmp_path / "b.csv", *(f"JY{i},,,{i % 100 + 1},2020-01-01" for i in range(2000, 4000)), "JY9,,")
    return contract, first, second


KILLING = """
contract, first, second, step, most = *sys.argv[1:4], int(sys.argv[4]), int(sys.argv[5])
assert forked(lambda: deliver(contract, first)) == 0
before, event, found = state(), 1, []
while event <= most:
    status = killed_at(event, lambda: deliver(contract, second))
    assert status in (0, -9), status
    after = state()
    found.append([event, status, after])
    if after != before:
        break
    event += step
if after == before:
    assert forked(lambda: deliver(contract, second)) == 0
    after = state()
forked(lambda: deliver(contract, first))  # any writer removes what dead ones left
print(json.dumps({"before": before, "after": after, "found": found, "folders": folders(),
    "named": len({f.path.split("/")[1] for f in LakeFile.objects.all()})}))
"""


def check_killing(found):
    before, after = [1, 3000, 3000, sum(i % 100 for i in range(3000))], [2, 4000, 4000]
    assert found["before"] == before
    assert found["after"][:3] == after
    assert found["after"][3] == sum(i % 100 + (i >= 2000) for i in range(4000))
    assert len(found["folders"]) == found["named"]
    for _event, status, state in found["found"]:
        assert state in (found["before"], found["after"])
        assert status == -9 or state == found["after"]


def test_killed_on_the_way(instance, delivery):
    check_killing(answer(python(KILLING, *delivery, 37, 10_000, home=instance)))


@pytest.mark.slow
def test_killed_at_every_touch_of_the_disk(instance, delivery):
    found = answer(python(KILLING, *delivery, 1, 10_000, home=instance))
    check_killing(found)
    assert len(found["found"]) > 50


@pytest.mark.slow
def test_killed_at_any_time(instance, delivery, tmp_path):
    contract, first, second = delivery
    answer(python("deliver(*sys.argv[1:3])\nprint(json.dumps(state()))", contract, first, home=instance))
    random = __import__("random").Random(11)
    before = answer(python("print(json.dumps(state()))", home=instance))
    for _ in range(12):
        process = python("deliver(*sys.argv[1:3])", contract, second, home=instance)
        time.sleep(random.uniform(1, 6))
        process.kill()
        process.communicate()
        state = answer(python("print(json.dumps(state()))", home=instance))
        assert state[:3] in (before[:3], [2, 4000, 4000])
    answer(python("deliver(*sys.argv[1:3])\nprint(json.dumps(state()))", contract, second, home=instance))
    assert answer(python("print(json.dumps(state()))", home=instance))[:3] == [2, 4000, 4000]


MERGING = """
contract, folder = sys.argv[1], Path(sys.argv[2])
for n in range(4):
    path = folder / f"{n}.csv"
    path.write_text("许可证号,统一社会信用代码,负责人,座位数,发证日期\\n" + "".join(
        f"JY{i},,,{n},2020-01-01\\n" for i in range(n * 100, n * 100 + 200)), encoding="utf-8")
    assert forked(lambda: deliver(contract, path)) == 0
before, event = state(), 1
while killed_at(event, lambda: services.dataset_cluster(name="licences")) == -9:
    assert state() == before
    event += 5
assert state() == before
print(json.dumps({"events": event, "files": len(lake_view().sources["licences"].files), "state": before}))
"""


def test_clustering_killed_on_the_way_changes_nothing(instance, delivery, tmp_path):
    found = answer(python(MERGING, delivery[0], tmp_path, home=instance))
    assert found["events"] > 5
    assert found["files"] == 1
    assert found["state"][:3] == [4, 500, 500]


def test_two_imports_at_once_into_one_dataset(instance, delivery):
    contract, first, second = delivery
    answer(python("print(json.dumps(state()))", home=instance))  # the database is made once
    work = "deliver(*sys.argv[1:3])\nprint(json.dumps(state()))"
    both = [python(work, contract, path, home=instance) for path in (first, second, second)]
    for process in both:
        answer(process)
    state = answer(python("print(json.dumps(state()))", home=instance))
    assert state[:3] == [2, 4000, 4000]


def refusal(process):
    out, errors = process.communicate(timeout=600)
    return process.returncode, out, errors


COMMAND = "sys.argv[1:1] = ['import']\nfrom mingcha.cli import program\nprogram()"


def test_a_full_disk_loses_nothing_and_says_so(small_disk, tmp_path, delivery):
    contract, first, _ = delivery
    home = small_disk / "instance"
    answer(python("deliver(*sys.argv[1:3])\nprint(json.dumps(state()))", contract, first, home=home))
    # text that does not compress: more than the disk takes
    random = __import__("random").Random(1)
    lines = [f"JY{i},,{random.randbytes(2).hex()},{i % 1000},2020-01-01" for i in range(10_000, 900_000)]
    large = file(tmp_path / "large.csv", *lines)
    code, out, errors = refusal(python(COMMAND, contract, large, home=home))
    assert code == 2, errors
    assert "disk is full" in errors
    assert out == ""
    assert answer(python("print(json.dumps([*state(), folders()]))", home=home))[:3] == [1, 3000, 3000]
    fits = file(tmp_path / "small.csv", "JY5000,,,1,2020-01-01")
    state = answer(python("deliver(*sys.argv[1:3])\nprint(json.dumps(state()))", contract, fits, home=home))
    assert state[:2] == [2, 3001]


def test_a_limit_on_file_size_is_told_like_a_full_disk(instance, tmp_path, delivery):
    contract, first, second = delivery
    answer(python("deliver(*sys.argv[1:3])\nprint(json.dumps(state()))", contract, first, home=instance))

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))

    code, out, errors = refusal(python(COMMAND, contract, second, home=instance, preexec_fn=limit))
    assert code == 2, errors
    assert out == ""
    assert answer(python("print(json.dumps(state()))", home=instance))[:3] == [1, 3000, 3000]
