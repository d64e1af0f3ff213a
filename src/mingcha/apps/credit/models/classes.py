"""Credit classes as the province gives them. They are never made, nor changed, by our own score."""

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from ..choices import Grade


class CreditBatch(models.Model):
    """One monthly file of classes. The file itself is kept, under its digest."""

    source = models.CharField(_("source"), max_length=100)  # who says so: 省市场监督管理局
    as_of = models.DateField(_("as of"))
    name = models.CharField(_("file"), max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    received_at = models.DateTimeField(_("received"))
    received_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    rows = models.PositiveIntegerField(_("rows"), default=0)
    taken = models.PositiveIntegerField(_("taken"), default=0)
    unknown = models.PositiveIntegerField(_("not in the register"), default=0)
    faulty = models.PositiveIntegerField(_("faulty"), default=0)
    faults = models.JSONField(default=list)  # the first hundred: {"row", "key", "grade", "zh", "en"}
    counts = models.JSONField(default=dict)  # {"A": 1, ...} of those taken
    changes = models.JSONField(default=dict)  # {"AB": 12, ...}: from A to B, against what was in force before
    simulated = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("delivery of credit classes")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "as_of", "sha256"], name="credit_batch_once"),
        ]

    def __str__(self):
        return f"{self.source} {self.as_of}"

    def get_absolute_url(self):
        return reverse("credit:batch", args=[self.pk])


class CreditClass(models.Model):
    """What one delivery says of one firm."""

    entity = models.ForeignKey("entities.Entity", models.PROTECT, related_name="credit_classes")
    batch = models.ForeignKey(CreditBatch, models.PROTECT, related_name="classes")
    grade = models.CharField(_("credit class"), max_length=1, choices=Grade.choices)
    as_of = models.DateField(_("as of"))

    class Meta:
        verbose_name = _("credit class")
        constraints = [models.UniqueConstraint(fields=["entity", "batch"], name="credit_class_once")]

    def __str__(self):
        return f"{self.entity_id} {self.grade} {self.as_of}"


class ClassInForce(models.Model):
    """The latest by its day, of that day the delivery that came last: what lists and draws read."""

    entity = models.OneToOneField("entities.Entity", models.PROTECT, related_name="credit", primary_key=True)
    grade = models.CharField(_("credit class"), max_length=1, choices=Grade.choices, db_index=True)
    before = models.CharField(max_length=1, blank=True)  # the class that it followed; "" = the first
    as_of = models.DateField(_("as of"))
    batch = models.ForeignKey(CreditBatch, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("credit class in force")

    def __str__(self):
        return f"{self.entity_id} {self.grade} {self.as_of}"
