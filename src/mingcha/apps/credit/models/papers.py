"""Files that were handed in, and the numbers that documents bear."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ..choices import Step


class Paper(models.Model):
    """A file as it was handed in. Its bytes lie in the storage under its own digest; equal files lie there once."""

    listing = models.ForeignKey("Listing", models.PROTECT, null=True, blank=True, related_name="papers")
    interview = models.ForeignKey("Interview", models.PROTECT, null=True, blank=True, related_name="papers")
    undertaking = models.ForeignKey("Undertaking", models.PROTECT, null=True, blank=True, related_name="papers")
    step = models.CharField(max_length=12, choices=Step.choices, default=Step.EVIDENCE)
    name = models.CharField(_("file"), max_length=200)
    mime = models.CharField(max_length=80)  # by its first bytes, not by its name
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("file")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(listing__isnull=False, interview=None) | Q(listing=None, interview__isnull=False),
                name="credit_paper_of_one",
            )
        ]

    def __str__(self):
        return self.name


class Letterhead(models.Model):
    """The characters by which a unit's documents are numbered: 云市监."""

    unit = models.OneToOneField("accounts.Unit", models.PROTECT, related_name="letterhead")
    prefix = models.CharField(_("prefix"), max_length=20, unique=True)

    def __str__(self):
        return self.prefix


class NumberSeries(models.Model):
    """The last number given in a unit's series of a year. It moves in the transaction that uses it: no gaps."""

    unit = models.ForeignKey("accounts.Unit", models.PROTECT, related_name="+")
    word = models.CharField(max_length=10)  # 异列, 异移, 严列, ...
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["unit", "word", "year"], name="credit_series_once")]

    def __str__(self):
        return f"{self.word} {self.year}: {self.last}"
