"""What anyone may open, without signing in: who is on the lists now, and each firm's listings."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from mingcha.apps.entities.models import Entity

from ..choices import Kind
from ..grounds import ground
from ..models import Listing
from ..selectors import listings_public, listings_public_found

SIZE = 20


@login_not_required
@require_safe
def listings(request: HttpRequest) -> HttpResponse:
    words, kind = request.GET.get("q", "").replace("\0", "").strip()[:60], request.GET.get("kind", "")
    kind = kind if kind in Kind.values else ""
    page = Paginator(listings_public_found(words, kind), SIZE).get_page(request.GET.get("page"))
    rows = [_row(listing) for listing in page]
    context = {
        "page": page,
        "rows": rows,
        "words": words,
        "kind": kind,
        "kinds": Kind.choices,
        "simulated": any(row["listing"].simulated for row in rows),
    }
    return render(request, "credit/public_listings.html", context)


@login_not_required
@require_safe
def firm(request: HttpRequest, key: str) -> HttpResponse:
    """A firm's listings that are public now; of one that has none, that it has none."""
    entity = get_object_or_404(Entity.objects.filter(provisional=False), key=key)
    rows = [_row(found) for found in listings_public().filter(entity=entity).order_by("-published_at")]
    return render(request, "credit/public_firm.html", {"entity": entity, "rows": rows})


def _row(listing: Listing) -> dict[str, Any]:
    return {"listing": listing, "ground": ground(listing.ground), "corrected": listing.corrected_at}
