"""What stands on an entity's page beyond who it is. Apps above this one add their own panels when they are ready.

A panel is drawn from its template with what its function returns; a function that returns None leaves it out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from .models import Entity

Context = Callable[[HttpRequest, Entity], dict[str, Any] | None]


@dataclass(frozen=True)
class Panel:
    """`place`: "story" (left, wide) or "side" (right). Lower `order` stands higher."""

    name: str
    place: str
    order: int
    template: str
    context: Context


_panels: dict[str, Panel] = {}


def register(panel: Panel) -> None:
    _panels[panel.name] = panel


def panels(request: HttpRequest, entity: Entity, place: str) -> list[tuple[str, dict[str, Any]]]:
    """Template and context of every panel of `place` that has something to say, in order."""
    chosen = sorted((p for p in _panels.values() if p.place == place), key=lambda p: p.order)
    drawn = ((p.template, p.context(request, entity)) for p in chosen)
    return [(template, context) for template, context in drawn if context is not None]
