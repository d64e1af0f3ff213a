from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class PlanState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    APPROVED = "approved", _("Approved")
    FROZEN = "frozen", _("Frame frozen")
    COMMITTED = "committed", _("Committed")
    DRAWN = "drawn", _("Drawn")
    PUBLISHED = "published", _("Published")
    ISSUED = "issued", _("Tasks issued")  # of kinds that visit without a draw
    WITHDRAWN = "withdrawn", _("Withdrawn")


class PlanKind(models.TextChoices):
    """What a kind means in law (draw, cap, notice, approval) is a row of law: rule supervision.kind.<kind>."""

    TARGETED = "targeted", _("Double-random, targeted")
    NON_TARGETED = "non_targeted", _("Double-random, non-targeted")
    FOCUSED = "focused", _("Focused supervision")
    CAMPAIGN = "campaign", _("Special campaign")
    FOR_CAUSE = "for_cause", _("For cause")
    FLIGHT = "flight", _("Flight inspection")
    FULL_COVERAGE = "full_coverage", _("Full coverage")
    REVISIT = "revisit", _("Revisit after licensing")


DRAWN_KINDS = (PlanKind.TARGETED, PlanKind.NON_TARGETED)


class TaskState(models.TextChoices):
    ISSUED = "issued", _("To be accepted")
    ACCEPTED = "accepted", pgettext_lazy("task", "Accepted")
    RETURNED = "returned", _("Returned")
    ON_SITE = "on_site", _("On site")
    RECORDED = "recorded", _("Result recorded")
    RECTIFYING = "rectifying", _("Being rectified")
    RECHECK = "recheck", _("To be rechecked")
    CLOSED = "closed", _("Closed")
    CANCELLED = "cancelled", _("Cancelled")


class EventKind(models.TextChoices):
    """What can happen to a task; each is an immutable row of its story."""

    ISSUE = "issue", pgettext_lazy("event", "Issued")
    ACCEPT = "accept", pgettext_lazy("task", "Accepted")
    RETURN = "return", _("Returned")
    ASSIGN = "assign", _("Officers assigned")
    NOTIFY = "notify", _("Firm notified")
    ENTER = "enter", pgettext_lazy("task", "Entered the premises")
    RECORD = "record", _("Result recorded")
    REPORT = "report", _("Rectification reported")
    RECHECK = "recheck", _("Rechecked")
    PUBLISH = "publish", _("Result published")
    CORRECT = "correct", _("Result corrected")
    WITHDRAW = "withdraw", _("Publication withdrawn")
    TRANSFER = "transfer", _("Handed on as a lead")
    CLOSE = "close", _("Closed")
    CANCEL = "cancel", _("Cancelled")
