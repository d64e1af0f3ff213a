"""Who visits whom, and who takes the place of a unit that was in the frame by mistake."""

import json
import shutil
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines.sampling.small_draw import PARTIES, finished

from mingcha.engines.sampling import fieldwork, files, folder, inspectors, keys, results
from mingcha.engines.sampling.encoding import canonical, digest
from mingcha.engines.sampling.inclusion import pareto
from mingcha.engines.sampling.inspectors import Inspector, Rules, Visit, assign, directory, reseeds_for, teams
from mingcha.engines.sampling.surveys import frame_estimates
from mingcha.problems import Problem

DAY = "2026-12-01"


def person(name, areas="e", **other):
    return Inspector(name, tuple(areas), **({"certified": "2027-01-01", "load": 9} | other))


def run_once(visits, people, rules, seed=b"\x07" * 32):
    made = teams([seed], visits, people, rules)
    return [[people[j].id for j in team if j >= 0] for team in made.members[0].tolist()], made.across[0].tolist()


@st.composite
def stations(draw):
    areas = "ewn"[: draw(st.integers(1, 3))]
    people = [
        person(
            f"i{j:02d}",
            draw(st.sampled_from(areas)),
            load=draw(st.integers(0, 4)),
            certified=draw(st.sampled_from(["2026-11-30", DAY, "2027-01-01"])),
            skills=tuple(draw(st.sets(st.sampled_from("pq")))),
            conflicts=tuple(f"u{k:02d}" for k in draw(st.sets(st.integers(0, 9), max_size=2))),
        )
        for j in range(draw(st.integers(2, 12)))
    ]
    visits = [
        Visit(f"u{k:02d}", draw(st.sampled_from(["", *areas])), tuple(draw(st.sets(st.sampled_from("pq"), max_size=1))))
        for k in range(draw(st.integers(1, 12)))
    ]
    return people, visits, Rules(DAY, team=draw(st.integers(1, 3)), across=draw(st.sampled_from([0, 75_000, 500_000])))


@given(stations())
@settings(max_examples=60, deadline=None)
def test_nobody_is_sent_who_may_not_be(case):
    people, visits, rules = case
    sent, across = run_once(visits, people, rules)
    by_id = {one.id: one for one in people}
    load = Counter()
    for visit, team, crosses in zip(visits, sent, across, strict=True):
        assert len(team) in (0, rules.team) and len(set(team)) == len(team)
        for one in map(by_id.get, team):
            assert one.certified >= DAY and visit.id not in one.conflicts and set(visit.skills) <= set(one.skills)
            assert crosses == (visit.area != "" and visit.area not in one.areas)
            load[one.id] += 1
    assert all(load[name] <= by_id[name].load for name in load)
    assert sum(across) <= (rules.across * len(visits) + 500_000) // 1_000_000


def test_equal_chances_where_loads_do_not_bind():
    people = [person(f"i{j}") for j in range(5)]
    visits = [Visit("u1", "e"), Visit("u2", "e")]
    seeds = [digest("test", k) for k in range(4_000)]
    made = teams(seeds, visits, people, Rules(DAY, across=0))
    for i in range(2):
        counts = np.bincount(made.members[:, i].ravel(), minlength=5)
        assert counts.sum() == 8_000
        assert (np.abs(counts / 4_000 - 2 / 5) < 5 * np.sqrt(0.4 * 0.6 / 4_000)).all()


def test_a_share_of_the_visits_crosses_areas():
    people = [person(f"i{j:02d}", "e" if j < 10 else "w", load=40) for j in range(20)]
    visits = [Visit(f"u{k:03d}", "e" if k % 2 else "w") for k in range(200)]
    made = teams([digest("test", k) for k in range(50)], visits, people, Rules(DAY))
    assert (made.across.sum(axis=1) == 15).all()  # 7.5% of 200
    assert len(set(made.across.argmax(axis=1).tolist())) > 10  # not always the same ones


