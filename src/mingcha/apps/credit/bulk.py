"""Acts on many listings at once: each is decided or published by itself, and what the law doesn't allow is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from mingcha.apps.accounts.models import User
from mingcha.language import chinese
from mingcha.lists.bulk import BulkAct, Outcome
from mingcha.problems import Problem

from .forms import DecideForm
from .models import Listing
from .services import listing_decide, listing_publish

BOUND = 200  # what a page may take
_DECIDE = "credit.listing.decide"


def _each(rows: QuerySet[Listing], act: Callable[[Listing], Any]) -> Outcome:
    done, refused = 0, []
    for listing in rows.select_related("entity").order_by("pk"):
        try:
            act(listing)
            done += 1
        except Problem as problem:
            refused.append((str(listing.entity), problem.zh if chinese() else problem.en))
    return Outcome(done, tuple(refused))


def decide(user: User, rows: QuerySet[Listing], listed: bool, reason: str) -> Outcome:
    return _each(rows, lambda listing: listing_decide(listing=listing, listed=listed, reason=reason, user=user))


def publish(user: User, rows: QuerySet[Listing]) -> Outcome:
    return _each(rows, lambda listing: listing_publish(listing=listing, user=user))


ACTS = (
    BulkAct(
        "decide",
        _("Take the decision"),
        "rubber-stamp",
        _DECIDE,
        decide,
        asks=_("Decide on all these proposals alike?"),
        effect=_(
            "Each gets a decision of its own with its own number, under your name. Look at the facts of each first."
        ),
        law=True,
        form=lambda user, data: DecideForm(data),
        bound=BOUND,
    ),
    BulkAct(
        "publish",
        _("Make public"),
        "world",
        _DECIDE,
        publish,
        asks=_("Publish all these listings?"),
        effect=_("Anyone will see the firms, the grounds and the decisions, without signing in."),
        law=True,
        bound=BOUND,
    ),
)
