from django.db import models
from django.utils.translation import gettext_lazy as _


class PlanState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    APPROVED = "approved", _("Approved")
    FROZEN = "frozen", _("Frame frozen")
    COMMITTED = "committed", _("Committed")
    DRAWN = "drawn", _("Drawn")
    PUBLISHED = "published", _("Published")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class PlanKind(models.TextChoices):
    TARGETED = "targeted", _("Double-random, targeted")
    NON_TARGETED = "non_targeted", _("Double-random, non-targeted")
