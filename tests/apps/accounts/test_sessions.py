"""Passwords and sessions: what ends when, and what is written down."""

import pytest
from django.test import Client

from mingcha.apps.accounts.models import AuditRecord, User, UserSession
from mingcha.apps.accounts.services import user_close, user_set_password

from .conftest import PASSWORD

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"


def elsewhere(username: str, **headers) -> Client:
    client = Client(headers=headers)
    client.post("/account/sign-in/", {"username": username, "password": PASSWORD})
    assert client.get("/account/me/").status_code == 200
    return client


def test_a_session_is_told_in_words_and_ended_from_elsewhere(sign_in):
    other = elsewhere("officer", user_agent=CHROME)
    client = sign_in("officer")
    page = client.get("/account/me/").content.decode()
    assert "Chrome · Windows" in page and "127.0.0.1" in page and "this one" in page
    key = UserSession.objects.get(agent=CHROME)
    assert client.post(f"/account/me/sessions/{key.pk}/end/").url == "/account/me/"
    assert other.get("/account/me/").status_code == 302
    assert client.post(f"/account/me/sessions/{key.pk}/end/").status_code == 404  # it is over


def test_nobody_ends_another_s_session(sign_in, bureau):
    theirs = elsewhere("audit")
    client = sign_in("root")
    found = UserSession.objects.get(user__username="audit")
    assert client.post(f"/account/me/sessions/{found.pk}/end/").status_code == 404
    assert theirs.get("/account/me/").status_code == 200


def test_all_others_end_at_once(sign_in):
    others = [elsewhere("officer") for _ in range(2)]
    client = sign_in("officer")
    client.post("/account/me/sessions/end/")
    assert [o.get("/account/me/").status_code for o in others] == [302, 302]
    assert client.get("/account/me/").status_code == 200


def test_changing_the_password_ends_the_others_and_keeps_this_one(sign_in):
    other, client = elsewhere("officer"), sign_in("officer")
    given = {"current": PASSWORD, "new": "Another-Word-2026", "again": "Another-Word-2026"}
    assert client.post("/account/me/password/", given | {"current": "x"}).status_code == 400
    assert client.post("/account/me/password/", given | {"again": "x"}).status_code == 400
    weak = given | {"new": "12345", "again": "12345"}
    assert "too weak" in client.post("/account/me/password/", weak).content.decode()
    assert client.post("/account/me/password/", given).url == "/account/me/"
    assert client.get("/account/me/").status_code == 200 and other.get("/account/me/").status_code == 302
    assert "this one" in client.get("/account/me/").content.decode()


@pytest.mark.parametrize("how", ["closed", "password set by another"])
def test_closing_or_a_new_password_puts_everyone_out(bureau, how):
    client = elsewhere("officer")
    if how == "closed":
        user_close(account=bureau["officer"])
    else:
        user_set_password(account=bureau["officer"], password="Another-Word-2026", user=bureau["root"])
    assert client.get("/account/me/").status_code == 302
    assert not UserSession.objects.filter(ended_at=None).exists()


def test_a_password_set_by_somebody_else_is_changed_first(sign_in, bureau):
    client = sign_in("root")
    client.post(f"/account/people/{bureau['officer'].pk}/password/", {"password": "Initial-Word-2026"})
    officer = Client()
    officer.post("/account/sign-in/", {"username": "officer", "password": "Initial-Word-2026"})
    assert officer.get("/account/me/").url == "/account/me/password/" and officer.get("/").status_code == 302
    given = {"current": "Initial-Word-2026", "new": "Own-Words-2026!", "again": "Own-Words-2026!"}
    assert officer.post("/account/me/password/", given).url == "/account/me/"
    assert officer.get("/account/me/").status_code == 200
    assert not User.objects.get(username="officer").must_change


def test_signing_in_failing_being_locked_and_leaving_are_on_record(client, bureau):
    for _ in range(5):
        client.post("/account/sign-in/", {"username": "officer", "password": "wrong"})
    client.post("/account/sign-in/", {"username": "ghost", "password": "wrong"})
    fresh = elsewhere("audit")
    fresh.post("/account/sign-out/")
    said = list(AuditRecord.objects.filter(action__startswith="accounts.session").order_by("pk"))
    actions = [r.action.rpartition(".")[2] for r in said]
    assert actions.count("fail") >= 4 and "lock" in actions and actions[-2:] == ["begin", "finish"]
    assert {(r.actor, r.object_id) for r in said if r.actor == "ghost"} == {("ghost", "")}
    assert all(r.after["ip"] == "127.0.0.1" for r in said)
    assert UserSession.objects.get(user__username="audit").ended_at