def test_chances_are_the_counts_of_reseeded_runs():
    people = [person(f"i{j}", load=2) for j in range(4)]
    visits = [Visit(f"u{k}", "e") for k in range(3)]
    rules = Rules(DAY, across=0, reseeds=300)
    made = assign(bytes(32), visits, people, rules)
    again = teams([digest("reseed", bytes(32), k) for k in range(300)], visits, people, rules)
    for i, team in enumerate(made):
        assert sum(team["chances"].values()) == 600
        assert team["chances"]["i0"] == int((again.members[:, i] == 0).sum())


def test_batches_give_the_same_as_one_pass(monkeypatch):
    people = [person(f"i{j}", load=3) for j in range(6)]
    visits = [Visit(f"u{k}", "e") for k in range(5)]
    seeds = [digest("test", k) for k in range(40)]
    whole = teams(seeds, visits, people, Rules(DAY))
    monkeypatch.setattr(inspectors, "BATCH", 35)
    assert (teams(seeds, visits, people, Rules(DAY)).members == whole.members).all()


@pytest.mark.parametrize(
    ("people", "rules", "said"),
    [
        ([person("a"), person("a")], Rules(DAY), "double or empty: a"),
        ([person("a"), person("b", certified="2026-11-01")], Rules(DAY), "1 inspectors are certified"),
        ([person("a"), person("b")], Rules(DAY, team=5), "2 to 4"),
        ([person("a"), person("b")], Rules(DAY, team=1), "2 to 4"),
        ([person("a"), person("b")], Rules(DAY, across=2_000_000), "share across"),
    ],
)
def test_directories_that_make_no_sense(people, rules, said):
    with pytest.raises(Problem, match=said):
        directory(people, rules)


def test_a_directory_file(tmp_path):
    path = tmp_path / "staff.csv"
    path.write_text("id,areas,certified,load,conflicts\nz2,东;西,2027-01-31,5,u1|u2\nz1,东,2027-01-31,5,\n", "gb18030")
    two, one = inspectors.read_inspectors(path)
    assert (one.id, two.areas, two.conflicts, two.load) == ("z1", ("东", "西"), ("u1", "u2"), 5)
    path.write_text("id,areas,certified,load\nz1,东,31/1/2027,5\n")
    with pytest.raises(Problem, match="must be a date") as caught:
        inspectors.read_inspectors(path)
    assert "record 1 (line 2)" in caught.value.where
    path.write_text("id,areas\nz1,东\n")
    with pytest.raises(Problem, match="lacks columns: certified, load") as caught:
        inspectors.read_inspectors(path)
    assert "Z001,East;West,2027-06-30,20" in caught.value.todo_en


@pytest.mark.parametrize("cell", ["东;西", "西；东", "东|西|", "东、西", "西， 东"])
def test_a_cell_that_holds_a_list(cell):
    assert inspectors.listed(cell) == ("东", "西")


def test_where_nobody_could_be_sent_is_counted_by_area_and_skills():
    people = [
        inspectors.Inspector("a", ("东", "西"), "2027-06-30", 4, ("冷链",)),
        inspectors.Inspector("b", ("东",), "2027-06-30", 4),
        inspectors.Inspector("c", ("西",), "2025-06-30", 4, ("冷链",)),
        inspectors.Inspector("d", ("西",), "2027-06-30", 0),
        inspectors.Inspector("e", ("西",), "2027-06-30", 1),
    ]
    sealed = inspectors.directory(people, inspectors.Rules("2026-12-01"))
    places = [Visit(f"u{i}", area) for i, area in enumerate("东东西北")]
    places += [Visit("v", "东", ("冷链",)), Visit("w", ""), Visit("x", "东", ("特种设备",)), Visit("y", "北")]
    short = {(one.area, one.skills): (one.units, one.home, one.away) for one in inspectors.shortages(places, sealed)}
    assert short == {("北", ()): (2, 0, 3), ("东", ("冷链",)): (1, 1, 0), ("东", ("特种设备",)): (1, 0, 0)}
    with pytest.raises(Problem, match="4 units of the frame could be given no team of 2: 北, 2 units: 0 at home") as no:
        inspectors.refuse_short(inspectors.shortages(places, sealed), sealed)
    assert "1 end before 2026-12-01" in no.value.todo_en and "东（特种设备） 1 户" in no.value.zh
    assert not inspectors.shortages(places[:3], sealed)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    return finished(tmp_path_factory.mktemp("done"), units=30, take=8)


