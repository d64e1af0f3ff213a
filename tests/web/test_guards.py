"""No way in that nobody guards: every address of every app is walked, and the matrix of rights is tried on it.

What this can't know is how to make an object: tests/apps/<app>/objects.py says it, and a new address with an object in
it fails here until it is there.

    OBJECTS = {"supervision:number": plan}   # namespace:arguments, or addresses by name ("risk:why", "risk:model*"):
                                             # plan(division) -> the address's arguments
    WHOLE = {"risk:number": "why it has no division"}   # objects of the whole instance
    EMPTY = {"risk:why"}                     # addresses that are 404 for a plain object even to whom it belongs
    ROWS = {"supervision.Task": task}        # task(division, owner) -> a row of a model that a REACH declares
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase as fnmatch
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.test import Client, RequestFactory
from django.urls import URLPattern, get_resolver, reverse

from mingcha.apps.accounts.choices import Role
from mingcha.apps.accounts.models import Unit, User
from mingcha.apps.accounts.permissions import OWN, marks, visible

APPS = Path(__file__).resolve().parents[1] / "apps"
HERE, THERE = "980103", "980104"
PUBLIC = {  # what anyone may open; each is looked at by a test of its own room
    "accounts:login",
    "accounts:code",
    "accounts:sso",
    "accounts:sso-back",
    "accounts:language",
    "supervision:public-draw",
    "supervision:public-file",
    "supervision:replacements-file",
    "supervision:verifier",
    "supervision:visit",
    "credit_public:listings",
    "credit_public:firm",
    "statement-check",
    "care:alive",
    "care:ready",
    "care:metrics",
}
OTHER_DOORS = ("ninja.", "mingcha.api.")  # the API asks for a token; its own tests try the matrix on it


@cache
def addresses() -> list[tuple[str, object, list[str]]]:
    """(name, view, names of its arguments) of every address."""
    found = []

    def walk(patterns, namespace):
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                assert pattern.name, f"{pattern.pattern} has no name"
                found.append((f"{namespace}{pattern.name}", pattern.callback, list(pattern.pattern.converters)))
            else:
                inner = f"{pattern.namespace}:" if pattern.namespace else ""
                if not (pattern.namespace or "").startswith("api"):
                    walk(pattern.url_patterns, namespace + inner)

    walk(get_resolver().url_patterns, "")
    return [a for a in found if not a[1].__module__.startswith(OTHER_DOORS)]


@cache
def declared(what: str):
    found: dict | set = set() if what == "EMPTY" else {}
    for path in sorted(APPS.glob("*/objects.py")):
        found |= getattr(import_module(f"tests.apps.{path.parent.name}.objects"), what, type(found)())
    return found


def maker(table: dict, name: str, arguments: list[str]):
    named = next((made for key, made in table.items() if fnmatch(name, key)), None)
    return named or table.get(f"{name.split(':')[0]}:{','.join(arguments)}")


def filler(name: str) -> dict[str, object]:
    """Arguments that fit the address, of an object that isn't there."""
    tried = ("x", "987654321", "2026-01-01", "00000000-0000-4000-8000-000000000000")
    for pattern_name, arguments, _ in _converters():
        if pattern_name == name:
            return {
                a: c.to_python(next(text for text in tried if re.fullmatch(c.regex, text)))
                for a, c in arguments.items()
            }
    raise KeyError(name)


@cache
def given(name: str) -> dict[str, object]:
    """Arguments that the address itself gives to its view."""
    return next(pattern.default_args for known, _, pattern in _converters() if known == name)


@cache
def _converters():
    found = []

    def walk(patterns, namespace, above):
        for pattern in patterns:
            here = above | pattern.pattern.converters
            if isinstance(pattern, URLPattern):
                found.append((f"{namespace}{pattern.name}", here, pattern))
            else:
                walk(pattern.url_patterns, namespace + (f"{pattern.namespace}:" if pattern.namespace else ""), here)

    walk(get_resolver().url_patterns, "", {})
    return found


PRIVATE = [name for name, view, _ in addresses() if getattr(view, "login_required", True)]


@pytest.fixture
def people(db):
    """people(role, division) -> a member of staff there ("" = of no unit)."""
    bureau = Unit.objects.create(code="98", name="局", division="98")
    for code in (HERE, THERE):
        Unit.objects.create(code=code, name=code, division=code, parent=bureau, kind="sub_bureau")

    def one(role: str, division: str) -> User:
        unit = Unit.objects.filter(code=division).first()
        return User.objects.get_or_create(username=f"{role}-{division}", role=role, unit=unit)[0]

    return one


def test_every_view_has_one_guard():
    for name, view, _ in addresses():
        guards = [
            not getattr(view, "login_required", True),
            hasattr(view, "required_action"),
            getattr(view, "every_member", False),
        ]
        assert sum(guards) == 1, (
            f"{name}: guard the view with @require(action), or mark it @every_member or @login_not_required"
        )
        if guards[0]:
            assert name in PUBLIC or name.split(":")[-1].startswith("public"), (
                f"{name} is open to anyone: if that is meant, list it here"
            )


@pytest.mark.parametrize("name", PRIVATE)
def test_nobody_gets_in_without_signing_in(client, db, name):
    address = reverse(name, kwargs=filler(name))
    for response in (client.get(address), client.post(address)):
        assert response.status_code == 302 and response.url.startswith(reverse("accounts:login")), name


