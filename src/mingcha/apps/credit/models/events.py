"""What happened to an interview or a listing. Rows are added; triggers refuse to change or delete them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class CreditEvent(models.Model):
    listing = models.ForeignKey("Listing", models.PROTECT, null=True, blank=True, related_name="events")
    interview = models.ForeignKey("Interview", models.PROTECT, null=True, blank=True, related_name="events")
    at = models.DateTimeField(_("at"))
    user = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    what = models.CharField(_("what"), max_length=30)  # words.py: EVENTS
    note = models.TextField(_("note"), blank=True)
    data = models.JSONField(default=dict)  # numbers and days that belong to it

    class Meta:
        verbose_name = _("event")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(listing__isnull=False, interview=None) | Q(listing=None, interview__isnull=False),
                name="credit_event_of_one",
            )
        ]

    def __str__(self):
        return f"{self.at:%Y-%m-%d %H:%M} {self.what}"
