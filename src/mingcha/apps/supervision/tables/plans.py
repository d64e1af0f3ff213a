"""The list of inspection plans."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from mingcha.lists.declare import Column, Filter, Listing, View

from ..choices import PlanKind, PlanState
from ..models import Plan


def _figure(plan: Plan, side: str, name: str):
    value = (plan.expected or {}).get(side, {}).get(name)
    return round(value, 4) if value is not None else None


PLANS = Listing(
    name="plans",
    title=_("Inspection plans"),
    noun=_("plans"),
    row="supervision/plan_row.html",
    sort="-number",
    item=lambda plan: reverse("supervision:plan", args=[plan.number]),
    search=lambda queryset, words: queryset.filter(title__icontains=words) | queryset.filter(number__icontains=words),
    search_hint=_("Title or number"),
    columns=(
        Column("title", _("Plan"), lambda p: p.title, sort="title"),
        Column("number", _("Number"), lambda p: p.number, sort="number", descending=True, minor=True),
        Column("kind", _("Kind"), lambda p: str(p.get_kind_display()), minor=True),
        Column("joint", _("Together with"), lambda p: "、".join(p.departments), default=False, minor=True),
        Column("state", _("State"), lambda p: str(p.get_state_display())),
        Column("budget", _("Visits"), lambda p: p.budget, sort="budget", right=True, descending=True),
        Column("expected", _("Expected hit rate"), lambda p: _figure(p, "plan", "hit_rate"), right=True, minor=True),
        Column("uniform", _("All at random"), lambda p: _figure(p, "uniform", "hit_rate"), right=True, minor=True),
        Column("created", _("Drawn up"), lambda p: p.created_at, sort="created_at", descending=True, minor=True),
        Column("by", _("By"), lambda p: str(p.created_by or ""), default=False, minor=True),
    ),
    filters=(
        Filter("state", _("State"), "state", lambda: PlanState.choices, composition=True),
        Filter("kind", _("Kind"), "kind", lambda: PlanKind.choices),
    ),
    views=(
        View("all", _("All plans")),
        View("draft", _("Waiting for approval"), {"state": (PlanState.DRAFT,)}),
        View("running", _("In ceremony"), {"state": (PlanState.APPROVED, PlanState.FROZEN, PlanState.COMMITTED)}),
        View("published", _("Published"), {"state": (PlanState.PUBLISHED,)}),
        View("issued", _("Without a draw"), {"state": (PlanState.ISSUED,)}),
    ),
    empty_icon="dice-5",
    empty_title=_("There are no plans yet"),
    empty_text=_("A plan says whom to visit, by which rule and how many: draw one up, another person approves it."),
)
