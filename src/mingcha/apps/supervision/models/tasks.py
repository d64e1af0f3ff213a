"""Tasks: one visit to one entity, and what became of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..choices import EventKind, TaskState
from .plans import Draw, Plan


class Task(models.Model):
    """One visit to one entity. Its story is its events; `state`, and what lists sort by, stand on the row."""

    number = models.CharField(_("number"), max_length=40, unique=True)
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="tasks")
    draw = models.ForeignKey(Draw, models.PROTECT, null=True, blank=True, related_name="tasks")
    entity = models.ForeignKey("entities.Entity", models.PROTECT, related_name="tasks")
    division = models.CharField(_("division code"), max_length=12, blank=True)  # the entity's when the task was made
    stratum = models.CharField(_("stratum"), max_length=100, blank=True)
    pi = models.FloatField(null=True, blank=True)  # inclusion probability; shown to auditors only
    risk_class = models.CharField(max_length=1, blank=True)  # on the day of the freeze or issue
    inspectors = models.JSONField(_("officers"), default=list)  # [{"id", "name", "department"?}]: who is sent
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="tasks")  # those of them with an account
    unit = models.ForeignKey("accounts.Unit", models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(_("state"), max_length=12, choices=TaskState.choices, default=TaskState.ISSUED)
    issued_at = models.DateTimeField(_("issued"), default=timezone.now)
    due_on = models.DateField(_("to be done by"), null=True, blank=True)  # the plan's end
    notified_at = models.DateTimeField(_("firm notified"), null=True, blank=True)
    entered_at = models.DateTimeField(_("on site since"), null=True, blank=True)
    visited_on = models.DateField(_("visited on"), null=True, blank=True)
    rectify_by = models.DateField(_("to be rectified by"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    # in the frame by mistake: not to be visited; the task that comes in its place points back to it
    replaced_at = models.DateTimeField(null=True, blank=True)
    replace_reason = models.TextField(blank=True)
    replaces = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="replaced_by")

    class Meta:
        verbose_name = _("task")
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["plan", "entity"], name="task_once_a_plan")]
        indexes = [
            models.Index(fields=["state", "due_on"]),
            models.Index(fields=["due_on", "id"]),
            models.Index(fields=["state", "division", "id"]),  # lists count in it alone
            models.Index(fields=["division", "number"]),
            models.Index(fields=["unit", "state"]),
            models.Index(fields=["plan", "state"]),
            models.Index(fields=["issued_at"]),
        ]

    def __str__(self):
        return self.number


class TaskEvent(models.Model):
    """One thing that happened to a task; never changed. `override`: against what the draw or the plan had laid down,
    so it has a reason and is counted."""

    task = models.ForeignKey(Task, models.PROTECT, related_name="events")
    at = models.DateTimeField(_("at"), auto_now_add=True)
    kind = models.CharField(_("what"), max_length=12, choices=EventKind.choices)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    note = models.TextField(_("note"), blank=True)
    data = models.JSONField(default=dict)
    override = models.BooleanField(_("override"), default=False)

    class Meta:
        verbose_name = _("event of a task")
        ordering = ["id"]
        indexes = [models.Index(fields=["at"], condition=Q(override=True), name="task_override")]

    def __str__(self):
        return f"{self.task_id} {self.kind}"


class Result(models.Model):
    """What a visit found, by a kind of the national list (results.csv). A correction is a further version with its
    reason; what was recorded is never changed."""

    task = models.ForeignKey(Task, models.PROTECT, related_name="results")
    version = models.PositiveSmallIntegerField(default=1)
    kind = models.CharField(_("result"), max_length=24)  # a code of results.csv
    findings = models.JSONField(_("findings"), default=list)  # [{"item", "text"}]
    summary = models.TextField(_("what was found"), blank=True)
    visited_on = models.DateField(_("visited on"))
    recorded_at = models.DateTimeField(_("recorded"), auto_now_add=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason = models.CharField(_("reason of the correction"), max_length=500, blank=True)
    current = models.BooleanField(default=True)  # the last version
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    public_until = models.DateField(_("public until"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    withdraw_reason = models.CharField(_("why it was withdrawn"), max_length=500, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)  # to the lake, as a label

    class Meta:
        verbose_name = _("result")
        ordering = ["task", "version"]
        constraints = [
            models.UniqueConstraint(fields=["task", "version"], name="result_version_once"),
            models.UniqueConstraint(fields=["task"], condition=Q(current=True), name="result_one_current"),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(delivered_at=None), name="result_to_deliver"),
            models.Index(fields=["published_at"]),
        ]

    def __str__(self):
        return f"{self.task} v{self.version}"
