"""What the verifier says of sound files: just what it proved, and no more; and its exit status."""

import gzip
import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from tests.engines.sampling.small_draw import PARTIES, VALUE, commit_all, prepare, reveal_all
from tests.verifier.conftest import VERIFIER

from mingcha.engines.sampling import fieldwork, results, steps

VECTORS = json.loads((Path(__file__).parents[1] / "engines/sampling/draw-vectors.json").read_text())
KINDS = ["public", "audit", "receipt", "undrawn", "opening", "assignment", "replacements"]


@pytest.mark.parametrize("kind", ["public", "audit"])
@pytest.mark.parametrize("packed", [False, True])
def test_the_worked_example(tmp_path, said, kind, packed):
    path = tmp_path / "file"
    raw = json.dumps(VECTORS[kind]).encode()
    path.write_bytes(gzip.compress(raw) if packed else raw)
    status, out = said(path)
    assert status == 0
    assert f"{kind} checks hold" in out
    assert "probabilities attested by discipline-inspection, market-regulation, notary" in out


@pytest.mark.parametrize("kind", KINDS)
def test_every_file_of_our_draws_holds(draw, said, kind):
    assert said(draw.paths[kind])[0] == 0
    assert said(draw.paths[kind], "--against", draw.paths["public"])[0] == 0


