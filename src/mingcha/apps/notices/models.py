"""What the desk has to tell one member of staff."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mingcha.apps.accounts.models import User

from .choices import Kind


class Notification(models.Model):
    """One notice to one user. `text` is a msgid with %(name)s of `params`: it is said in the reader's language, when he
    reads it. It is no record: the audit trail is; old ones go (services.notices_prune)."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    at = models.DateTimeField(_("at"), auto_now_add=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.INFO)
    text = models.CharField(_("text"), max_length=300)
    params = models.JSONField(_("values"), default=dict)
    url = models.CharField(_("address"), max_length=300, blank=True)
    read_at = models.DateTimeField(_("read"), null=True)

    class Meta:
        verbose_name = _("notice")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["user", "-id"], name="notices_of_user"),
            models.Index(fields=["user"], condition=Q(read_at=None), name="notices_unread"),
        ]

    def __str__(self):
        return self.said

    @property
    def said(self) -> str:
        """The text in the reader's language."""
        said = gettext(self.text)
        try:
            return said % self.params if self.params else said
        except (KeyError, TypeError, ValueError):  # a text of a version before ours, with other values
            return said
