"""The list of leads."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from mingcha.lists.declare import Column, Filter, Listing, View

from .choices import LeadState, Source

LEADS = Listing(
    name="leads",
    title=_("Leads"),
    noun=_("leads"),
    row="leads/row.html",
    sort="-number",
    item=lambda lead: reverse("leads:lead", args=[lead.number]),
    search=lambda queryset, words: queryset.filter(title__icontains=words) | queryset.filter(number__startswith=words),
    search_hint=_("Number or title"),
    columns=(
        Column("title", _("Lead"), lambda x: x.title),
        Column("number", _("Number"), lambda x: x.number, sort="pk", descending=True, minor=True),
        Column("state", _("State"), lambda x: str(x.get_state_display())),
        Column("source", _("Source"), lambda x: str(x.get_source_display()), minor=True),
        Column("entity", _("Entity"), lambda x: str(x.entity or "")),
        Column("assignee", _("Checked by"), lambda x: str(x.assignee or ""), minor=True),
        Column("opened", _("Opened"), lambda x: x.opened_at, minor=True),
    ),
    filters=(
        Filter("state", _("State"), "state", lambda: LeadState.choices, composition=True),
        Filter("source", _("Source"), "source", lambda: Source.choices),
    ),
    views=(
        View("waiting", _("To be decided"), {"state": (LeadState.CHECKING, LeadState.OPEN)}),
        View("all", _("All leads")),
    ),
    empty_icon="bulb",
    empty_title=_("There are no leads yet"),
    empty_text=_("A lead is any suspicion, from an inspection, a complaint, a warning or another department."),
)
