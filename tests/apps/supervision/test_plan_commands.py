"""`mingcha plan` as a bureau uses it, with three parties that work on its folder by `mingcha draw`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mingcha.apps.supervision import commands, plan_commands
from mingcha.apps.supervision.models import Plan
from mingcha.apps.supervision.selectors import draw_folder
from mingcha.engines.sampling.folder import secret_folder
from mingcha.problems import Problem

pytestmark = pytest.mark.django_db
VERIFIER = Path(__file__).resolve().parents[3] / "verifier" / "verify_draw.py"
PARTIES = ("司法局", "纪委监委", "公证处")
STAFF = "id,name,areas,certified,load\n" + "".join(f"Z{i},王{i},区{i % 2},2099-01-31,9\n" for i in range(8))


@pytest.fixture(autouse=True)
def room(tmp_path, monkeypatch, staff, scored):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINGCHA_LANG", "en")
    monkeypatch.setenv("MINGCHA_HOME", str(tmp_path / "instance"))
    monkeypatch.setattr(plan_commands, "open_django", lambda: None)
    Path("staff.csv").write_text(STAFF)
    for party in PARTIES:
        draw("keygen", party)


def call(app, *arguments):
    done = CliRunner().invoke(app, list(map(str, arguments)), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def plan(*arguments):
    return call(plan_commands.app, *arguments)


def draw(*arguments):
    return call(commands.app, *arguments)


def created(*more):
    about = ["--public-source", "双色球 2026-11-30", "--stratify-by", "district", "--by", "planner"]
    plan("create", "四季度抽查", "--budget", 12, *about, *more)
    number = Plan.objects.get().number
    plan("approve", number, "--by", "head")
    return number


def freeze(number, *more):
    keys = [part for party in PARTIES for part in ("--party", f"{party}.key.pub")]
    said = plan("freeze", number, *keys, "--by", "planner", *more)
    return draw_folder(Plan.objects.get().draw), said


def commit_and_reveal(folder, revealing=PARTIES):
    for party in PARTIES:
        draw("commit", folder, "--key", f"{party}.key", "--yes")
    for party in revealing:
        draw("reveal", folder, "--key", f"{party}.key")


def test_from_a_draft_to_an_attested_public_file():
    number = created("--cap", 2)
    folder, said = freeze(number, "--inspectors", "staff.csv", "--day", "2026-12-01")
    assert "Frozen: 120 units" in said and "frame.csv" in said
    commit_and_reveal(folder)
    said = plan("run", number, "--public-value", "03 07 12", "--by", "planner")
    assert "Drawn: 12" in said and "nobody to send to 0" in said
    secret = secret_folder(folder)
    for party in PARTIES[:2]:
        checks = ["--audit", secret / "audit.json", "--frame", secret / "frame.csv"]
        said = draw("attest", folder, "--key", f"{party}.key", *checks)
        assert "recomputed and agrees" in said and "unchecked" not in said
    assert "not attested by 公证处" in plan("publish", number, "--by", "planner")
    checks = ["--audit", secret / "audit.json", "--frame", secret / "frame.csv"]
    draw("attest", folder, "--key", "公证处.key", *checks)
    assert "not attested" not in plan("publish", number, "--by", "planner")
    public = json.loads((folder / "public.json").read_bytes())
    assert sorted(one["id"] for one in public["attestations"]) == sorted(PARTIES)
    done = subprocess.run([sys.executable, str(VERIFIER), folder / "public.json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "published" in plan("list")


def test_a_party_that_stays_away_voids_once():
    number = created()
    first, _ = freeze(number)
    commit_and_reveal(first, PARTIES[:2])
    with pytest.raises(Problem, match="Not revealed: 公证处"):
        plan("run", number, "--public-value", "1", "--by", "planner")
    assert "absent: 公证处" in plan("void", number, "--reason", "未揭示", "--by", "planner")
    with pytest.raises(Problem, match="has not been frozen"):
        plan("run", number, "--public-value", "1", "--by", "planner")
    second, _ = freeze(number)
    assert second != first
    commit_and_reveal(second, PARTIES[:2])
    with pytest.raises(Problem, match="can't be voided"):
        plan("void", number, "--reason", "又未揭示", "--by", "planner")
    with pytest.raises(Problem, match="Not revealed"):
        plan("run", number, "--public-value", "1", "--by", "planner")
    assert "Drawn: 12" in plan("run", number, "--public-value", "1", "--without", "公证处", "--by", "planner")
    plan("publish", number, "--by", "planner")
    done = subprocess.run([sys.executable, str(VERIFIER), second / "public.json"], capture_output=True, text=True)
    assert done.returncode == 0 and "voided before" in done.stdout and "did not reveal" in done.stdout


def test_freezing_says_who_is_left_to_another_plan():
    about = ["--budget", 12, "--public-source", "y", "--cap", 1, "--by", "planner"]
    for division in ("980101", ""):
        plan("create", "x", *about, "--division", division)
    keys = ["--party", f"{PARTIES[0]}.key.pub", "--by", "planner"]
    first, second = Plan.objects.order_by("number").values_list("number", flat=True)
    for number in (first, second):
        plan("approve", number, "--by", "head")
    assert "stand outside" not in plan("freeze", first, *keys)
    said = plan("freeze", second, *keys)
    assert f"60 stand outside: {first}" in said and "企业0 E000, 企业2 E002" in said


def test_a_draft_needs_its_public_value():
    with pytest.raises(Problem, match="public value") as caught:
        plan("create", "x", "--budget", 5, "--by", "planner")
    assert "--public-source" in caught.value.todo_en and not Plan.objects.exists()


def test_commands_before_their_time_say_what_is_missing():
    number = created()
    for arguments in (["run", number, "--public-value", "1"], ["publish", number], ["void", number, "--reason", "x"]):
        with pytest.raises(Problem, match="has not been frozen") as caught:
            plan(*arguments, "--by", "planner")
        assert "mingcha plan freeze" in caught.value.todo_en
    with pytest.raises(Problem, match="There is no plan"):
        plan("publish", "JH-0", "--by", "planner")
    keys = ["--party", f"{PARTIES[0]}.key.pub"] * 2
    with pytest.raises(Problem, match="same party"):
        plan("freeze", number, *keys, "--by", "planner")


@pytest.mark.parametrize("user", ["east", "nobody"])
def test_who_may_not(user):
    number = created()
    for arguments in (
        ["create", "x", "--budget", 5, "--public-source", "y"],
        ["approve", number],
        ["freeze", number, "--party", f"{PARTIES[0]}.key.pub"],
        ["void", number, "--reason", "x"],
        ["run", number, "--public-value", "1"],
        ["publish", number],
    ):
        with pytest.raises(Problem, match="may not do this"):
            plan(*arguments, "--by", user)


def test_a_planner_keeps_to_his_jurisdiction(staff):
    staff["east"].role = "planner"
    staff["east"].save()
    number = created()
    with pytest.raises(Problem, match="There is no plan"):
        plan("freeze", number, "--party", f"{PARTIES[0]}.key.pub", "--by", "east")
    about = ["create", "x", "--budget", 5, "--public-source", "y", "--by", "east"]
    with pytest.raises(Problem, match="outside your jurisdiction"):
        plan(*about, "--division", "980102")
    plan(*about)
    assert Plan.objects.latest("id").division == "980101"
