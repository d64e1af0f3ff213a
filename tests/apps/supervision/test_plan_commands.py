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


def test_a_plan_is_shown_as_typed_and_warns():
    about = ["--public-source", "双色球 2999-11-30", "--public-on", "2999-11-30", "--skills", "冷链", "--by", "planner"]
    said = plan("create", "x", "--budget", 3, "--industry", "餐饮", "--basis", "清单第 14 项", *about)
    assert "percentage points" in said and "Mind: Too few visits to estimate a violation rate" in said
    number = Plan.objects.get().number
    said = plan("show", number, "--by", "planner")
    for text in (
        "餐饮",
        "冷链",
        "双色球 2999-11-30",
        "清单第 14 项",
        "2999-11-30",
        "Draft",
        "not stratified",
        "Mind: Too few",
    ):
        assert text in said
    with pytest.raises(Problem, match="today or a day to come"):
        plan("create", "x", "--budget", 3, "--public-source", "y", "--public-on", "2020-01-01", "--by", "planner")


def test_drafts_and_plans_never_frozen_are_withdrawn():
    for title in ("draft", "approved"):
        plan("create", title, "--budget", 12, "--public-source", "y", "--by", "planner")
    draft, approved = Plan.objects.order_by("number").values_list("number", flat=True)
    plan("approve", approved, "--by", "head")
    with pytest.raises(Problem, match="Say why"):
        plan("withdraw", draft, "--by", "planner")
    for number in (draft, approved):
        assert "is withdrawn" in plan("withdraw", number, "--reason", "重复拟订", "--by", "planner")
    assert set(Plan.objects.values_list("state", "withdraw_reason")) == {("withdrawn", "重复拟订")}
    assert "重复拟订" in plan("show", draft, "--by", "planner")
    for act in (["approve", draft, "--by", "head"], ["withdraw", draft, "--reason", "x", "--by", "planner"]):
        with pytest.raises(Problem, match="The plan is withdrawn"):
            plan(*act)
    keys = [part for party in PARTIES for part in ("--party", f"{party}.key.pub")]
    with pytest.raises(Problem, match="The plan is withdrawn"):
        plan("freeze", approved, *keys, "--by", "planner")


def test_a_plan_whose_frame_was_frozen_is_not_withdrawn():
    number = created()
    freeze(number)
    with pytest.raises(Problem, match="was frozen"):
        plan("withdraw", number, "--reason", "x", "--by", "planner")
    plan("void", number, "--reason", "停电", "--by", "planner")
    with pytest.raises(Problem, match="was frozen"):
        plan("withdraw", number, "--reason", "x", "--by", "planner")


def test_a_frame_that_nobody_could_visit_is_frozen_on_purpose_only():
    Path("staff.csv").write_text(STAFF.replace("区1", "西区"))
    number = created()
    with pytest.raises(Problem, match="区1, 60 units: 0 at home, 8 away"):
        freeze(number, "--inspectors", "staff.csv", "--day", "2026-12-01")
    assert Plan.objects.get().state == "approved" and not Plan.objects.get().frame.get("short")
    _, said = freeze(number, "--inspectors", "staff.csv", "--day", "2026-12-01", "--anyway")
    assert "60 units of the frame can be given no team" in said
    assert "60 units of the frame can be given no team" in plan("show", number, "--by", "planner")


def test_a_plan_drawn_by_one_party_says_so():
    number = created()
    with pytest.raises(Problem, match="two are needed"):
        plan("freeze", number, "--by", "planner")
    said = plan("freeze", number, "--party", "公证处.key.pub", "--alone", "--by", "planner")
    assert "One party alone takes part" in said


def test_a_plan_is_not_drawn_before_the_day_of_its_public_value(monkeypatch):
    number = created("--public-on", "2999-11-30")
    folder, _ = freeze(number)
    commit_and_reveal(folder)
    with pytest.raises(Problem, match="comes out on 2999-11-30"):
        plan("run", number, "--public-value", "1", "--by", "planner")
    assert Plan.objects.get().state == "committed"


def test_freezing_says_who_is_left_to_another_plan():
    about = ["--budget", 12, "--public-source", "y", "--cap", 1, "--by", "planner"]
    for division in ("980101", ""):
        plan("create", "x", *about, "--division", division)
    keys = ["--party", f"{PARTIES[0]}.key.pub", "--alone", "--by", "planner"]
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
        ["withdraw", number, "--reason", "x"],
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