@pytest.fixture
def copy(done, tmp_path):
    shutil.copytree(done.folder.parent, tmp_path / "copy")
    return replace(done, folder=tmp_path / "copy" / "draw")


def test_the_sealed_directory_is_used_and_no_other(copy):
    value = fieldwork.assign(copy.folder)
    assert len(value["teams"]) == 8 and sum(team["across"] for team in value["teams"]) == 2
    assert value == json.loads((copy.secret / "assignment.json").read_bytes())
    sealed = json.loads((copy.secret / "inspectors.json").read_bytes())
    sealed["inspectors"][0]["load"] += 1
    (copy.secret / "inspectors.json").write_text(json.dumps(sealed))
    with pytest.raises(Problem, match="directory of inspectors was changed"):
        fieldwork.assign(copy.folder)
    (copy.secret / "inspectors.json").unlink()
    with pytest.raises(Problem, match="No directory of inspectors was sealed"):
        fieldwork.assign(copy.folder)


@pytest.mark.parametrize("change", [("东", "西"), (",\n", ",冷链\n")], ids=["area", "skills"])
def test_nobody_is_sent_elsewhere_once_the_seed_is_known(copy, change):
    """The keeper moves one firm to where its friend among the inspectors is at home."""
    path = copy.secret / "places.csv"
    path.write_text(path.read_text("utf-8").replace(*change, 1), "utf-8")
    with pytest.raises(Problem, match="areas and skills were changed"):
        fieldwork.assign(copy.folder)
    assert not (copy.secret / "assignment.json").exists()


def test_a_party_holds_the_places_against_its_own_frame(copy):
    """Sealed wrong from the beginning: only who has a frame of its own can see that."""
    fieldwork.assign(copy.folder)
    path, key = copy.secret / "assignment.json", copy.key("公证处")
    fieldwork.countersign(copy.folder, path, key, frame=copy.frame)
    drawn = json.loads(path.read_bytes())["visits"][0]["id"]
    elsewhere = ["北" if name == drawn else area for name, area in zip(copy.frame.ids, copy.frame.areas, strict=True)]
    with pytest.raises(Problem, match=f"not those of this frame: {drawn}"):
        fieldwork.countersign(copy.folder, path, key, frame=replace(copy.frame, areas=elsewhere))
    undrawn = next(i for i in copy.frame.ids if i not in {v["id"] for v in json.loads(path.read_bytes())["visits"]})
    elsewhere = ["北" if name == undrawn else area for name, area in zip(copy.frame.ids, copy.frame.areas, strict=True)]
    with pytest.raises(Problem, match="of some that were sealed"):
        fieldwork.countersign(copy.folder, path, key, frame=replace(copy.frame, areas=elsewhere))


def test_the_signed_digest_of_places_follows_from_the_page(copy):
    """docs/draw-protocol.md, "Inspectors": by hand, with nothing of the engine."""
    import hashlib

    def h(tag, *fields):
        parts = [f"mingcha/draw/1/{tag}".encode(), *(f if isinstance(f, bytes) else f.encode() for f in fields)]
        return hashlib.sha256(b"".join(len(p).to_bytes(4, "big") + p for p in parts)).hexdigest()

    rows = sorted(zip(copy.frame.ids, copy.frame.areas, strict=True), key=lambda row: row[0].encode())
    listed = [{"area": area, "id": name, "skills": []} for name, area in rows]
    text = json.dumps({"places": listed}, ensure_ascii=False, separators=(",", ":")).encode()
    salt = bytes.fromhex(fieldwork.assign(copy.folder)["salt"])
    terms = folder.read_terms(copy.folder)
    assert terms.params["places"] == h("places", terms.draw, salt, text)