def test_as_a_program_without_any_package(draw):
    """Isolated, without site-packages: the standard library is all it has. In both languages by default."""
    command = [sys.executable, "-I", "-S", str(VERIFIER), str(draw.paths["audit"])]
    ended = subprocess.run(command, capture_output=True, text=True, env={"PYTHONIOENCODING": "ascii"}, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "audit checks hold" in ended.stdout and "审计核验成立" in ended.stdout


def test_it_imports_the_standard_library_only():
    lines = VERIFIER.read_text().splitlines()
    imported = {line.split()[1].split(".")[0] for line in lines if line.startswith(("import ", "from "))}
    assert imported <= set(sys.stdlib_module_names) | {"__future__"}


def test_public_says_what_it_leaves_open(draw, said):
    _, out = said(draw.paths["public"])
    proved, _, unproved = out.partition("Not proved")
    assert "4 drawn units are among them" in proved and "the 10 leaves give the root" in proved
    for open_point in ("probabilities", "left out or spared", "who holds the keys", "simulated lottery 2026-11-30"):
        assert open_point in unproved
    assert "in every stratum" not in proved


def test_audit_says_what_it_leaves_open(draw, said):
    _, out = said(draw.paths["audit"])
    proved, _, unproved = out.partition("Not proved")
    assert "all 10 units recomputed" in proved and "the probabilities sum to n" in proved
    assert "committed model" in unproved


def test_a_receipt_alone_doesnt_prove_that_it_was_drawn(draw, said):
    for kind, words in (("receipt", "was drawn"), ("undrawn", "was not drawn")):
        _, out = said(draw.paths[kind])
        assert f"that it {words}, as it says: --against" in out.partition("Not proved")[2]
        _, out = said(draw.paths[kind], "--against", draw.paths["public"])
        proved = out.partition("Not proved")[0]
        assert words.removeprefix("was ") + ": " in proved
        assert "anything about other units" in out


def test_who_did_not_attest_is_named(draw, said, spoil):
    one = spoil("public", lambda value: value["attestations"].pop(0) and None)
    status, out = said(one)
    assert status == 0 and "attested by market-regulation, 公证处 (not by discipline-inspection)" in out
    none = spoil("public", lambda value: value["attestations"].clear())
    status, out = said(none)
    assert status == 0 and "probabilities attested by nobody" in out


def test_weights_that_are_no_probabilities_are_called_so(tmp_path, said):
    """P need not sum to n in the format; then they are not inclusion probabilities, and the verifier says so."""
    import numpy as np

    from mingcha.engines.sampling import ceremony, files
    from mingcha.engines.sampling.draw import run, seal

    units = seal("D", list("abc"), ["x"] * 3, np.array([500_000, 400_000, 300_000]))
    params = {
        "strata": {"x": {"N": 3, "n": 1}},
        "floor": 1,
        "ceiling": 900_000,
        "code": "",
        "model": "",
        "public_source": "x",
    }
    terms = ceremony.Terms("D", units.root, params)
    seed = ceremony.seed(terms, [], "v")
    record = files.Record(terms, [], "v", seed, run(units, params, seed).result, [])
    files.write_audit(tmp_path / "audit.json", record, units)
    status, out = said(tmp_path / "audit.json")
    assert (
        status == 0
        and "weights, not inclusion probabilities" in out
        and "sum to n" not in out.partition("Not proved")[0]
    )


def test_fields_of_no_format_are_not_vouched_for(said, spoil):
    status, out = said(spoil("public", lambda value: value.update(note="trust me")))
    assert status == 0 and "note: not a field of this format, nothing vouches for it" in out


def test_chances_are_recomputed(draw, said):
    _, out = said(draw.paths["assignment"])
    assert "the stored chances, recomputed with 50 other seeds" in out


def test_a_joint_inspection_is_held_against_each_departments_seed(draw, said, spoil):
    public = draw.paths["joint"].parents[1] / "draw/public.json"
    status, out = said(draw.paths["joint"], "--against", public, "--places", draw.paths["joint"].parent / "places.csv")
    proved = out.partition("Not proved")[0]
    assert (
        status == 0 and "a joint inspection: 市场监管局, 消防救援机构 each sent a team by a seed of its own" in proved
    )
    assert "the teams of 4 visits" in proved and "recomputed with 30 other seeds" in proved


def test_a_fault_says_of_which_department_it_is(draw, verifier, tmp_path):
    value = draw.value("joint")
    visit = value["teams"][3]["id"]
    value["teams"][3]["inspectors"].reverse()
    value["teams"][2]["chances"] = {}
    body = {name: value[name] for name in ("salt", "inspectors", "rules", "visits", "teams")}
    made = verifier.H("assignment", value["draw"], bytes.fromhex(value["result"]), verifier.canonical(body))
    value |= {"digest": made.hex(), "signatures": []}  # its keeper makes the digest anew
    path = tmp_path / "assignment.json"
    path.write_text(json.dumps(value, ensure_ascii=False))
    faults = [en for _, en in verifier.check(path)[0].faults]
    assert len(faults) == 2
    assert faults[0].startswith(f"teams[3] ({visit}, 消防救援机构): not the inspectors that the seed gives")
    assert faults[1].startswith(f"teams[2].chances ({visit}, 市场监管局): not the counts")


def test_the_worked_example_of_a_joint_inspection(verifier):
    example = json.loads((Path(__file__).parents[1] / "engines/sampling/joint-vectors.json").read_bytes())
    names = {one["id"]: one for one in example["inspectors"]}
    for k, department in enumerate(example["rules"]["departments"]):
        part = verifier.part_of(example, bytes.fromhex(example["seed"]), k, department)
        assert part["seed"].hex() == example["department_seeds"][department]
        given = [[part["names"][j] for j in team] for team, _ in verifier.assign(part["seed"], part)]
        assert given == [one["inspectors"] for one in example["teams"] if one["department"] == department]
        assert all(names[name]["department"] == department for team in given for name in team)


def test_places_are_held_against_what_was_sealed(draw, said, tmp_path):
    _, out = said(draw.paths["assignment"])
    assert "--places" in out.partition("Not proved")[2]
    path = draw.paths["assignment"].parent / "places.csv"
    status, out = said(draw.paths["assignment"], "--places", path)
    assert status == 0 and "areas and skills are those sealed before the draw" in out.partition("Not proved")[0]
    text, visits = path.read_text("utf-8"), json.loads(draw.paths["assignment"].read_bytes())["visits"]
    undrawn = next(line for line in text.splitlines()[1:] if line.split(",")[0] not in {v["id"] for v in visits})
    moved = tmp_path / "moved.csv"
    moved.write_text(text.replace(undrawn, undrawn.replace("东", "北").replace("西", "北")), "utf-8")
    status, out = said(draw.paths["assignment"], "--places", moved)
    assert status == 1 and "not the areas and skills sealed" in out and "visits[" not in out
    moved.write_text(text.replace(f"{visits[0]['id']},{visits[0]['area']}", f"{visits[0]['id']},北"), "utf-8")
    status, out = said(draw.paths["assignment"], "--places", moved)
    assert status == 1 and f"visits[0] ({visits[0]['id']}): area or skills are not those of the list" in out
    listed = tmp_path / "listed.csv"  # skills separated as Chinese users do
    listed.write_text("id,area,skills\nu,东,冷链、特种；食品，药品\n", "utf-8")
    assert "not the areas and skills sealed" in said(draw.paths["assignment"], "--places", listed)[1]
    moved.write_text("name\n甲\n", "utf-8")
    status, out = said(draw.paths["assignment"], "--places", moved)
    assert status == 1 and "not a CSV of id,area,skills" in out


def test_who_stands_outside_the_frame_is_said(draw, said):
    assert "how many units stand outside the frame, by reason" in said(draw.paths["public"])[1]


def test_every_reason_has_the_words_of_the_platform(verifier):
    from mingcha.engines.sampling.frame import REASONS

    assert verifier.REASONS.keys() == REASONS.keys()


def test_files_of_two_draws_dont_go_together(draw, said, tmp_path):
    path = tmp_path / "example.json"
    path.write_text(json.dumps(VECTORS["public"]))
    status, out = said(draw.paths["audit"], "--against", path)
    assert status == 1 and "draw: not the same as in" in out


def test_several_files_at_once(draw, said):
    status, out = said(draw.paths["undrawn"], "--against", draw.paths["public"], "--against", draw.paths["audit"])
    assert status == 0 and out.count("HOLDS") == 3


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "not sound JSON"),
        (b"{", "line 1, column 2"),
        (b"\xff\xfe{}", "byte 0 is not UTF-8"),
        (b"[]", "not a file of a draw"),
        (b'{"format": "mingcha-draw-public/2"}', "not a file of a draw"),
        (b'{"format": ["mingcha-draw-public/1"]}', "not a file of a draw"),
        (b'{"a": 1, "a": 1}', "stands twice in one object"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": 99999999999999999999}', "beyond 2^53-1"),
        (b"[" * 100_000, "not sound JSON"),
        (b"\x1f\x8bnot gzip", "can't be read"),
        (gzip.compress(b"{}" * 500, mtime=0)[:-5], "cut off"),
        (b'{"format": "mingcha-draw-public/1"}', "head.draw: missing"),
        (b'{"format": "mingcha-draw-receipt/1", "units": 3}', "receipt.id: missing"),
    ],
)
def test_files_that_are_no_files_of_a_draw(tmp_path, said, raw, words):
    path = tmp_path / "file"
    path.write_bytes(raw)
    status, out = said(path)
    assert status == 1 and "DOES NOT HOLD" in out and words in out


