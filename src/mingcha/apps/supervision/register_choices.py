"""Choices of the item catalogue, of the two directories and of the year's plan."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class CatalogueState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")
    SUPERSEDED = "superseded", _("Superseded")


class ItemKind(models.TextChoices):
    GENERAL = "general", _("General item")
    KEY = "key", _("Key item")


class Method(models.TextChoices):
    ON_SITE = "on_site", _("On-site check")
    DOCUMENTS = "documents", _("Documents check")
    NETWORK = "network", _("Network monitoring")
    SAMPLING = "sampling", _("Sampling and testing")


class MemberKind(models.TextChoices):
    INCLUDED = "included", _("Listed by hand")
    EXCLUDED = "excluded", _("Kept out")


class LoadPeriod(models.TextChoices):
    DRAW = "draw", _("in one draw")
    MONTH = "month", _("a month")
    QUARTER = "quarter", _("a quarter")
    YEAR = "year", _("a year")


class YearState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    APPROVED = "approved", _("Approved")
    PUBLISHED = "published", _("Published")


class AdjustmentKind(models.TextChoices):
    ADD = "add", _("Added")
    CHANGE = "change", _("Changed")
    DROP = "drop", _("Dropped")


class AdjustmentState(models.TextChoices):
    PROPOSED = "proposed", _("Waiting for approval")
    PUBLISHED = "published", _("Published")
    REFUSED = "refused", _("Refused")
