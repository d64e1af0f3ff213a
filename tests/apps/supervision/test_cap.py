"""The yearly cap holds whatever plans are under way: what a frozen frame may still bring counts before it is drawn."""

import datetime as dt

import pytest
from django.utils import timezone

from mingcha.apps.accounts.models import AuditRecord
from mingcha.apps.entities.models import Entity
from mingcha.apps.supervision import selectors, services
from mingcha.apps.supervision.models import Draw, Task
from mingcha.apps.supervision.selectors import draw_folder, secret_table
from mingcha.engines.sampling import results, steps
from mingcha.engines.sampling.folder import read_terms, secret_folder
from mingcha.engines.sampling.frame import read_frame
from mingcha.engines.sampling.keys import keygen, public_file, read_party
from mingcha.problems import Problem

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def room(tmp_path, monkeypatch):
    monkeypatch.setenv("MINGCHA_HOME", str(tmp_path / "instance"))


@pytest.fixture
def bureau(staff, scored, tmp_path):
    return staff | {"model": scored, "keys": tmp_path}


def approved(bureau, **more):
    values = {"title": "抽查", "budget": 12, "user": bureau["planner"], "public_source": "lottery"}
    made = services.plan_create(**(values | {"risk_model": bureau["model"]} | more))
    return services.plan_approve(plan=made, user=bureau["head"])


def freeze(bureau, plan):
    key = bureau["keys"] / "notary.key"
    party = read_party(public_file(key)) if key.exists() else ("notary", keygen("notary", key))
    return services.draw_freeze(plan=plan, parties=dict([party]), user=bureau["planner"], alone=True)


def run(bureau, draw):
    key = bureau["keys"] / "notary.key"
    steps.commit(draw_folder(draw), key)
    services.draw_commitments_check(draw=draw, user=None)
    steps.reveal(draw_folder(draw), key)
    services.draw_run(draw=draw, public_value="03 07", user=None)
    secret = secret_folder(draw_folder(draw))
    frame = read_frame(secret / "frame.csv", draw.plan.cap)  # what a party recomputes from
    results.attest(draw_folder(draw), key, secret / "audit.json", frame=frame)
    return set(draw.tasks.values_list("entity__key", flat=True))


def inside(draw):
    return set(read_frame(secret_folder(draw_folder(draw)) / "frame.csv", draw.plan.cap).ids)


def visited(bureau, *keys):
    """Entities with a visit drawn this year."""
    plan = approved(bureau)
    draw = Draw.objects.create(plan=plan, name=plan.number, folder=plan.number, drawn_at=timezone.now())
    for key in keys:
        number = f"{plan.number}-{key}"
        entity = Entity.objects.get(key=key)
        Task.objects.create(number=number, plan=plan, draw=draw, entity=entity, stratum="全部", pi=0.1)


def test_two_frames_frozen_before_either_is_drawn_visit_nobody_twice(bureau):
    """The second keeps whom the first can't take; both go on."""
    first = freeze(bureau, approved(bureau, cap=1, division="980101", budget=30))
    second = freeze(bureau, approved(bureau, cap=1, budget=30))
    assert (first.units, second.units) == (60, 60)
    assert not inside(first) & inside(second)
    params = read_terms(draw_folder(second)).params
    assert (params["outside"]["reserved"], params["outside"]["cap"]) == (60, 0)
    apart = {row["id"] for row in secret_table(second, "outside.csv") if row["reason"] == "reserved"}
    assert apart == inside(first) == set(selectors.draw_reserved(second))
    plan = second.plan
    plan.refresh_from_db()
    assert (plan.frame["outside"]["reserved"], plan.frame["reserved_by"]) == (60, [first.plan.number])
    assert plan.expected["units"] == 60
    record = AuditRecord.objects.filter(action="supervision.draw.freeze").latest("id")
    assert record.after["outside"]["reserved"] == 60 and record.after["reserved_by"] == [first.plan.number]
    one, two = run(bureau, second), run(bureau, first)
    assert len(one) == len(two) == 30 and not one & two
    assert max(selectors.visits_this_year().values()) == 1