def test_what_is_not_checked_is_said_to_be_so(draw, tmp_path, said):
    """A typing error in a path, or a sound file of the ceremony: nothing holds or doesn't."""
    status, out = said(tmp_path / "none.json")
    assert status == 2 and "not checked: there is no such file" in out and "HOLD" not in out
    status, out = said(tmp_path)
    assert status == 2 and "this is a folder" in out
    folder = draw.made.folder
    others = [
        folder / "ceremony.json",
        *folder.glob("commit-*"),
        *folder.glob("attest-*"),
        draw.made.secret / "sealed.json",
    ]
    assert len(others) == 8
    for path in [*others, draw.made.key("公证处")]:
        status, out = said(path)
        assert status == 2 and "is a file of the ceremony" in out and "HOLD" not in out
    status, out = said(draw.paths["public"], "--against", tmp_path / "none.json")
    assert status == 2 and "HOLDS" in out and "not checked" in out
    path = tmp_path / "cut.json"
    path.write_bytes((folder / "ceremony.json").read_bytes()[:-9])
    assert said(path)[0] == 1


@pytest.mark.parametrize("count", [0, 1])
def test_a_draw_alone_is_said_to_be_one(tmp_path, said, count):
    """What was computed holds; but nothing of a signature is counted as proved, and that comes first."""
    parties = PARTIES[:count]
    made = prepare(tmp_path, parties=parties, alone=True)
    commit_all(made, parties)
    reveal_all(made, parties)
    steps.run(made.folder, VALUE)
    fieldwork.assign(made.folder)
    words = f"ONLY ONE PARTY SIGNED ({PARTIES[0]})" if count else "NO PARTY SIGNED"
    (receipt, *_) = results.receipts(made.folder)
    for path in (made.folder / "public.json", made.secret / "audit.json", made.secret / "assignment.json", receipt):
        status, out = said(path)
        proved, _, unproved = out.partition("Not proved")
        assert status == 0 and "checks hold" in out and words in proved.splitlines()[1]
        assert "signed" not in proved.partition("Proved:")[2]
        assert "could try frames and seeds until the outcome pleased" in unproved


