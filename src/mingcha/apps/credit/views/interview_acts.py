"""The acts that move an interview on: when each is offered, what its dialog says, which service does it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .. import forms, services
from ..choices import InterviewState
from ..selectors import interviews_visible
from .acts import Act, view_of

DRAFT, NOTIFIED, HELD, ABSENT = (
    InterviewState.DRAFT,
    InterviewState.NOTIFIED,
    InterviewState.HELD,
    InterviewState.ABSENT,
)
HOLD = "credit.interview.hold"

ACTS = (
    Act(
        "notify", HOLD, _("Issue the notice"), "mail", _("Issue the notice?"),
        _("It gets the next number of your unit, and can be printed and served."),
        _("The notice has its number. Print it, serve it, then note the service."),
        lambda o, g, u: services.interview_notify(interview=o, user=u, **g), lambda o: o.state == DRAFT,
        forms.NotifyForm, True,
    ),
    Act(
        "serve", HOLD, _("Note the service"), "mail-check", _("The notice was served?"),
        _("When, how and to whom is kept with the interview."), _("The service is on record."),
        lambda o, g, u: services.interview_serve(interview=o, user=u, **g),
        lambda o: o.state == NOTIFIED and not o.notified_on, forms.ServeForm,
    ),
    Act(
        "postpone", HOLD, _("Postpone"), "calendar-time", _("Another day?"),
        _("The firm must be told again."), _("It is postponed. Serve the notice again."),
        lambda o, g, u: services.interview_postpone(interview=o, user=u, **g),
        lambda o: o.state in (DRAFT, NOTIFIED, ABSENT), forms.PostponeForm,
    ),
    Act(
        "absent", HOLD, _("Not attended"), "user-off", _("The firm didn't come?"),
        _("It is kept on record. You may set another day, or close it."), _("It is on record."),
        lambda o, g, u: services.interview_absent(interview=o, user=u, **g), lambda o: o.state == NOTIFIED,
        forms.AbsentForm,
    ),
    Act(
        "close", HOLD, _("Close the interview"), "archive", _("Close this interview?"),
        _("Every undertaking must have been checked. Closed, it can't be changed."), _("The interview is closed."),
        lambda o, g, u: services.interview_close(interview=o, user=u, **g), lambda o: o.state in (HELD, ABSENT),
        forms.CloseForm, True,
    ),
    Act(
        "cancel", HOLD, _("Cancel the interview"), "ban", _("Cancel this interview?"), _("The reason is kept."),
        _("The interview is cancelled."),
        lambda o, g, u: services.interview_cancel(interview=o, user=u, **g), lambda o: o.state in (DRAFT, NOTIFIED),
        forms.ReasonForm,
    ),
)  # fmt: skip

VIEWS = {act.name: view_of(act, lambda user, right: interviews_visible(user, right)) for act in ACTS}
