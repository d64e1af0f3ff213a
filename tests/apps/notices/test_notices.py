"""Notices: told once, read by their own reader only, said in his language, gone when old."""

import datetime as dt

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from mingcha.apps.accounts.models import Unit, User
from mingcha.apps.notices.models import Notification
from mingcha.apps.notices.selectors import notices_of, unread_count
from mingcha.apps.notices.services import notice_send, notices_prune, notices_read

TEXT, GIVEN = "%(title)s: done", {"title": "Draw 7"}


@pytest.fixture
def people(db):
    unit = Unit.objects.create(code="98", name="市局", division="98")
    return [User.objects.create(username=name, role="officer", unit=unit) for name in ("first", "second")]


@pytest.fixture
def desk_of(client):
    """desk_of(user) -> the test client as his, in English."""
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"

    def sign_in(user):
        client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[1])
        return client

    return sign_in


def test_everyone_is_told_once_and_who_left_is_not(people):
    people[1].is_active = False
    people[1].save()
    assert notice_send(to=[*people, people[0], None], text=TEXT, params=GIVEN, url="/plans/") == 1
    assert unread_count(people[0]) == 1 and unread_count(people[1]) == 0


def test_what_is_rolled_back_was_never_told(people):
    with pytest.raises(RuntimeError), transaction.atomic():
        notice_send(to=people, text=TEXT, params=GIVEN)
        raise RuntimeError
    assert not Notification.objects.exists()


def test_it_is_said_in_the_reader_s_language_when_he_reads_it(people):
    notice_send(to=people[:1], text=TEXT, params=GIVEN)
    notice = notices_of(people[0]).get()
    with translation.override("zh-hans"):
        assert notice.said == "Draw 7：已完成"
    with translation.override("en"):
        assert notice.said == "Draw 7: done"


def test_a_value_that_is_missing_breaks_no_page(people):
    notice_send(to=people[:1], text=TEXT, params={"other": 1})
    with translation.override("en"):
        assert notices_of(people[0]).get().said == TEXT


def test_opening_one_reads_it_and_leads_there(people, desk_of):
    notice_send(to=people, text=TEXT, params=GIVEN, url="/account/")
    mine = notices_of(people[0]).get()
    answer = desk_of(people[0]).get(f"/notices/{mine.pk}/")
    assert answer.status_code == 302 and answer["Location"] == "/account/"
    assert unread_count(people[0]) == 0 and unread_count(people[1]) == 1


def test_nobody_opens_reads_or_sees_another_s(people, desk_of):
    notice_send(to=people[1:], text=TEXT, params=GIVEN)
    theirs, client = notices_of(people[1]).get(), desk_of(people[0])
    assert client.get(f"/notices/{theirs.pk}/").status_code == 404
    assert "Draw 7" not in client.get("/notices/").content.decode()
    client.post("/notices/read/")
    assert unread_count(people[1]) == 1


def test_it_leads_to_no_other_site(people, desk_of):
    notice_send(to=people[:1], text=TEXT, params=GIVEN, url="https://elsewhere.example/")
    answer = desk_of(people[0]).get(f"/notices/{notices_of(people[0]).get().pk}/")
    assert answer["Location"] == "/notices/"


def test_all_are_read_by_post_only(people, desk_of):
    notice_send(to=people[:1], text=TEXT, params=GIVEN)
    client = desk_of(people[0])
    assert client.get("/notices/read/").status_code == 405
    assert unread_count(people[0]) == 1
    client.post("/notices/read/")
    assert unread_count(people[0]) == 0


def test_the_bell_counts_with_one_query_and_no_further_than_it_shows(people, desk_of):
    for _ in range(130):
        notice_send(to=people[:1], text=TEXT, params=GIVEN)
    with CaptureQueriesContext(connection) as asked:
        assert unread_count(people[0]) == 100
    assert len(asked) == 1
    assert "99+" in desk_of(people[0]).get("/notices/bell/").content.decode()


def test_the_list_tells_unread_from_read(people, desk_of):
    notice_send(to=people[:1], text=TEXT, params=GIVEN)
    notice_send(to=people[:1], text=TEXT, params={"title": "Draw 8"})
    notices_read(notices=notices_of(people[0]).filter(params__title="Draw 8"))
    page = desk_of(people[0]).get("/notices/?unread=1").content.decode()
    assert "Draw 7" in page and "Draw 8" not in page


def test_old_ones_go(people):
    now = timezone.now()
    for age, read in ((400, False), (100, True), (100, False), (1, True)):
        notice_send(to=people[:1], text=TEXT, params=GIVEN)
        at = now - dt.timedelta(days=age)
        Notification.objects.filter(pk=Notification.objects.latest("pk").pk).update(at=at, read_at=at if read else None)
    assert notices_prune(now=now) == 2 and Notification.objects.count() == 2
