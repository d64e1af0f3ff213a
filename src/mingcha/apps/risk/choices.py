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


class AppealOutcome(models.TextChoices):
    """What an answer came to. A score is never set by hand: data are corrected, or the machine computes it again."""

    CORRECTED = "corrected", _("Data corrected")
    RECOMPUTED = "recomputed", _("Score computed again")
    UNCHANGED = "unchanged", _("Score unchanged")


class CorrectedBy(models.TextChoices):
    """Where wrong data were put right."""

    HAND_BACK = "hand_back", _("Row handed back to its source")
    QUARANTINE = "quarantine", _("Row held in quarantine")
    KEY = "key", _("Decision on a key")
    DELIVERY = "delivery", _("Correction delivered by the source")


class HandedBy(models.TextChoices):
    IN_PERSON = "in_person", _("In person")
    POST = "post", _("By post")
    ELECTRONIC = "electronic", _("Electronically")


class RiskClass(models.TextChoices):
    A = "A", _("A, low")
    B = "B", _("B, general")
    C = "C", _("C, fairly high")
    D = "D", _("D, high")


class Turn(models.TextChoices):
    """What a change of class since the last scoring comes to; each change is one of them."""

    TO_D = "to_d", _("Rose to D")
    UP = "up", _("Rose otherwise")
    FROM_D = "from_d", _("Fell from D")
    DOWN = "down", _("Fell otherwise")
    NEW = "new", _("Newly rated")
