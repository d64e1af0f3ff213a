"""The lists of this room."""

from __future__ import annotations

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mingcha.apps.entities.models import Entity
from mingcha.apps.entities.search import narrowed
from mingcha.lists import declare
from mingcha.lists.declare import Column, Filter, View

from .bulk import ACTS
from .choices import InterviewState, Kind, ListingState
from .grounds import ground, grounds
from .models import CreditBatch, Listing


def _by_firm(queryset: QuerySet, words: str) -> QuerySet:
    return queryset.filter(entity__in=narrowed(Entity.objects.all(), words).values("pk"))


def _search_listings(queryset: QuerySet, words: str) -> QuerySet:
    return _by_firm(queryset, words) | queryset.filter(decision_number__icontains=words)


def _search_interviews(queryset: QuerySet, words: str) -> QuerySet:
    return _by_firm(queryset, words) | queryset.filter(number__icontains=words)


def _on(row: Listing):
    return row.decided_at and timezone.localdate(row.decided_at)


LISTINGS = declare.Listing(
    name="listings",
    title=_("Abnormal and dishonest lists"),
    noun=_("listings"),
    row="credit/listing_row.html",
    sort="-proposed",
    item=lambda row: reverse("credit:listing", args=[row.pk]),
    search=_search_listings,
    search_hint=_("Firm or decision number"),
    columns=(
        Column("firm", _("Firm"), lambda r: r.entity.name),
        Column("code", _("Unified social credit code"), lambda r: r.entity.key, default=False, minor=True),
        Column("kind", _("List"), lambda r: str(r.get_kind_display()), minor=True),
        Column("ground", _("Ground"), lambda r: ground(r.ground).text, minor=True),
        Column("state", _("State"), lambda r: str(r.get_state_display())),
        Column("number", _("Decision"), lambda r: r.decision_number, minor=True),
        Column(
            "found", _("Found on"), lambda r: r.found_on, sort="found_on", minor=True, default=False, descending=True
        ),
        Column("proposed", _("Proposed on"), lambda r: r.proposed_at, sort="proposed_at", descending=True, minor=True),
        Column(
            "published",
            _("Made public"),
            lambda r: r.published_at,
            sort="published_at",
            nullable=True,
            descending=True,
            minor=True,
        ),
        Column(
            "until",
            _("Public until"),
            lambda r: r.public_until,
            sort="public_until",
            nullable=True,
            default=False,
            minor=True,
        ),
        Column("decided", _("Decided"), _on, default=False, minor=True),
    ),
    filters=(
        Filter("kind", _("List"), "kind", lambda: Kind.choices, composition=True),
        Filter("state", _("State"), "state", lambda: ListingState.choices, composition=True),
        Filter("ground", _("Ground"), "ground", lambda: [(g.key, g.text) for g in grounds().values()], limit=20),
        Filter(
            "automatic",
            _("Proposed by"),
            "automatic",
            lambda: (("1", _("from records")), ("0", _("by a person"))),
            boolean=True,
        ),
    ),
    views=(
        View("all", _("All")),
        View("waiting", _("To be decided"), {"state": (ListingState.PROPOSED, ListingState.TOLD)}),
        View("decided", _("To be published"), {"state": (ListingState.DECIDED,)}),
        View("published", _("Made public"), {"state": (ListingState.PUBLISHED,)}),
        View("leaving", _("Removal asked for"), {"state": (ListingState.LEAVING,)}),
    ),
    acts=ACTS,
    empty_icon="list-details",
    empty_title=_("Nobody is listed or proposed"),
    empty_text=_(
        "A listing is proposed on a firm's page, from an inspection's result, or from records: mingcha listing propose."
    ),
)

INTERVIEWS = declare.Listing(
    name="interviews",
    title=_("Interviews"),
    noun=_("interviews"),
    row="credit/interview_row.html",
    sort="-at",
    item=lambda row: reverse("credit:interview", args=[row.pk]),
    search=_search_interviews,
    search_hint=_("Firm or number"),
    columns=(
        Column("firm", _("Firm"), lambda r: r.entity.name),
        Column("number", _("Number of the notice"), lambda r: r.number, minor=True),
        Column("reason", _("Subject"), lambda r: r.reason, minor=True),
        Column("at", _("Time"), lambda r: r.at, sort="at", descending=True),
        Column("place", _("Place"), lambda r: r.place, default=False, minor=True),
        Column("state", _("State"), lambda r: str(r.get_state_display())),
        Column("undertakings", _("Undertakings done"), lambda r: f"{r.done}/{r.promised}", right=True, minor=True),
    ),
    filters=(Filter("state", _("State"), "state", lambda: InterviewState.choices, composition=True),),
    views=(
        View("all", _("All")),
        View("coming", _("To come"), {"state": (InterviewState.DRAFT, InterviewState.NOTIFIED)}),
        View("followed", _("Undertakings followed"), {"state": (InterviewState.HELD,)}),
        View("absent", _("Not attended"), {"state": (InterviewState.ABSENT,)}),
    ),
    empty_icon="messages",
    empty_title=_("There are no interviews yet"),
    empty_text=_("An interview is opened on a firm's page, or from an inspection's result."),
)


def changed(batch: CreditBatch) -> int:
    """Firms whose class a delivery changed; those that had none before aren't counted."""
    return sum(n for pair, n in batch.changes.items() if pair[0] != "-" and pair[0] != pair[1])


BATCHES = declare.Listing(
    name="credit-classes",
    title=_("Credit classes"),
    noun=_("deliveries"),
    row="credit/batch_row.html",
    sort="-as_of",
    item=lambda row: reverse("credit:batch", args=[row.pk]),
    search=lambda queryset, words: queryset.filter(source__icontains=words) | queryset.filter(name__icontains=words),
    search_hint=_("Source or file"),
    columns=(
        Column("as_of", _("As of"), lambda b: b.as_of, sort="as_of", descending=True),
        Column("source", _("Source"), lambda b: b.source),
        Column("file", _("File"), lambda b: b.name, minor=True, default=False),
        Column("received", _("Received"), lambda b: b.received_at, sort="received_at", descending=True, minor=True),
        Column("taken", _("Firms"), lambda b: b.taken, sort="taken", right=True),
        Column("changed", _("Class changed"), changed, right=True),
        Column("unknown", _("Not in the register"), lambda b: b.unknown, right=True, minor=True),
        Column("faulty", _("Faulty rows"), lambda b: b.faulty, right=True, minor=True),
    ),
    empty_icon="certificate",
    empty_title=_("No credit classes have come yet"),
    empty_text=_("The province gives them monthly, as a file: import it here, or by mingcha credit import."),
)
