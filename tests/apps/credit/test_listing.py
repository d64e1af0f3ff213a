"""A listing from its proposal to its publication: by another person, told and heard, on the law's time."""

import datetime as dt

import pytest

from mingcha.apps.accounts.models import AuditRecord
from mingcha.apps.credit import services
from mingcha.apps.credit.models import Listing, NumberSeries
from mingcha.apps.credit.selectors import listings_public
from mingcha.apps.law.models import CalendarDay
from mingcha.apps.law.selectors import clock_running, clocks_of
from mingcha.apps.notices.models import Notification
from mingcha.problems import Problem

from .conftest import TODAY, upload


def test_a_proposal_lists_nobody_and_tells_who_may_decide(proposed, firm, head):
    other = Listing.objects.get()
    assert (other.state, other.basis) == ("proposed", "《企业经营异常名录管理暂行办法》第九条")
    assert not listings_public().exists()
    assert clock_running(proposed, "credit.abnormal.list").due_on == dt.date(2026, 12, 4)  # ten working days
    assert AuditRecord.objects.filter(action="credit.listing.propose").exists()


def test_the_heads_of_its_jurisdiction_are_told(person, firm, officer, today):
    heads = [person("head"), person("head", "980102"), person("head", "980103")]
    services.listing_propose(entity=firm, kind="abnormal", ground="unreachable", evidence="x", user=officer)
    assert {n.user for n in Notification.objects.all()} == set(heads[:2])


def test_the_same_isn_t_proposed_twice(proposed, firm, officer):
    with pytest.raises(Problem, match="already"):
        services.listing_propose(entity=firm, kind="abnormal", ground="unreachable", evidence="x", user=officer)
    assert Listing.objects.count() == 1


def test_another_person_decides(proposed, officer, head):
    with pytest.raises(Problem, match="proposed a listing can't decide"):
        services.listing_decide(listing=proposed, listed=True, reason="x", user=officer)
    decided = services.listing_decide(listing=proposed, listed=True, reason="查证属实。", user=head)
    assert decided.decision_number == "云市监异列〔2026〕001号" and decided.unit.code == "98"
    assert not listings_public().exists()
    services.listing_publish(listing=decided, user=head)
    assert listings_public().get() == decided
    clocks = {c.key: c.state for c in clocks_of(decided)}
    assert clocks == {"credit.abnormal.list": "met"}


def test_of_two_heads_at_once_one_decides_and_no_number_is_lost(proposed, head, person, firm, officer):
    second = person("head", name="second")
    stale = Listing.objects.get(pk=proposed.pk)
    services.listing_decide(listing=proposed, listed=True, reason="a", user=head)
    with pytest.raises(Problem, match="isn't possible"):
        services.listing_decide(listing=stale, listed=False, reason="b", user=second)
    with pytest.raises(Problem):
        services.listing_decide(listing=stale, listed=True, reason="b", user=second)
    found = Listing.objects.get()
    assert (found.decided_by, found.decision_number) == (head, "云市监异列〔2026〕001号")
    assert NumberSeries.objects.get(word="异列").last == 1


def test_numbers_run_by_unit_and_year(firm, officer, head, person, on_day):
    district = person("head", "980102")
    numbers = []
    for day, by in ((TODAY, head), (TODAY, district), (dt.date(2027, 1, 5), head), (dt.date(2027, 1, 5), head)):
        on_day(day)
        made = services.listing_propose(
            entity=firm,
            kind="abnormal",
            ground="annual_report",
            period=str(2000 + len(numbers)),
            evidence="x",
            user=officer,
        )
        numbers.append(services.listing_decide(listing=made, listed=True, reason="x", user=by).decision_number)
    assert numbers == [
        "云市监异列〔2026〕001号", "临市监异列〔2026〕001号", "云市监异列〔2027〕001号", "云市监异列〔2027〕002号",
    ]  # fmt: skip


def test_not_listed_ends_with_its_reason(proposed, head):
    services.listing_decide(listing=proposed, listed=False, reason="已重新取得联系。", user=head)
    found = Listing.objects.get()
    assert (found.state, found.decision_number, found.reason) == ("not_listed", "", "已重新取得联系。")
    assert not clocks_of(found).filter(state="running").exists()


