"""What anyone may open, without signing in: the catalogue of inspection items, and the year's plan."""

from __future__ import annotations

from itertools import groupby

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from mingcha.lists.export import export

from .models import Catalogue
from .register_choices import AdjustmentState, CatalogueState
from .selectors.catalogue import catalogues_public
from .selectors.years import year_lines, year_months, years_public
from .tables.registers import ITEM_COLUMNS

ITEMS_SHOWN = 2_000


@login_not_required
@require_safe
def catalogue(request: HttpRequest, number: str = "") -> HttpResponse:
    """The catalogue in force of the highest unit, or the version that is asked for."""
    found = _catalogue(number)
    others = catalogues_public().filter(state=CatalogueState.PUBLISHED).exclude(pk=found.pk if found else None)
    items = list(found.items.order_by("position", "pk")[:ITEMS_SHOWN]) if found else []
    sections = [(category, list(rows)) for category, rows in groupby(items, key=lambda item: item.category)]
    context = {"catalogue": found, "sections": sections, "others": others, "shown": len(items)}
    return render(request, "supervision/public_catalogue.html", context)


@login_not_required
@require_safe
def catalogue_file(request: HttpRequest, number: str) -> HttpResponse:
    found = _catalogue(number)
    if found is None:
        raise Http404
    rows = [[column.value(item) for column in ITEM_COLUMNS if column.value] for item in found.items.all()]
    head = [str(column.label) for column in ITEM_COLUMNS]
    return export(kind="xlsx", name=found.number, head=head, rows=rows, count=len(rows))


def _catalogue(number: str) -> Catalogue | None:
    public = catalogues_public()
    if number:
        return get_object_or_404(public, number=number)
    return public.filter(state=CatalogueState.PUBLISHED).order_by("division", "-year").first()


@login_not_required
@require_safe
def year(request: HttpRequest, year: int, unit: str = "") -> HttpResponse:
    """A unit's plan for the year, by default the highest unit's, with all that was adjusted since."""
    plans = years_public().filter(year=year).order_by("division")
    found = get_object_or_404(plans, unit__code=unit) if unit else plans.first()
    if found is None:
        context = {"year": year, "years": years_public().order_by("-year").values_list("year", flat=True).distinct()}
        return render(request, "supervision/public_year.html", context, status=404)
    lines = year_lines(found)
    context = {
        "plan": found,
        "year": year,
        "lines": lines,
        "months": year_months(lines),
        "visits": sum(line.visits or 0 for line in lines if not line.entry.dropped),
        "others": plans.exclude(pk=found.pk),
        "adjustments": found.adjustments.filter(state=AdjustmentState.PUBLISHED).select_related("entry"),
    }
    return render(request, "supervision/public_year.html", context)
