"""Who may do what through the API: every operation of the schema, with every wrong token, and on another's object."""

import datetime as dt
import re
import sys
from collections import Counter

import pytest
from django.utils import timezone
from ninja import Schema
from tests.api.conftest import HERE, Caller
from tests.api.operations import OBJECTS, WHOLE, make, operations

from mingcha.apps.accounts.choices import Role
from mingcha.apps.accounts.models import ApiToken, User
from mingcha.apps.accounts.permissions import matrix

EVERYTHING = sorted({action.split(".")[0] + ".*" for action in matrix()})
PRIVATE = [one for one in operations() if one.action]


def test_every_operation_is_described_and_guarded():
    for one in operations():
        assert one.action in matrix() or one.path.startswith("/public/"), f"{one.id} needs an action of the matrix"
        if "{" in one.path:
            assert one.object or one.path in WHOLE, f"say in tests/api/operations.py whose {one.path} is"
    assert len({one.id for one in operations()}) == len(operations())


def test_no_two_shapes_have_one_name():
    """The schema keeps them by name: the second would be told as the first."""
    shapes = {
        shape for name, module in list(sys.modules.items()) if re.match(r"mingcha\.apps\.\w+\.api", name)
        for shape in vars(module).values() if isinstance(shape, type) and issubclass(shape, Schema)
    }  # fmt: skip
    counts = Counter(shape.__name__ for shape in shapes)
    assert not [name for name, n in counts.items() if n > 1]


def test_without_a_token_nothing_opens(town):
    bad = {one.id: one.call(Caller(), one.filled("1")).status_code for one in PRIVATE}
    assert set(bad.values()) == {401}, {k: v for k, v in bad.items() if v != 401}


@pytest.mark.parametrize("what", ["revoked", "expired", "unknown", "closed"])
def test_a_token_that_is_no_longer_good_opens_nothing(town, what):
    caller = town.caller("admin", *EVERYTHING)
    if what == "revoked":
        ApiToken.objects.update(revoked_at=timezone.now())
    elif what == "expired":
        ApiToken.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    elif what == "closed":
        User.objects.update(is_active=False)
    else:
        caller = Caller("mct_nothing")
    bad = {one.id: one.call(caller, one.filled("1")).status_code for one in PRIVATE}
    assert set(bad.values()) == {401}, {k: v for k, v in bad.items() if v != 401}


def test_a_token_without_the_scope_may_not(town):
    caller = town.caller("admin", "desk.region.import")
    bad = {one.id: one.call(caller, one.filled("1")).status_code for one in PRIVATE}
    assert set(bad.values()) == {403}, {k: v for k, v in bad.items() if v != 403}


def test_scopes_give_no_role_what_the_matrix_refuses(town):
    caller = town.caller("admin", *EVERYTHING)
    wrong = {}
    for role in Role.values:
        User.objects.filter(username="admin").update(role=role)
        for one in PRIVATE:
            if role not in matrix()[one.action]:
                said = one.call(caller, one.filled("1")).status_code
                if said != 403:
                    wrong[role, one.id] = said
    assert not wrong


@pytest.mark.parametrize("path", sorted(OBJECTS))
def test_another_district_s_object_isn_t_there(town, path):
    """Neither for its own staff, nor through a token that its bureau's administrator narrowed to it."""
    stranger = town.caller("stranger", *EVERYTHING)
    narrowed = town.caller("admin", *EVERYTHING, division="980104")
    own = town.caller("admin", *EVERYTHING, division=HERE)
    wrong = {}
    for one in PRIVATE:
        if one.object != path:
            continue
        address = one.filled(make(one))
        for who, caller in (("stranger", stranger), ("narrowed", narrowed)):
            said = one.call(caller, address).status_code
            if said != 404:
                wrong[one.id, who] = said
        if one.method == "get" and (said := one.call(own, address).status_code) != 200:
            wrong[one.id, "own"] = said
    assert not wrong


def test_lists_hold_nothing_of_another_district(town):
    stranger = town.caller("stranger", *EVERYTHING)
    for one in PRIVATE:
        if one.object:
            make(one)
    for one in PRIVATE:
        # the made-up datasets have no contract; whose quarantine is whose: tests/apps/exchange/test_jurisdiction.py
        if one.method == "get" and "{" not in one.path and one.path != "/quarantine":
            said = one.call(stranger, one.path)
            assert said.status_code == 200, (one.id, said.content)
            for item in said.json().get("items", []) if "items" in said.json() else []:
                assert not str(item.get("division", "")).startswith(HERE), (one.id, item)
