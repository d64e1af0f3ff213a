"""The way around the desk: what stands in the navigation, for whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from mingcha.apps.accounts.permissions import may

from .todos import NOTHING, Waiting, waiting_by


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
            Place(_("Year's plans"), "calendar", "supervision:years", "supervision.year.view"),
            Place(_("Directories"), "list-check", "supervision:catalogues", "supervision.catalogue.view"),
            Place(_("Double-random draws"), "dice-5", "supervision:plans", "supervision.plan.view"),
            Place(_("Inspection tasks"), "clipboard-check", "supervision:tasks", "supervision.task.view"),
            Place(_("Risk insight"), "radar", "risk:insight", "risk.scores.view"),
            Place(_("Credit classes"), "certificate", "credit:classes", "credit.class.view"),
        ),
    ),
    (
        _("Handling"),
        (
            Place(_("Interviews"), "messages", "credit:interviews", "credit.interview.view"),
            Place(_("Credit lists"), "list-details", "credit:listings", "credit.listing.view"),
            Place(_("Leads"), "bulb", "leads:leads", "leads.lead.view"),
            Place(_("Risk appeals"), "message-report", "risk:appeals", "risk.appeal.view"),
        ),
    ),
    (
        _("Analysis"),
        (
            Place(_("District map"), "map-2", "web:map", "entities.entity.view"),
            Place(_("Risk models"), "chart-dots-3", "risk:models", "risk.model.view"),
        ),
    ),
    (
        _("Foundation"),
        (
            Place(_("Data catalogue"), "database", "exchange:datasets", "exchange.dataset.view"),
            Place(_("Quarantine"), "shield-x", "exchange:quarantine", "exchange.quarantine.view"),
            Place(_("Rules of law"), "scale", "law:rules", "law.rule.view"),
            Place(_("Clocks"), "hourglass", "law:clocks", "law.clock.view"),
            Place(_("Units and people"), "users", "accounts:units", "accounts.unit.view"),
            Place(_("Audit trail"), "history", "accounts:audit", "accounts.audit.view"),
            Place(_("Jobs"), "progress", "jobs:list", "jobs.job.view"),
        ),
    ),
)


def navigation(user, path: str) -> list[tuple[Any, list[tuple[Place, str, bool, Waiting]]]]:
    """The groups that `user` may see: each place with its address, whether `path` lies in it, and what waits there."""
    urls = {place.url_name: reverse(place.url_name) for _label, places in GROUPS for place in places}

    def place_of(address: str) -> str:
        return max(
            (u for u in urls.values() if address == u or (u != "/" and address.startswith(u))), key=len, default=""
        )

    waiting = waiting_by(user, place_of)
    here = place_of(path)
    groups = []
    for label, places in GROUPS:
        seen = [p for p in places if not p.action or may(user, p.action)]
        entries = [
            (p, urls[p.url_name], urls[p.url_name] == here, waiting.get(urls[p.url_name], NOTHING)) for p in seen
        ]
        if entries:
            groups.append((label, entries))
    return groups
