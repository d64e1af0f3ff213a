"""The lists of this room: models, scored firms, appeals, statements."""

from dataclasses import replace

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from mingcha.apps.entities.models import Entity
from mingcha.apps.entities.search import narrowed
from mingcha.lists.declare import Column, Filter, Listing, View

from .choices import AppealOutcome, AppealState, HandedBy, ModelState, RiskClass, Turn

MOVES = (
    *((f"{a}{b}", f"{a} → {b}") for a in "ABCD" for b in "ABCD" if a != b),
    *((f"-{letter}", f"— → {letter}") for letter in "ABCD"),
)
CLASSES = tuple(reversed(RiskClass.choices))


def _of_entities(queryset, words: str):
    return queryset.filter(entity__in=narrowed(Entity.objects.all(), words))


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


BACKTESTS = Listing(
    name="backtests",
    title=_("Rolling backtests"),
    noun=_("backtests"),
    row="risk/backtest_row.html",
    sort="-made",
    item=lambda backtest: reverse("risk:backtest", args=[backtest.pk]),
    columns=(
        Column("dataset", _("Inspections"), lambda b: b.dataset.title),
        Column("point", _("Risk point"), lambda b: b.risk_point),
        Column("made", _("Made"), lambda b: b.made_at, sort="made_at", descending=True),
        Column("by", _("By"), lambda b: str(b.user or ""), minor=True),
    ),
    empty_icon="history",
    empty_title=_("There are no backtests yet"),
    empty_text=_("One is ordered on the page of models: it learns before each window and meets what came after."),
)

FIRMS = Listing(
    name="firms",
    title=_("Firms by risk"),
    noun=_("firms"),
    row="risk/firm_row.html",
    sort="-probability",
    item=lambda score: reverse("entities:detail", args=[score.entity.key]),
    search=_of_entities,
    search_hint=_("Name, initials, code, address"),
    columns=(
        Column("name", _("Name / unified social credit code"), lambda s: s.entity.name),
        Column("key", _("Key"), lambda s: s.entity.key, default=False, minor=True),
        Column("class", _("Class"), lambda s: s.risk_class),
        Column(
            "probability",
            _("Probability of violation"),
            lambda s: round(s.probability, 4),
            sort="probability",
            descending=True,
        ),
        Column("move", _("Since the last scoring"), lambda s: s.move and f"{s.move[0]} → {s.move[1]}", minor=True),
        Column("reasons", _("First reasons"), minor=True),
        Column("district", _("District"), lambda s: s.district, minor=True),
        Column("industry", _("Industry"), lambda s: s.industry, minor=True),
        Column("visited", _("Last visit"), lambda s: s.last_visit, sort="last_visit", nullable=True, minor=True),
        Column("as_of", _("Facts before"), lambda s: s.as_of, default=False, minor=True),
        Column(
            "simulated",
            _("Simulated data"),
            lambda s: str(_("yes") if s.entity.simulated else _("no")),
            default=False,
            minor=True,
        ),
    ),
    filters=(
        Filter("class", _("Risk class"), "risk_class", lambda: CLASSES, composition=True),
        Filter("turn", _("Since the last scoring"), "turn", lambda: Turn.choices),
        Filter("move", _("From class to class"), "move", lambda: MOVES, limit=20),
        Filter("industry", _("Industry"), "industry", composition=True, limit=10),
        Filter("district", _("District"), "district", limit=24),
    ),
    views=(
        View("all", _("All scored")),
        View("high", _("Classes C and D"), {"class": ("C", "D")}),
        View("to_d", _("Rose to D"), {"turn": (Turn.TO_D,)}),
        View("from_d", _("Fell from D"), {"turn": (Turn.FROM_D,)}),
    ),
    empty_icon="chart-dots-3",
    empty_title=_("Nobody is rated yet"),
    empty_text=_("Firms appear when a model that is signed has scored them: mingcha risk score."),
)

APPEALS = Listing(
    name="appeals",
    title=_("Appeals against the class"),
    noun=_("appeals"),
    row="risk/appeal_row.html",
    sort="-filed",
    item=lambda appeal: reverse("risk:appeal", args=[appeal.number]),
    search=lambda queryset, words: queryset.filter(number__icontains=words) | _of_entities(queryset, words),
    search_hint=_("Number, firm's name or code"),
    columns=(
        Column("number", _("Number"), lambda a: a.number, sort="pk"),
        Column("entity", _("Entity"), lambda a: a.entity.name),
        Column("key", _("Key"), lambda a: a.entity.key, default=False, minor=True),
        Column("class", _("Class"), lambda a: a.risk_class),
        Column("state", _("State"), lambda a: str(a.get_state_display())),
        Column("outcome", _("Outcome"), lambda a: str(a.get_outcome_display()), minor=True),
        Column("model", _("Model"), lambda a: a.model.number, minor=True),
        Column("district", _("District"), lambda a: a.entity.district, minor=True),
        Column("filed", _("Filed"), lambda a: a.filed_at, sort="filed_at", descending=True, minor=True),
        Column("answered", _("Answered"), lambda a: a.answered_at, sort="answered_at", nullable=True, minor=True),
        Column("text", _("What the firm says"), lambda a: a.text, default=False, minor=True),
    ),
    filters=(
        Filter("state", _("State"), "state", lambda: AppealState.choices, composition=True),
        Filter("outcome", _("Outcome"), "outcome", lambda: AppealOutcome.choices),
        Filter("class", _("Risk class"), "risk_class", lambda: CLASSES),
        Filter("model", _("Model"), "model__number"),
        Filter("district", _("District"), "entity__district", limit=24),
    ),
    views=(
        View("open", _("Waiting for an answer"), {"state": (AppealState.OPEN,)}),
        View("all", _("All appeals")),
    ),
    empty_icon="message-report",
    empty_title=_("There are no appeals"),
    empty_text=_("A firm's appeal is written down on its own page, under its risk class."),
)

STATEMENTS = Listing(
    name="statements",
    title=_("Statements of reasons"),
    noun=_("statements"),
    row="risk/statement_row.html",
    sort="-issued",
    item=lambda statement: reverse("risk:statement", args=[statement.number]),
    search=lambda queryset, words: queryset.filter(number__icontains=words) | _of_entities(queryset, words),
    search_hint=_("Number, firm's name or code"),
    columns=(
        Column("number", _("Number"), lambda s: s.number, sort="pk"),
        Column("entity", _("Entity"), lambda s: s.entity.name),
        Column("issued", _("Issued"), lambda s: s.issued_at, sort="issued_at", descending=True),
        Column("by", _("Issued by"), lambda s: str(s.issued_by), minor=True),
        Column("handed", _("Handed out"), lambda s: s.handed_at, minor=True),
        Column("how", _("Way"), lambda s: str(s.get_handed_how_display()), minor=True),
        Column("to", _("Received by"), lambda s: s.handed_to, default=False, minor=True),
        Column("digest", _("Digest"), lambda s: s.digest, default=False, minor=True),
    ),
    filters=(Filter("how", _("Way"), "handed_how", lambda: HandedBy.choices),),
    empty_icon="file-text",
    empty_title=_("No statement has been issued"),
    empty_text=_("It is issued on a firm's page, where the reasons of its class stand."),
)


def appeals_for(user) -> Listing:
    """The list of appeals as `user` may see it: without classes for whom the matrix refuses them."""
    if user.may("risk.explanation.view"):
        return APPEALS
    return replace(
        APPEALS,
        columns=tuple(c for c in APPEALS.columns if c.name != "class"),
        filters=tuple(f for f in APPEALS.filters if f.name != "class"),
    )