def drawn_by_q(made):
    _, units, outcome = results.drawn(folder.status(made.folder))
    rows = sorted(range(len(units.ids)), key=lambda i: outcome.q[i])
    return units, outcome, [units.ids[i] for i in rows if outcome.drawn[i]]


def test_the_next_of_the_stratum_takes_the_place_and_pi_is_corrected(copy):
    units, outcome, chosen = drawn_by_q(copy)
    out = chosen[0]
    stratum = units.strata[units.place[out]]
    rest = [i for i in range(30) if units.strata[i] == stratum and not outcome.drawn[i]]
    expected = [units.ids[i] for i in sorted(rest, key=lambda i: outcome.q[i])]
    assert fieldwork.replace_unit(copy.folder, out, "已注销") == expected[0]
    assert fieldwork.replace_unit(copy.folder, expected[0], "重复户") == expected[1]
    design = {row[0]: row for row in _rows(copy.secret / "design.csv")}
    assert out not in design and expected[0] not in design and expected[1] in design
    frame = [i for i in range(30) if units.strata[i] == stratum and units.ids[i] not in (out, expected[0])]
    n = int(design[expected[1]][3])
    exact = dict(zip([units.ids[i] for i in frame], pareto(units.P[frame], n), strict=True))
    assert int(design[expected[1]][2]) == len(frame)
    assert float(design[expected[1]][5]) == pytest.approx(exact[expected[1]])
    assert sum(exact.values()) == pytest.approx(n)


def _rows(path):
    return [line.split(",") for line in path.read_text("utf-8-sig").splitlines()[1:]]


@pytest.mark.parametrize("lost", ["replacements.json", "design.csv"])
def test_a_replacement_that_was_cut_off_is_made_again(copy, monkeypatch, lost):
    """A full disk at either write: what stands tells of a replacement only once all of it is there."""
    _, _, chosen = drawn_by_q(copy)
    first = fieldwork.replace_unit(copy.folder, chosen[0], "已注销")
    whole = copy.folder / "replacements.json"
    before = whole.read_bytes()
    real = files.atomic

    def full_disk(path, mode=0o644):
        if path.name == lost:
            raise OSError(28, "No space left on device")
        return real(path, mode)

    monkeypatch.setattr(files, "atomic", full_disk)
    with pytest.raises(OSError, match="No space left"):
        fieldwork.replace_unit(copy.folder, first, "重复户")
    assert whole.read_bytes() == before
    monkeypatch.setattr(files, "atomic", real)
    brought = fieldwork.replace_unit(copy.folder, first, "重复户")
    assert [one["in"]["id"] for one in json.loads(whole.read_bytes())["replacements"]] == [first, brought]
    design = {row[0] for row in _rows(copy.secret / "design.csv")}
    assert brought in design and not {chosen[0], first} & design and len(design) == 8


def test_what_is_not_replaced(copy):
    _, _, chosen = drawn_by_q(copy)
    undrawn = next(name for name in copy.frame.ids if name not in chosen)
    for unit, reason in ((undrawn, "x"), ("nobody", "x"), (chosen[0], " ")):
        with pytest.raises(Problem):
            fieldwork.replace_unit(copy.folder, unit, reason)
    assert not (copy.folder / "replacements.json").exists()
    fieldwork.replace_unit(copy.folder, chosen[0], "已注销")
    with pytest.raises(Problem, match="not among the units to visit"):
        fieldwork.replace_unit(copy.folder, chosen[0], "已注销")


