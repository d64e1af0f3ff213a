"""Proposals from facts: from the annual reports, from a result, after three years; never a decision."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from tests.apps.entities.entity_deliveries import dataset, deliver

from mingcha.apps.credit import services
from mingcha.apps.credit.models import CreditEvent, Listing
from mingcha.apps.entities.models import Entity
from mingcha.apps.law.models import Clock
from mingcha.problems import Problem
from mingcha.simulation.identifiers import uscc


@pytest.fixture
def town(bureau, on_day):
    """Five firms and their annual reports of 2025: the first two handed theirs in."""
    codes = pa.array(uscc(["92"] * 6, ["980102"] * 6, np.arange(6, dtype=np.int64))).to_pylist()
    kinds = ("有限责任公司", "有限责任公司", "有限责任公司", "个体工商户", "农民专业合作社", "有限责任公司")
    opened = (2019, 2019, 2019, 2019, 2019, 2026)
    firms = [
        Entity.objects.create(
            key=code, name=f"企业{i}", kind=kind, status="active", division="980102", opened_on=dt.date(year, 3, 1)
        )
        for i, (code, kind, year) in enumerate(zip(codes, kinds, opened, strict=True))
    ]
    Entity.objects.create(key="closed", name="已注销", status="cancelled", division="980102")
    reports = dataset("annual_reports", {"code": "uscc"}, fields=("id", "known", "year"))
    deliver(reports, [{"id": str(i), "code": codes[i], "year": "2025"} for i in range(2)])
    on_day(dt.date(2026, 7, 1))
    return firms


def run(**given):
    return services.propose_missing_reports(**({"year": 2025, "user": None, "field": "year"} | given))


def test_who_handed_nothing_in_is_proposed_by_his_own_law_once(town):
    assert run() == services.proposals.Proposed(3, 0)
    found = dict(Listing.objects.values_list("entity__name", "ground"))
    assert found == {"企业2": "annual_report", "企业3": "sole_annual_report", "企业4": "coop_annual_report"}
    assert set(Listing.objects.values_list("state", "automatic", "period")) == {("proposed", True, "2025")}
    assert CreditEvent.objects.count() == 3
    assert set(Clock.objects.values_list("due_on", flat=True)) == {dt.date(2026, 7, 14)}
    assert run() == services.proposals.Proposed(0, 3)


def test_a_user_proposes_in_his_jurisdiction(town, person):
    assert run(user=person("clerk", "980103")).new == 0
    assert run(user=person("clerk", "980102")).new == 3


def test_who_ran_it_doesn_t_decide_alone(town, person, head):
    ran, other = head, person("head", name="second")
    run(user=ran)
    found = Listing.objects.first()
    assert found.proposed_by == ran and found.automatic
    with pytest.raises(Problem, match="proposed a listing can't decide"):
        services.listing_decide(listing=found, listed=True, reason="x", user=ran)
    assert services.listing_decide(listing=found, listed=True, reason="x", user=other).decided_by == other


def test_before_the_season_ends_nobody_owes(town, on_day):
    on_day(dt.date(2026, 6, 30))
    with pytest.raises(Problem, match="lasts until 2026-06-30"):
        run()


def test_reports_that_nobody_delivered_accuse_nobody(town, on_day):
    on_day(dt.date(2027, 7, 1))
    with pytest.raises(Problem, match="no report of 2026"):
        run(year=2026)
    with pytest.raises(Problem, match="no field"):
        run(field="nothing")
    with pytest.raises(Problem, match="no dataset"):
        run(dataset="nothing")
    assert not Listing.objects.exists()


def test_a_result_that_reached_nobody_proposes_once(firm, officer, today):
    given = {"entity": firm, "source_id": "RW-1", "found_on": today, "facts": "住所查无此户", "user": officer}
    assert services.propose_unreachable(**given).source_id == "RW-1"
    assert services.propose_unreachable(**given) is None


def test_three_years_lead_to_the_dishonest_list_where_the_law_says_so(firm, officer, head, on_day):
    on_day(dt.date(2026, 7, 6))
    for ground, period in (("annual_report", "2025"), ("unreachable", "")):
        made = services.listing_propose(
            entity=firm, kind="abnormal", ground=ground, period=period, evidence="x", user=officer
        )
        services.listing_decide(listing=made, listed=True, reason="x", user=head)
    on_day(dt.date(2029, 7, 5))
    assert services.propose_after_three_years(user=None).new == 0
    on_day(dt.date(2029, 7, 6))
    assert services.propose_after_three_years(user=head).new == 1
    found = Listing.objects.get(kind="dishonest")
    assert (found.ground, found.state, found.automatic) == ("three_years", "proposed", True)
    assert found.proposed_by == head
    assert services.propose_after_three_years(user=None) == services.proposals.Proposed(0, 1)


def test_who_leads_to_no_proposal_is_asked_about_together(town, officer, head, on_day, django_assert_max_num_queries):
    """However many have been on the list for so long: the same few queries."""
    on_day(dt.date(2026, 7, 6))
    for one in town:
        made = services.listing_propose(
            entity=one, kind="abnormal", ground="annual_report", period="2025", evidence="x", user=officer
        ) if one.kind == "有限责任公司" else None  # fmt: skip
        if made:
            services.listing_decide(listing=made, listed=True, reason="x", user=head)
    on_day(dt.date(2029, 7, 6))
    assert services.propose_after_three_years(user=None).new == 4
    Listing.objects.filter(kind="dishonest").update(source_id="")  # proposed elsewhere, and under way
    with django_assert_max_num_queries(5):
        assert services.propose_after_three_years(user=None) == services.proposals.Proposed(0, 4)