def test_who_has_a_visit_to_spare_stays_in_both(bureau):
    visited(bureau, "E002", "E004")
    visited(bureau, "E004")
    first = freeze(bureau, approved(bureau, cap=2))
    second = freeze(bureau, approved(bureau, cap=2))
    assert inside(first) - inside(second) == {"E002"} and "E004" not in inside(first) | inside(second)
    assert selectors.draw_reserved(second) == ["E002"]


@pytest.mark.parametrize("caps", [(1, None), (None, 1)])
def test_either_plan_s_cap_counts(bureau, caps):
    """A plan without a cap of its own may not break another's, nor be overlooked by one that has a cap."""
    first = freeze(bureau, approved(bureau, cap=caps[0], division="980101"))
    second = freeze(bureau, approved(bureau, cap=caps[1]))
    assert inside(second) == {f"E{i:03d}" for i in range(1, 120, 2)} and len(inside(first)) == 60


def test_plans_without_a_cap_have_nothing_to_break(bureau):
    freeze(bureau, approved(bureau))
    assert freeze(bureau, approved(bureau)).units == 120


def test_where_too_few_are_left_it_refuses_and_says_who_and_why(bureau):
    first = freeze(bureau, approved(bureau, cap=1))
    plan = approved(bureau, cap=1)  # drawn up without regard to it: that one may be drawn by then
    with pytest.raises(Problem, match="another frozen plan") as caught:
        freeze(bureau, plan)
    problem = caught.value
    assert "企业0 E000, 企业1 E001" in problem.where and first.plan.number in problem.todo_en and "120" in problem.en
    assert "已冻结" in problem.zh and first.plan.number in problem.todo_zh
    plan.refresh_from_db()
    assert plan.state == "approved" and plan.draw is None and not (draw_folder(first).parent / plan.number).exists()
    taken = run(bureau, first)
    second = freeze(bureau, plan)
    assert inside(second) == {f"E{i:03d}" for i in range(120)} - taken


def test_a_budget_that_no_longer_fits_says_so_too(bureau):
    first = freeze(bureau, approved(bureau, cap=1, division="980101"))
    with pytest.raises(Problem, match="60 more stand in another frozen plan") as caught:
        freeze(bureau, approved(bureau, cap=1, budget=100))
    assert first.plan.number in caught.value.todo_en


def test_a_voided_frame_holds_nobody_and_counts_others_when_frozen_again(bureau):
    plan = approved(bureau, cap=1, division="980101")
    services.draw_void(draw=freeze(bureau, plan), reason="停电", user=None)
    second = freeze(bureau, approved(bureau, cap=1, division="980102"))
    assert second.units == 60
    third = freeze(bureau, approved(bureau, cap=1, division="98"))
    assert third.units == 60
    plan.refresh_from_db()
    with pytest.raises(Problem, match="another frozen plan"):
        freeze(bureau, plan)
    services.draw_void(draw=third, reason="停电", user=None)
    plan.refresh_from_db()
    assert freeze(bureau, plan).units == 60


def test_who_is_visited_without_a_draw_takes_no_place(bureau):
    """Focused supervision is listed apart, of the first frame and of the second."""
    plan = approved(bureau, cap=1, division="980101")
    services.draw_freeze(plan=plan, parties={}, user=None, must_visit={"E000"}, alone=True)
    second = approved(bureau, cap=1)
    draw = services.draw_freeze(plan=second, parties={}, user=None, must_visit={"E002"}, alone=True)
    assert "E000" in inside(draw) and "E002" not in inside(draw)
    reasons = {row["id"]: row["reason"] for row in secret_table(draw, "outside.csv")}
    assert reasons["E002"] == "focused" and reasons["E004"] == "reserved" and "E000" not in reasons


def test_last_year_s_visits_are_of_last_year(bureau):
    visited(bureau, "E002")
    last_year = timezone.now() - dt.timedelta(days=400)
    Draw.objects.update(drawn_at=last_year)
    Task.objects.update(issued_at=last_year, state="closed")
    freeze(bureau, approved(bureau, cap=2))
    assert freeze(bureau, approved(bureau, cap=2)).units == 120
