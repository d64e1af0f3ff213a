"""The list of market entities."""

from __future__ import annotations

from dataclasses import replace

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from mingcha.apps.accounts.permissions import may
from mingcha.lists.declare import Column, Filter, Listing, View

from .choices import Status
from .models import Entity
from .search import narrowed

CLASSES = (("D", _("D, high")), ("C", _("C, fairly high")), ("B", _("B, general")), ("A", _("A, low")))


def _risk(entity: Entity):
    return getattr(entity, "risk", None)


def _credit(entity: Entity):
    return getattr(entity, "credit", None)


ENTITIES = Listing(
    name="entities",
    title=_("Market entities"),
    noun=_("entities"),
    row="entities/row.html",
    sort="-risk",
    item=lambda entity: reverse("entities:detail", args=[entity.key]),
    search=narrowed,
    search_hint=_("Name, initials, code, address"),
    columns=(
        Column("name", _("Name / unified social credit code"), lambda e: e.name, sort="name"),
        Column("key", _("Key"), lambda e: e.key, sort="key", default=False, minor=True),
        Column("class", _("Class"), lambda e: _risk(e) and e.risk.risk_class),
        Column(
            "risk",
            _("Probability of violation"),
            lambda e: _risk(e) and round(e.risk.probability, 4),
            sort="risk__probability",
            tie="risk__entity_id",
            nullable=True,
            descending=True,
        ),
        Column("credit", _("Credit class"), lambda e: _credit(e) and e.credit.grade, default=False, minor=True),
        Column("industry", _("Industry"), lambda e: e.industry, minor=True),
        Column("kind", _("Kind"), lambda e: e.kind, default=False, minor=True),
        Column("district", _("District"), lambda e: e.district, minor=True),
        Column("address", _("Address"), lambda e: e.address, minor=True),
        Column("status", _("Status"), lambda e: str(e.get_status_display())),
        Column("opened", _("Established"), lambda e: e.opened_on, sort="opened_on", nullable=True, minor=True),
        Column(
            "simulated",
            _("Simulated data"),
            lambda e: str(_("yes") if e.simulated else _("no")),
            default=False,
            minor=True,
        ),
    ),
    filters=(
        Filter("class", _("Risk class"), "risk__risk_class", lambda: CLASSES, composition=True),
        Filter("credit", _("Credit class"), "credit__grade"),
        Filter("industry", _("Industry"), "industry", composition=True, limit=10),
        Filter("district", _("District"), "district", limit=20),
        Filter("status", _("Status"), "status", lambda: Status.choices),
        Filter(
            "provisional",
            _("Key"),
            "provisional",
            lambda: (("1", _("provisional")), ("0", _("resolved"))),
            boolean=True,
        ),
    ),
    views=(
        View("all", _("All entities")),
        View("high", _("Classes C and D"), {"class": ("C", "D")}),
        View("active", _("In operation"), {"status": (Status.ACTIVE,)}),
        View("provisional", _("Provisional keys"), {"provisional": ("1",)}),
    ),
    empty_icon="building-store",
    empty_title=_("There are no entities yet"),
    empty_text=_("They appear when a dataset that is keyed by entity has been imported: mingcha import CONTRACT FILE."),
)


def listing_for(user) -> Listing:
    """The list as `user` may see it: without scores and classes for whom the matrix refuses them, in any form (column,
    filter, order, export)."""
    scores, credit = may(user, "risk.scores.view"), may(user, "credit.class.view")
    if scores and credit:
        return ENTITIES
    hidden = {*(() if scores else ("class", "risk")), *(() if credit else ("credit",))}
    return replace(
        ENTITIES,
        sort=ENTITIES.sort if scores else "name",
        columns=tuple(c for c in ENTITIES.columns if c.name not in hidden),
        filters=tuple(f for f in ENTITIES.filters if f.name not in hidden),
        views=tuple(v for v in ENTITIES.views if not hidden & set(v.params)),
    )
