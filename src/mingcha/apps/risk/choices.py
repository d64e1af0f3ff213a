from django.db import models
from django.utils.translation import gettext_lazy as _


class ModelState(models.TextChoices):
    CHALLENGER = "challenger", _("Challenger")
    CHAMPION = "champion", _("Champion")
    RETIRED = "retired", _("Retired")


class AppealState(models.TextChoices):
    OPEN = "open", _("Open")
    UPHELD = "upheld", _("Upheld")
    DISMISSED = "dismissed", _("Dismissed")


class RiskClass(models.TextChoices):
    A = "A", _("A, low")
    B = "B", _("B, general")
    C = "C", _("C, fairly high")
    D = "D", _("D, high")
