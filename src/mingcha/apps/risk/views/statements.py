"""The statement of reasons for a firm: shown before it is issued, printed, handed out, and checked by anyone."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mingcha.apps.accounts.permissions import in_jurisdiction, require, visible
from mingcha.apps.entities.models import Entity
from mingcha.engines.qr import qr_path
from mingcha.language import language
from mingcha.lists.views import list_response

from .. import statements
from ..forms import HandForm
from ..models import Statement
from ..tables import STATEMENTS

LANG = {"zh": "zh-Hans", "en": "en"}
MARK = 16  # characters of the digest in the public address


@require_safe
@require("risk.explanation.view")
def listed(request: HttpRequest) -> HttpResponse:
    queryset = visible(Statement.objects.all(), request.user, "risk.explanation.view")
    queryset = queryset.select_related("entity", "issued_by").defer("content")
    return list_response(request, STATEMENTS, queryset, export_action="risk.scores.export")


@require_safe
@require("risk.explanation.view")
def preview(request: HttpRequest, key: str) -> HttpResponse:
    """The words as they would be issued now, and what was issued before."""
    entity = get_object_or_404(Entity.objects.filter(in_jurisdiction(request.user), risk__isnull=False), key=key)
    language = _language(request)
    context = {
        "entity": entity,
        "words": statements.statement_words(entity, request.user)[language],
        "language": language,
        "paper_lang": LANG[language],
        "issued": entity.statements.select_related("issued_by").defer("content")[:5],
    }
    return render(request, "risk/statement_preview.html", context)


@require_POST
@require("risk.explanation.view")
def issue(request: HttpRequest, key: str) -> HttpResponse:
    entity = get_object_or_404(Entity.objects.filter(in_jurisdiction(request.user)), key=key)
    statement = statements.statement_issue(entity=entity, user=request.user)
    messages.success(request, _("The statement is issued. Print it, or hand it out on paper or electronically."))
    return redirect("risk:statement", statement.number)


@require_safe
@require("risk.explanation.view")
def statement(request: HttpRequest, number: str) -> HttpResponse:
    found = _visible(request, number)
    context = {"statement": found, "hand_form": HandForm(), "holds": statements.statement_holds(found)}
    return render(request, "risk/statement.html", context | _sheet(request, found))


@require_POST
@require("risk.explanation.view")
def printed(request: HttpRequest, number: str) -> HttpResponse:
    """The sheet of paper. It is asked for by POST, so that every print is on the trail."""
    found = _visible(request, number)
    statements.statement_printed(statement=found, user=request.user)
    return render(request, "risk/statement_print.html", {"statement": found, **_sheet(request, found)})


@require_POST
@require("risk.explanation.view")
def hand(request: HttpRequest, number: str) -> HttpResponse:
    found = _visible(request, number)
    form = HandForm(request.POST)
    said = form.cleaned_data if form.is_valid() else {"how": "", "to": ""}
    statements.statement_hand(statement=found, how=said["how"], to=said["to"], user=request.user)
    messages.success(request, _("It is kept that the statement was handed out."))
    return redirect("risk:statement", found.number)


@require_safe
@login_not_required
def check(request: HttpRequest, number: str, mark: str) -> HttpResponse:
    """Whether a paper is ours and unaltered. It tells the digest and the day, nothing of the firm; a number alone, or
    with a wrong digest, finds nothing."""
    found = (
        Statement.objects.filter(number=number, digest__startswith=mark.lower()).first() if len(mark) == MARK else None
    )
    context = {"statement": found, "holds": bool(found and statements.statement_holds(found)), "number": number}
    return render(request, "risk/statement_check.html", context, status=200 if found else 404)


def _visible(request: HttpRequest, number: str) -> Statement:
    found = visible(Statement.objects.all(), request.user, "risk.explanation.view")
    return get_object_or_404(found.select_related("entity", "model", "issued_by", "handed_by"), number=number)


def _sheet(request: HttpRequest, found: Statement) -> dict:
    language = _language(request)
    path = reverse("statement-check", args=[found.number, found.digest[:MARK]])
    address = request.build_absolute_uri(path)
    return {
        "words": found.content[language],
        "language": language,
        "paper_lang": LANG[language],
        "check_url": address,
        "qr": qr_path(address),
    }


def _language(request: HttpRequest) -> str:
    """The language of the paper: as asked for, else the user's own."""
    asked = request.POST.get("lang") or request.GET.get("lang")
    return asked if asked in ("zh", "en") else language()
