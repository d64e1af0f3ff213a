"""Regulatory interviews: from the notice to the last undertaking."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from ..choices import InterviewState, Source, UndertakingState


class Interview(models.Model):
    """One talk with a firm about something that must be mended."""

    entity = models.ForeignKey("entities.Entity", models.PROTECT, related_name="interviews")
    division = models.CharField(max_length=12, blank=True)  # the firm's: jurisdiction
    unit = models.ForeignKey("accounts.Unit", models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(_("state"), max_length=12, choices=InterviewState.choices, default=InterviewState.DRAFT)
    reason = models.TextField(_("subject"))
    basis = models.CharField(_("legal basis"), max_length=200)
    source_type = models.CharField(_("comes from"), max_length=10, choices=Source.choices, default=Source.HAND)
    source_id = models.CharField(_("its number"), max_length=80, blank=True)
    at = models.DateTimeField(_("time"))
    place = models.CharField(_("place"), max_length=200)
    contact = models.CharField(_("contact"), max_length=100, blank=True)
    opened_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(_("opened"))

    number = models.CharField(_("notice"), max_length=60, blank=True)
    notified_on = models.DateField(_("served"), null=True, blank=True)
    served_by = models.CharField(_("how served"), max_length=100, blank=True)
    served_to = models.CharField(_("taken by"), max_length=100, blank=True)

    held_at = models.DateTimeField(_("held"), null=True, blank=True)
    officers = models.JSONField(_("officers"), default=list)  # names, two at least
    attended = models.CharField(_("for the firm"), max_length=100, blank=True)
    attended_as = models.CharField(_("position"), max_length=60, blank=True)
    record = models.TextField(_("record"), blank=True)
    outcome = models.TextField(_("outcome"), blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    simulated = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("interview")
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "division"]), models.Index(fields=["at"])]
        constraints = [
            models.UniqueConstraint(fields=["number"], condition=~models.Q(number=""), name="credit_interview_number")
        ]

    def __str__(self):
        return self.number or f"#{self.pk}"

    def get_absolute_url(self):
        return reverse("credit:interview", args=[self.pk])


class Undertaking(models.Model):
    """What the firm undertook to do, by when, and whether it did."""

    interview = models.ForeignKey(Interview, models.PROTECT, related_name="undertakings")
    text = models.CharField(_("undertaking"), max_length=500)
    due_on = models.DateField(_("by"))
    state = models.CharField(max_length=10, choices=UndertakingState.choices, default=UndertakingState.OPEN)
    note = models.CharField(_("how it was checked"), max_length=500, blank=True)
    checked_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    checked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("undertaking")
        ordering = ["due_on", "id"]
        indexes = [models.Index(fields=["state", "due_on"])]

    def __str__(self):
        return self.text
