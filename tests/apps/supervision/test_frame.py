"""Who stands in a plan's frame, who doesn't and why, and by which model's scores."""

import csv
import datetime as dt
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
import yaml
from django.utils import timezone

from mingcha.apps.entities.models import Entity
from mingcha.apps.exchange.models import Dataset
from mingcha.apps.risk.models import RiskModel, RiskScore
from mingcha.apps.supervision import selectors, services
from mingcha.apps.supervision.models import Draw, Task
from mingcha.apps.supervision.selectors import draw_folder, plan_frame, visits_this_year
from mingcha.engines.sampling.folder import read_terms, secret_folder
from mingcha.engines.sampling.steps import NO_MODEL
from mingcha.problems import Problem

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def room(tmp_path, monkeypatch):
    monkeypatch.setenv("MINGCHA_HOME", str(tmp_path / "instance"))


def plan_of(staff, model, **more):
    values = {"title": "抽查", "budget": 12, "user": staff["planner"], "public_source": "lottery", "risk_model": model}
    return services.plan_create(**(values | more))


def signed(plan, staff, **more):
    """The parameters that the parties of `plan` would sign."""
    services.plan_approve(plan=plan, user=staff["head"])
    draw = services.draw_freeze(plan=plan, parties={}, user=staff["planner"], alone=True, **more)
    return read_terms(draw_folder(draw)).params


def entity(key, model=None, **more):
    made = Entity.objects.create(key=key, division="980101", district="区0", **({"status": "active"} | more))
    if model:
        today = timezone.localdate()
        RiskScore.objects.create(entity=made, model=model, probability=0.9, risk_class="D", as_of=today)
    return made


def other_model(model, **more):
    values = {"dataset": model.dataset, "risk_point": "v", "title": "v", "folder": "m", "card": {}}
    values |= {"number": "M-2", "trained_until": model.trained_until, "digest": "2" * 64, "state": "challenger"}
    return RiskModel.objects.create(**(values | more))


def test_the_parties_sign_the_model_of_the_scores(staff, scored):
    plan = plan_of(staff, scored)
    params = signed(plan, staff)
    assert (params["model"], params["as_of"]) == (scored.digest, timezone.localdate().isoformat())
    plan.refresh_from_db()
    assert plan.frame["as_of"] == params["as_of"]


def test_a_model_that_came_since_is_the_one_signed(staff, scored):
    """The plan was drawn up on the model before; everyone has been scored anew by the one in force."""
    plan = plan_of(staff, scored)
    RiskModel.objects.update(state="retired")
    newer = other_model(scored, state="champion")
    RiskScore.objects.update(model=newer, probability=0.5)
    assert signed(plan, staff)["model"] == newer.digest
    plan.refresh_from_db()
    assert plan.risk_model == newer and plan.expected["plan"]["hit_rate"] == pytest.approx(0.5)


@pytest.mark.parametrize("spoil", ["retired", "mixed", "another day"])
def test_scores_that_nobody_could_check_are_refused(staff, scored, spoil):
    plan = plan_of(staff, scored)
    services.plan_approve(plan=plan, user=staff["head"])
    if spoil == "retired":
        RiskModel.objects.update(state="retired")
    elif spoil == "mixed":
        RiskScore.objects.filter(entity__key="E007").update(model=other_model(scored))
    else:
        RiskScore.objects.filter(entity__key="E007").update(as_of=dt.date(2026, 1, 1))
    with pytest.raises(Problem, match="not all of one model in force") as caught:
        services.draw_freeze(plan=plan, parties={}, user=staff["planner"])
    assert "mingcha risk score" in caught.value.todo_en and "mingcha risk score" in caught.value.todo_zh
    plan.refresh_from_db()
    assert plan.state == "approved" and plan.draw is None


def test_scores_of_another_risk_point_have_no_say(staff, scored):
    elsewhere = other_model(scored, risk_point="w", state="champion")
    RiskScore.objects.filter(entity__key="E007").update(model=elsewhere)
    frame = plan_frame(plan_of(staff, scored))
    assert "E007" not in frame.ids and frame.outside["unscored"] == 1


def test_a_non_targeted_plan_has_no_model_and_needs_no_scores(staff, scored):
    entity("NEW")
    plan = plan_of(staff, None, kind="non_targeted")
    assert plan.expected == {"units": 121, "visits": 12, "highest": 0.099174}  # nothing to foresee findings by
    params = signed(plan, staff)
    assert params["model"] == NO_MODEL and "as_of" not in params and params["strata"]["全部"]["N"] == 121