def test_the_day_of_the_public_value_is_told(tmp_path, said):
    made = prepare(tmp_path, public_on="2026-11-30")
    commit_all(made)
    reveal_all(made)
    steps.run(made.folder, VALUE, today=date(2026, 12, 1))
    assert "the day on which the public value comes out: 2026-11-30" in said(made.folder / "public.json")[1]


@pytest.mark.parametrize("kind", KINDS)
def test_cut_off_anywhere(draw, tmp_path, said, kind):
    raw = draw.paths[kind].read_bytes().rstrip()
    path = tmp_path / "cut.json"
    for size in range(0, len(raw), max(1, len(raw) // 40)):
        path.write_bytes(raw[:size])
        assert said(path)[0] == 1


def test_a_large_file_is_shared_by_two_processes(draw, said, verifier, monkeypatch):
    monkeypatch.setattr(verifier, "LARGE", 1)
    monkeypatch.setattr(verifier, "CHUNK", 2)
    for kind in ("public", "audit", "opening"):
        assert said(draw.paths[kind])[0] == 0


def test_a_child_that_dies_costs_only_time(verifier, monkeypatch):
    monkeypatch.setattr(verifier, "LARGE", 1)
    parent = verifier.os.getpid()

    def task(low, high):
        if verifier.os.getpid() != parent:
            verifier.os._exit(1)
        return bytes(range(low, high))

    assert b"".join(verifier.in_halves(task, 10)) == bytes(range(10))


def test_a_file_cant_forge_what_is_printed(tmp_path, said):
    """Line feeds, escape sequences and right-to-left marks in texts of a sound file are shown, not obeyed."""
    import numpy as np

    from mingcha.engines.sampling import ceremony, files
    from mingcha.engines.sampling.draw import run, seal

    evil = "x\nHOLDS: all is well\x1b[2J\u202e"
    units = seal("D", list("abc"), ["x"] * 3, np.array([500_000, 300_000, 200_000]))
    params = {"strata": {"x": {"N": 3, "n": 1}}, "floor": 1, "ceiling": 900_000, "voided": 5}
    params |= {"code": "", "model": "", "public_source": evil}
    terms = ceremony.Terms("D", units.root, params)
    seed = ceremony.seed(terms, [], evil)
    record = files.Record(terms, [], evil, seed, run(units, params, seed).result, [])
    files.write_audit(tmp_path / "audit.json", record, units)
    status, out = said(tmp_path / "audit.json")
    assert status == 0
    assert [line for line in out.splitlines() if line.startswith("HOLDS")] == [
        "HOLDS: audit checks hold: the draw follows from the sealed frame; NO PARTY SIGNED: "
        "the keeper of the frame could have chosen"
    ]
    assert "\x1b" not in out and "\u202e" not in out and "\\x1b[2J" in out


def test_the_exit_status_tells_though_nobody_reads(draw):
    command = f"{sys.executable} {VERIFIER} {draw.paths['audit']} | head -1 > /dev/null; exit ${{PIPESTATUS[0]}}"
    assert subprocess.run(["bash", "-c", command], capture_output=True).returncode == 0
