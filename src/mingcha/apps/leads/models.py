"""Leads: any suspicion from any source, with where it comes from. Its QR code is born here and goes with it."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .choices import WAITING, LeadEventKind, LeadState, Source


def new_token() -> str:
    """What the QR code says: nothing can be guessed from another's."""
    return secrets.token_urlsafe(18)


class Lead(models.Model):
    """A suspicion that a person must check. Its story is its events."""

    number = models.CharField(_("number"), max_length=30, unique=True, null=True)  # XS-2026-000001, from the key
    token = models.CharField(max_length=40, unique=True, default=new_token)
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(_("what is suspected"), blank=True)
    source = models.CharField(_("source"), max_length=12, choices=Source.choices, default=Source.HAND)
    source_type = models.CharField(max_length=60, blank=True)  # the object that it comes from, as the audit trail names
    source_id = models.CharField(max_length=100, blank=True)
    source_url = models.CharField(max_length=300, blank=True)
    entity = models.ForeignKey("entities.Entity", models.PROTECT, null=True, blank=True, related_name="leads")
    division = models.CharField(_("division code"), max_length=12, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=LeadState.choices, default=LeadState.OPEN)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="leads",
        verbose_name=_("checked by"),
    )
    opened_at = models.DateTimeField(_("opened"), auto_now_add=True)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    simulated = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("lead")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["division", "-id"]),
            models.Index(fields=["state", "-id"]),
            models.Index(fields=["source_type", "source_id"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["source_type", "source_id"],
                condition=~models.Q(source_type="") & models.Q(state__in=WAITING),
                name="lead_once_open",
            )
        ]

    def __str__(self):
        return self.number or self.title


class LeadEvent(models.Model):
    """One thing that happened to a lead; never changed."""

    lead = models.ForeignKey(Lead, models.PROTECT, related_name="events")
    at = models.DateTimeField(auto_now_add=True)
    kind = models.CharField(max_length=10, choices=LeadEventKind.choices)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    text = models.TextField(blank=True)

    class Meta:
        verbose_name = _("event of a lead")
        ordering = ["id"]

    def __str__(self):
        return f"{self.lead_id} {self.kind}"