def test_provisional_and_unknown_stand_outside_and_are_counted(staff, scored):
    """A firm with a provisional twin would have two chances."""
    entity("P-twin", scored, provisional=True)
    entity("P-twin-2", scored, provisional=True, status="unknown")
    entity("unknown", scored, status="unknown")
    entity("closed", scored, status="cancelled")
    entity("unscored")
    plan = plan_of(staff, scored)
    assert not {"P-twin", "P-twin-2", "unknown", "closed", "unscored"} & set(plan_frame(plan).ids)
    counted = {"provisional": 2, "unknown_status": 1, "unscored": 1, "not_in_operation": 1}
    assert plan.frame["outside"] == counted | {"cap": 0}
    params = signed(plan, staff)
    assert params["outside"] == counted | {"focused": 0, "cap": 0, "reserved": 0}
    reasons = {row["id"]: row["reason"] for row in selectors.secret_table(plan.draw, "outside.csv")}
    assert reasons == {
        "P-twin": "provisional",
        "P-twin-2": "provisional",
        "unknown": "unknown_status",
        "closed": "not_in_operation",
        "unscored": "unscored",
    }


def test_frame_and_outside_add_up_to_everyone_of_the_division(staff, scored):
    entity("closed", scored, status="revoked")
    entity("P-closed", provisional=True, status="cancelled")
    entity("retailer", scored, industry="零售")
    entity("P-retailer", industry="零售", provisional=True)
    plan = plan_of(staff, scored, industry="餐饮", division="9801")
    outside = plan.frame["outside"]
    assert (outside["other_industry"], outside["not_in_operation"]) == (4, 0)  # theirs is no industry, or another
    assert plan.expected["units"] + sum(outside.values()) == Entity.objects.count()
    every = plan_of(staff, scored, division="9801")
    assert "other_industry" not in every.frame["outside"] and every.frame["outside"]["not_in_operation"] == 2
    assert every.expected["units"] + sum(every.frame["outside"].values()) == Entity.objects.count()


def test_an_empty_frame_says_why_by_number(staff, scored):
    Entity.objects.filter(key__lt="E040").update(provisional=True)
    Entity.objects.filter(key__gte="E040", key__lt="E070").update(status="revoked")
    RiskScore.objects.filter(entity__key__gte="E070").delete()
    with pytest.raises(Problem, match="frame is empty") as no:
        plan_of(staff, scored)
    assert "Outside: not in operation 30, not yet tied" in no.value.en
    assert "two chances 40" in no.value.en and "has no score in force 50" in no.value.en
    assert "不在营（注销、吊销等） 30" in no.value.zh and "没有现行评分 50" in no.value.zh


def drawn_before(staff, scored, keys, at):
    plan = plan_of(staff, scored)
    draw = Draw.objects.create(plan=plan, name=plan.number, folder=plan.number, drawn_at=at)
    for key in keys:
        number = f"{plan.number}-{key}"
        entity = Entity.objects.get(key=key)
        state = "issued" if at > timezone.now() - dt.timedelta(days=365) else "closed"
        Task.objects.create(number=number, plan=plan, draw=draw, entity=entity, pi=0.1, issued_at=at, state=state)
    return draw


def test_who_has_had_the_years_visits_stands_outside_and_is_counted(staff, scored):
    now = timezone.now()
    drawn_before(staff, scored, ["E001", "E002"], now)
    drawn_before(staff, scored, ["E001"], now)
    drawn_before(staff, scored, ["E001", "E003"], now - dt.timedelta(days=400))
    voided = drawn_before(staff, scored, ["E001", "E002"], now)
    Draw.objects.filter(pk=voided.pk).update(voided_at=now)
    assert visits_this_year() == {"E001": 2, "E002": 1}
    plan = plan_of(staff, scored, cap=2)
    assert plan.frame["outside"]["cap"] == 1 and plan.expected["units"] == 119
    params = signed(plan, staff)
    assert params["outside"]["cap"] == 1 and params["cap"] == 2
    units = json.loads((secret_folder(draw_folder(plan.draw)) / "sealed.json").read_bytes())["units"]
    assert len(units) == 119 and "E001" not in {unit["id"] for unit in units}
    with pytest.raises(Problem, match="frame is empty"):
        RiskScore.objects.exclude(entity__key="E001").delete()
        plan_of(staff, scored, cap=1)