def test_parties_countersign_what_was_not_changed(copy):
    _, _, chosen = drawn_by_q(copy)
    fieldwork.replace_unit(copy.folder, chosen[0], "已注销")
    path = copy.folder / "replacements.json"
    for party in ("公证处", "market-regulation", "公证处"):
        fieldwork.countersign(copy.folder, path, copy.key(party))
    value = json.loads(path.read_bytes())
    assert sorted(one["id"] for one in value["signatures"]) == ["market-regulation", "公证处"]
    value["replacements"][0]["reason"] = "other"
    path.write_text(json.dumps(value))
    for act in (
        lambda: fieldwork.countersign(copy.folder, path, copy.key("公证处")),
        lambda: fieldwork.replace_unit(copy.folder, chosen[1], "x"),
    ):
        with pytest.raises(Problem, match="file was changed"):
            act()
    with pytest.raises(Problem, match="Only assignment"):
        fieldwork.countersign(copy.folder, copy.folder / "public.json", copy.key("公证处"))


def forged(path, **changes):
    """The file with other contents, whose digest its keeper made anew: anyone can, it is no secret."""
    value = json.loads(path.read_bytes()) | changes
    kind = path.stem
    names = ("salt", "inspectors", "rules", "visits", "teams") if kind == "assignment" else ("replacements",)
    body = {name: value[name] for name in names}
    made = digest(kind, value["draw"], bytes.fromhex(value["result"]), canonical(body))
    path.write_text(json.dumps(value | {"digest": made.hex()}))
    return path


def refused(made, path, said):
    before = path.read_bytes()
    with pytest.raises(Problem, match=said) as caught:
        fieldwork.countersign(made.folder, path, made.key("公证处"))
    assert path.read_bytes() == before and caught.value.zh and str(path) in caught.value.where


def test_a_party_signs_no_other_draws_file(copy, tmp_path):
    """The same parties drew before, by the same keys: that draw's files hold together, and are not of this one."""
    other = tmp_path / "other"
    other.mkdir()
    for party in PARTIES:
        shutil.copy(copy.key(party), other)
        shutil.copy(keys.public_file(copy.key(party)), other)
    other = finished(other, units=30, take=8)
    fieldwork.assign(other.folder)
    _, _, chosen = drawn_by_q(other)
    fieldwork.replace_unit(other.folder, chosen[0], "已注销")
    for path in (other.secret / "assignment.json", other.folder / "replacements.json"):
        refused(copy, path, "another draw")


def test_a_party_signs_no_team_that_the_seed_didnt_give(copy):
    fieldwork.assign(copy.folder)
    path = copy.secret / "assignment.json"
    whole = path.read_text()
    value = json.loads(whole)

    def changed(name, change):
        again = json.loads(whole)[name]
        change(again)
        path.write_text(whole)
        return forged(path, **{name: again})

    team = next(team for team in value["teams"] if team["inspectors"])
    at = value["teams"].index(team)
    friend = next(one["id"] for one in value["inspectors"] if one["id"] not in team["inspectors"])
    refused(copy, changed("teams", lambda teams: teams[at].update(inspectors=[friend, friend])), f"teams.*{team['id']}")
    refused(copy, changed("teams", lambda teams: teams[at].update(chances={friend: 50})), f"teams.*{team['id']}")
    refused(copy, changed("teams", lambda teams: teams.pop()), "teams")
    refused(copy, changed("inspectors", lambda people: people[0].update(load=9)), "not those that were sealed")
    refused(copy, changed("rules", lambda rules: rules.update(day="2025-12-01")), "not those that were sealed")
    undrawn = next(name for name in copy.frame.ids if name not in {one["id"] for one in value["visits"]})
    refused(copy, changed("visits", lambda visits: visits[at].update(id=undrawn)), "not the units that were drawn")
    refused(copy, changed("visits", lambda visits: visits.pop(at)), "not the units that were drawn")
    path.write_text(whole)
    fieldwork.countersign(copy.folder, path, copy.key("公证处"))


