"""The search over everything: what each system finds for some words, under its headings."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mingcha.apps.accounts.permissions import every_member
from mingcha.desk.offers import Found, Text, offered

FEWEST = 2  # characters: one is half of all names
LONGEST = 100
IN_DIALOG, ON_PAGE = 6, 50  # of each system


@dataclass(frozen=True)
class Group:
    label: Text
    hits: list[Found]
    more: bool


def searched(user: Any, words: str, limit: int) -> list[Group]:
    """Groups of at most `limit` hits, in the systems' order; [] for fewer than two characters."""
    if len(words) < FEWEST:
        return []
    groups: dict[str, list[Found]] = {}
    for found in offered("search", "found"):
        for hit in found(user, words, limit + 1):
            groups.setdefault(str(hit.group), []).append(hit)
    return [Group(label, hits[:limit], len(hits) > limit) for label, hits in groups.items()]


@every_member
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """The page; `part=results`: what the dialog shows while one types."""
    words = " ".join(request.GET.get("q", "").split())[:LONGEST]
    dialog = request.GET.get("part") == "results"
    started = time.perf_counter()
    groups = searched(request.user, words, IN_DIALOG if dialog else ON_PAGE)
    context = {
        "words": words,
        "groups": groups,
        "n": sum(len(group.hits) for group in groups),
        "milliseconds": 1000 * (time.perf_counter() - started),
        "few": len(words) < FEWEST,
        "dialog": dialog,
    }
    return render(request, "web/search/results.html" if dialog else "web/search/page.html", context)
