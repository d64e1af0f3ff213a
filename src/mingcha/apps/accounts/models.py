"""Units, users and the audit trail."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from .choices import Role


class Unit(models.Model):
    """A bureau, sub-bureau or station. Its division code (GB/T 2260 and below) is its jurisdiction, by prefix."""

    code = models.CharField(_("code"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=100)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    division = models.CharField(_("division code"), max_length=12, blank=True)

    class Meta:
        verbose_name = _("unit")
        ordering = ["code"]

    def __str__(self):
        return self.name


class User(AbstractUser):
    """A member of staff. No rights come from Django's own permissions: role x jurisdiction decides (permissions.py)."""

    name = models.CharField(_("name"), max_length=60, blank=True)
    role = models.CharField(_("role"), max_length=20, choices=Role.choices, default=Role.OFFICER)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="users")
    language = models.CharField(_("language"), max_length=10, default="zh-hans")

    class Meta:
        verbose_name = _("user")

    def __str__(self):
        return self.name or self.username


class AuditRecord(models.Model):
    """One write, with who, what, before and after. Written in the transaction of the write; never changed."""

    at = models.DateTimeField(_("at"), auto_now_add=True, db_index=True)
    request = models.CharField(_("request"), max_length=32, db_index=True)
    user = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    actor = models.CharField(_("actor"), max_length=100, blank=True)  # who, where it was no user: cli:<system's user>
    action = models.CharField(_("action"), max_length=60, db_index=True)
    object_type = models.CharField(_("object type"), max_length=60)
    object_id = models.CharField(_("object"), max_length=100)
    before = models.JSONField(_("before"), null=True)
    after = models.JSONField(_("after"), null=True)

    class Meta:
        verbose_name = _("audit record")
        ordering = ["-id"]
        indexes = [models.Index(fields=["object_type", "object_id"])]

    def __str__(self):
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.action} {self.object_id}"