def test_a_party_signs_no_replacement_that_isnt_the_next(copy):
    units, outcome, chosen = drawn_by_q(copy)
    fieldwork.replace_unit(copy.folder, chosen[0], "已注销")
    path = copy.folder / "replacements.json"
    one = json.loads(path.read_bytes())["replacements"][0]
    stratum = one["in"]["stratum"]
    rest = [i for i in np.argsort(outcome.q).tolist() if not outcome.drawn[i] and units.strata[i] == stratum]
    skipped = dict(one, **{"in": fieldwork._opened(units, rest[1])})
    renamed = dict(one, **{"in": one["in"] | {"id": "91FRIEND"}})
    for wrong in (
        [skipped],
        [renamed],
        [one | {"out": units.ids[rest[1]]}],
        [one | {"out": "nobody"}],
        [one, one],
        [one | {"reason": " "}],
        [dict(one, **{"in": one["in"] | {"index": -1}})],
        [dict(one, **{"in": one["in"] | {"s": "zz"}})],
    ):
        refused(copy, forged(path, replacements=wrong), r"replacements\[|field s must be")
        with pytest.raises(Problem):
            fieldwork.replace_unit(copy.folder, chosen[1], "重复户")


def test_a_file_that_lacks_something_is_named_and_not_signed(copy):
    _, _, chosen = drawn_by_q(copy)
    fieldwork.assign(copy.folder)
    fieldwork.replace_unit(copy.folder, chosen[0], "已注销")
    for path in (copy.secret / "assignment.json", copy.folder / "replacements.json"):
        whole = json.loads(path.read_bytes())
        for name in whole:
            path.write_text(json.dumps({key: item for key, item in whole.items() if key != name}))
            refused(copy, path, name if name != "format" else "The file is not")
            path.write_text(json.dumps(whole | {name: 1.5}))
            refused(copy, path, name if name != "format" else "The file is not")
        for name in ("visits", "inspectors", "teams", "replacements"):
            for damage in ([{}], [3], {"id": "x"}):
                if name in whole:
                    path.write_text(json.dumps(whole | {name: damage}))
                    refused(copy, path, name)
        path.write_text(json.dumps(whole | {"of": "nobody knows what"}))
        refused(copy, path, "of")
        path.write_text(json.dumps(whole))
    (copy.folder / "public.json").rename(copy.folder / "elsewhere.json")
    with pytest.raises(Problem, match="missing"):
        fieldwork.countersign(copy.folder, copy.folder / "replacements.json", copy.key("公证处"))


def test_nothing_is_signed_that_has_no_bytes(copy):
    """A text that no encoding can write has no digest; an empty one must not stand for it."""
    _, _, chosen = drawn_by_q(copy)
    fieldwork.replace_unit(copy.folder, chosen[0], "已注销")
    path = copy.folder / "replacements.json"
    value = json.loads(path.read_bytes())
    value["replacements"][0]["reason"] = "\ud800"
    for made in ("", value["digest"]):
        path.write_text(json.dumps(value | {"digest": made}))
        refused(copy, path, "digest")


def test_a_published_file_that_was_changed_vouches_for_nothing(copy):
    """Somebody hands a party a list of the drawn that isn't the one the result binds."""
    fieldwork.assign(copy.folder)
    public = copy.folder / "public.json"
    whole = json.loads(public.read_bytes())
    drawn = [i for i, unit in enumerate(whole["units"]) if "drawn" in unit]
    undrawn = next(i for i, unit in enumerate(whole["units"]) if "drawn" not in unit)
    for spoil in (
        lambda units: units[drawn[0]].update(id="91FRIEND"),
        lambda units: units[undrawn].update(q=units[undrawn]["q"] / 2),
        lambda units: units[undrawn].update(leaf="00" * 32),
        lambda units: units[undrawn].update(leaf="00"),
        lambda units: units[drawn[0]].pop("s"),
        lambda units: units[drawn[0]].update(id=5),
        lambda units: units[0].update(stratum=5),
        lambda units: units.pop(),
        lambda units: units.clear(),
    ):
        changed = json.loads(json.dumps(whole))
        spoil(changed["units"])
        public.write_text(json.dumps(changed))
        with pytest.raises(Problem, match="units that public"):
            fieldwork.countersign(copy.folder, copy.secret / "assignment.json", copy.key("公证处"))


