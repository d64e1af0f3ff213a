"""Plans and their draws. The proof is in files (engines/sampling); here is who and when."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ..choices import PlanKind, PlanState


class Plan(models.Model):
    """An inspection plan: which frame, how many visits, how much of it uniform."""

    number = models.CharField(_("number"), max_length=40, unique=True)  # JH-2026-Q4-001
    title = models.CharField(_("title"), max_length=200)
    kind = models.CharField(_("kind"), max_length=20, choices=PlanKind.choices, default=PlanKind.TARGETED)
    state = models.CharField(_("state"), max_length=12, choices=PlanState.choices, default=PlanState.DRAFT)
    risk_model = models.ForeignKey("risk.RiskModel", models.PROTECT, null=True, blank=True, related_name="plans")
    frame = models.JSONField(
        _("frame"), default=dict
    )  # {"industry", "stratify_by", "skills", "as_of", "outside", "short"}
    cap = models.PositiveSmallIntegerField(_("visits a year at most"), null=True, blank=True)
    budget = models.PositiveIntegerField(_("visits"))
    floor_share = models.FloatField(_("uniform share"), default=0.1)
    ceiling = models.FloatField(_("highest probability"), default=0.9)
    class_weights = models.JSONField(_("class weights"), default=dict)  # {"A": 0.4, ...}; empty = the engine's
    public_source = models.CharField(_("public value"), max_length=200, blank=True)  # what it is, on which day
    public_on = models.DateField(_("comes out on"), null=True, blank=True)  # before it nothing is drawn
    basis = models.CharField(_("legal basis"), max_length=200, blank=True)
    expected = models.JSONField(default=dict)  # hit rate, compliant visits, precision: each with its baseline
    division = models.CharField(max_length=12, blank=True)
    unit = models.ForeignKey("accounts.Unit", models.PROTECT, null=True, blank=True, related_name="+")
    departments = models.JSONField(_("other departments"), default=list)  # a joint inspection: who else comes along
    items = models.ManyToManyField("CatalogueItem", related_name="plans", verbose_name=_("items"))
    directory = models.ForeignKey(
        "ObjectDirectory", models.PROTECT, null=True, blank=True, related_name="plans", verbose_name=_("objects")
    )
    inspectors = models.ForeignKey(
        "InspectorDirectory", models.PROTECT, null=True, blank=True, related_name="plans", verbose_name=_("inspectors")
    )
    entry = models.ForeignKey(
        "YearEntry", models.PROTECT, null=True, blank=True, related_name="plans", verbose_name=_("of the year's plan")
    )
    starts_on = models.DateField(_("visits from"), null=True, blank=True)
    ends_on = models.DateField(_("visits until"), null=True, blank=True)
    rule = models.ForeignKey("law.Rule", models.PROTECT, null=True, blank=True, related_name="+")  # of its kind
    keys = models.JSONField(default=list)  # whom a plan without a draw visits, where no directory says it
    created_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    approved_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdraw_reason = models.CharField(max_length=500, blank=True)
    simulated = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("inspection plan")
        ordering = ["-id"]

    def __str__(self):
        return f"{self.number} {self.title}"

    @property
    def draw(self) -> Draw | None:
        """The draw that counts: those voided before it are on the record only."""
        return self.draws.filter(voided_at=None).first()


class Draw(models.Model):
    """One ceremony of a plan. `folder` holds its files, relative to the instance's draws/.

    A plan has one that counts at a time; a ceremony that is held again keeps its name.
    """

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="draws")
    name = models.CharField(max_length=80)  # D of draw-format.md
    folder = models.CharField(max_length=255)
    root = models.CharField(max_length=64, blank=True)
    seed = models.CharField(max_length=64, blank=True)
    result = models.CharField(max_length=64, blank=True)
    frozen_at = models.DateTimeField(null=True, blank=True)
    committed_at = models.DateTimeField(null=True, blank=True)
    drawn_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    voided_at = models.DateTimeField(null=True, blank=True)
    void_reason = models.CharField(max_length=500, blank=True)
    no_show = models.JSONField(default=list)  # parties that stayed away from a voided ceremony
    inspectors = models.JSONField(default=list)  # the directory sealed with the frame: [{"id", "name", "areas", ...}]
    units = models.PositiveIntegerField(default=0)
    taken = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("draw")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["plan"], condition=Q(voided_at=None), name="draw_one_that_counts"),
            models.UniqueConstraint(fields=["name"], condition=Q(voided_at=None), name="draw_name_once"),
        ]

    def __str__(self):
        return self.name
