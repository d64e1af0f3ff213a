"""A firm's way onto a public list and off it again. What happened when, and by whom, is in CreditEvent."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from ..choices import OPEN_REMOVALS, UNDER_WAY, Kind, ListingState, RemovalKind, RemovalState, Source


class Listing(models.Model):
    """One ground for which one firm is, was, or may be put on a list."""

    kind = models.CharField(_("list"), max_length=10, choices=Kind.choices)
    ground = models.CharField(_("ground"), max_length=40)  # key of grounds.csv
    basis = models.CharField(_("legal basis"), max_length=200)  # as it stood when it was proposed
    period = models.CharField(_("period"), max_length=10, blank=True)  # a year's report: 2025
    entity = models.ForeignKey("entities.Entity", models.PROTECT, related_name="listings")
    division = models.CharField(max_length=12, blank=True)  # the firm's, when it was proposed: jurisdiction
    state = models.CharField(_("state"), max_length=12, choices=ListingState.choices, default=ListingState.PROPOSED)
    facts = models.TextField(_("facts found"))
    found_on = models.DateField(_("found on"))  # starts the time to decide in
    penalty = models.CharField(_("penalty decision"), max_length=80, blank=True)
    source_type = models.CharField(_("comes from"), max_length=10, choices=Source.choices, default=Source.HAND)
    source_id = models.CharField(_("its number"), max_length=80, blank=True)
    automatic = models.BooleanField(_("proposed from records"), default=False)
    proposed_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    proposed_at = models.DateTimeField(_("proposed"))

    told_on = models.DateField(_("told"), null=True, blank=True)
    told_number = models.CharField(_("notice"), max_length=60, blank=True)
    statement_until = models.DateField(_("statement until"), null=True, blank=True)
    statement = models.TextField(_("the firm's statement"), blank=True)
    statement_on = models.DateField(_("received"), null=True, blank=True)
    hearing_asked_on = models.DateField(_("hearing asked for"), null=True, blank=True)
    hearing_on = models.DateField(_("hearing"), null=True, blank=True)
    hearing_opinion = models.TextField(_("opinion of the hearing"), blank=True)
    consent = models.CharField(_("consent of the authority above"), max_length=80, blank=True)

    unit = models.ForeignKey("accounts.Unit", models.PROTECT, null=True, blank=True, related_name="+")  # that decided
    decision_number = models.CharField(_("decision"), max_length=60, blank=True)
    decided_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    reason = models.TextField(_("reasons"), blank=True)
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    public_until = models.DateField(_("public until"), null=True, blank=True)  # None: until it is removed
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    simulated = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("listing")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["state", "division"]),
            models.Index(fields=["proposed_at"]),
            models.Index(fields=["published_at"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "ground", "period"],
                condition=Q(state__in=(*UNDER_WAY, ListingState.DECIDED, ListingState.PUBLISHED, ListingState.LEAVING)),
                name="credit_listing_once",
            ),
            models.UniqueConstraint(
                fields=["decision_number"], condition=~Q(decision_number=""), name="credit_decision_number_once"
            ),
        ]

    def __str__(self):
        return self.decision_number or f"#{self.pk}"

    def get_absolute_url(self):
        return reverse("credit:listing", args=[self.pk])


class Removal(models.Model):
    """One way off a list: an application, a finding of the authority itself, a repair, an objection, the term's end."""

    listing = models.ForeignKey(Listing, models.PROTECT, related_name="removals")
    kind = models.CharField(_("kind"), max_length=12, choices=RemovalKind.choices)
    state = models.CharField(_("state"), max_length=12, choices=RemovalState.choices, default=RemovalState.APPLIED)
    text = models.TextField(_("what is said"))
    applied_on = models.DateField(_("received"))
    conditions = models.JSONField(_("conditions"), default=dict)  # name -> true: what the firm has shown (repair)
    accepted_at = models.DateTimeField(null=True, blank=True)
    decision_number = models.CharField(_("decision"), max_length=60, blank=True)
    unit = models.ForeignKey("accounts.Unit", models.PROTECT, null=True, blank=True, related_name="+")
    recorded_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    decided_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(_("reasons"), blank=True)

    class Meta:
        verbose_name = _("removal")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["listing"], condition=Q(state__in=OPEN_REMOVALS), name="credit_removal_one_open"
            ),
            models.UniqueConstraint(
                fields=["decision_number"], condition=~Q(decision_number=""), name="credit_removal_number_once"
            ),
        ]

    def __str__(self):
        return self.decision_number or f"{self.listing_id}-{self.pk}"
