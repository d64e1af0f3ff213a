"""One entity, one file: who it is. What it did is in the lake."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .choices import Status


class Entity(models.Model):
    """A market entity, or a premises that no exact key could yet tie to one (provisional)."""

    key = models.CharField(
        _("key"), max_length=120, unique=True
    )  # USCC, else "P-" and a digest of its first source key
    provisional = models.BooleanField(_("provisional"), default=False)
    name = models.CharField(_("name"), max_length=300, blank=True)
    initials = models.CharField(max_length=100, blank=True)  # pinyin initials of the name, lower case
    kind = models.CharField(_("kind"), max_length=100, blank=True)
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.UNKNOWN)
    representative = models.CharField(_("legal representative"), max_length=100, blank=True)
    industry = models.CharField(_("industry"), max_length=100, blank=True)
    address = models.CharField(_("address"), max_length=400, blank=True)
    division = models.CharField(_("division code"), max_length=12, blank=True)  # GB/T 2260 and below: jurisdiction
    district = models.CharField(_("district"), max_length=100, blank=True)
    capital = models.CharField(_("registered capital"), max_length=100, blank=True)
    scope = models.TextField(_("business scope"), blank=True)
    latitude = models.FloatField(null=True, blank=True)  # WGS-84
    longitude = models.FloatField(null=True, blank=True)
    opened_on = models.DateField(_("established"), null=True, blank=True)
    closed_on = models.DateField(_("closed"), null=True, blank=True)
    simulated = models.BooleanField(_("simulated"), default=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("market entity")
        indexes = [
            models.Index(fields=["name"]),
            models.Index(fields=["initials"]),
            models.Index(fields=["division", "key"]),
            models.Index(fields=["industry", "key"]),
            models.Index(fields=["key"], condition=Q(provisional=True), name="entity_provisional"),
        ]

    def __str__(self):
        return self.name or self.key


class EntityKey(models.Model):
    """A source's key and the entity it means: valid time (true in the world) and known time (when we learned it).

    Never updated but to be retracted: a merge retracts one row and adds another, so that any past day's view can be
    rebuilt. `value` carries its scheme: `uscc:91440600…`, `licence:chicago-bacp:30790`.
    """

    value = models.CharField(_("key"), max_length=160)
    entity = models.ForeignKey(Entity, models.PROTECT, related_name="keys")
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_to = models.DateTimeField(null=True, blank=True)
    known_at = models.DateTimeField()
    retracted_at = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=100, blank=True)  # the dataset, or the user's decision, that it comes from

    class Meta:
        verbose_name = _("entity key")
        indexes = [models.Index(fields=["value"])]
        constraints = [
            models.UniqueConstraint(
                fields=["value", "entity"], condition=Q(retracted_at=None), name="entity_key_live_once"
            )
        ]

    def __str__(self):
        return self.value