@pytest.fixture
def november(monkeypatch):
    today = dt.date(2025, 11, 22)
    day_of = SimpleNamespace(localdate=lambda at=None: at.date() if at else today)
    monkeypatch.setattr(selectors.visits, "timezone", day_of)
    return today


def visited(tmp_path, rows, points=None):
    """Import visits, (key, day, cause, what was found); the risk points are those of the contract, or `points`."""
    from mingcha.apps.exchange.services import batch_import

    contract = Path(__file__).resolve().parents[3] / "contracts" / "demo" / "spot_inspections.yaml"
    document = yaml.safe_load(contract.read_text("utf-8"))
    schema = document["schema"][0]
    if points:
        declared = next(c["value"] for c in schema["customProperties"] if c["property"] == "inspections")
        declared["riskPoints"] = points
        contract = tmp_path / "spot_inspections.yaml"
        contract.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
    columns = [column["physicalName"] for column in schema["properties"]]
    with (tmp_path / "visits.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, columns)
        table.writeheader()
        for i, (key, day, cause, found) in enumerate(rows, 1):
            about = {"任务编号": f"RW{i:09d}", "统一社会信用代码": key, "检查来源": cause, "检查日期": day}
            table.writerow(about | {"检查结果": found, "公示日期": day, "抽查事项": "登记事项检查"})
    Dataset.objects.update(keyed_by="")  # the model's own dataset has no contract here
    report = batch_import(contract=contract, files=[tmp_path / "visits.csv"])
    assert report.rows_accepted == len(rows), report


def codes(count):
    from mingcha.simulation.identifiers import uscc

    return pa.array(uscc(["91"] * count, ["980101"] * count, np.arange(count, dtype=np.int64))).to_pylist()


NOTHING, LOST = "未发现问题", "通过登记的住所无法联系"


def test_visits_made_count_as_the_lake_has_them(staff, scored, tmp_path, november):
    """Two planned visits of this year and one of last; one with a cause; a task counts until its visit is there."""
    one, two = codes(2)
    january = november.replace(month=1, day=5)
    rows = [
        (one, january, "双随机", NOTHING),
        (one, november, "双随机", NOTHING),
        (one, november, "投诉举报", NOTHING),
        (one, november.replace(year=november.year - 1, day=1), "双随机", NOTHING),
        (two, january, "双随机", NOTHING),
    ]
    visited(tmp_path, rows)
    made = visits_this_year()
    assert {key: n for key, n in made.items() if n} == {one: 2, two: 1}
    drawn_before(staff, scored, [one, two], dt.datetime(2025, 11, 22, 12, tzinfo=dt.UTC))
    assert visits_this_year() == {one: 2, two: 2}  # today's visit is that of the task; January's came before it


def test_a_visit_counts_whatever_risk_points_ask_of_it(staff, scored, tmp_path, november):
    """Labels aren't asked for: neither a risk point's population nor a dataset that it needs has a say."""
    points = [
        {"name": "lost", "label": f"result = '{LOST}'", "population": f"result = '{LOST}'"},
        {"name": "punished", "label": {"dataset": "penalties", "exists": "TRUE", "within": "P30D"}},
        {"name": "licensed", "label": "TRUE", "where": [{"dataset": "licences", "exists": "TRUE"}]},
    ]
    one, two, three = codes(3)
    rows = [
        (one, november, "双随机", NOTHING),
        (two, november, "双随机", LOST),
        (two, november, "双随机", NOTHING),
        (three, november, "投诉举报", LOST),
    ]
    visited(tmp_path, rows, points)
    assert {key: n for key, n in visits_this_year().items() if n} == {one: 1, two: 2}


def test_who_must_be_visited_is_no_part_of_the_draw(staff, scored):
    plan = plan_of(staff, scored)
    with pytest.raises(Problem, match="1 that must be visited are not in this plan's directory: nobody"):
        services.draw_freeze(plan=services.plan_approve(plan=plan, user=staff["head"]), parties={}, user=None,
                             must_visit={"nobody"})  # fmt: skip
    plan.refresh_from_db()
    draw = services.draw_freeze(plan=plan, parties={}, user=None, must_visit={"E001", "E100"}, alone=True)
    assert draw.units == 118 and read_terms(draw_folder(draw)).params["outside"]["focused"] == 2
    outside = (secret_folder(draw_folder(draw)) / "outside.csv").read_text("utf-8-sig")
    assert outside == "id,reason\nE001,focused\nE100,focused\n"
