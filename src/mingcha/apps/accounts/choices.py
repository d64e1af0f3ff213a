from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    ADMINISTRATOR = "administrator", _("Administrator")
    CLERK = "clerk", _("Data clerk")
    PLANNER = "planner", _("Inspection planner")
    OFFICER = "officer", _("Officer")
    AUDITOR = "auditor", _("Auditor")
