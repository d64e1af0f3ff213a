"""The year's plan: drawn up, approved by another, published; afterwards changed by published adjustments only."""

from decimal import Decimal

import pytest

from mingcha.apps.accounts.services import token_create
from mingcha.apps.entities.models import Entity
from mingcha.apps.supervision.models import CatalogueItem, YearAdjustment, YearEntry
from mingcha.apps.supervision.selectors.years import year_information, year_lines, year_months, year_overlaps
from mingcha.apps.supervision.services import years as services
from mingcha.problems import Problem

from .registers import desk, directory, published

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(staff, scored):
    published(staff["planner"])
    return services.year_create(year=2026, title="2026 年度计划", unit=None, user=staff["planner"])


@pytest.fixture
def enter(plan, staff):
    def made(title="餐饮", codes=("SP-04",), **more):
        given = {"kind": "non_targeted", "share": Decimal(10), "visits": None, "month_from": 3, "month_to": 5}
        if "directory" not in more:
            more["directory"] = directory(staff["planner"], industries=["餐饮"])
        items = list(CatalogueItem.objects.filter(code__in=codes))
        return services.entry_save(plan=plan, items=items, user=staff["planner"], title=title, **(given | more))

    return made


def test_sizes_and_months(plan, enter):
    enter()
    (line,) = year_lines(plan)
    assert (line.units, line.visits) == (120, 12)
    months = year_months([line])
    assert [m.visits for m in months] == [0, 0, 4, 4, 4, 0, 0, 0, 0, 0, 0, 0]
    assert months[2].busiest == 1.0 and months[0].entries == 0


def test_an_entry_below_its_item_s_ratio_is_told(plan, enter):
    enter(share=Decimal("2.5"))
    (line,) = year_lines(plan)
    assert [item.code for item in line.below] == ["SP-04"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"share": None},
        {"visits": 5},
        {"month_from": 6, "month_to": 5},
        {"month_to": 13},
        {"share": Decimal(0)},
        {"share": Decimal(101)},
        {"kind": "other"},
        {"codes": ()},
    ],
)
def test_what_makes_no_sense_is_refused(enter, wrong):
    with pytest.raises(Problem):
        enter(**wrong)
    assert not YearEntry.objects.exists()


def test_the_same_firms_twice_are_found_and_made_one_visit(plan, enter, staff):
    first = enter("餐饮", ("SP-04",), department="市场监管局")
    small = directory(staff["planner"], districts=["区0"])
    spring = {"directory": small, "share": None, "visits": 30, "month_from": 5, "month_to": 8}
    second = enter("计量", ("JL-01",), department="卫健委", **spring)
    enter("冬季", ("SP-02",), directory=small, month_from=11, month_to=12)
    pairs, more = year_overlaps(plan)
    assert not more and len(pairs) == 1
    (pair,) = pairs
    assert (pair.firms, pair.month_from, pair.month_to) == (60, 5, 5)
    assert pair.both == pytest.approx(60 * 12 / 120 * 30 / 60)
    joined = services.entries_join(entry=first, other=second, user=staff["planner"])
    assert {item.code for item in joined.items.all()} == {"SP-04", "JL-01"}
    assert joined.joint_departments == ["卫健委"] and (joined.month_from, joined.month_to) == (5, 5)
    assert year_overlaps(plan)[0] == []


def test_the_law_s_share_of_published_information(plan, enter):
    enter(public_information=True, share=Decimal(2))
    seen = year_information(plan, year_lines(plan))
    assert seen.firms == 120 and seen.visits == 3 and seen.least == 3 and not seen.reached
    enter("更多", directory=YearEntry.objects.get().directory, public_information=True, share=Decimal(1))
    assert year_information(plan, year_lines(plan)).reached


def test_another_person_approves_then_it_is_public(client, plan, enter, staff):
    with pytest.raises(Problem, match="no entries"):
        services.year_approve(plan=plan, user=staff["head"])
    enter()
    with pytest.raises(Problem, match="drew it up"):
        services.year_approve(plan=plan, user=staff["planner"])
    with pytest.raises(Problem, match="draft"):
        services.year_publish(plan=plan, user=staff["head"])
    services.year_approve(plan=plan, user=staff["head"])
    with pytest.raises(Problem, match="approved"):
        enter("later", directory=YearEntry.objects.get().directory)
    assert client.get("/public/year/2026/").status_code == 404
    services.year_publish(plan=plan, user=staff["head"])
    text = client.get("/public/year/2026/").content.decode()
    assert "餐饮服务食品安全监督检查" in text and "2026 年度计划" in text
    with pytest.raises(Problem):  # two at once: the second is told
        services.year_publish(plan=plan, user=staff["head"])


def test_it_may_be_given_back_before_it_is_published(plan, enter, staff):
    enter()
    services.year_approve(plan=plan, user=staff["head"])
    with pytest.raises(Problem, match="why"):
        services.year_return(plan=plan, reason=" ", user=staff["head"])
    services.year_return(plan=plan, reason="月份不对", user=staff["head"])
    assert plan.state == "draft" and plan.approved_by is None


