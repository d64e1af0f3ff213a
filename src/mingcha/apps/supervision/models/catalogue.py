"""The catalogue of inspection items: what may be inspected, by whom, on what basis, how, how often."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ..register_choices import CatalogueState, ItemKind


class Catalogue(models.Model):
    """A version of a unit's catalogue. One is published at a time: the next one supersedes it."""

    number = models.CharField(_("number"), max_length=40, unique=True)  # QD-2026-1
    year = models.PositiveSmallIntegerField(_("year"))
    title = models.CharField(_("title"), max_length=200)
    unit = models.ForeignKey("accounts.Unit", models.PROTECT, related_name="catalogues", verbose_name=_("unit"))
    division = models.CharField(_("division code"), max_length=12, blank=True)  # the unit's, as it was
    state = models.CharField(_("state"), max_length=12, choices=CatalogueState.choices, default=CatalogueState.DRAFT)
    sample = models.BooleanField(_("sample"), default=False)  # written to show the system: no bureau's own list
    source = models.CharField(_("file"), max_length=255, blank=True)  # the last that was imported
    source_sha256 = models.CharField(max_length=64, blank=True)
    created_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(_("drawn up"), auto_now_add=True)
    published_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    published_at = models.DateTimeField(_("published"), null=True, blank=True)

    class Meta:
        verbose_name = _("item catalogue")
        ordering = ["-year", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["unit"], condition=Q(state=CatalogueState.PUBLISHED), name="catalogue_one_published"
            )
        ]

    def __str__(self):
        return f"{self.number} {self.title}"


class CatalogueItem(models.Model):
    """随机抽查事项: one item of a catalogue. Items of a published catalogue don't change."""

    catalogue = models.ForeignKey(Catalogue, models.CASCADE, related_name="items", verbose_name=_("catalogue"))
    position = models.PositiveIntegerField(default=0)
    code = models.CharField(_("item code"), max_length=60)
    category = models.CharField(_("category"), max_length=200, blank=True)  # 抽查类别
    name = models.CharField(_("item"), max_length=300)  # 抽查事项
    kind = models.CharField(_("kind"), max_length=10, choices=ItemKind.choices, default=ItemKind.GENERAL)
    objects_text = models.CharField(_("objects"), max_length=500, blank=True)  # 检查对象, in words
    condition = models.JSONField(default=dict, blank=True)  # the same as conditions.Condition, where it is known
    methods = models.JSONField(_("methods"), default=list)  # of register_choices.Method
    content = models.TextField(_("what is checked"), blank=True)
    basis = models.TextField(_("legal basis"), blank=True)  # as the list has it
    articles = models.JSONField(default=list, blank=True)  # cut from it: [{"law", "articles": ["第五十六条"]}]
    level = models.CharField(_("who inspects"), max_length=300, blank=True)  # 检查主体, in words
    department = models.CharField(_("lead department"), max_length=100, blank=True)
    joint_departments = models.JSONField(_("joint departments"), default=list, blank=True)
    ratio = models.DecimalField(_("ratio, %"), max_digits=6, decimal_places=3, null=True, blank=True)
    ratio_text = models.CharField(max_length=200, blank=True)
    times_a_year = models.PositiveSmallIntegerField(_("times a year"), null=True, blank=True)
    frequency_text = models.CharField(_("frequency"), max_length=200, blank=True)
    effective_from = models.DateField(_("effective from"), null=True, blank=True)
    effective_to = models.DateField(_("effective to"), null=True, blank=True)

    class Meta:
        verbose_name = _("inspection item")
        ordering = ["catalogue", "position", "id"]
        constraints = [models.UniqueConstraint(fields=["catalogue", "code"], name="catalogue_item_code_once")]

    def __str__(self):
        return f"{self.code} {self.name}"
