"""Long work and work that comes round."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mingcha.apps.accounts.models import User

from .choices import OPEN, JobState


class Job(models.Model):
    """One piece of long work that somebody started. `kind` names the function that does it (registry.py), `key` what
    it is done to: of one kind and key one may be under way at a time.

    `done` of `total` and `said` are where it stood when it ended; while it runs, they are asked for elsewhere
    (progress.py). `problem` is a Problem's words: zh, en, where, todo_zh, todo_en.
    """

    kind = models.CharField(_("kind"), max_length=60)
    key = models.CharField(_("key"), max_length=100)
    title = models.CharField(_("title"), max_length=200)
    title_params = models.JSONField(_("values of the title"), default=dict)
    params = models.JSONField(_("parameters"), default=dict)
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    division = models.CharField(_("division code"), max_length=12, blank=True, db_index=True)
    state = models.CharField(_("state"), max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    done = models.PositiveBigIntegerField(_("done"), default=0)
    total = models.PositiveBigIntegerField(_("of"), default=0)  # 0: not known
    said = models.CharField(_("what it is at"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("ordered"), auto_now_add=True)
    started_at = models.DateTimeField(_("started"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    stop_asked_at = models.DateTimeField(_("asked to stop"), null=True)
    stop_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")  # who asked it to stop
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    task = models.UUIDField(null=True)  # its entry in the queue
    result = models.JSONField(_("result"), null=True)
    problem = models.JSONField(_("problem"), null=True)
    url = models.CharField(_("address"), max_length=300, blank=True)  # where its outcome is seen

    class Meta:
        verbose_name = _("job")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["user", "-id"], name="jobs_of_user"),
            models.Index(fields=["state"], condition=Q(state__in=OPEN), name="jobs_open"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], condition=Q(state__in=OPEN), name="jobs_one_at_a_time")
        ]

    def __str__(self):
        return self.called

    @property
    def called(self) -> str:
        """The title in the reader's language, where it is a msgid."""
        said = gettext(self.title)
        return said % self.title_params if self.title_params else said

    @property
    def open(self) -> bool:
        return self.state in OPEN

    def get_absolute_url(self) -> str:
        return reverse("jobs:job", args=[self.pk])


class Schedule(models.Model):
    """When work that comes round is next due. It is claimed by moving `due_at` on: whoever moves it does it."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    due_at = models.DateTimeField(_("due"))
    started_at = models.DateTimeField(_("started"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    said = models.TextField(_("what it said"), blank=True)
    failed = models.BooleanField(_("failed"), default=False)

    class Meta:
        verbose_name = _("schedule")
        ordering = ["name"]

    def __str__(self):
        return self.name
