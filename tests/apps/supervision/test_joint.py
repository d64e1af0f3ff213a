"""Several departments in one visit: their officers are drawn by the same seed, and stand by department wherever a visit
is told of."""

import datetime as dt
import json

import pytest
from django.utils import timezone
from tests.apps.supervision.registers import desk

from mingcha.apps.law.models import Rule
from mingcha.apps.supervision import services
from mingcha.apps.supervision.models import Inspector, InspectorDirectory, Plan, Task
from mingcha.apps.supervision.public import visit_token
from mingcha.apps.supervision.rules import by_department, joint_terms
from mingcha.apps.supervision.selectors import (
    departments_known,
    draw_folder,
    joint_departments,
    visits_this_year,
)
from mingcha.engines.sampling import fieldwork, steps
from mingcha.engines.sampling.folder import secret_folder
from mingcha.engines.sampling.keys import keygen, public_file, read_party
from mingcha.problems import Problem

pytestmark = pytest.mark.django_db
PARTIES = ("司法局", "公证处")
OURS, FIRE, HEALTH = "市场监管局", "消防救援机构", "卫健委"
STARTS = dt.date(2099, 1, 5)
DRAFT = {"title": "餐饮联合抽查", "kind": "non_targeted", "budget": 6, "public_source": "双色球 2099-01-01"}


@pytest.fixture(autouse=True)
def room(tmp_path, monkeypatch):
    monkeypatch.setenv("MINGCHA_HOME", str(tmp_path / "instance"))


@pytest.fixture
def register(staff, scored):
    """register(department, how many, ...): people entered, certified on the day unless said otherwise."""

    def enter(department, count, prefix, **more):
        given = {"areas": ["区0", "区1"], "certified_to": dt.date(2099, 12, 31), "load": 50, "load_period": "draw"}
        return [
            Inspector.objects.create(
                number=f"{prefix}{i}", name=f"{prefix}人{i}", department=department, **(given | more)
            )
            for i in range(count)
        ]

    return enter


@pytest.fixture
def people(register, staff):
    register(OURS, 5, "S", unit=staff["planner"].unit)
    register(FIRE, 3, "X")
    register(HEALTH, 3, "W")


def plan(staff, departments=(FIRE,), **more):
    found = services.plan_create(
        user=staff["planner"], departments=departments, starts_on=STARTS, **(DRAFT | {"cap": 1} | more)
    )
    return services.plan_approve(plan=found, user=staff["head"])


def keys_of(tmp_path):
    made = {party: tmp_path / f"{party}.key" for party in PARTIES}
    for party, path in made.items():
        if not path.exists():
            keygen(party, path)
    return made


def drawn(found, staff, tmp_path, **more):
    keys = keys_of(tmp_path)
    public = dict(read_party(public_file(path)) for path in keys.values())
    draw = services.draw_freeze(plan=found, parties=public, user=staff["planner"], **more)
    for path in keys.values():
        steps.commit(draw_folder(draw), path)
    services.draw_commitments_check(draw=draw, user=staff["planner"])
    for path in keys.values():
        steps.reveal(draw_folder(draw), path)
    return services.draw_run(draw=draw, public_value="01 02 03", user=staff["planner"]), keys


def test_each_department_sends_two_officers_to_every_visit(people, staff, tmp_path):
    found = plan(staff, (HEALTH, FIRE))
    draw, keys = drawn(found, staff, tmp_path)
    found.refresh_from_db()
    assert found.frame["departments"] == sorted([OURS, FIRE, HEALTH], key=str.encode)
    for task in draw.tasks.all():
        teams = by_department(task.inspectors, found.frame["departments"])
        assert [len(team) for _, team in teams] == [2, 2, 2]
        for department, team in teams:
            assert all(one["id"][0] == {OURS: "S", FIRE: "X", HEALTH: "W"}[department] for one in team)
    path = secret_folder(draw_folder(draw)) / "assignment.json"
    fieldwork.countersign(draw_folder(draw), path, keys["公证处"])  # recomputed from the seed
    told = json.loads(path.read_bytes())["teams"]
    sent = {(one["id"], name) for one in told for name in one["inspectors"]}
    assert sent == {(task.entity.key, one["id"]) for task in draw.tasks.all() for one in task.inspectors}


def test_it_counts_once_for_the_firms_cap(people, staff, tmp_path):
    draw, _ = drawn(plan(staff, (HEALTH, FIRE)), staff, tmp_path)
    firms = {task.entity.key for task in draw.tasks.all()}
    assert {visits_this_year()[key] for key in firms} == {1} and len(firms) == 6


