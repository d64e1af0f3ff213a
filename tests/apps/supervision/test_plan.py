"""A plan from draft to its public page, by three parties, on real files; and who may not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction

from mingcha.apps.accounts.models import AuditRecord
from mingcha.apps.supervision import services
from mingcha.apps.supervision.choices import PlanState
from mingcha.apps.supervision.models import Draw, Plan, Task
from mingcha.apps.supervision.selectors import draw_folder, plan_frame, plans_visible, tasks_visible
from mingcha.engines.sampling import steps
from mingcha.engines.sampling.folder import read_terms
from mingcha.engines.sampling.keys import keygen, read_party
from mingcha.problems import Problem

pytestmark = pytest.mark.django_db
VERIFIER = Path(__file__).resolve().parents[3] / "verifier" / "verify_draw.py"


def plan_of(staff, model, **more):
    values = {"title": "四季度餐饮定向抽查", "budget": 12, "user": staff["planner"], "risk_model": model}
    return services.plan_create(**(values | {"public_source": "双色球 2026-11-30", "stratify_by": "district"} | more))


def ceremony(plan, staff, tmp_path, names=("市监局", "财政局", "公证处")):
    services.plan_approve(plan=plan, user=staff["head"])
    keys = [tmp_path / f"{i}.key" for i in range(len(names))]
    for name, key in zip(names, keys, strict=True):
        keygen(name, key)
    parties = dict(read_party(key.with_name(key.name + ".pub")) for key in keys)
    draw = services.draw_freeze(plan=plan, parties=parties, user=staff["planner"])
    return draw, keys


def test_from_draft_to_public_page(staff, scored, tmp_path):
    plan = plan_of(staff, scored)
    ours, uniform = plan.expected["plan"], plan.expected["uniform"]
    assert ours["hit_rate"] > uniform["hit_rate"] and ours["compliant_visits"] < uniform["compliant_visits"]
    assert sum(c["visits"] for c in ours["classes"].values()) == pytest.approx(12)
    draw, keys = ceremony(plan, staff, tmp_path)
    assert draw.units == 120
    with pytest.raises(Problem, match="Not yet committed"):
        services.draw_commitments_check(draw=draw, user=staff["planner"])
    for key in keys:
        steps.commit(draw_folder(draw), key)
    services.draw_commitments_check(draw=draw, user=staff["planner"])
    for key in keys:
        steps.reveal(draw_folder(draw), key)
    draw = services.draw_run(draw=draw, public_value="03 07 11 19 25 30 + 08", user=staff["planner"])
    assert Task.objects.count() == draw.taken == 12
    public = draw_folder(draw) / "public.json"
    verified = subprocess.run([sys.executable, VERIFIER, public], capture_output=True, text=True)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    drawn = {u["id"] for u in json.loads(public.read_text())["units"] if u.get("drawn")}
    assert drawn == set(Task.objects.values_list("entity__key", flat=True))
    services.draw_publish(draw=draw, user=staff["planner"])
    plan.refresh_from_db()
    assert plan.state == PlanState.PUBLISHED
    actions = list(AuditRecord.objects.order_by("id").values_list("action", flat=True))
    assert actions == [
        "supervision.plan.create",
        "supervision.plan.approve",
        "supervision.draw.freeze",
        "supervision.draw.commit",
        "supervision.draw.run",
        "supervision.draw.publish",
    ]


def test_a_run_cut_off_after_its_files_gives_the_same_draw(staff, scored, tmp_path):
    plan = plan_of(staff, scored)
    draw, keys = ceremony(plan, staff, tmp_path)
    for step in (steps.commit, steps.reveal):
        for key in keys:
            step(draw_folder(draw), key)
        if step is steps.commit:
            services.draw_commitments_check(draw=draw, user=None)
    record, _, _ = steps.run(draw_folder(draw), "1 2 3")  # the files stand, the database knows nothing
    assert services.draw_run(draw=draw, public_value="1 2 3", user=None).result == record.result.hex()
    assert Task.objects.count() == 12


def test_one_draw_counts_and_a_frame_is_frozen_once(staff, scored, tmp_path):
    plan = plan_of(staff, scored)
    draw, _ = ceremony(plan, staff, tmp_path)
    with pytest.raises(Problem, match="The plan is frozen"):
        services.draw_freeze(plan=plan, parties={}, user=None)
    assert not draw_folder(draw).with_name(f"{draw.folder}-2").exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        Draw.objects.create(plan=plan, name="another", folder="another")
    assert plan.draw == draw


def test_a_void_cut_off_after_its_file_is_gone_on_with(staff, scored, tmp_path):
    plan = plan_of(staff, scored)
    draw, _ = ceremony(plan, staff, tmp_path)
    with pytest.raises(Problem, match="Say why"):
        services.draw_void(draw=draw, reason=" ", user=staff["planner"])
    plan.refresh_from_db()
    steps.void(draw_folder(draw), "停电")  # the file stands, the database knows nothing
    services.draw_void(draw=Draw.objects.get(), reason="once more", user=staff["planner"])
    draw.refresh_from_db()
    plan.refresh_from_db()
    assert (draw.void_reason, len(draw.no_show), plan.state, plan.draw) == ("停电", 3, "approved", None)
    again = services.draw_freeze(plan=plan, parties={}, user=staff["planner"], alone=True)
    params = read_terms(draw_folder(again)).params
    assert params["attempt"] == 1 and params["voided"][0]["reason"] == "停电"  # nobody had revealed


def test_refusals(staff, scored, tmp_path):
    plan = plan_of(staff, scored)
    with pytest.raises(Problem, match="drew it up"):
        services.plan_approve(plan=plan, user=staff["planner"])
    with pytest.raises(Problem, match="needs it to be approved"):
        services.draw_freeze(plan=plan, parties={}, user=None)
    with pytest.raises(Problem):
        plan_of(staff, scored, budget=1000)
    with pytest.raises(Problem, match="frame is empty"):
        plan_of(staff, scored, industry="无此行业")
    with pytest.raises(Problem, match="stratified"):
        plan_of(staff, scored, stratify_by="name")


@pytest.mark.parametrize("said", ["", " \u3000"])
def test_a_plan_without_a_public_value_is_refused_at_once(staff, scored, said):
    """Once approved it could only be refused, at each freeze, for good: no draw goes without a public value."""
    with pytest.raises(Problem, match="public value") as caught:
        plan_of(staff, scored, public_source=said)
    assert "公开值" in caught.value.zh and caught.value.todo_zh and caught.value.todo_en
    assert not Plan.objects.exists()
    assert plan_of(staff, scored, public_source=" 双色球 2026-11-30 ").public_source == "双色球 2026-11-30"


def test_jurisdiction(staff, scored, tmp_path):
    plan = plan_of(staff, scored, division="980102")
    assert all(int(i[1:]) % 2 for i in plan_frame(plan).ids)
    assert plan in plans_visible(staff["head"])
    assert plan not in plans_visible(staff["east"])
    assert not plans_visible(staff["nobody"]) and not tasks_visible(staff["nobody"])