def test_results_become_estimates_of_the_frame(copy, tmp_path):
    _, _, chosen = drawn_by_q(copy)
    path = tmp_path / "results.csv"
    path.write_text("id,violation\n" + "".join(f"{name},{i % 2}\n" for i, name in enumerate(chosen[:7])))
    figures = frame_estimates(copy.secret / "design.csv", path)
    assert (figures["N"], figures["drawn"], figures["results"], figures["missing"]) == (30, 8, 7, 1)
    assert figures["hit_rate"] == pytest.approx(3 / 7)
    assert (
        0
        <= figures["violation_rate"]["low"]
        < figures["violation_rate"]["value"]
        < figures["violation_rate"]["high"]
        <= 1
    )
    for name in ("value", "se", "low", "high"):
        assert figures["violations"][name] == pytest.approx(30 * figures["violation_rate"][name])
    for line in ("nobody,1\n", f"{chosen[0]},1\n", f"{chosen[7]},maybe\n"):
        path.write_text("id,violation\n" + f"{chosen[0]},1\n" + line)
        with pytest.raises(Problem, match="was not drawn"):
            frame_estimates(copy.secret / "design.csv", path)


@pytest.mark.parametrize("results", [8, 4])
def test_share_and_number_are_of_one_estimator(copy, tmp_path, results):
    """23.1% of 2,196 is 507 and no other number; with half of the results a sum over them would tell half of it."""
    _, _, chosen = drawn_by_q(copy)
    path = tmp_path / "results.csv"
    path.write_text("id,violation\n" + "".join(f"{name},{int(i > 1)}\n" for i, name in enumerate(chosen[:results])))
    figures = frame_estimates(copy.secret / "design.csv", path)
    for name in ("value", "low", "high"):
        assert figures["violations"][name] == pytest.approx(30 * figures["violation_rate"][name])
    path.write_text("id,outcome\n")
    with pytest.raises(Problem, match="id and violation") as caught:
        frame_estimates(copy.secret / "design.csv", path)
    assert "id, outcome" in caught.value.where and "not_found" in caught.value.todo_zh


def test_who_cant_be_found_is_a_result_with_a_rate_of_its_own(copy, tmp_path):
    _, _, chosen = drawn_by_q(copy)
    said = ["1", "not_found", "0", "查无下落", "0", "0", "0", "无法联系"]
    path = tmp_path / "results.csv"
    path.write_text("id,结果\n" + "".join(f"{name},{one}\n" for name, one in zip(chosen, said, strict=True)))
    figures = frame_estimates(copy.secret / "design.csv", path)
    assert (figures["results"], figures["missing"], figures["not_found"]) == (8, 0, 3)
    assert figures["hit_rate"] == pytest.approx(1 / 8)
    design = {row[0]: float(row[5]) for row in _rows(copy.secret / "design.csv")}
    weight = {name: 1 / design[name] for name in chosen}
    lost = sum(weight[chosen[i]] for i in (1, 3, 7)) / sum(weight.values())
    assert figures["not_found_rate"]["value"] == pytest.approx(lost)
    assert figures["not_found_rate"]["low"] < lost < figures["not_found_rate"]["high"]


@given(st.lists(st.tuples(st.text(min_size=1), st.text(), st.text("电梯;食品", max_size=9)), max_size=6))
def test_places_are_sealed_as_canonical_bytes(rows):
    made = fieldwork.places(*zip(*rows, strict=True)) if rows else []
    assert [one.id.encode() for one in made] == sorted(one.id.encode() for one in made)
    plain = {"places": [{"id": one.id, "area": one.area, "skills": list(one.skills)} for one in made]}
    assert fieldwork.seal_places("D", bytes(32), made) == digest("places", "D", bytes(32), canonical(plain)).hex()


@pytest.mark.parametrize(("visits", "seeds"), [(1, 2_000), (1_000, 2_000), (4_000, 500), (10_000, 200), (50_000, 200)])
def test_a_large_draw_is_reseeded_less_often(visits, seeds):
    assert reseeds_for(visits) == seeds
