"""Whatever is typed or sent, a form answers: it takes it, or says what is wrong. It never breaks."""

from __future__ import annotations

import zlib

import pytest
from django import forms
from django.db import transaction
from django.urls import reverse
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from .test_guards import HERE, PRIVATE, _browser, declared, filler, maker, people  # noqa: F401

NASTY = (
    "", " ", "\0", "x" * 5_000, "-1", "0", "1", "99999999999999999999", "1e400", "NaN", "2026-13-45", "0001-01-01",
    "9999-12-31", "2026-11-22T25:61", "１２", "\u202e\u0301", "<script>alert(1)</script>", "' OR 1=1 --", "[]", "{",
    "😀" * 300, "none", "rectify", "targeted", "980103", "..", "%s%n", "\r\n",
)  # fmt: skip
# what tests/apps/<app>/objects.py makes of these is a stub that can't be shown
STUBS = {"risk:statement", "risk:statement-print", "supervision:adjustment-decide"}


def names() -> list[str]:
    """Of every field of every form."""
    found: set[str] = {"q", "sort", "after", "before", "cols", "as", "part"}
    queue = [forms.BaseForm]
    while queue:
        form = queue.pop()
        found |= set(getattr(form, "base_fields", ()))
        queue += form.__subclasses__()
    return sorted(found)


values = st.one_of(st.sampled_from(NASTY), st.text(st.characters(exclude_categories=["Cs"]), max_size=40))


@pytest.mark.slow
@pytest.mark.parametrize("room", sorted({name.split(":")[0] for name in PRIVATE}))
def test_no_form_breaks(room, people):  # noqa: F811
    """By who may do everything, over objects that are there."""
    browser = _browser(people("administrator", HERE))
    broken: list[str] = []
    for name in PRIVATE:
        if not name.startswith(room + ":") or name in STUBS or name == "accounts:logout":
            continue
        make = maker(declared("OBJECTS"), name, list(filler(name))) if filler(name) else None
        with transaction.atomic():
            arguments = make(HERE) if make else filler(name)
            address = reverse(name, kwargs=arguments)
            if found := _breaks(browser, name, address):
                broken.append(found)
            transaction.set_rollback(True)
    assert not broken, "\n".join(broken)


def _breaks(browser, name: str, address: str) -> str:
    said: list[str] = []

    @settings(
        max_examples=6,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.dictionaries(st.sampled_from(names()), values, min_size=3, max_size=25))
    def run(sent):
        for method in (browser.post, browser.get):
            with transaction.atomic():
                answer = method(address, {key: value for key, value in sent.items() if "\0" not in value})
                if answer.status_code >= 500:
                    said.append(f"{name} {method.__name__} {answer.status_code}: {sent!r}"[:400])
                transaction.set_rollback(True)

    run.hypothesis.inner_test.__qualname__ = f"run_{zlib.crc32(name.encode())}"
    run()
    return said[0] if said else ""


def test_a_nul_is_refused_before_a_database_sees_it(client):
    assert client.get("/public/results/?q=%00").status_code == 400
