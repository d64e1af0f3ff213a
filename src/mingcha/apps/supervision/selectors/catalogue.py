"""Reads: item catalogues that a user, or anyone, may see; what an import would change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q, QuerySet

from ..catalogue_rows import sameness
from ..models import Catalogue, CatalogueItem
from ..register_choices import CatalogueState

CONTENT = (  # fields of an item that an import gives
    "category",
    "name",
    "kind",
    "objects_text",
    "methods",
    "content",
    "basis",
    "articles",
    "level",
    "department",
    "joint_departments",
    "ratio",
    "ratio_text",
    "times_a_year",
    "frequency_text",
    "effective_from",
    "effective_to",
)


def own_or_above(user, above: Q) -> Q:
    """What lies in the user's jurisdiction, and of the units above his own what fits `above`: their catalogue and their
    year's plan hold for him too. Nothing for a user without a unit."""
    if user.unit_id is None:
        return Q(pk__in=())
    division = user.unit.division
    # in_jurisdiction won't do: the whole instance is an empty Q, and that or'ed with another is the other
    return Q(division__startswith=division) | (Q(division__in=[division[:n] for n in range(len(division))]) & above)


def catalogues_visible(user) -> QuerySet[Catalogue]:
    """Those of the user's jurisdiction, and the published ones of the units above."""
    seen = own_or_above(user, ~Q(state=CatalogueState.DRAFT))
    return Catalogue.objects.filter(seen).select_related("unit", "created_by").annotate(size=Count("items"))


def catalogues_public() -> QuerySet[Catalogue]:
    return Catalogue.objects.exclude(state=CatalogueState.DRAFT).select_related("unit").annotate(size=Count("items"))


def items_in_force(user) -> QuerySet[CatalogueItem]:
    """The items of the published catalogues that hold for the user: his unit's, those below and above it."""
    catalogues = catalogues_visible(user).filter(state=CatalogueState.PUBLISHED).values("pk")
    return CatalogueItem.objects.filter(catalogue__in=catalogues).select_related("catalogue__unit")


@dataclass
class Change:
    """What an import would do to a draft. `new` and `changed` carry the fields to write; `gone` is what the file
    doesn't have."""

    new: list[dict[str, Any]] = field(default_factory=list)
    changed: list[tuple[CatalogueItem, dict[str, Any]]] = field(default_factory=list)
    same: list[CatalogueItem] = field(default_factory=list)
    gone: list[CatalogueItem] = field(default_factory=list)


def catalogue_change(catalogue: Catalogue, items: Sequence[dict[str, Any]]) -> Change:
    """Match the items of a file with those of `catalogue`: by code where the file has one, else by what makes an item
    the same. Taken twice, a file changes nothing the second time."""
    there = list(catalogue.items.order_by("position", "pk")) if catalogue.pk else []
    by_code = {item.code: item for item in there}
    by_content = {sameness(vars(item)): item for item in there}
    change, met = Change(), set()
    for item in items:
        found = by_code.get(item["code"]) if item["code"] else by_content.get(sameness(item))
        if found is None or found.pk in met:
            change.new.append(item)
            continue
        met.add(found.pk)
        differs = {name: item[name] for name in CONTENT if getattr(found, name) != item[name]}
        if differs:
            change.changed.append((found, differs))
        else:
            change.same.append(found)
    change.gone = [item for item in there if item.pk not in met]
    return change


def catalogue_next_number(year: int) -> str:
    """QD-2026-3, the next that is free."""
    prefix = f"QD-{year}-"
    numbers = Catalogue.objects.filter(number__startswith=prefix).values_list("number", flat=True)
    return f"{prefix}{max((int(n.rsplit('-', 1)[1]) for n in numbers), default=0) + 1}"
