"""A job's pages: whose are seen, what they say, who may stop one."""

import pytest
from django.conf import settings

from mingcha.apps.accounts.models import Unit, User
from mingcha.apps.jobs.models import Job
from mingcha.apps.jobs.services import job_start
from mingcha.apps.jobs.worker import drain


@pytest.fixture
def desk_of(client):
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"

    def sign_in(user):
        client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[1])
        return client

    return sign_in


@pytest.fixture
def job(user):
    return job_start(kind="tests.count", params={"to": 2}, user=user, title="Count the shops", url="/plans/")


def test_one_sees_his_own_and_the_head_his_unit_s(user, head, bureau, job, desk_of):
    other = User.objects.create(username="other", role="planner", unit=bureau)
    station = Unit.objects.create(code="980102", name="分局", division="980102", parent=bureau)
    below = User.objects.create(username="below", role="head", unit=station)
    for who, status in ((user, 200), (head, 200), (other, 404), (below, 404)):
        client = desk_of(who)
        assert client.get(f"/jobs/{job.pk}/").status_code == status
        assert client.get(f"/jobs/{job.pk}/progress/").status_code == status
        assert ("Count the shops" in client.get("/jobs/").content.decode()) == (status == 200)


def test_who_may_not_stop_it(user, head, bureau, job, desk_of):
    for name, role in (("other", "planner"), ("auditor", "auditor")):
        client = desk_of(User.objects.create(username=name, role=role, unit=bureau))
        assert client.post(f"/jobs/{job.pk}/stop/").status_code in (403, 404)
    client = desk_of(head)
    assert client.get(f"/jobs/{job.pk}/stop/").status_code == 405
    assert Job.objects.get().state == "queued"
    assert client.post(f"/jobs/{job.pk}/stop/").status_code == 302
    assert Job.objects.get().state == "stopped"


def test_the_partial_asks_again_until_it_has_ended(user, job, desk_of):
    client = desk_of(user)
    waiting = client.get(f"/jobs/{job.pk}/progress/").content.decode()
    assert "every 1s" in waiting and "waiting its turn" in waiting and "You may leave" in waiting
    drain()
    ended = client.get(f"/jobs/{job.pk}/progress/?reload=1")
    assert "every 1s" not in ended.content.decode() and 'href="/plans/"' in ended.content.decode()
    assert ended["HX-Refresh"] == "true"


def test_a_failure_says_what_where_and_what_to_do(user, desk_of):
    made = job_start(kind="tests.writes", params={"name": "x", "fails": True}, user=user, title="Write")
    drain()
    page = desk_of(user).get(f"/jobs/{made.pk}/").content.decode()
    assert "No" in page and "here" in page and "Mend it" in page


def test_one_s_own_is_seen_wherever_it_is(user, desk_of):
    made = job_start(kind="tests.count", params={}, user=user, title="Elsewhere", division="97")
    assert desk_of(user).get(f"/jobs/{made.pk}/").status_code == 200
