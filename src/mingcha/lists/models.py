"""Views of lists that people saved."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SavedView(models.Model):
    """A list as somebody left it: search, filters, order, columns. His own, and his unit's where it is shared."""

    listing = models.CharField(_("list"), max_length=60)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    unit = models.ForeignKey("accounts.Unit", models.CASCADE, null=True, related_name="+")  # shared with its members
    name = models.CharField(_("name"), max_length=40)
    query = models.CharField(_("query"), max_length=2000, blank=True)
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("saved view")
        ordering = ["position", "pk"]
        indexes = [models.Index(fields=["listing", "user"]), models.Index(fields=["listing", "unit"])]
        constraints = [models.UniqueConstraint(fields=["listing", "user", "name"], name="lists_view_name")]

    def __str__(self):
        return self.name


class Opening(models.Model):
    """The view with which a list opens for a user."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    listing = models.CharField(_("list"), max_length=60)
    view = models.ForeignKey(SavedView, models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("default view")
        constraints = [models.UniqueConstraint(fields=["user", "listing"], name="lists_one_opening")]

    def __str__(self):
        return f"{self.listing}: {self.view}"