def test_roles_without_the_right_are_refused():
    """Asked directly: no view gets as far as looking for the object."""
    for name, view, _ in addresses():
        action = getattr(view, "required_action", None)
        for role in Role.values if action else ():
            if role in marks()[action]:
                continue
            for method in ("get", "post"):
                request = getattr(RequestFactory(), method)(reverse(name, kwargs=filler(name)))
                request.user, request._dont_enforce_csrf_checks = User(username="x", role=role), True
                try:
                    response = view(request, **given(name), **filler(name))
                except PermissionDenied:
                    continue
                assert response.status_code == 405, f"{name}: {role} has no {action}, and got {response.status_code}"


def test_every_address_with_an_object_knows_how_to_make_one():
    missing = []
    for name, view, _ in addresses():
        arguments = list(filler(name))
        known = maker(declared("OBJECTS"), name, arguments) or maker(declared("WHOLE"), name, arguments)
        if name in PRIVATE and arguments and not getattr(view, "every_member", False) and not known:
            missing.append(f"{name.split(':')[0]}:{','.join(arguments)} (for {name})")
    assert not missing, f"say in tests/apps/<app>/objects.py how to make an object for: {missing}"


@pytest.mark.parametrize("room", sorted({name.split(":")[0] for name in PRIVATE}))
def test_another_district_s_object_isn_t_there(room, people):
    """Whoever has the right, but not there, gets the same answer as for an object that doesn't exist: 404. Whoever has
    it here gets another one. GET and POST."""
    wrong = []
    browsers = {(role, place): _browser(people(role, place)) for role in Role.values for place in (HERE, THERE, "")}
    for name, view, _ in addresses():
        arguments = list(filler(name))
        make = maker(declared("OBJECTS"), name, arguments)
        action = getattr(view, "required_action", None)
        if not name.startswith(room + ":") or not arguments or not make or not action:
            continue
        with transaction.atomic():
            address = reverse(name, kwargs=make(HERE))
            full = [role for role, mark in marks()[action].items() if mark != OWN]
            for role, mark in marks()[action].items():
                for place in (THERE, "", HERE) if mark == OWN else (THERE, ""):
                    said = _answers(browsers[role, place], address)
                    if not said <= {404, 405} or said == {405}:
                        wrong.append(
                            f"{name}: {role} of {place or 'no unit'} got {sorted(said)} for another's, of {HERE}"
                        )
            said = _answers(browsers[full[0], HERE], address) if full else set()
            if full and 404 in said and said <= {404, 405} and name not in declared("EMPTY"):
                wrong.append(f"{name}: {full[0]} of {HERE} got {sorted(said)} for his own: is its maker right?")
            transaction.set_rollback(True)
    assert not wrong, "\n".join(wrong)


def _browser(user: User) -> Client:
    client = Client(raise_request_exception=False)  # a page that breaks on a made-up object has found it: 500
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])
    return client


def _answers(client: Client, address: str) -> set[int]:
    said = set()
    for method in (client.get, client.post):
        with transaction.atomic():
            said.add(method(address).status_code)
            transaction.set_rollback(True)
    return said


def test_visible_applies_the_matrix(people):
    """Every action on every model with a reach, by every role: here, there, and by nobody's staff."""
    rows = declared("ROWS")
    for label, reach in _reaches().items():
        make = rows.get(label)
        assert make, f"say in tests/apps/<app>/objects.py how to make a row of {label} (ROWS)"
        model = apps.get_model(label)
        actions = [a for a in marks() if a.startswith(label.lower() + ".")]
        for action in actions:
            for role in Role.values:
                with transaction.atomic():
                    user, stranger = people(role, HERE), people(role, THERE)
                    nobody, other = people(role, ""), people("clerk" if role != "clerk" else "head", HERE)
                    mine, theirs = make(HERE, user), make(HERE, other)
                    seen = [
                        {row.pk for row in (mine, theirs) if visible(model.objects.filter(pk=row.pk), who, action)}
                        for who in (user, stranger, nobody, AnonymousUser())
                    ]
                    mark = marks()[action].get(role, "")
                    expected = {"": set(), OWN: {mine.pk}, "x": {mine.pk, theirs.pk}}[mark]
                    if reach.bureau:
                        expected = set()
                    assert seen[0] == expected, (action, role)
                    if reach.division is not None:
                        assert not any(seen[1:]), (action, role)
                    transaction.set_rollback(True)


def _reaches() -> dict:
    found: dict = {}
    for config in apps.get_app_configs():
        if config.name.startswith("mingcha.") and (Path(config.path) / "permissions.py").exists():
            found |= getattr(import_module(f"{config.name}.permissions"), "REACH", {})
    return found


def test_the_matrix_is_well_formed():
    for action, roles in marks().items():
        assert re.fullmatch(r"[a-z]+\.[a-z_]+\.[a-z_]+", action), action
        assert set(roles) <= set(Role.values) and set(roles.values()) <= {"x", OWN}, action
        assert roles, f"{action}: nobody may"


def test_an_object_that_isn_t_there_is_404_not_an_error(people):
    """Made-up addresses, by an administrator of the bureau."""
    client = Client()
    client.force_login(people("administrator", "98"), backend=settings.AUTHENTICATION_BACKENDS[-1])
    for name, view, _ in addresses():
        arguments = list(filler(name))
        if arguments and hasattr(view, "required_action") and not maker(declared("WHOLE"), name, arguments):
            address = reverse(name, kwargs=filler(name))
            assert client.get(address).status_code in (404, 405, 400), name
            assert client.post(address).status_code in (404, 405, 400), name
