"""Heads who decide in the same moment, on PostgreSQL, where they truly do: one decides, and numbers have no gaps."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from mingcha.apps.credit import services
from mingcha.apps.credit.models import Listing, Paper
from mingcha.apps.entities.models import Entity
from mingcha.apps.law.services import rules_load
from mingcha.problems import Problem

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="one writer at a time: --ds=mingcha.config.settings.server"
    ),
]


def at_once(work, of):
    """What `work` gave for each of `of`, all begun together; None for a Problem."""

    def one(thing):
        try:
            return work(thing)
        except Problem:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(len(of)) as pool:
        return list(pool.map(one, of))


@pytest.fixture
def proposals(person):
    rules_load()
    officer, head = person("officer"), person("head")
    firms = [Entity.objects.create(key=f"E{n}", name=f"企业{n}", division="980102") for n in range(8)]
    made = [
        services.listing_propose(
            entity=firm, kind="abnormal", ground="unreachable", evidence="x", user=officer, found_on=dt.date(2026, 1, 5)
        )
        for firm in firms
    ]
    return made, head


def test_eight_decisions_bear_eight_numbers(proposals):
    made, head = proposals
    decided = at_once(lambda row: services.listing_decide(listing=row, listed=True, reason="x", user=head), made)
    numbers = sorted(row.decision_number[-4:] for row in decided)
    assert numbers == [f"{n:03}号" for n in range(1, 9)]


def test_a_hearing_that_is_asked_for_isn_t_overrun(person):
    rules_load()
    officer, head = person("officer"), person("head")
    rows = []
    for n in range(8):
        firm = Entity.objects.create(key=f"E{n}", name=f"企业{n}", division="980102")
        row = services.listing_propose(
            entity=firm, kind="dishonest", ground="food", evidence="x", penalty="1号", user=officer
        )
        services.listing_consent(listing=row, number="7", user=officer)
        services.listing_tell(listing=row, user=officer)
        services.listing_statement(listing=row, text="", waived=True, user=officer)
        rows.append(row)
    acts = [
        act
        for row in rows
        for act in (
            lambda row=row: services.listing_decide(listing=row, listed=True, reason="x", user=head),
            lambda row=row: services.listing_hearing_ask(listing=row, user=officer),
        )
    ]
    at_once(lambda act: act(), acts)
    for row in Listing.objects.all():
        assert (row.state == "decided") != bool(row.hearing_asked_on)


def test_one_of_eight_decides(proposals):
    made, head = proposals
    tried = at_once(lambda _n: services.listing_decide(listing=made[0], listed=True, reason="x", user=head), range(8))
    assert len([row for row in tried if row]) == 1
    assert Listing.objects.get(pk=made[0].pk).decision_number.endswith("001号")
    assert not Paper.objects.exists()