def test_a_step_sent_twice_is_done_once(proposed, officer, head):
    services.listing_tell(listing=proposed, user=officer)
    with pytest.raises(Problem, match="isn't possible"):
        services.listing_tell(listing=proposed, user=officer)
    assert proposed.events.filter(what="tell").count() == 1
    services.listing_statement(listing=proposed, text="已搬迁，正在变更登记。", user=officer)
    with pytest.raises(Problem, match="can't be written down"):
        services.listing_statement(listing=proposed, text="again", user=officer)


def test_a_notice_isn_t_served_before_it_has_its_number(proposed, officer, on_day):
    with pytest.raises(Problem, match="lies before 2026-11-20, when the notice"):
        services.listing_tell(listing=proposed, user=officer, on=dt.date(2026, 11, 2))
    on_day(dt.date(2026, 11, 23))
    services.listing_notice(listing=proposed, user=officer)
    on_day(dt.date(2026, 11, 25))
    with pytest.raises(Problem, match="lies before 2026-11-23"):
        services.listing_tell(listing=proposed, user=officer, on=dt.date(2026, 11, 20))
    services.listing_tell(listing=proposed, user=officer, on=dt.date(2026, 11, 24))
    with pytest.raises(Problem, match="lies before 2026-11-24, when the firm was told"):
        services.listing_statement(listing=proposed, text="x", user=officer, on=dt.date(2026, 11, 23))


@pytest.fixture
def serious(firm, officer, today):
    return services.listing_propose(
        entity=firm,
        kind="dishonest",
        ground="food",
        evidence="使用非食品原料。",
        penalty="云市监罚〔2026〕12号",
        user=officer,
    )


def test_the_dishonest_list_hears_the_firm_first(serious, officer, head, on_day):
    decide = {"listing": serious, "listed": True, "reason": "x", "user": head}
    with pytest.raises(Problem, match="must be told"):
        services.listing_decide(**decide)
    services.listing_tell(listing=serious, user=officer, on=TODAY)
    serious.refresh_from_db()
    assert serious.statement_until == dt.date(2026, 11, 27) and serious.told_number == "云市监严告〔2026〕001号"
    with pytest.raises(Problem, match="ask for a hearing until 2026-11-27"):
        services.listing_decide(**decide)
    on_day(dt.date(2026, 11, 30))
    with pytest.raises(Problem, match="consent of the authority above"):
        services.listing_decide(**decide)
    services.listing_consent(listing=serious, number="云省市监函〔2026〕7号", user=officer)
    decided = services.listing_decide(**decide)
    assert decided.public_until == dt.date(2029, 11, 30)
    assert clock_running(decided, "credit.dishonest.publish").due_on == dt.date(2026, 12, 28)


def test_what_the_firm_states_leaves_its_time_to_ask_for_a_hearing(serious, officer, head, on_day):
    services.listing_consent(listing=serious, number="7", user=officer)
    services.listing_tell(listing=serious, user=officer)
    services.listing_statement(listing=serious, text="我方不服。", user=officer)
    decide = {"listing": serious, "listed": True, "reason": "x", "user": head}
    with pytest.raises(Problem, match="ask for a hearing until 2026-11-27"):
        services.listing_decide(**decide)
    services.listing_hearing_ask(listing=serious, user=officer)
    on_day(dt.date(2026, 11, 30))
    with pytest.raises(Problem, match="isn't held yet"):
        services.listing_decide(**decide)


def test_a_waiver_ends_the_time_to_ask_for_a_hearing(serious, officer, head):
    services.listing_consent(listing=serious, number="7", user=officer)
    services.listing_tell(listing=serious, user=officer)
    services.listing_statement(listing=serious, text="", waived=True, user=officer)
    assert services.listing_decide(listing=serious, listed=True, reason="x", user=head).state == "decided"


def test_a_statement_suffices_where_the_law_gives_no_hearing(proposed, officer, head):
    services.listing_tell(listing=proposed, user=officer)
    with pytest.raises(Problem, match="may make its statement until"):
        services.listing_decide(listing=proposed, listed=True, reason="x", user=head)
    services.listing_statement(listing=proposed, text="x", user=officer)
    assert services.listing_decide(listing=proposed, listed=True, reason="x", user=head).state == "decided"


