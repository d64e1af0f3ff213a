"""Counts that are too dear to make for each page, and the districts that the map draws."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Aggregate(models.Model):
    """A count over whole tables for one jurisdiction, as it was last made (aggregates.py)."""

    name = models.CharField(max_length=80)
    division = models.CharField(max_length=12, blank=True)
    value = models.JSONField(null=True)
    computed_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)  # somebody is counting

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "division"], name="desk_aggregate_once")]

    def __str__(self):
        return f"{self.name} {self.division}"


class AggregateDay(models.Model):
    """What an aggregate last was on a day: its history, for trends."""

    name = models.CharField(max_length=80)
    division = models.CharField(max_length=12, blank=True)
    day = models.DateField()
    value = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "division", "day"], name="desk_aggregate_day_once")]

    def __str__(self):
        return f"{self.name} {self.division} {self.day}"


class Region(models.Model):
    """A district as the map draws it. WGS-84, whatever the file had."""

    division = models.CharField(_("division code"), max_length=12, unique=True)
    name = models.CharField(_("name"), max_length=100)
    geometry = models.JSONField()  # GeoJSON Polygon or MultiPolygon
    longitude = models.FloatField()  # where its name stands: a point inside
    latitude = models.FloatField()
    source = models.CharField(_("source"), max_length=200, blank=True)  # the file; the map's approval number
    simulated = models.BooleanField(_("simulated"), default=False)
    imported_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("district on the map")
        ordering = ["division"]

    def __str__(self):
        return self.name
