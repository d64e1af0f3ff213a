"""The page where people make and revoke tokens."""

import re
import time

import pytest
from django.conf import settings
from tests.api.conftest import Caller

from mingcha.apps.accounts.models import ApiToken


@pytest.fixture
def signed_in(client, town):
    def one(who: str, confirmed: bool = True):
        client.force_login(town.people[who], backend=settings.AUTHENTICATION_BACKENDS[-1])
        session = client.session
        session["confirmed_at"] = time.time() if confirmed else 0
        session.save()
        return client

    return one


def test_a_token_is_shown_once(signed_in, town):
    client = signed_in("officer")
    given = {"name": "mobile", "scopes": "supervision.task.*, *.view", "division": "", "days": 30}
    made = client.post("/account/me/tokens/", given).content.decode()
    (text,) = re.findall(r"mct_[\w-]{40,}", made)
    assert Caller(text).get("/tasks").status_code == 200
    again = client.get("/account/me/tokens/").content.decode()
    assert text not in again and "mobile" in again


def test_an_unattended_desk_makes_no_token(signed_in):
    client = signed_in("officer", confirmed=False)
    for answer in (client.get("/account/me/tokens/"), client.post("/account/me/tokens/", {"name": "x"})):
        assert answer.status_code == 302 and "/me/confirm/?next=/account/me/tokens/" in answer.url
    assert not ApiToken.objects.exists()


def test_what_doesn_t_fit_is_said_on_the_form(signed_in):
    client = signed_in("officer")
    for wrong in ({"scopes": "supervision.plan.approve"}, {"division": "980104"}, {"days": 9999}, {"name": ""}):
        given = {"name": "x", "scopes": "*.view", "division": "", "days": 30} | wrong
        assert client.post("/account/me/tokens/", given).status_code == 400, wrong
    assert not ApiToken.objects.exists()


def test_one_s_own_are_revoked_an_administrator_s_people_s_too(signed_in, town):
    text = town.token("officer", name="theirs")
    token = ApiToken.objects.get()
    address = f"/account/me/tokens/{token.pk}/revoke/"
    assert signed_in("other").post(address).status_code == 404
    assert signed_in("stranger").post(address).status_code == 404  # an administrator of another district
    assert signed_in("admin").post(address).status_code == 302
    assert Caller(text).get("/tasks").status_code == 401
