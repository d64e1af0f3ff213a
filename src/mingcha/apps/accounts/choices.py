from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    ADMINISTRATOR = "administrator", _("Administrator")
    HEAD = "head", _("Head of unit")
    CLERK = "clerk", _("Data clerk")
    PLANNER = "planner", _("Inspection planner")
    OFFICER = "officer", _("Officer")
    COMMUNITY = "community", _("Community assistant")
    AUDITOR = "auditor", _("Auditor")


class UnitKind(models.TextChoices):
    BUREAU = "bureau", _("Bureau")
    SUB_BUREAU = "sub_bureau", _("District or county bureau")
    STATION = "station", _("Station")
    COMMUNITY = "community", _("Community or village")


class SignInBy(models.TextChoices):
    PASSWORD = "password", _("Password")
    SECOND_FACTOR = "totp", _("Password and one-time code")
    PROVIDER = "oidc", _("Single sign-on")
