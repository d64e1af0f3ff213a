"""The way around the desk: what stands in the navigation, for whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from mingcha.apps.accounts.permissions import may


@dataclass(frozen=True)
class Place:
    label: Any
    icon: str
    url_name: str
    action: str = ""


GROUPS: tuple[tuple[Any, tuple[Place, ...]], ...] = (
    (
        "",
        (
            Place(_("Desk"), "layout-dashboard", "web:home"),
            Place(_("Market entities"), "building-store", "entities:list", "entities.entity.view"),
        ),
    ),
    (
        _("Supervision"),
        (
            Place(_("Double-random draws"), "dice-5", "supervision:plans", "supervision.plan.view"),
            Place(_("Risk models"), "chart-dots-3", "risk:models", "risk.model.view"),
        ),
    ),
    (
        _("Foundation"),
        (
            Place(_("Data catalogue"), "database", "exchange:datasets", "exchange.dataset.view"),
            Place(_("Quarantine"), "shield-x", "exchange:quarantine", "exchange.quarantine.view"),
        ),
    ),
)


def navigation(user, path: str) -> list[tuple[Any, list[tuple[Place, str, bool]]]]:
    """The groups that `user` may see: each place with its address and whether `path` lies in it."""
    urls = [reverse(p.url_name) for _label, places in GROUPS for p in places]
    here = max((u for u in urls if path == u or (u != "/" and path.startswith(u))), key=len, default="")
    groups = []
    for label, places in GROUPS:
        visible = [(p, reverse(p.url_name)) for p in places if not p.action or may(user, p.action)]
        entries = [(p, url, url == here) for p, url in visible]
        if entries:
            groups.append((label, entries))
    return groups
