"""A full disk and kill -9: a draw's file is there whole or not at all, and the step is simply run again."""

import json
import os
import resource
import signal
import subprocess
import sys
import time

import pytest
from tests.engines.sampling.small_draw import VALUE, commit_all, prepare, reveal_all

from mingcha.engines.sampling import files, folder, results, steps

RUN = """
import sys; from pathlib import Path; from mingcha.engines.sampling import steps
steps.run(Path(sys.argv[1]), sys.argv[2])
"""


def full_disk():
    """No file may grow beyond 20 kB: writes fail with an OSError, as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))


def ready(at, units):
    made = prepare(at, units=units, take=units // 10)
    commit_all(made)
    reveal_all(made)
    return made


def test_a_full_disk_leaves_nothing_half_written(tmp_path):
    made = ready(tmp_path, 400)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    ended = subprocess.run(
        [sys.executable, "-c", RUN, str(made.folder), VALUE], preexec_fn=full_disk, capture_output=True, text=True
    )
    assert ended.returncode != 0 and "OSError" in ended.stderr
    after = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert {path: after.get(path) for path in before} == before
    assert {path.name for path in set(after) - set(before)} <= {
        "design.csv"
    }  # whole, and written again by the next run
    steps.run(made.folder, VALUE)
    results.drawn(folder.status(made.folder))


def test_a_write_that_fails_keeps_the_old_file(tmp_path):
    path = tmp_path / "file.json"
    files.write_json(path, {"format": "old"})
    with pytest.raises(RuntimeError), files.atomic(path) as file:
        file.write(b"half")
        raise RuntimeError
    assert json.loads(path.read_bytes()) == {"format": "old"}
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.slow
def test_killed_at_any_moment_the_public_file_is_whole_or_absent(tmp_path):
    made = ready(tmp_path, 20_000)
    whole = None
    for wait in [0.3 + 0.1 * i for i in range(12)]:
        process = subprocess.Popen([sys.executable, "-c", RUN, str(made.folder), VALUE])
        time.sleep(wait)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        public = made.folder / "public.json"
        if public.exists():
            results.drawn(folder.status(made.folder))  # raises if a byte is missing
            whole = public.read_bytes()
            public.unlink()
        for left in tmp_path.rglob("*.part"):
            left.unlink()
    steps.run(made.folder, VALUE)
    assert whole is None or whole == (made.folder / "public.json").read_bytes()
