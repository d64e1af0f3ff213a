"""Units, users, their certificates and second factors, their sessions, and the audit trail."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from .choices import Role, SignInBy, UnitKind
from .permissions import may


class Unit(models.Model):
    """A bureau, or a sub-bureau, station or community below it. Its division code (GB/T 2260 and below) is its
    jurisdiction, by prefix. A unit is closed, never deleted: what it did keeps its name."""

    code = models.CharField(_("code"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=100)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    division = models.CharField(_("division code"), max_length=12, blank=True)
    kind = models.CharField(_("kind"), max_length=12, choices=UnitKind.choices, default=UnitKind.BUREAU)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

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
    must_change = models.BooleanField(_("new password at the next sign-in"), default=False)

    class Meta:
        verbose_name = _("user")

    def __str__(self):
        return self.name or self.username

    def may(self, action: str) -> bool:
        return may(self, action)


class Certificate(models.Model):
    """A law-enforcement certificate. Only who holds a valid one may be sent to inspect."""

    user = models.ForeignKey(User, models.PROTECT, related_name="certificates")
    number = models.CharField(_("certificate number"), max_length=40, unique=True)
    scopes = models.JSONField(_("scopes"), default=list, blank=True)  # what it entitles to, in the issuer's words
    issuer = models.CharField(_("issued by"), max_length=100, blank=True)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), db_index=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    revoked_reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("certificate")
        ordering = ["valid_to", "pk"]

    def __str__(self):
        return self.number


class SecondFactor(models.Model):
    """A user's TOTP secret (RFC 6238), sealed; in force once a code has confirmed it."""

    user = models.OneToOneField(User, models.CASCADE, related_name="second_factor")
    sealed = models.TextField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    last_step = models.BigIntegerField(default=0)  # of the last code accepted: none is taken twice
    failures = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("second factor")


class RecoveryCode(models.Model):
    """A code for the day the phone is lost: kept as a digest, good once."""

    factor = models.ForeignKey(SecondFactor, models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=128)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("recovery code")


class UserSession(models.Model):
    """A sign-in that lasts: which browser, from where. Ending it deletes Django's session of the same key."""

    user = models.ForeignKey(User, models.CASCADE, related_name="sessions")
    key = models.CharField(max_length=40, unique=True)
    by = models.CharField(_("signed in by"), max_length=10, choices=SignInBy.choices, default=SignInBy.PASSWORD)
    ip = models.GenericIPAddressField(null=True, blank=True)
    agent = models.CharField(max_length=300, blank=True)
    started_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("session")
        ordering = ["-seen_at"]


class ApiToken(models.Model):
    """A key to the API for another system, in the name of its user: never more than he may himself (tokens.py). Only a
    digest is kept; the text is shown once. `scopes`: actions of the matrix, or groups ("supervision.task.*")."""

    user = models.ForeignKey(User, models.PROTECT, related_name="tokens")
    name = models.CharField(_("name"), max_length=60)
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12)  # the text's beginning, to tell tokens apart
    scopes = models.JSONField(_("scopes"), default=list)
    division = models.CharField(_("division code"), max_length=12, blank=True)  # within the owner's
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("API token")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "name"], condition=models.Q(revoked_at=None), name="token_name_once"
            )
        ]

    def __str__(self):
        return self.name


class AuditRecord(models.Model):
    """One write, with who, what, before and after. Written in the transaction of the write; never changed: triggers in
    the database refuse it (migration 0004)."""

    at = models.DateTimeField(_("at"), auto_now_add=True, db_index=True)
    request = models.CharField(_("request"), max_length=32, db_index=True)
    user = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    # who, where it was no user: cli:<system's user>; or by which of the user's tokens: token:<name>
    actor = models.CharField(_("actor"), max_length=100, blank=True)
    division = models.CharField(_("division code"), max_length=12, blank=True)  # of who did it, at that time
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