@pytest.mark.parametrize(("count", "more"), [(0, {}), (1, {}), (2, {"certified_to": dt.date(2099, 1, 4)})])
def test_a_department_that_cant_send_two_is_refused_by_name(register, staff, tmp_path, count, more):
    register(OURS, 4, "S", unit=staff["planner"].unit)
    register(FIRE, count, "X", **more)
    found = plan(staff)
    with pytest.raises(Problem, match=FIRE) as no:
        drawn(found, staff, tmp_path)
    assert FIRE in no.value.zh and OURS not in no.value.zh
    found.refresh_from_db()
    assert found.state == "approved" and not found.draws.exists()


def test_who_may_be_sent_from_the_plans_directory_or_the_whole_register(people, staff, tmp_path):
    """The directory says who of ours; of a department that it doesn't know, everyone."""
    Inspector.objects.filter(number__in=["S0", "S1"]).update(skills=["食品"])
    ours = InspectorDirectory.objects.create(name="食品组", condition={"departments": [OURS], "skills": ["食品"]})
    draw, _ = drawn(plan(staff, inspectors=ours), staff, tmp_path)
    assert {one["id"] for one in draw.inspectors} >= {"S0", "S1", "X0", "X1", "X2"}
    sent = {one["id"] for task in draw.tasks.all() for one in task.inspectors}
    assert {"S0", "S1"} == {name for name in sent if name[0] == "S"} and not {name for name in sent if name[0] == "W"}


def test_a_directory_that_is_handed_in_has_the_departments(people, staff, tmp_path):
    path = tmp_path / "staff.csv"
    head, rows = "id,name,areas,certified,load,department\n", []
    for department, prefix in ((OURS, "A"), (FIRE, "B")):
        rows += [f"{prefix}{i},{prefix}某{i},区0;区1,2099-12-31,20,{department}\n" for i in range(3)]
    path.write_text(head + "".join(rows), "utf-8")
    draw, _ = drawn(plan(staff), staff, tmp_path, inspectors=path, day="2099-01-05")
    task = draw.tasks.first()
    assert [one["department"] for one in task.inspectors].count(FIRE) == 2 and len(task.inspectors) == 4
    path.write_text(head + "".join(rows[:4]), "utf-8")
    with pytest.raises(Problem, match=f"1 of {FIRE}"):
        drawn(plan(staff, title="又一次"), staff, tmp_path, inspectors=path, day="2099-01-05")


def test_an_ordinary_plan_knows_of_no_departments(people, staff, tmp_path):
    directory = InspectorDirectory.objects.create(name="全部")
    draw, _ = drawn(plan(staff, (), inspectors=directory), staff, tmp_path)
    sealed = json.loads((secret_folder(draw_folder(draw)) / "inspectors.json").read_bytes())
    assert "departments" not in sealed["rules"] and all("department" not in one for one in sealed["inspectors"])
    assert all(set(one) == {"id", "name"} for task in draw.tasks.all() for one in task.inspectors)


def test_what_our_own_department_is_called(people, register, staff, scored):
    made = plan(staff)
    listed = list(Inspector.objects.values_list("department", flat=True))
    assert joint_departments(made, listed) == tuple(sorted((OURS, FIRE), key=str.encode))
    from mingcha.apps.supervision.models import Catalogue, CatalogueItem

    catalogue = Catalogue.objects.create(number="QD-1", year=2099, title="清单", unit=staff["planner"].unit)
    made.items.set([CatalogueItem.objects.create(catalogue=catalogue, code="1", name="i", department=HEALTH)])
    assert HEALTH in joint_departments(made, listed) and OURS not in joint_departments(made, listed)
    made.items.update(department="市场监管部门")  # a name that nobody in the register has
    assert OURS in joint_departments(made, listed)
    Inspector.objects.exclude(department=FIRE).delete()
    with pytest.raises(Problem, match="nobody of our own department"):
        joint_departments(made, [FIRE])


