"""A joint inspection: several departments in one visit, each with a team of its own, drawn by the same seed."""

import json
import re
from dataclasses import replace

import pytest
from tests.engines.sampling import joint_example
from tests.engines.sampling.small_draw import finished, joint_staff

from mingcha.engines.sampling import fieldfiles, fieldwork, inspectors
from mingcha.engines.sampling.encoding import canonical, digest
from mingcha.engines.sampling.inspectors import Inspector, Rules, Visit, assign, directory, shortages
from mingcha.problems import Problem

V = json.loads(joint_example.PATH.read_bytes())
JOINT = Rules("2026-12-01", across=0, reseeds=20, departments=("A", "B"))


def person(name, department, areas="e", **more):
    given = {"certified": "2027-01-01", "load": 9} | more
    return Inspector(name, tuple(areas), department=department, **given)


def test_the_worked_example_follows_from_the_page():
    assert joint_example.example() == V
    people = [inspectors.read_plain(one) for one in V["inspectors"]]
    visits = [Visit(one["id"], one["area"], tuple(one["skills"])) for one in V["visits"]]
    rules = inspectors.read_rules(V["rules"])
    assert assign(bytes.fromhex(V["seed"]), visits, people, rules) == V["teams"]
    assert V["teams"][-1]["inspectors"] == []  # of the fire brigade nobody has load left


def test_an_ordinary_directory_is_sealed_byte_by_byte_as_ever():
    """Whatever departments the register knows: published draws stay what they are."""
    people = [person("a", "A"), person("b", "B")]
    sealed = directory(people, Rules("2026-12-01"))
    assert sealed == directory([replace(one, department="") for one in people], Rules("2026-12-01"))
    assert set(sealed["rules"]) == {"day", "team", "across", "reseeds"}
    assert all("department" not in one for one in sealed["inspectors"])
    joint = directory([*people, person("c", "A"), person("d", "B")], JOINT)
    assert joint["rules"]["departments"] == ["A", "B"] and joint["inspectors"][1]["department"] == "B"
    assert inspectors.read_rules(joint["rules"]) == JOINT and inspectors.read_rules(sealed["rules"]).departments == ()


def test_a_department_draws_as_if_it_were_alone():
    """Nothing of the other department moves it; and the two don't pick the same places."""
    people = [person(f"{x}{j}", x, load=40) for x in "AB" for j in range(6)]
    visits = [Visit(f"u{k:02d}", "e") for k in range(30)]
    made = assign(bytes(32), visits, people, JOINT)
    assert [(one["id"], one["department"]) for one in made] == [(v.id, x) for v in visits for x in "AB"]
    assert all(one["inspectors"] and {name[0] for name in one["inspectors"]} == {one["department"]} for one in made)
    alone = [one for one in people if one.department == "A"]
    plain = assign(digest("department", bytes(32), "A"), visits, alone, replace(JOINT, departments=()))
    assert [one | {"department": "A"} for one in plain] == made[::2]
    fewer = assign(bytes(32), visits, [*alone, person("B0", "B"), person("B1", "B")], JOINT)
    assert fewer[::2] == made[::2]
    picks = [[name[1:] for name in one["inspectors"]] for one in made]
    assert sum(a == b for a, b in zip(picks[::2], picks[1::2], strict=True)) < 10


def test_where_a_department_could_send_nobody_is_counted():
    people = [person("a1", "A"), person("a2", "A", "ew"), person("a3", "A", "w")]
    people += [person("b1", "B"), person("b2", "B", skills=("p",))]
    places = [Visit("u", "e"), Visit("v", "w"), Visit("w", "w"), Visit("x", "", ("p",))]
    short = shortages(places, directory(people, JOINT))
    found = {(one.department, one.area, one.skills): (one.units, one.home, one.away) for one in short}
    assert found == {("B", "w", ()): (2, 0, 2), ("A", "", ("p",)): (1, 0, 0), ("B", "", ("p",)): (1, 1, 0)}
    assert inspectors.units_short(short) == 3
    with pytest.raises(Problem, match="3 units of the frame could be given no team of 2: B, w, 2 units: 0") as no:
        inspectors.refuse_short(short, directory(people, JOINT))
    assert "B，w 2 户" in no.value.zh


@pytest.mark.parametrize(
    ("people", "departments", "said"),
    [
        ("AAB", ("A", "B"), "are: 1 of B"),
        ("AA", ("A", "B", "C"), "are: 0 of B, 0 of C"),
        ("AABB", ("B", "A"), "in ascending order"),
        ("AABB", ("A", "A", "B"), "each once"),
        ("AABB", ("A",), "two departments"),
        ("AABB", ("", "A"), "two departments"),
    ],
)
def test_joint_directories_that_make_no_sense(people, departments, said):
    given = [person(f"{x}{i}", x) for i, x in enumerate(people)]
    with pytest.raises(Problem, match=said):
        directory(given, replace(JOINT, departments=departments))


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    made = finished(tmp_path_factory.mktemp("joint"), units=12, take=5, staff=joint_staff())
    fieldwork.assign(made.folder)
    return made


def test_a_party_countersigns_each_departments_team(done):
    path, key = done.secret / "assignment.json", done.key("公证处")
    value = json.loads(path.read_bytes())
    assert len(value["teams"]) == 10 and all(one["inspectors"] for one in value["teams"])
    fieldwork.countersign(done.folder, path, key, frame=done.frame)
    assert [one["id"] for one in json.loads(path.read_bytes())["signatures"]] == ["公证处"]
    record = fieldwork.read_record(fieldwork.status(done.folder).public, "public", fieldwork.read_terms(done.folder))

    def forged(change):
        """Another file, whose digest its keeper made anew."""
        other = json.loads(path.read_bytes())
        change(other)
        body = {name: other[name] for name in fieldfiles.SHAPES["assignment"]}
        made = digest("assignment", other["draw"], record.result, canonical(body))
        changed = path.with_name("changed") / path.name
        changed.parent.mkdir(exist_ok=True)
        changed.write_text(json.dumps(other | {"digest": made.hex()}))
        return changed

    team = value["teams"][1]
    friend = next(
        one["id"]
        for one in value["inspectors"]
        if one["department"] == team["department"] and one["id"] not in team["inspectors"]
    )
    for change, said in (
        (lambda v: v["teams"][1]["inspectors"].__setitem__(0, friend), rf"{team['id']} \({team['department']}\)"),
        (lambda v: v["teams"].pop(1), "not what the seed gives"),
        (lambda v: v["teams"][1].update(department=value["teams"][0]["department"]), "not what the seed gives"),
        (lambda v: v["teams"][1].pop("department"), "teams is missing or malformed"),
        (lambda v: v["inspectors"][0].update(department="市场监管局"), "not those that were sealed"),
        (lambda v: v["rules"].pop("departments"), "malformed"),
        (lambda v: v["rules"].update(departments=[]), "not those that were sealed"),
    ):
        with pytest.raises(Problem) as caught:
            fieldwork.countersign(done.folder, forged(change), key)
        assert re.search(said, f"{caught.value.en} {caught.value.where}"), said
