"""docs/howto/bring-your-own-data.md, run as it stands there: its contracts, its commands in their order, on the files
of San Francisco, to a file that the verifier holds true."""

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.realdata
ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "howto" / "bring-your-own-data.md").read_text(encoding="utf-8")
ASKED = re.compile(r"(mingcha (?:init|user add) [^#\n]*)")  # a person types the password


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def trial(realdata, tmp_path_factory):
    """The folder after the whole page, and what was printed."""
    data = realdata / "inspections_sf"
    if not data.is_dir():
        pytest.skip(f"no {data}")
    place = tmp_path_factory.mktemp("trial")
    (place / "data").symlink_to(data)
    (place / "contracts").mkdir()
    contracts = re.findall(r"^`(contracts/\w+\.yaml)`:\n\n```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for name, text in contracts:
        (place / name).write_text(text, encoding="utf-8")
    assert len(contracts) == len(_blocks("yaml")) == 3
    script = ASKED.sub(r"\1 --password Trial-Pass-2026 ", "".join(_blocks("sh")))
    script = script.replace("/path/to/checkout/.venv/bin", str(Path(sys.executable).parent))
    script = script.replace("/path/to/checkout", str(ROOT))
    env = {**os.environ, "MINGCHA_LANG": "en", "MINGCHA_HOME": str(place / "none")}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=place, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return place, done.stdout


def test_every_command_of_the_page_is_known():
    from mingcha.cli import COMMANDS

    assert set(re.findall(r"mingcha ([a-z]+)", "".join(_blocks("sh")))) <= set(COMMANDS)


def test_the_register_the_visits_and_their_violations_are_in(trial):
    _, out = trial
    assert "6,399  accepted" in out and "38,994  accepted" in out
    assert out.count("14,231  accepted") == 2  # taken in, taken out, and taken in again
    assert "NRGIZE LIFESTYLE CAFE" in out and "8 records of 3 sources" in out


def test_the_model_is_better_than_chance_and_its_rule(trial):
    figures = trial[1].split("Challenger")[1]
    auc = re.search(r"auc +([\d.]+) \[([\d.]+), [\d.]+\].* rule ([\d.]+)", figures)
    assert auc and float(auc[2]) > 0.7 and float(auc[1]) > float(auc[3])


def test_three_parties_drew_a_hundred_and_the_verifier_holds_it(trial):
    place, out = trial
    assert "HOLDS: public checks hold; probabilities attested by health, market, notary" in out
    assert "unchecked" not in out  # every party had its own copy of the frame
    with (place / "first-quarter-secret" / "design.csv").open(encoding="utf-8-sig", newline="") as file:
        drawn = [row["id"] for row in csv.DictReader(file)]
    with (place / "frame.csv").open(encoding="utf-8-sig", newline="") as file:
        frame = {row["id"]: row for row in csv.DictReader(file)}
    assert len(drawn) == 100 and set(drawn) <= set(frame) and len(frame) == 6399
    mean = sum(float(r["score"]) for r in frame.values()) / len(frame)
    assert sum(float(frame[i]["score"]) for i in drawn) / 100 > 1.5 * mean
    assert all(frame[i]["name"] for i in drawn)


def test_the_label_that_asks_another_file_is_learnt_from(trial):
    place, _ = trial
    env = {**os.environ, "MINGCHA_LANG": "en", "MINGCHA_HOME": str(place / "home")}
    command = [sys.executable, "-m", "mingcha.cli", "risk", "train", "inspections", "vermin", "--until", "2017-07-01"]
    command += ["--retain", "violations.high_risk.count.all", "--json"]
    done = subprocess.run(command, env=env, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["risk_point"] == "vermin"
