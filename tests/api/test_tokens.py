"""A token never may more than its owner may today, and only within its own scopes and division."""

import datetime as dt

import pytest
from django.utils import timezone
from tests.api.conftest import HERE, THERE, Caller

from mingcha.apps.accounts.models import ApiToken, AuditRecord
from mingcha.apps.accounts.services import token_create, token_revoke, user_close, user_reopen
from mingcha.problems import Problem


def keys(response):
    assert response.status_code == 200, response.content
    return {one["key"] for one in response.json()["items"]}


def test_a_token_sees_its_owner_s_jurisdiction(town):
    assert len(keys(town.caller("admin").get("/entities"))) == 12
    assert len(keys(town.caller("officer").get("/entities"))) == 6


def test_a_token_may_be_narrower_than_its_owner(town):
    here = town.caller("admin", division=HERE)
    assert keys(here.get("/entities")) == {f"E{i:03d}" for i in range(0, 12, 2)}
    assert here.get("/entities/E001").status_code == 404
    assert here.get("/entities/E000").status_code == 200


def test_what_is_one_s_own_elsewhere_isn_t_the_token_s(town):
    """An officer sees the tasks that he is sent to wherever they lie; his token only those within its division."""
    away = town.tasks[1]
    away.members.add(town.people["officer"])
    assert town.caller("officer").get(f"/tasks/{away.number}").status_code == 404
    wide = town.caller("admin")
    assert wide.get(f"/tasks/{away.number}").status_code == 200


def test_a_token_can_t_reach_beyond_its_owner(town):
    with pytest.raises(Problem, match="outside the jurisdiction"):
        town.token("officer", division=THERE)
    with pytest.raises(Problem, match="none of these rights"):
        town.token("officer", "supervision.plan.approve")
    with pytest.raises(Problem, match="none of these rights"):
        town.token("officer", "nothing.*")


def test_scopes_narrow_the_matrix_and_the_matrix_the_scopes(town):
    number = town.tasks[0].number
    assert town.caller("officer", "*.view").post(f"/tasks/{number}/accept").status_code == 403
    caller = town.caller("officer", "supervision.*")
    assert caller.post(f"/tasks/{number}/accept").status_code == 200
    assert caller.get("/entities").status_code == 403
    town.people["officer"].role = "auditor"  # who may not work on tasks
    town.people["officer"].save()
    assert caller.post(f"/tasks/{number}/return", {"reason": "x"}).status_code == 403


def test_when_its_owner_moves_a_token_sees_only_what_both_reach(town):
    caller = town.caller("officer")
    town.people["officer"].unit = town.people["stranger"].unit
    town.people["officer"].save()
    assert keys(caller.get("/entities")) == set()
    town.people["officer"].unit = town.people["admin"].unit
    town.people["officer"].save()
    assert len(keys(caller.get("/entities"))) == 6  # what he had when it was made


def test_revoked_expired_and_closed_tokens_open_nothing(town):
    made = {}
    for what in ("revoked", "expired", "closed"):
        owner = town.people["other" if what == "closed" else "officer"]
        made[what] = token_create(owner=owner, name=what, scopes=["*.view"], user=None)
        assert Caller(made[what][1]).get("/entities").status_code == 200
    token_revoke(token=made["revoked"][0], user=None)
    ApiToken.objects.filter(name="expired").update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    user_close(account=town.people["other"])
    for what, (_, text) in made.items():
        refused = Caller(text).get("/entities")
        assert refused.status_code == 401, what
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    user_reopen(account=town.people["other"])
    assert Caller(made["closed"][1]).get("/entities").status_code == 401  # an account opened again has no old tokens


def test_only_a_digest_is_kept(town):
    text = town.token("officer", name="x")
    row = ApiToken.objects.values().get(name="x")
    assert text not in str(row) and len(row["digest"]) == 64


def test_a_session_opens_nothing(town, client):
    client.force_login(town.people["admin"], backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/api/v1/entities").status_code == 401


def test_the_audit_trail_names_the_token(town, client):
    caller = Caller(town.token("officer", "supervision.*", name="mobile app"))
    caller.post(f"/tasks/{town.tasks[0].number}/accept")
    record = AuditRecord.objects.get(action="supervision.task.accept")
    assert (record.user, record.actor) == (town.people["officer"], "token:mobile app")
    client.force_login(town.people["admin"], backend="django.contrib.auth.backends.ModelBackend")
    for page in ("/account/audit/", f"/account/audit/{record.pk}/"):
        assert "token:mobile app" in client.get(page).content.decode()


def test_use_is_noted(town):
    caller = Caller(town.token("officer", name="used"))
    caller.get("/entities")
    assert ApiToken.objects.get(name="used").last_used_at is not None
