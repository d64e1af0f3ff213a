"""The two directories that are drawn from: objects, as a condition over the entities, and inspectors."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from ..register_choices import LoadPeriod, MemberKind


class ObjectDirectory(models.Model):
    """检查对象名录库: a named condition over the entities. It is worked out anew whenever it is used and holds no copy;
    who is in on the day of a draw stands in the draw's frozen frame."""

    name = models.CharField(_("name"), max_length=200)
    division = models.CharField(_("division code"), max_length=12, blank=True)  # its jurisdiction
    condition = models.JSONField(_("condition"), default=dict, blank=True)  # see conditions.Condition
    note = models.CharField(_("note"), max_length=500, blank=True)
    active = models.BooleanField(_("in use"), default=True)
    created_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    changed_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("object directory")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["division", "name"], name="object_directory_name_once")]

    def __str__(self):
        return self.name


class DirectoryMember(models.Model):
    """An entity that a person put into a directory, or kept out of it, whatever the condition says; and why."""

    directory = models.ForeignKey(ObjectDirectory, models.CASCADE, related_name="members")
    entity = models.ForeignKey("entities.Entity", models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=MemberKind.choices)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    added_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("entity listed by hand")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["directory", "entity"], name="directory_member_once")]

    def __str__(self):
        return f"{self.directory_id}: {self.entity_id}"


class LastVisit(models.Model):
    """The day of an entity's last inspection, of any dataset of inspections. Worked out from the lake after an import
    (services.last_visits_refresh): for conditions, so that they needn't read it."""

    entity = models.OneToOneField("entities.Entity", models.CASCADE, primary_key=True, related_name="last_visit")
    on = models.DateField(_("last inspected"), db_index=True)

    class Meta:
        verbose_name = _("last inspection")

    def __str__(self):
        return f"{self.entity_id}: {self.on}"


class Inspector(models.Model):
    """执法检查人员: who may be sent. `account` where he is a user here; another department's people have none."""

    number = models.CharField(_("number"), max_length=40, unique=True)  # of his certificate, else of his department
    name = models.CharField(_("name"), max_length=60)
    account = models.OneToOneField(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="inspector", verbose_name=_("account")
    )
    department = models.CharField(_("department"), max_length=100, blank=True)
    unit = models.ForeignKey(
        "accounts.Unit", models.PROTECT, null=True, blank=True, related_name="inspectors", verbose_name=_("unit")
    )
    division = models.CharField(_("division code"), max_length=12, blank=True)  # whose register he is in
    areas = models.JSONField(_("areas"), default=list, blank=True)  # districts, named as the entities have them
    skills = models.JSONField(_("scopes"), default=list, blank=True)  # what he is certified for
    certificate = models.CharField(_("certificate"), max_length=60, blank=True)
    certified_to = models.DateField(_("certified until"), null=True, blank=True)
    load = models.PositiveSmallIntegerField(_("visits at most"), default=20)
    load_period = models.CharField(max_length=8, choices=LoadPeriod.choices, default=LoadPeriod.QUARTER)
    active = models.BooleanField(_("can be drawn"), default=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    simulated = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("inspector")
        ordering = ["number"]
        indexes = [models.Index(fields=["division", "number"])]

    def __str__(self):
        return self.name


class InspectorConflict(models.Model):
    """A firm that an inspector must stay away from (回避): declared by himself or found by his unit."""

    inspector = models.ForeignKey(Inspector, models.CASCADE, related_name="conflicts")
    entity = models.ForeignKey("entities.Entity", models.PROTECT, related_name="+")
    reason = models.CharField(_("reason"), max_length=300)
    declared_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    declared_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("conflict of interest")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["inspector", "entity"], name="inspector_conflict_once")]

    def __str__(self):
        return f"{self.inspector_id}: {self.entity_id}"


class InspectorDirectory(models.Model):
    """执法检查人员名录库: a named condition over the register of inspectors, worked out whenever it is used."""

    name = models.CharField(_("name"), max_length=200)
    division = models.CharField(_("division code"), max_length=12, blank=True)
    condition = models.JSONField(
        _("condition"), default=dict, blank=True
    )  # {"departments", "units", "areas", "skills": lists, empty = any}
    note = models.CharField(_("note"), max_length=500, blank=True)
    active = models.BooleanField(_("in use"), default=True)
    created_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    changed_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("inspector directory")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["division", "name"], name="inspector_directory_name_once")]

    def __str__(self):
        return self.name
