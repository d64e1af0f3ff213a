"""The list of risk models."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from mingcha.lists.declare import Column, Filter, Listing, View

from .choices import ModelState

MODELS = Listing(
    name="models",
    title=_("Risk models"),
    noun=_("models"),
    row="risk/model_row.html",
    sort="-trained",
    item=lambda model: reverse("risk:model", args=[model.number]),
    search=lambda queryset, words: queryset.filter(title__icontains=words) | queryset.filter(number__icontains=words),
    search_hint=_("Title or number"),
    columns=(
        Column("title", _("Model"), lambda m: m.title, sort="title"),
        Column("number", _("Number"), lambda m: m.number, sort="number", default=False),
        Column("state", _("State"), lambda m: str(m.get_state_display())),
        Column("dataset", _("Inspections"), lambda m: m.dataset.title, minor=True),
        Column(
            "until", _("Facts before"), lambda m: m.trained_until, sort="trained_until", descending=True, minor=True
        ),
        Column("trained", _("Trained"), lambda m: m.trained_at, sort="trained_at", descending=True, minor=True),
        Column("signed", _("Signed by"), lambda m: str(m.signed_by or ""), minor=True),
    ),
    filters=(Filter("state", _("State"), "state", lambda: ModelState.choices, composition=True),),
    views=(View("all", _("All models")), View("champion", _("Champions"), {"state": (ModelState.CHAMPION,)})),
    empty_icon="chart-dots-3",
    empty_title=_("There are no models yet"),
    empty_text=_("A model is trained on a dataset of inspections: mingcha risk train DATASET."),
)
