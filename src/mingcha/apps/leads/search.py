"""What words may mean among leads: a number."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from mingcha.apps.accounts.models import User
from mingcha.desk.offers import Found

from .selectors import leads_visible


def found(user: User, words: str, limit: int) -> list[Found]:
    if not words.upper().startswith("XS"):
        return []
    rows = leads_visible(user).filter(number__startswith=words.upper())[:limit]
    return [
        Found(_("Leads"), x.title, reverse("leads:lead", args=[x.number]), x.number, "bulb", tag=x.get_state_display())
        for x in rows
    ]
