"""The map of districts: which layers a user may see, and a layer's figures as the map draws them."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Any

import numpy as np
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from mingcha.apps.accounts.permissions import division_of, every_member, may
from mingcha.desk import aggregates
from mingcha.desk.offers import Layer, offered
from mingcha.desk.regions import region_names, regions_collection

from .templatetags.mc import clock, num, pct

STEPS = 5  # colours of a layer: --mc-seq-1 to --mc-seq-5


def layers_for(user: Any, names: tuple[str, ...] = ()) -> list[Layer]:
    """The layers that `user` may see, of `names` where any are given, in their order."""
    there = sorted((layer for layers in offered("layers", "layers") for layer in layers()), key=lambda one: one.order)
    seen = [layer for layer in there if may(user, layer.action)]
    return [layer for name in names for layer in seen if layer.name == name] if names else seen


def layer_figures(layer: Layer, user: Any) -> dict[str, Any]:
    """What docs/shell.md says of the layer's address."""
    division = division_of(user)
    kept = aggregates.read(layer.aggregates, division)
    if division is not None and (wanting := aggregates.wanting(layer.aggregates, kept)):
        aggregates.refresh(wanting, division)
        kept = aggregates.read(layer.aggregates, division)
    at: dt.datetime | None = min((one.at for one in kept.values()), default=None)
    names = region_names()
    rows = []
    for code, (part, whole) in sorted(_by_district(layer.counts(user), names).items()):
        value = (part / whole if whole else None) if layer.unit == "share" else part
        rows.append(
            {
                "division": code,
                "name": names.get(code, code),
                "value": value,
                "text": pct(value) if layer.unit == "share" else num(value),
                "part": num(part),
                "whole": num(whole) if whole is not None else "",
                "url": layer.link(code, names.get(code, code)),
            }
        )
    cuts = breaks([row["value"] for row in rows if row["value"] is not None], share=layer.unit == "share")
    return {
        "name": layer.name,
        "label": str(layer.label),
        "unit": layer.unit,
        "heads": [str(layer.part), str(layer.whole)],
        "note": str(layer.note),
        "at": at.isoformat() if at else None,
        "counted": clock(at),  # the same for people, in the instance's zone
        "counting": division is not None
        and len(kept) < len(layer.aggregates),  # by another request, for the first time
        "breaks": cuts,
        "legend": _legend(cuts, share=layer.unit == "share"),
        "rows": rows,
    }


def breaks(values: list[float], *, share: bool) -> list[float]:
    """Up to four cuts between five colours, about as many districts in each, at round numbers; none for one value."""
    if len(set(values)) < 2:
        return []
    if share:
        digits = 3 if max(values) - min(values) < 0.05 else 2
    else:
        digits = -max(0, int(np.log10(max(max(values), 1))) - 1)
    cuts = np.unique(np.round(np.quantile(values, np.arange(1, STEPS) / STEPS), digits))
    return [float(cut) for cut in cuts if min(values) < cut <= max(values)]


def _legend(cuts: list[float], *, share: bool) -> list[str]:
    if not cuts:
        return []
    places = 1 if share and any(round(100 * cut) != round(100 * cut, 1) for cut in cuts) else 0
    said = [f"{100 * cut:.{places}f}" if share else num(cut) for cut in cuts]
    unit = "%" if share else ""
    middle = [f"{low}–{high}" for low, high in pairwise(said)]
    return [f"<{said[0]}{unit}", *middle, f"≥{said[-1]}{unit}"]


def _by_district(counts: Any, names: dict[str, str]) -> dict[str, tuple[float, float | None]]:
    """Codes added up to the districts that the map has; a code that lies in none of them stands for itself."""
    lengths = sorted({len(code) for code in names}, reverse=True)
    found: dict[str, tuple[float, float | None]] = {}
    for code, (part, whole) in counts.items():
        district = next((code[:n] for n in lengths if code[:n] in names), code)
        before = found.get(district, (0, None))
        found[district] = (before[0] + part, whole if before[1] is None else before[1] + (whole or 0))
    return found


def base_map() -> dict[str, str] | None:
    """The tiles below the districts, where the instance has some: url, attribution, approval (审图号), datum."""
    return settings.MAP_TILES if settings.MAP_TILES["url"] else None


@every_member
@require_safe
def regions(request: HttpRequest) -> HttpResponse:
    """The districts' outlines; public geography, the same for everyone."""
    body, digest = regions_collection(datum=(base_map() or {}).get("datum", "WGS-84"))
    if request.headers.get("If-None-Match") == f'"{digest}"':
        return HttpResponse(status=304, headers={"ETag": f'"{digest}"'})
    response = HttpResponse(body, content_type="application/geo+json", headers={"ETag": f'"{digest}"'})
    patch_cache_control(response, private=True, max_age=300)
    return response


@every_member
@require_safe
def layer(request: HttpRequest, name: str) -> HttpResponse:
    """One layer's figures for the user; a layer that he may not see isn't there."""
    found = layers_for(request.user, (name,))
    if not found:
        raise Http404(name)
    return JsonResponse(layer_figures(found[0], request.user), json_dumps_params={"ensure_ascii": False})


@every_member
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The whole map, with every layer."""
    return render(request, "web/map/page.html", {"has_layers": bool(layers_for(request.user))})
