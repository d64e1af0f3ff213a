"""The year's plan: which items, whom, when, how many. Plans (models/plans.py) carry it out."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from ..register_choices import AdjustmentKind, AdjustmentState, YearState
from .catalogue import CatalogueItem
from .directories import ObjectDirectory


class YearPlan(models.Model):
    """年度抽查计划 of one unit. Once published it changes by adjustments only."""

    number = models.CharField(_("number"), max_length=40, unique=True)  # ND-2026-98
    year = models.PositiveSmallIntegerField(_("year"))
    title = models.CharField(_("title"), max_length=200)
    unit = models.ForeignKey("accounts.Unit", models.PROTECT, related_name="year_plans", verbose_name=_("unit"))
    division = models.CharField(_("division code"), max_length=12, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=YearState.choices, default=YearState.DRAFT)
    simulated = models.BooleanField(default=False)
    created_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(_("drawn up"), auto_now_add=True)
    approved_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("year's plan")
        ordering = ["-year", "number"]
        constraints = [models.UniqueConstraint(fields=["unit", "year"], name="year_plan_once")]

    def __str__(self):
        return f"{self.number} {self.title}"


class YearEntry(models.Model):
    """One line of a year's plan: an item, or several in one visit, of one directory, in some months."""

    plan = models.ForeignKey(YearPlan, models.CASCADE, related_name="entries")
    position = models.PositiveIntegerField(default=0)
    title = models.CharField(_("task"), max_length=200)
    items = models.ManyToManyField(CatalogueItem, related_name="year_entries", verbose_name=_("items"))
    kind = models.CharField(_("kind"), max_length=20)  # of choices.PlanKind
    directory = models.ForeignKey(
        ObjectDirectory, models.PROTECT, null=True, blank=True, related_name="year_entries", verbose_name=_("objects")
    )
    department = models.CharField(_("lead department"), max_length=100, blank=True)
    joint_departments = models.JSONField(_("joint departments"), default=list, blank=True)
    share = models.DecimalField(_("share, %"), max_digits=6, decimal_places=3, null=True, blank=True)
    visits = models.PositiveIntegerField(_("visits"), null=True, blank=True)  # instead of a share
    month_from = models.PositiveSmallIntegerField(_("from month"), default=1)
    month_to = models.PositiveSmallIntegerField(_("to month"), default=12)
    times = models.PositiveSmallIntegerField(_("times a year"), default=1)
    public_information = models.BooleanField(
        _("spot check of published information"), default=False
    )  # counts for the share of firms that the law asks for
    note = models.CharField(_("note"), max_length=300, blank=True)
    dropped = models.BooleanField(default=False)  # by an adjustment: stays on the page, struck out

    class Meta:
        verbose_name = _("entry of the year's plan")
        ordering = ["plan", "month_from", "position", "id"]

    def __str__(self):
        return self.title


class YearAdjustment(models.Model):
    """A change to a published year's plan: proposed with a reason, approved by another person, published with it."""

    plan = models.ForeignKey(YearPlan, models.PROTECT, related_name="adjustments")
    kind = models.CharField(max_length=8, choices=AdjustmentKind.choices)
    entry = models.ForeignKey(YearEntry, models.PROTECT, null=True, blank=True, related_name="adjustments")
    before = models.JSONField(default=dict)  # the entry as it was, in the form's fields
    after = models.JSONField(default=dict)
    reason = models.CharField(_("reason"), max_length=500)
    state = models.CharField(max_length=10, choices=AdjustmentState.choices, default=AdjustmentState.PROPOSED)
    proposed_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    proposed_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("adjustment of the year's plan")
        ordering = ["id"]

    def __str__(self):
        return f"{self.plan_id}: {self.kind}"
