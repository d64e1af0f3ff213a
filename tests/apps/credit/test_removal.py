"""Off a list: on application, by repair with its conditions, on an objection, by the end of its term."""

import datetime as dt

import pytest
from django.utils import timezone

from mingcha.apps.credit import services
from mingcha.apps.credit.models import Listing, Removal
from mingcha.apps.credit.selectors import listings_public
from mingcha.apps.law.selectors import clock_running
from mingcha.problems import Problem

from .conftest import TODAY

ALL = ("complied", "harm_undone", "no_other", "pledge")


def apply(listing, user, **given):
    given = {"kind": "application", "text": "已办理住所变更登记。"} | given
    return services.removal_apply(listing=listing, user=user, **given)


@pytest.fixture
def dishonest(firm, officer, head, today):
    made = services.listing_propose(
        entity=firm, kind="dishonest", ground="quality", evidence="x", penalty="1号", user=officer
    )
    services.listing_tell(listing=made, user=officer)
    services.listing_statement(listing=made, text="", waived=True, user=officer)
    services.listing_consent(listing=made, number="1", user=officer)
    services.listing_decide(listing=made, listed=True, reason="x", user=head)
    made.refresh_from_db()
    services.listing_publish(listing=made, user=head)
    return made


def test_removed_it_is_public_no_longer_and_its_history_is_kept(published, officer, head, firm):
    removal = apply(published, officer)
    assert listings_public().exists()  # until it is decided
    assert clock_running(published, "credit.abnormal.remove").due_on == dt.date(2026, 11, 27)  # five working days
    with pytest.raises(Problem, match="wrote the application down"):
        services.removal_decide(removal=removal, granted=True, reason="x", user=officer)
    services.removal_decide(removal=removal, granted=True, reason="查实。", user=head)
    assert not listings_public().exists()
    assert removal.decision_number == "云市监异移〔2026〕001号"
    assert [e.what for e in Listing.objects.get().events.all()] == ["propose", "list", "publish", "apply", "remove"]
    again = services.listing_propose(entity=firm, kind="abnormal", ground="unreachable", evidence="x", user=officer)
    assert again.pk != published.pk


def test_refused_it_stays_and_may_apply_again(published, officer, head):
    services.removal_decide(removal=apply(published, officer), granted=False, reason="未变更。", user=head)
    published.refresh_from_db()
    assert published.state == "published"
    assert apply(published, officer).pk


def test_one_application_is_open_at_a_time(published, officer, head):
    removal = apply(published, officer)
    with pytest.raises(Problem, match="isn't possible"):
        apply(Listing.objects.get(), officer)
    services.removal_decide(removal=removal, granted=True, reason="x", user=head)
    with pytest.raises(Problem, match="isn't possible"):
        services.removal_decide(removal=Removal.objects.get(), granted=False, reason="x", user=head)
    assert Removal.objects.get().state == "granted"


def test_an_open_application_is_decided_before_it_is_annulled(published, officer, head):
    apply(published, officer)
    with pytest.raises(Problem, match="isn't decided yet"):
        services.listing_annul(listing=published, reason="x", user=head)


def test_an_objection_comes_within_its_time_is_accepted_and_annuls(published, officer, head, on_day):
    on_day(dt.date(2026, 12, 22))
    with pytest.raises(Problem, match="had to be made until 2026-12-21"):  # 30 days end on a Sunday
        apply(published, officer, kind="objection")
    on_day(dt.date(2026, 12, 21))
    removal = apply(published, officer, kind="objection", text="列入有误")
    assert clock_running(published, "credit.abnormal.objection.accept")
    with pytest.raises(Problem, match="isn't possible"):
        services.removal_decide(removal=removal, granted=True, reason="x", user=head)
    services.removal_accept(removal=removal, accepted=True, reason="", user=head)
    assert clock_running(published, "credit.abnormal.objection.check")
    services.removal_decide(removal=removal, granted=True, reason="确有错误", user=head)
    assert Listing.objects.get().state == "annulled" and not listings_public().exists()


def test_what_isn_t_accepted_says_why_and_leaves_it_public(published, officer, head):
    removal = apply(published, officer, kind="objection")
    with pytest.raises(Problem, match="Nothing is said"):
        services.removal_accept(removal=removal, accepted=False, reason=" ", user=head)
    services.removal_accept(removal=removal, accepted=False, reason="无证据", user=head)
    assert listings_public().exists() and Removal.objects.get().state == "not_accepted"


def test_a_repair_has_its_year_and_its_conditions(dishonest, officer, head, on_day):
    with pytest.raises(Problem, match="doesn't leave this list that way"):
        apply(dishonest, officer)
    with pytest.raises(Problem, match="can be asked for from 2027-11-20"):
        apply(dishonest, officer, kind="repair", conditions=ALL)
    on_day(dt.date(2027, 11, 22))
    with pytest.raises(Problem, match="harm and bad influence"):
        apply(dishonest, officer, kind="repair", conditions=("complied", "no_other", "pledge"))
    removal = apply(dishonest, officer, kind="repair", conditions=ALL)
    assert clock_running(dishonest, "credit.repair.accept").due_on == dt.date(2027, 11, 24)
    services.removal_accept(removal=removal, accepted=True, reason="", user=head)
    services.removal_decide(removal=removal, granted=True, reason="符合条件", user=head)
    assert not listings_public().exists()


def test_a_repair_on_false_papers_is_revoked_and_the_term_counts_anew(dishonest, officer, head, on_day):
    on_day(dt.date(2027, 11, 22))
    removal = apply(dishonest, officer, kind="repair", conditions=ALL)
    services.removal_accept(removal=removal, accepted=True, reason="", user=head)
    services.removal_decide(removal=removal, granted=True, reason="x", user=head)
    on_day(dt.date(2027, 12, 1))
    services.removal_revoke(removal=Removal.objects.get(), reason="材料虚假", user=head)
    found = listings_public().get()
    assert (found.public_until, found.ended_at) == (dt.date(2030, 12, 1), None)


def test_its_term_ends_by_itself(dishonest, officer, on_day):
    assert dishonest.public_until == dt.date(2029, 11, 20)
    assert services.listings_lapse(on=dt.date(2029, 11, 20)) == 0
    on_day(dt.date(2029, 11, 21))
    assert not listings_public().exists()  # even before anyone has run it
    assert services.listings_lapse() == 1 and services.listings_lapse() == 0
    assert Listing.objects.get().state == "removed" and Removal.objects.get().kind == "term"


def test_the_day_of_an_application_is_after_the_decision(published, officer):
    for day in (TODAY - dt.timedelta(days=1), TODAY + dt.timedelta(days=1)):
        with pytest.raises(Problem, match="lies in the future, or before"):
            apply(published, officer, on=day)
    assert timezone.localdate() == TODAY
