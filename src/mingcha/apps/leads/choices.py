from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Source(models.TextChoices):
    INSPECTION = "inspection", _("Inspection")
    COMPLAINT = "complaint", _("Complaint or report")
    WARNING = "warning", _("Warning")
    REFERRAL = "referral", _("Another department")
    HAND = "hand", _("Found by staff")


class LeadState(models.TextChoices):
    OPEN = "open", pgettext_lazy("lead", "To be assigned")
    CHECKING = "checking", pgettext_lazy("lead", "Being checked")
    FOUNDED = "founded", pgettext_lazy("lead", "Case to be opened")
    UNFOUNDED = "unfounded", pgettext_lazy("lead", "No case")


WAITING = (LeadState.OPEN, LeadState.CHECKING)


class LeadEventKind(models.TextChoices):
    OPEN = "open", pgettext_lazy("lead", "Opened")
    ASSIGN = "assign", pgettext_lazy("lead", "Assigned")
    NOTE = "note", pgettext_lazy("lead", "Note")
    DECIDE = "decide", pgettext_lazy("lead", "Decided")
