"""Chicago through the command, as a stranger would run it: the JSON's shape, and better than the City on real rows."""

import csv
import json
import os
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.realdata]


@pytest.fixture(scope="module")
def found(realdata, tmp_path_factory):
    place = tmp_path_factory.mktemp("chicago")
    command = [sys.executable, "-m", "mingcha.cli", "example", "chicago", "--data", str(realdata / "chicago")]
    dates = ["--train-until", "2014-05-01", "--test", "2014-05-01:2014-06-30"]
    done = subprocess.run(
        [*command, *dates, "--scores", str(place / "scores.csv"), "--json"],
        env=os.environ | {"MINGCHA_HOME": str(place / "home")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_rows_and_shape(found):
    assert (found["test_rows"], found["positives"]) == (1542, 311)
    figures = {"auc", "auc_ci95", "within_inspector_auc", "days_earlier", "days_earlier_ci95", "found_first_half"}
    for name in ("retained", "full"):
        for kind in ("with_stringency_removed", "with_inspector"):
            assert set(found[name][kind]) == figures
    assert {"city_logistic", "rule", "random"} <= set(found["baselines"])
    with open(found["scores_csv"], newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 1542 and sum(int(r["critical_found"]) for r in rows) == 311
    assert {r["inspection_date"] for r in rows} <= {f"2014-0{m}-{d:02d}" for m in (5, 6) for d in range(1, 32)}


def test_beats_the_citys_ten_factors_on_the_same_rows(found):
    gain = found["paired_gain_over_city_ci95"]
    assert gain["full"]["auc_ci95"][0] > 0 and gain["full"]["days_earlier_ci95"][0] > 0
