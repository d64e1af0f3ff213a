"""The list of jobs."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from mingcha.lists.bulk import BulkAct, Outcome
from mingcha.lists.declare import Column, Filter, Listing, View

from .choices import OPEN, JobState
from .services import job_stop


def _stop(user, rows) -> Outcome:
    stopped, refused = 0, []
    for job in rows:
        if job.open:
            job_stop(job=job, user=user)
            stopped += 1
        else:
            refused.append((job.called, _("has ended already")))
    return Outcome(stopped, tuple(refused), said=str(_("They stop at their next step.")) if stopped else "")


JOBS = Listing(
    name="jobs",
    title=_("Jobs"),
    noun=_("jobs"),
    row="jobs/row.html",
    sort="-created",
    item=lambda job: reverse("jobs:job", args=[job.pk]),
    search=lambda queryset, words: queryset.filter(title__icontains=words),
    search_hint=_("Title"),
    columns=(
        Column("title", _("Job"), lambda j: j.called),
        Column("state", _("State"), lambda j: str(j.get_state_display())),
        Column("done", _("Progress"), lambda j: j.done, right=True),
        Column("user", _("Ordered by"), lambda j: str(j.user or ""), minor=True),
        Column("created", _("Ordered"), lambda j: j.created_at, sort="pk", descending=True, minor=True),
        Column("ended", _("Ended"), lambda j: j.ended_at, sort="ended_at", nullable=True, descending=True, minor=True),
        Column("kind", _("Kind"), lambda j: j.kind, default=False, minor=True),
    ),
    filters=(
        Filter("state", _("State"), "state", lambda: JobState.choices, composition=True),
        Filter("by", _("Ordered by"), "user__username", limit=20),
    ),
    views=(
        View("all", _("All jobs")),
        View("open", _("Under way"), {"state": tuple(state.value for state in OPEN)}),
        View("failed", _("Failed"), {"state": (JobState.FAILED.value,)}),
    ),
    acts=(
        BulkAct(
            "stop",
            _("Stop"),
            "player-stop",
            "jobs.job.stop",
            _stop,
            asks=_("Stop these jobs?"),
            effect=_("What they have done so far is undone."),
            bound=100,
        ),
    ),
    empty_icon="progress",
    empty_title=_("No long work yet"),
    empty_text=_("What takes longer than a page may, a draw or an export, runs here. It can be left; its end is told."),
)
