from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """How a notice is marked: an icon and a colour, never more."""

    INFO = "info", _("For information")
    DONE = "ok", _("Done")
    HEED = "warn", _("Needs attention")
    FAILED = "bad", _("Failed")
