"""Rules of law as effective-dated rows, the calendar's corrections, and clocks that run by a rule on any object."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .choices import OPEN, ClockState, EventKind, Mark, RestDay, Unit


class Rule(models.Model):
    """One version of one rule: what holds from a day on, in a division and below. A row by which a clock has run is
    never changed; an amendment is a row of its own, and of two the one that begins later is in force.

    `starts`, `note`: {"zh", "en"}. `pauses`: [{"key", "zh", "en", "article"}]. `extensions`: [{"key", "zh", "en", "by",
    "value", "unit", "times", "article"}] with `by` officer, head or collective; no `value`: whoever grants it says
    how long; no `times`: as often as granted.
    """

    key = models.CharField(_("key"), max_length=80)
    title_zh = models.CharField(_("title in Chinese"), max_length=200)
    title_en = models.CharField(_("title in English"), max_length=200)
    value = models.DecimalField(_("value"), max_digits=12, decimal_places=2, null=True, blank=True)
    unit = models.CharField(_("unit"), max_length=12, choices=Unit.choices)
    terms = models.JSONField(_("terms"), default=dict, blank=True)
    starts = models.JSONField(_("starts from"), default=dict, blank=True)
    before = models.BooleanField(_("counted back from that day"), default=False)
    rest_day = models.CharField(
        _("last day a day of rest"), max_length=4, choices=RestDay.choices, default=RestDay.NEXT
    )
    pauses = models.JSONField(_("what isn't counted"), default=list, blank=True)
    extensions = models.JSONField(_("extensions"), default=list, blank=True)
    law = models.CharField(_("law"), max_length=120)
    article = models.CharField(_("article"), max_length=60, blank=True)
    mark = models.CharField(_("source"), max_length=1, choices=Mark.choices)
    note = models.JSONField(_("note"), default=dict, blank=True)
    effective_from = models.DateField(_("in force from"))
    effective_to = models.DateField(_("until, inclusive"), null=True, blank=True)
    division = models.CharField(_("division code"), max_length=12, blank=True)
    shipped = models.BooleanField(default=False)  # of shipped/*.yaml; an administrator's own rows are his
    reason = models.CharField(_("reason"), max_length=500, blank=True)  # of an amendment
    made_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("rule of law")
        ordering = ["key", "division", "-effective_from"]
        constraints = [models.UniqueConstraint(fields=["key", "division", "effective_from"], name="rule_version_once")]

    def __str__(self):
        return f"{self.key} ({self.effective_from})"


class CalendarYear(models.Model):
    """A year whose holidays an administrator took over from the State Council's arrangement."""

    year = models.PositiveSmallIntegerField(_("year"), primary_key=True)
    source = models.CharField(_("source"), max_length=200, blank=True)
    made_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("year of the calendar")

    def __str__(self):
        return str(self.year)


class CalendarDay(models.Model):
    """A day that an administrator made a working day or a day of rest, whatever the kept library says of it."""

    day = models.DateField(_("day"), primary_key=True)
    works = models.BooleanField(_("working day"))
    reason = models.CharField(_("reason"), max_length=200)
    made_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("day of the calendar")
        ordering = ["day"]

    def __str__(self):
        return self.day.isoformat()


class Clock(models.Model):
    """A period that runs on an object. The row holds what its due day follows from, so that it can be worked out anew.

    `unannounced`: the first year it depends on whose holidays aren't known yet. `look_at`: when the sweep looks at it
    next; nothing to look for once it is late, paused or ended.
    """

    rule = models.ForeignKey(Rule, models.PROTECT, related_name="clocks")
    key = models.CharField(_("rule"), max_length=80)  # the rule's: one open clock a key and subject
    subject_type = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=64)
    title = models.CharField(_("title"), max_length=300)
    url = models.CharField(max_length=300)
    division = models.CharField(_("division code"), max_length=12, blank=True)
    assignee = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="clocks")
    role = models.CharField(_("role"), max_length=20, blank=True)  # whose it is where nobody is named
    started_on = models.DateField(_("started"))
    due_on = models.DateField(_("due"))
    warn_on = models.DateField()
    unannounced = models.PositiveSmallIntegerField(null=True, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=ClockState.choices, default=ClockState.RUNNING)
    pauses = models.JSONField(default=list)  # [[from, to]]: ISO days, `to` not in it; the last open while paused
    extensions = models.JSONField(default=list)  # [[key, value, unit]]
    look_at = models.DateTimeField(null=True, blank=True)
    warned_at = models.DateTimeField(null=True, blank=True)
    late_at = models.DateTimeField(null=True, blank=True)
    ended_on = models.DateField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("clock")
        ordering = ["due_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["key", "subject_type", "subject_id"], condition=Q(state__in=OPEN), name="clock_once"
            )
        ]
        indexes = [
            models.Index(fields=["state", "due_on", "division"], name="clock_due"),
            models.Index(fields=["due_on", "id"], condition=Q(ended_on__isnull=True), name="clock_open"),
            models.Index(fields=["assignee", "state", "due_on"], name="clock_mine"),
            models.Index(fields=["subject_type", "subject_id"], name="clock_subject"),
            models.Index(fields=["look_at"], condition=Q(look_at__isnull=False), name="clock_look"),
        ]

    def __str__(self):
        return f"{self.title} ({self.key})"


class ClockEvent(models.Model):
    """What happened to a clock. Written once, never changed."""

    clock = models.ForeignKey(Clock, models.PROTECT, related_name="events")
    at = models.DateTimeField(auto_now_add=True)
    on = models.DateField()  # the day it took effect
    kind = models.CharField(max_length=12, choices=EventKind.choices)
    user = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    due_before = models.DateField(null=True, blank=True)
    due_after = models.DateField(null=True, blank=True)
    detail = models.CharField(max_length=80, blank=True)  # the key of the cause or extension
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = _("event of a clock")
        ordering = ["pk"]

    def __str__(self):
        return f"{self.kind} {self.on}"