def test_a_penalty_must_stand_behind_it(firm, officer, today):
    with pytest.raises(Problem, match="penalty decision"):
        services.listing_propose(entity=firm, kind="dishonest", ground="food", evidence="x", user=officer)
    with pytest.raises(Problem, match="no ground"):
        services.listing_propose(entity=firm, kind="abnormal", ground="food", evidence="x", user=officer)


def test_a_statement_after_its_time_is_kept_as_late(serious, officer, on_day):
    services.listing_tell(listing=serious, user=officer, on=TODAY)
    on_day(dt.date(2026, 12, 1))
    services.listing_statement(listing=serious, text="我方不服。", user=officer)
    assert serious.events.last().what == "statement_late"
    with pytest.raises(Problem, match="ended on 2026-11-27"):
        services.listing_hearing_ask(listing=serious, user=officer)


def test_a_hearing_that_was_asked_for_is_held_in_time(serious, officer, head, on_day):
    services.listing_tell(listing=serious, user=officer, on=TODAY)
    services.listing_hearing_ask(listing=serious, user=officer)
    services.listing_consent(listing=serious, number="7", user=officer)
    on_day(dt.date(2026, 12, 8))
    serious.refresh_from_db()
    with pytest.raises(Problem, match="isn't held yet"):
        services.listing_decide(listing=serious, listed=True, reason="x", user=head)
    hearing = {"listing": serious, "on": dt.date(2026, 12, 7), "opinion": "应予列入", "user": officer}
    with pytest.raises(Problem, match="had to be announced by 2026-11-26"):
        services.listing_hearing_hold(**hearing, notified_on=dt.date(2026, 11, 27))
    with pytest.raises(Problem, match="lies before 2026-11-20, when the hearing was asked for"):
        services.listing_hearing_hold(**hearing, notified_on=dt.date(2026, 11, 19))
    services.listing_hearing_hold(**hearing, notified_on=dt.date(2026, 11, 26))
    serious.refresh_from_db()
    assert services.listing_decide(listing=serious, listed=True, reason="x", user=head).state == "decided"


def test_its_time_passes_over_a_holiday(firm, officer, on_day):
    day = dt.date(2026, 9, 28)  # a Monday; 1 to 7 October are off
    on_day(day)
    CalendarDay.objects.bulk_create(
        [CalendarDay(day=dt.date(2026, 10, n), works=False, reason="国庆节") for n in range(1, 8)]
        + [CalendarDay(day=dt.date(2026, 10, 10), works=True, reason="调休")]
    )
    made = services.listing_propose(entity=firm, kind="abnormal", ground="unreachable", evidence="x", user=officer)
    services.listing_tell(listing=made, user=officer)
    made.refresh_from_db()
    assert made.statement_until == dt.date(2026, 10, 10)  # 29, 30 September, 8, 9, 10 October


def test_a_correction_keeps_both_texts(published, head):
    services.listing_correct(listing=published, facts="11月18日、19日两次实地核查。", reason="漏记一次", user=head)
    event = published.events.last()
    assert event.data["before"] == "11月18日实地核查，住所查无此户。" and published.facts.startswith("11月18日、19日")
    with pytest.raises(Problem, match="nothing to correct"):
        services.listing_correct(listing=published, facts=published.facts, reason="x", user=head)


def test_annulled_it_is_public_no_longer(published, head):
    services.listing_annul(listing=published, reason="认定有误", user=head)
    assert not listings_public().exists()
    assert Listing.objects.get().state == "annulled"


def test_what_happened_can_t_be_changed(published, officer):
    from django.db import DatabaseError, transaction

    from mingcha.apps.credit.models import CreditEvent, Paper

    services.paper_hand_in(of=published, file=upload(), step="evidence", user=officer)
    for model in (CreditEvent, Paper):
        for act in (
            lambda m=model: m.objects.update(at="2020-01-01T00:00Z"),
            lambda m=model: m.objects.all()._raw_delete("default"),
        ):
            with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
                act()


def test_the_facts_must_be_said_and_lie_in_the_past(firm, officer, today):
    with pytest.raises(Problem, match="Nothing is said"):
        services.listing_propose(entity=firm, kind="abnormal", ground="unreachable", evidence="  ", user=officer)
    with pytest.raises(Problem, match="future"):
        services.listing_propose(
            entity=firm,
            kind="abnormal",
            ground="unreachable",
            evidence="x",
            user=officer,
            found_on=dt.date(2026, 11, 21),
        )