def test_afterwards_only_adjustments_change_it(client, plan, enter, staff):
    entry = enter()
    services.year_approve(plan=plan, user=staff["head"])
    services.year_publish(plan=plan, user=staff["head"])
    said = {name: getattr(entry, name) for name in services.FIELDS} | {"month_to": 9}
    items = list(entry.items.all())
    proposed = services.adjustment_propose(
        plan=plan, act="change", entry=entry, items=items, reason="人员调整", user=staff["planner"], **said
    )
    entry.refresh_from_db()
    assert entry.month_to == 5 and "人员调整" not in client.get("/public/year/2026/").content.decode()
    with pytest.raises(Problem, match="waits already"):
        services.adjustment_propose(plan=plan, act="drop", entry=entry, reason="x", user=staff["planner"])
    with pytest.raises(Problem, match="drew it up"):
        services.adjustment_decide(adjustment=proposed, approve=True, user=staff["planner"])
    services.adjustment_decide(adjustment=proposed, approve=True, user=staff["head"])
    entry.refresh_from_db()
    assert entry.month_to == 9 and entry.share == 10
    assert "人员调整" in client.get("/public/year/2026/").content.decode()
    with pytest.raises(Problem, match="already"):
        services.adjustment_decide(adjustment=proposed, approve=False, user=staff["head"])
    drop = services.adjustment_propose(plan=plan, act="drop", entry=entry, reason="停办", user=staff["planner"])
    services.adjustment_decide(adjustment=drop, approve=True, user=staff["head"])
    assert [m.visits for m in year_months(year_lines(plan))] == [0] * 12 and plan.entries.get().dropped


def test_no_plan_carries_out_what_was_dropped(client, plan, enter, staff):
    entry = enter()
    services.year_approve(plan=plan, user=staff["head"])
    services.year_publish(plan=plan, user=staff["head"])
    _, token = token_create(owner=staff["planner"], name="t", scopes=("supervision.*",), division="", user=None)
    headers = {"Authorization": f"Bearer {token}"}

    def draw_up(key: str):
        body = {"title": "专项", "kind": "campaign", "directory": entry.directory_id, "entry": entry.pk}
        with_key = headers | {"Idempotency-Key": key}
        return client.post("/api/v1/plans", body, content_type="application/json", headers=with_key)

    assert draw_up("draw-up-00001").status_code == 201
    YearEntry.objects.update(dropped=True)
    refused = draw_up("draw-up-00002")
    assert refused.status_code == 422 and refused.json()["where"] == "body.entry"


def test_the_pages_of_a_year(client, plan, enter, staff):
    entry = enter()
    page = desk(client, staff["planner"])
    assert "month 3: 4 visits" in page.get(f"/years/{plan.number}/").content.decode()
    assert page.get(f"/years/{plan.number}/overlaps/").status_code == 200
    assert page.get("/years/").status_code == 200
    form = page.get(f"/years/{plan.number}/entries/{entry.pk}/").content.decode()
    assert 'value="餐饮"' in form
    answer = page.post(
        f"/years/{plan.number}/entries/new/",
        {
            "title": "计量",
            "items": [CatalogueItem.objects.get(code="JL-01").pk],
            "kind": "non_targeted",
            "directory": entry.directory_id,
            "visits": 7,
            "month_from": 1,
            "month_to": 2,
            "times": 1,
        },
    )
    assert answer.status_code == 302 and plan.entries.count() == 2
    refused = page.post(f"/years/{plan.number}/entries/new/", {"title": "x", "kind": "non_targeted"})
    assert refused.status_code == 400
    assert page.post(f"/years/{plan.number}/approve/").status_code == 403
    assert desk(client, staff["head"]).post(f"/years/{plan.number}/approve/").status_code == 302
    plan.refresh_from_db()
    assert plan.state == "approved"


def test_another_unit_s_draft_is_not_there(client, plan, enter, staff):
    enter()
    page = desk(client, staff["east"])
    assert page.get(f"/years/{plan.number}/").status_code == 404
    services.year_approve(plan=plan, user=staff["head"])
    services.year_publish(plan=plan, user=staff["head"])
    assert page.get(f"/years/{plan.number}/").status_code == 200
    staff["east"].role = "planner"
    staff["east"].save()
    assert page.get(f"/years/{plan.number}/entries/new/").status_code == 404  # reads it, changes nothing of it
    assert YearAdjustment.objects.count() == 0


def test_queries_of_a_full_year_are_bounded(client, plan, enter, staff, django_assert_max_num_queries):
    one = enter()
    for number in range(30):
        enter(f"任务{number}", ("SP-04", "SP-05"), directory=one.directory)
    page = desk(client, staff["planner"])
    page.get(f"/years/{plan.number}/")
    with django_assert_max_num_queries(30):
        page.get(f"/years/{plan.number}/")
    assert Entity.objects.count() == 120