def test_the_rule_for_joint_inspections_holds_beside_the_kinds(people, staff):
    revisit = services.plan_create(title="证后", kind="revisit", user=staff["planner"], departments=[FIRE, f" {FIRE} "])
    assert revisit.departments == [FIRE]
    assert services.plan_terms(revisit)["approval"] == "head"  # a revisit alone needs another planner only
    alone = services.plan_create(title="证后", kind="revisit", user=staff["planner"])
    assert services.plan_terms(alone)["approval"] == "planner"
    cause = {"kind": "for_cause", "cause": "举报 1", "keys": ["E001"], "user": staff["planner"]}
    because = services.plan_create(title="有因", departments=[FIRE], **cause)
    assert services.plan_terms(because)["notice"] == "optional" and because.cap is None  # exempt, with or without
    Rule.objects.filter(key="supervision.kind.joint").update(effective_from=timezone.localdate() + dt.timedelta(days=1))
    with pytest.raises(Problem, match=r"supervision\.kind\.joint"):
        services.plan_create(title="证后", kind="revisit", user=staff["planner"], departments=[FIRE])


def test_the_stricter_term_holds():
    loose = {"drawn": False, "capped": True, "notice": "optional", "approval": "planner"}
    joint = {"drawn": True, "capped": True, "notice": "required", "approval": "head"}
    assert joint_terms(loose, joint) == loose | {"notice": "required", "approval": "head"}
    assert joint_terms(joint, loose) == joint
    flight = {"drawn": False, "capped": False, "notice": "never", "approval": "planner"}
    assert joint_terms(flight, joint) == flight | {"approval": "head"}


def test_sending_others_keeps_the_departments_apart(people, staff, tmp_path):
    draw, _ = drawn(plan(staff), staff, tmp_path)
    task = draw.tasks.first()
    given = [{"id": name, "name": name} for name in ("S0", "S1", "X0")]
    with pytest.raises(Problem, match=FIRE):
        services.task_assign(task=task, inspectors=given, reason="请假", user=staff["head"])
    given.append({"id": "X1", "name": "X1", "department": "编造"})
    services.task_assign(task=task, inspectors=given, reason="请假", user=staff["head"])
    assert [one["department"] for one in Task.objects.get(pk=task.pk).inspectors] == [OURS, OURS, FIRE, FIRE]


def test_officers_stand_by_department():
    team = [{"id": "1", "department": "B"}, {"id": "2", "department": "A"}, {"id": "3"}]
    assert by_department(team) == [("", team)]
    assert by_department(team, ["A", "B", "C"]) == [("A", [team[1]]), ("B", [team[0]]), ("C", []), ("", [team[2]])]


def test_pages_tell_who_comes_together(client, people, staff, tmp_path):
    page = desk(client, staff["planner"])
    form = page.get("/plans/new/?kind=non_targeted").content.decode()
    assert f'value="{FIRE}"' in form and f'value="{HEALTH}"' in form and f'value="{OURS}"' not in form
    draft = DRAFT | {"starts_on": STARTS.isoformat(), "departments": [FIRE, HEALTH]}
    assert page.post("/plans/new/", draft | {"departments": ["不存在的部门"]}).status_code == 400
    assert page.post("/plans/new/", draft).status_code == 302
    found = Plan.objects.get()
    assert set(found.departments) == {FIRE, HEALTH}
    shown = page.get(f"/plans/{found.number}/").content.decode()
    assert "joint" in shown and FIRE in shown
    assert FIRE in page.get("/plans/").content.decode()
    services.plan_approve(plan=found, user=staff["head"])
    draw, _ = drawn(found, staff, tmp_path)
    services.draw_publish(draw=draw, user=staff["planner"])
    task = draw.tasks.first()
    Inspector.objects.filter(department=HEALTH).delete()
    Task.objects.filter(pk=task.pk).update(
        inspectors=[one for one in task.inspectors if one["department"] != HEALTH], notified_at=timezone.now()
    )
    for address in (f"/tasks/{task.number}/", f"/tasks/{task.number}/notice/", f"/public/visit/{visit_token(task)}/"):
        text = page.get(address).content.decode()
        assert all(name in text for name in (OURS, FIRE, HEALTH)), address
        sent = next(one["id"] for one in task.inspectors if one["id"][0] == "X")
        assert text.index(f">{FIRE}<") < text.index(f">{sent}<")
    assert FIRE in page.get(f"/public/draw/{draw.name}/").content.decode()


def test_a_unit_is_offered_the_departments_of_its_own_register(people, register, staff):
    register("城管局", 2, "C", division="980102")
    register("公安局", 2, "G", division="980101")
    assert departments_known(staff["east"]) == ["公安局"]
    assert departments_known(staff["planner"]) == sorted([OURS, FIRE, HEALTH, "城管局", "公安局"])
