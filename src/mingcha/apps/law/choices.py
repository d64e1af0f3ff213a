from django.db import models
from django.utils.translation import gettext_lazy as _


class Unit(models.TextChoices):
    """What a rule's value is a number of. The first four are periods, which a clock can run by."""

    WORKING_DAY = "working_day", _("working days")
    CALENDAR_DAY = "calendar_day", _("calendar days")
    MONTH = "month", _("months")
    YEAR = "year", _("years")
    PERCENT = "percent", _("percent")
    COUNT = "count", _("a number")
    YUAN = "yuan", _("yuan")
    FLAG = "flag", _("a rule without a number")
    TERMS = "terms", _("terms")


PERIODS = (Unit.WORKING_DAY, Unit.CALENDAR_DAY, Unit.MONTH, Unit.YEAR)


class Mark(models.TextChoices):
    """How sure we are of a rule: read in the text of the law, or told by a secondary source."""

    TEXT = "T", _("Read in the text of the law")
    SECONDARY = "S", _("A secondary source, to be confirmed by the agency")


class RestDay(models.TextChoices):
    """What happens where a period in days, months or years ends on a day of rest."""

    NEXT = "next", _("ends on the next working day")
    KEEP = "keep", _("ends on that day all the same")


class ClockState(models.TextChoices):
    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    LATE = "late", _("Late")
    MET = "met", _("Met")
    CANCELLED = "cancelled", _("Cancelled")


OPEN = (ClockState.RUNNING, ClockState.PAUSED, ClockState.LATE)  # not ended yet: one a subject and rule


class EventKind(models.TextChoices):
    START = "start", _("Began")
    PAUSE = "pause", _("Paused")
    RESUME = "resume", _("Goes on")
    EXTEND = "extend", _("Extended")
    WARN = "warn", _("Due soon")
    LATE = "late", _("Became late")
    MEET = "meet", _("Met")
    CANCEL = "cancel", _("Cancelled")
    RECALCULATED = "recalculated", _("Recalculated: the calendar was corrected")


# The words that shipped rules use in their terms, as the desk says them.
TERMS = {
    "drawn": _("Objects drawn at random"),
    "capped": _("Bound by the yearly cap"),
    "counts": _("Counts towards the cap"),
    "notice": _("Notice to the firm"),
    "approval": _("Approved by"),
    "published": _("Result made public"),
    "required": _("before the visit"),
    "optional": _("left to whoever plans it"),
    "never": _("never beforehand"),
    "head": _("the head of the unit"),
    "planner": _("the planner"),
    "per": _("Per"),
    "day": _("one day"),
    "year": _("one year"),
    "own_unit": _("in the period's own unit"),
    "exempt": _("Exempt"),
    "unannounced": _("Not announced"),
    "complaint": _("led by a complaint or report"),
    "lead": _("led by a lead"),
    "on_request": _("at the firm's request"),
    "flight": _("flight inspection"),
    "accident": _("after an accident"),
    "routine": _("routine inspection"),
    "system": _("system check"),
    "kinds": _("Kinds"),
    "conditions": _("Conditions"),
    "review": _("Review"),
    "legal": _("by lawyers"),
    "technical": _("by technicians"),
    "places_published": _("Places published"),
    "each_record_reviewed": _("Each record reviewed"),
    "procedure": _("Procedure"),
    "ordinary": _("ordinary"),
    "warning_alone": _("A warning alone"),
    "working": _("Working days are"),
    "working_up_to": _("Working days up to"),
    "cap_percent": _("At most, in percent of the fine"),
    "letters": _("Letters"),
    "days_apart": _("Days apart"),
    "percentages": _("Percentages"),
    "local": _("set locally"),
    "less": _("less"),
    "normal": _("as usual"),
    "more": _("more"),
    "focus": _("focus"),
    "from": _("From"),
    "to": _("To"),
}
