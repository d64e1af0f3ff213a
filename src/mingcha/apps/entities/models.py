"""One entity, one file: who it is. What it did is in the lake."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .choices import Status


class Present(models.Manager):
    """Entities that are one of their own: those that turned out to be another are left out."""

    def get_queryset(self):
        return super().get_queryset().filter(merged_into=None).defer("search", "origin")


class Entity(models.Model):
    """A market entity, or a premises that no exact key could yet tie to one (provisional).

    What describes it is the latest that its register said (services.entities_resolve); `origin` tells who said it.
    """

    key = models.CharField(
        _("key"), max_length=120, unique=True
    )  # USCC, else "P-" and a digest of its first source key
    provisional = models.BooleanField(_("provisional"), default=False)
    name = models.CharField(_("name"), max_length=300, blank=True)
    name_other = models.CharField(_("other name"), max_length=300, blank=True)
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
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged")
    origin = models.JSONField(default=list)  # [{"d": dataset, "t": known at, UTC microseconds, "r": [roles]}]
    search = models.TextField(default="")  # pairs of characters of name, initials and address: see search.py
    updated_at = models.DateTimeField(auto_now=True)

    objects = Present()
    ever = models.Manager()

    class Meta:
        verbose_name = _("market entity")
        indexes = [
            models.Index(fields=["name"]),
            models.Index(fields=["initials"]),
            models.Index(fields=["division", "key"]),
            models.Index(fields=["industry", "key"]),
            models.Index(  # a filtered list is counted in it alone, without the rows
                fields=["district", "industry", "division", "status", "id"],
                condition=Q(merged_into=None),
                name="entity_place",
            ),
            models.Index(fields=["key"], condition=Q(provisional=True), name="entity_provisional"),
        ]

    def __str__(self):
        return self.name or self.key


class EntityKey(models.Model):
    """A source's key and the entity it means: valid time (true in the world) and known time (when we could know it).

    Rows are added, and retracted; nothing else of them changes. A key that turns out to mean another entity has its row
    retracted at the moment from which that could be known, and another row added, so that any past day's view can be
    rebuilt. A row retracted at its own beginning never held: it was overtaken by older evidence that came in later.
    Valid times are open but where a key passed from firm to firm (services/handovers.py): then several rows of it hold.
    `value` carries its scheme: `uscc:91440600…`, `licence:chicago-bacp:30790`.
    """

    value = models.CharField(_("key"), max_length=160)
    entity = models.ForeignKey(Entity, models.PROTECT, related_name="keys")
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_to = models.DateTimeField(null=True, blank=True)
    known_at = models.DateTimeField()
    retracted_at = models.DateTimeField(null=True, blank=True)
    recorded_at = models.DateTimeField()  # when this row was written
    source = models.CharField(max_length=160, blank=True)  # the dataset, or `user:name` where a person decided
    pinned = models.BooleanField(default=False)  # assigned by a person: what rows say does not move it

    class Meta:
        verbose_name = _("entity key")
        indexes = [models.Index(fields=["value"])]
        constraints = [
            models.UniqueConstraint(
                fields=["value", "entity"],
                condition=Q(retracted_at=None, valid_from=None),
                name="entity_key_live_once",
            ),
            models.UniqueConstraint(  # firms that a person merged may have had the key one after the other
                fields=["value", "entity", "valid_from"],
                condition=Q(retracted_at=None, valid_from__isnull=False),
                name="entity_key_live_once_from",
            ),
        ]

    def __str__(self):
        return self.value

    @staticmethod
    def valid(moment: datetime) -> Q:
        """The condition that a key means its entity at `moment`."""
        return (Q(valid_from=None) | Q(valid_from__lte=moment)) & (Q(valid_to=None) | Q(valid_to__gt=moment))

    def held_at(self, moment: datetime) -> bool:
        """The same of a row that is here already."""
        return (self.valid_from is None or moment >= self.valid_from) and (
            self.valid_to is None or moment < self.valid_to
        )


class KeyConflict(models.Model):
    """Rows that tie a key to a second entity. The machine never joins two: the key stays, and a person decides."""

    value = models.CharField(_("key"), max_length=160)
    entity = models.ForeignKey(Entity, models.PROTECT, related_name="conflicts", verbose_name=_("stays with"))
    claimant = models.ForeignKey(Entity, models.PROTECT, related_name="claims", verbose_name=_("also claimed by"))
    source = models.CharField(_("dataset"), max_length=160)
    known_at = models.DateTimeField(_("known since"))
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)

    class Meta:
        verbose_name = _("key conflict")
        constraints = [models.UniqueConstraint(fields=["value", "entity", "claimant"], name="key_conflict_once")]

    def __str__(self):
        return f"{self.value}: {self.entity_id}, {self.claimant_id}"


class Resolution(models.Model):
    """One change of links: a run over new batches, or a person's merge or split with its reason.

    The number of the last one is the version of the link table.
    """

    class Action(models.TextChoices):
        RESOLVE = "resolve", _("resolution")
        MERGE = "merge", _("merge")
        SPLIT = "split", _("split")

    action = models.CharField(max_length=8, choices=Action.choices)
    at = models.DateTimeField()
    user = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    entities_new = models.PositiveBigIntegerField(default=0)
    entities_changed = models.PositiveBigIntegerField(default=0)
    links_new = models.PositiveBigIntegerField(default=0)
    links_retracted = models.PositiveBigIntegerField(default=0)
    conflicts_new = models.PositiveBigIntegerField(default=0)
    seconds = models.FloatField(default=0)

    class Meta:
        verbose_name = _("resolution")
        ordering = ["-id"]

    def __str__(self):
        return f"{self.action} {self.at:%Y-%m-%d %H:%M}"


class ResolvedBatch(models.Model):
    """A batch whose keys and descriptions have been taken in."""

    batch = models.OneToOneField("exchange.Batch", models.PROTECT, related_name="resolved", primary_key=True)
    resolution = models.ForeignKey(Resolution, models.PROTECT, related_name="batches")

    def __str__(self):
        return str(self.batch_id)
