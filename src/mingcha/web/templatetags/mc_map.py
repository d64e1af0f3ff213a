"""`{% district_map %}`: the map of districts. See docs/shell.md."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse

from mingcha.apps.accounts.permissions import division_of
from mingcha.web.maps import base_map, layers_for

register = template.Library()


@register.inclusion_tag("web/map/map.html", takes_context=True)
def district_map(context: dict[str, Any], *names: str, id: str = "map", large: bool = False) -> dict[str, Any]:
    """Layers `names` (all that the user may see, without any). `large`: a map to move and zoom in, over the instance's
    tiles; else a drawing that fits a card. A page may have several, each with an `id` of its own."""
    request = context["request"]
    layers = [
        {"name": layer.name, "label": layer.label, "url": reverse("web:map-layer", args=[layer.name])}
        for layer in layers_for(request.user, names)
    ]
    division = division_of(request.user) or ""
    return {"id": id, "layers": layers, "large": large, "tiles": base_map() if large else None, "division": division}
