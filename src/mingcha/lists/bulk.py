"""Acts on many rows at once: what was ticked, or all that the filter finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mingcha.problems import Problem

from .hooks import reached

if TYPE_CHECKING:
    from .page import ListPage

TOLD = 50  # refused rows that are named
KEPT = "list_outcome"  # in the session, until the list has shown it


@dataclass(frozen=True)
class Outcome:
    """How many were done; which were not, and why, in the user's language; where to go next ("" = back to the list)."""

    done: int
    refused: tuple[tuple[str, str], ...] = ()
    said: str = ""
    url: str = ""


@dataclass(frozen=True)
class BulkAct:
    """What may be done with many rows of a list at once.

    `run(user, rows, **form's values)` does it and returns an Outcome: it calls services, which refuse what isn't
    theirs to do; `rows` are those of the selection that the user's right to `action` reaches. `url` instead of `run`:
    the selection is posted there (see `selection`). `asks`: the question of the dialog, "" where nothing is asked;
    `effect`: what it names beneath. `law`: an act that binds in law. `form(user, data)`: what else it needs to know.
    `bound`: no more at once; what may take longer than a page starts a job and gives its address as the outcome's.
    """

    name: str
    label: Any
    icon: str
    action: str
    run: Callable[..., Outcome] | None = None
    url: str = ""
    asks: Any = ""
    effect: Any = ""
    law: bool = False
    form: Callable[..., Any] | None = None
    bound: int = 1000


@dataclass(frozen=True)
class Selection:
    """`rows` of the selection that may be acted upon, how many, and how many were chosen that may not."""

    rows: QuerySet
    count: int
    outside: int


def selection(page: ListPage, *, action: str = "", bound: int = 1000) -> Selection:
    """The rows that a POST of the bulk bar chose, by ticks (`pick`) or by the filter of its address (`all`).

    Rows that the user doesn't see, or that his right to `action` doesn't reach, are outside. Problem where nothing was
    chosen, or more than `bound`.
    """
    asked = page.request.POST
    if asked.get("all"):
        chosen = page.queryset
        wanted = chosen.order_by().values("pk")[: bound + 1].count()
    else:
        picks = list(dict.fromkeys(filter(None, (_key(page.visible, text) for text in asked.getlist("pick")))))
        wanted = len(picks)
        chosen = page.visible.filter(pk__in=picks[: bound + 1])
    if not wanted:
        raise Problem(
            zh="没有选择任何行。", en="Nothing is selected.", todo_zh="请先勾选。", todo_en="Tick some rows first."
        )
    if wanted > bound:
        raise Problem(
            zh=f"一次最多处理 {bound:,} 条。",
            en=f"No more than {bound:,} rows at once.",
            todo_zh="请加筛选条件，分批办理。",
            todo_en="Add a filter, and do them in parts.",
        )
    rows = reached(chosen, page.request.user, action) if action else chosen
    count = rows.order_by().values("pk").count()
    return Selection(rows, count, max(wanted - count, 0))


def _key(rows: QuerySet, text: str) -> Any:
    """The key that `text` names; None for what can be none: no number, or one that the database has no room for."""
    field = rows.model._meta.pk
    while field.remote_field:
        field = field.target_field
    try:
        key = field.to_python(text)
        field.run_validators(key)
    except ValidationError:
        return None
    return key


def bulk_response(request: HttpRequest, page: ListPage, act: BulkAct) -> HttpResponse:
    """Ask, where the act asks; then do it, and tell what was done and what was not."""
    chosen = selection(page, action=act.action, bound=act.bound)
    form = act.form(request.user, request.POST if "sure" in request.POST else None) if act.form else None
    if (act.asks or form) and ("sure" not in request.POST or (form and not form.is_valid())):
        context = {"page": page, "act": act, "selection": chosen, "form": form, "listing": page.listing}
        context["picks"] = request.POST.getlist("pick")
        partial = bool(request.headers.get("HX-Request"))
        return render(request, "web/list/ask.html" if partial else "web/list/ask_page.html", context)
    assert act.run
    outcome = act.run(request.user, chosen.rows, **(form.cleaned_data if form else {}))
    if isinstance(outcome, HttpResponse):
        return outcome
    done = ngettext("%(act)s: %(n)d done.", "%(act)s: %(n)d done.", outcome.done)
    refused = [[str(what), str(why)] for what, why in outcome.refused[:TOLD]]
    if chosen.outside:
        refused.append([str(chosen.outside), _("not there any more, or outside your rights")])
    said = " ".join(filter(None, (done % {"act": act.label, "n": outcome.done}, outcome.said)))
    if refused:
        left = len(outcome.refused) + chosen.outside
        request.session[KEPT] = {"list": page.listing.name, "said": said, "left": left, "refused": refused}
    else:
        messages.success(request, said)
    return HttpResponseRedirect(outcome.url or page.url())


def take_outcome(request: HttpRequest, listing: str) -> dict[str, Any] | None:
    """What an act left to tell on this list, once."""
    kept = request.session.get(KEPT) if hasattr(request, "session") else None
    if kept and kept["list"] == listing:
        del request.session[KEPT]
        return kept
    return None
