"""Each benchmark at a small size: it runs as its command, prints JSON and nothing else, and measures its reference."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

COMMANDS = {
    "bench import --rows 20000": {"rows_per_s", "ratio_accepted", "ratio_clustered", "peak_mb", "reference_s"},
    "bench factors --entities 2000 --records 60000 --rounds 1 --remove": {"seconds", "ratio_to_sql", "peak_mb"},
    "bench screen --entities 6000 --candidates 60 --seeds 1": {
        "seconds",
        "true_planted",
        "true_recovered",
        "false_kept",
    },
    "bench draw --entities 3000 --take 60": {"draw_s", "verify_s", "public", "audit", "reference"},
    "bench entity-file --entities 2000 --records 30000 --queries 20": {"p50_ms", "p99_ms", "command_s"},
    "simulate --entities 2000 --months 3 --history 6 --replicates 2": {
        "hit_ratio_to_uniform",
        "coverage",
        "stringency_rank_correlation",
        "visits_to_compliant_a_quarter",
        "true_violation_rate",
        "estimated_violation_rate",
    },
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_benchmark_prints_its_figures(command, tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "mingcha.cli", *command.split(), "--json"],
        env=os.environ | {"MINGCHA_HOME": str(tmp_path / "instance"), "TMPDIR": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    said = json.loads(run.stdout)
    assert set(said) >= COMMANDS[command]


def test_backup_and_restore_of_an_instance(tmp_path):
    environment = os.environ | {"MINGCHA_HOME": str(tmp_path / "instance"), "TMPDIR": str(tmp_path)}
    start = [sys.executable, "-m", "mingcha.cli"]
    made = ["init", "--username", "head", "--password", "Cloud-Ting-2026"]
    subprocess.run([*start, *made], env=environment, check=True, capture_output=True)
    run = subprocess.run([*start, "bench", "backup", "--json"], env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    said = json.loads(run.stdout)
    assert said["same_checksums"] and set(said) >= {"backup_s", "restore_s", "mb", "rows", "reference", "peak_mb"}
