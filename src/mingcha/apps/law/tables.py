"""The lists of rules and of clocks."""

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from mingcha.lists.declare import Column, Filter, Listing, View

from .choices import ClockState, Mark, Unit
from .selectors import laws
from .templatetags.law import title, value

_SYSTEMS = (
    ("complaint", _("Consumer complaints")),
    ("report", _("Reports")),
    ("case", _("Cases")),
    ("penalty", _("Publicity of penalties")),
    ("supervision", _("Supervision")),
    ("food", _("Food")),
    ("credit", _("Credit")),
    ("risk", _("Risk")),
    ("review", _("Remedies")),
    ("kitchen", _("Bright kitchens")),
    ("law", _("The law itself")),
)


def _search_rules(queryset, words):
    for word in words.split():
        queryset = queryset.filter(
            Q(title_zh__icontains=word)
            | Q(title_en__icontains=word)
            | Q(key__icontains=word)
            | Q(law__icontains=word)
            | Q(article__icontains=word)
        )
    return queryset


RULES = Listing(
    name="rules",
    title=_("Rules of law"),
    noun=_("rules"),
    row="law/rule_row.html",
    sort="key",
    item=lambda rule: reverse("law:rule", args=[rule.key]),
    search=_search_rules,
    search_hint=_("Title, law, article or key"),
    columns=(
        Column("title", _("Rule"), lambda r: title(r)),
        Column("value", _("Period or value"), lambda r: value(r), right=True),
        Column("law", _("Legal basis"), lambda r: f"{r.law} {r.article}".strip(), sort="law", minor=True),
        Column("mark", _("Source"), lambda r: r.mark, sort="mark"),
        Column(
            "from", _("In force from"), lambda r: r.effective_from, sort="effective_from", descending=True, minor=True
        ),
        Column("to", _("Until"), lambda r: r.effective_to, sort="effective_to", nullable=True, minor=True),
        Column("division", _("Division"), lambda r: r.division, sort="division", default=False),
        Column("key", _("Key"), lambda r: r.key, sort="key", default=False),
    ),
    filters=(
        Filter("system", _("System"), "system", lambda: _SYSTEMS, composition=True),
        Filter("law", _("Law"), "law", limit=40),
        Filter("mark", _("Source"), "mark", lambda: Mark.choices),
        Filter("unit", _("Unit"), "unit", lambda: Unit.choices),
    ),
    views=(
        View("all", _("All")),
        View("text", _("Read in the text"), {"mark": (Mark.TEXT,)}),
        View("secondary", _("To be confirmed"), {"mark": (Mark.SECONDARY,)}),
    ),
    empty_icon="scale",
    empty_title=_("No rule was in force on that day"),
    empty_text=_("Rules come with the software and are amended by an administrator, each from a day on."),
)


def _search_clocks(queryset, words):
    for word in words.split():
        queryset = queryset.filter(
            Q(title__icontains=word)
            | Q(rule__title_zh__icontains=word)
            | Q(rule__title_en__icontains=word)
            | Q(key=word)
        )
    return queryset


CLOCKS = Listing(
    name="clocks",
    title=_("Clocks"),
    noun=_("clocks"),
    row="law/clock_row.html",
    sort="due",
    item=lambda clock: reverse("law:clock", args=[clock.pk]),
    search=_search_clocks,
    search_hint=_("What it runs on, or its rule"),
    columns=(
        Column("due", _("Time left"), lambda c: c.due_on, sort="due_on"),
        Column("title", _("Matter"), lambda c: c.title),
        Column("rule", _("Period"), lambda c: f"{title(c.rule)} {value(c.rule)}", minor=True),
        Column("law", _("Legal basis"), lambda c: f"{c.rule.law} {c.rule.article} [{c.rule.mark}]", minor=True),
        Column("assignee", _("With"), lambda c: str(c.assignee or ""), minor=True),
        Column("started", _("Started"), lambda c: c.started_on, sort="started_on", descending=True, default=False),
        Column("state", _("State"), lambda c: str(c.get_state_display()), default=False),
        Column(
            "ended", _("Ended"), lambda c: c.ended_on, sort="ended_on", nullable=True, descending=True, default=False
        ),
        Column("division", _("Division"), lambda c: c.division, default=False),
    ),
    filters=(
        Filter("state", _("State"), "state", lambda: ClockState.choices, composition=True),
        Filter("rule", _("Rule"), "key", laws, limit=40),
        Filter("division", _("Division"), "division"),
    ),
    views=(
        View("all", _("All")),
        View("late", _("Late"), {"state": (ClockState.LATE,)}),
        View("running", _("Running"), {"state": (ClockState.RUNNING,)}),
        View("paused", _("Paused"), {"state": (ClockState.PAUSED,)}),
    ),
    empty_icon="hourglass",
    empty_title=_("No clock is running"),
    empty_text=_(
        "A clock starts by itself when a matter begins a period of law: a task, a result to publish, a listing."
    ),
)
