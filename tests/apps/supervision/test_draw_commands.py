"""`mingcha draw` as three departments would use it: a folder that goes round, each with its own key."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mingcha.apps.supervision.commands import app
from mingcha.engines.sampling.allocation import FOCUS
from mingcha.engines.sampling.folder import read_terms
from mingcha.problems import Problem

VERIFIER = Path(__file__).resolve().parents[3] / "verifier" / "verify_draw.py"
PARTIES = ("market-regulation", "discipline-inspection", "公证处")


@pytest.fixture(autouse=True)
def room(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINGCHA_LANG", "en")
    rows = [
        f"91SIM{i:03d},{'餐饮' if i % 3 else '零售'},{(i * 37 % 100) / 100},{'ABCD'[i % 4]},{i % 3},{'东西'[i % 2]}"
        for i in range(30)
    ]
    Path("frame.csv").write_text("id,stratum,score,class,visits,area\n" + "\n".join(rows))
    staff = [f"Z{i},{'东西'[i % 2]},2027-01-31,6" for i in range(8)]
    Path("staff.csv").write_text("id,areas,certified,load\n" + "\n".join(staff))


def call(*arguments, stdin=None):
    """What the command printed; a Problem or a failure is raised."""
    done = CliRunner().invoke(app, list(map(str, arguments)), input=stdin, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def prepare(folder="q4", *more):
    for party in PARTIES:
        if not Path(f"{party}.key").exists():
            call("keygen", party)
    public = [part for party in PARTIES for part in ("--party", f"{party}.key.pub")]
    about = ["--name", "JH-001", "--take", 5, "--public", "simulated lottery 2026-11-30", "--cap", 2]
    return call(
        "prepare", "frame.csv", folder, *about, *public, "--inspectors", "staff.csv", "--day", "2026-12-01", *more
    )


def verify(*paths):
    return subprocess.run([sys.executable, str(VERIFIER), *map(str, paths)], capture_output=True, text=True)


def test_a_draw_from_key_to_estimate():
    out = prepare()
    assert "5 of 20 in 2 strata" in out and "outside the frame: has had the year's visits 10" in out
    assert "q4-secret/outside.csv" in out and "Too few visits to estimate a violation rate" in out
    said = call("status", "q4")
    assert "next: commit by" in said and "has had the year's visits 10" in said and 'cap"' not in said
    assert read_terms(Path("q4")).params["allocation"]["focus"] == FOCUS  # as plans have it
    with pytest.raises(Problem, match="Not yet committed"):
        call("reveal", "q4", "--key", "公证处.key")
    call("commit", "q4", "--key", "公证处.key", stdin="y\n")
    for party in PARTIES[:2]:
        call("commit", "q4", "--key", f"{party}.key", "--yes")
    for party in PARTIES:
        call("reveal", "q4", "--key", f"{party}.key")
    assert "next: run, when the public value is out" in call("status", "q4")
    assert "5 drawn" in call("run", "q4", "--public-value", "03 07 12")
    for party in PARTIES:
        said = call("attest", "q4", "--key", f"{party}.key", "--audit", "q4-secret/audit.json", "--frame", "frame.csv")
        assert "recomputed and agrees" in said
    assert "discipline-inspection" in call("publish", "q4")
    receipts = call("receipt", "q4").split()
    assert len(receipts) == 5
    call("open", "q4")
    assert "5 visits" in call("assign", "q4")
    call("sign", "q4", "q4-secret/assignment.json", "--key", "公证处.key", "--frame", "frame.csv")
    drawn = [unit["id"] for unit in json.loads(Path("q4/public.json").read_bytes())["units"] if "drawn" in unit]
    said = call("replace", "q4", drawn[0], "--reason", "已注销")
    assert "pi is corrected" in said and "q4/replacements.json" in said
    call("sign", "q4", "q4/replacements.json", "--key", "公证处.key")
    design = [line.split(",")[0] for line in Path("q4-secret/design.csv").read_text("utf-8-sig").splitlines()[1:]]
    Path("results.csv").write_text("id,violation\n" + "".join(f"{name},{i % 2}\n" for i, name in enumerate(design)))
    said = call("estimate", "q4", "results.csv")
    share, number = re.search(r"of all [0-9]+: ([0-9.]+)% in violation .* about ([0-9]+) ", said).groups()
    N = int(re.search(r"of all ([0-9]+)", said)[1])  # 20 but for the one that was replaced
    assert float(share) * N / 100 == pytest.approx(int(number), abs=0.51)
    assert json.loads(call("estimate", "q4", "results.csv", "--json"))["results"] == 5
    Path("results.csv").write_text("id,violation\n" + "".join(f"{name},not_found\n" for name in design[:3]))
    said = call("estimate", "q4", "results.csv")
    assert "3 can't be found" in said and "2 results are missing" in said

    public = "q4/public.json"
    files = [
        "q4-secret/audit.json",
        receipts[0],
        "q4-secret/opening.json",
        "q4-secret/assignment.json",
        "q4/replacements.json",
    ]
    for path in (public, *files):
        done = verify(path, "--against", public)
        assert done.returncode == 0, done.stdout
    raw = Path(public).read_text()
    Path("changed.json").write_text(raw.replace('"drawn":true,"id":"91', '"drawn":true,"id":"81', 1))
    done = verify("changed.json")
    assert done.returncode == 1 and "DOES NOT HOLD" in done.stdout and "不成立" in done.stdout


def test_a_party_that_stays_away():
    prepare()
    for party in PARTIES:
        call("commit", "q4", "--key", f"{party}.key", "--yes")
    for party in PARTIES[:2]:
        call("reveal", "q4", "--key", f"{party}.key")
    with pytest.raises(Problem, match="Not revealed: 公证处"):
        call("run", "q4", "--public-value", "1")
    call("void", "q4", "--reason", "未揭示")
    assert "void" in call("status", "q4")
    assert "ceremony 2" in prepare("again", "--after", "q4")
    for party in PARTIES:
        call("commit", "again", "--key", f"{party}.key", "--yes")
    for party in PARTIES[:2]:
        call("reveal", "again", "--key", f"{party}.key")
    call("run", "again", "--public-value", "1", "--without", "公证处", "--gzip")
    done = verify("again/public.json.gz")
    assert done.returncode == 0 and "did not reveal" in done.stdout and "voided before" in done.stdout


def test_a_draw_alone_is_chosen_and_said(monkeypatch):
    about = ["frame.csv", "q4", "--name", "JH-1", "--take", 5, "--public", "lottery"]
    for parties in ([], ["--party", "公证处.key.pub"]):
        call("keygen", "公证处") if parties else None
        with pytest.raises(Problem, match="two are needed"):
            call("prepare", *about, *parties)
    out = call("prepare", *about, "--alone")
    assert "No party takes part: whoever keeps the frame could try seeds" in out
    assert "No party takes part" in call("status", "q4")
    call("run", "q4", "--public-value", "1 2 3")
    call("publish", "q4")
    done = verify("q4/public.json")
    assert done.returncode == 0 and "NO PARTY SIGNED" in done.stdout and "没有任何参与方签署" in done.stdout


def test_nobody_can_be_sent_to_some():
    Path("staff.csv").write_text("id,areas,certified,load\n" + "".join(f"Z{i},东,2027-01-31,6\n" for i in range(8)))
    with pytest.raises(Problem, match="西, 10 units: 0 at home, 8 away"):
        prepare()
    assert not Path("q4").exists()
    assert "10 units of the frame can be given no team" in prepare("q4", "--anyway")


def test_not_before_the_day_of_the_public_value():
    out = prepare("q4", "--public-on", "2999-01-31")
    assert "out on 2999-01-31; nothing is drawn before" in out
    for step in ("commit", "reveal"):
        for party in PARTIES:
            call(step, "q4", "--key", f"{party}.key", *(["--yes"] if step == "commit" else []))
    with pytest.raises(Problem, match="comes out on 2999-01-31"):
        call("run", "q4", "--public-value", "1")


def test_the_columns_stand_in_the_help():
    out = " ".join(CliRunner().invoke(app, ["prepare", "--help"], terminal_width=200).output.split())
    assert "must_visit" in out and "Z001,East;West,2027-06-30,20" in out and "could try seeds" in out


def test_who_doesnt_confirm_commits_nothing():
    prepare()
    done = CliRunner().invoke(app, ["commit", "q4", "--key", "公证处.key"], input="n\n")
    assert done.exit_code == 1 and not Path("q4/commit-公证处.json").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (["--take", "21"], "21 visits, but the frame has 20"),
        (["--take", "餐饮=五"], "Not understood"),
        (["--take", ""], "number of visits is not given"),
        (["--weights", "A"], "Not understood"),
        (["--ceiling", "0.95"], "ceiling of pi"),
        (["--model", "none.bin"], "no such model"),
        (["--day", "soon"], "Give --day"),
        (["--party", "公证处.key"], "PRIVATE key"),
        (["--party", "staff.csv"], "JSON can.t be read"),
        (["--public-on", "2020-01-31"], "today or a day to come"),
        (["--public-on", "soon"], "today or a day to come"),
        (["--party", "公证处.key.pub"], "same party"),
        (["--name", " "], "needs a name"),
        (["--public", ""], "needs a name, and the source"),
    ],
)
def test_plans_that_cant_be_prepared(change, said):
    with pytest.raises(Problem, match=said):
        prepare("q4", *change)
    assert not Path("q4").exists()


def test_a_problem_ends_with_status_two_and_says_what_to_do():
    command = [sys.executable, "-m", "mingcha.cli", "draw", "status", "nowhere"]
    ended = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "MINGCHA_LANG": "zh"})
    assert ended.returncode == 2 and "缺少文件" in ended.stderr and "nowhere/ceremony.json" in ended.stderr


def test_help_is_a_guide():
    out = CliRunner().invoke(app, ["--help"], terminal_width=200).output
    order = ["prepare", "commit", "reveal", "run", "publish", "verify_draw.py"]
    places = [out.index(f" {word}") if word != "verify_draw.py" else out.index(word) for word in order]
    assert places == sorted(places)
