"""Appeals: written down on the entity's page, followed and answered on their own."""

from __future__ import annotations

from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mingcha.apps.accounts.permissions import in_jurisdiction, may, require, visible
from mingcha.apps.entities.models import Entity
from mingcha.language import chinese
from mingcha.lists.views import list_response
from mingcha.problems import Problem

from .. import appeals, clocks
from ..choices import AppealState
from ..evidence import MOST_BYTES, evidence_bytes
from ..forms import AnswerForm, AppealForm, EvidenceForm
from ..models import Appeal, AppealEvidence
from ..tables import appeals_for


@require_safe
@require("risk.appeal.view")
def listed(request: HttpRequest) -> HttpResponse:
    queryset = visible(Appeal.objects.all(), request.user, "risk.appeal.view")
    queryset = queryset.select_related("entity", "model").defer("model__card")
    return list_response(request, appeals_for(request.user), queryset, export_action="risk.appeal.export")


@require_safe
@require("risk.appeal.view")
def appeal(request: HttpRequest, number: str) -> HttpResponse:
    found = _visible(request, number)
    waiting = found.state == AppealState.OPEN
    context = {
        "appeal": found,
        "evidence": found.evidence.select_related("added_by"),
        "sees_score": may(request.user, "risk.explanation.view"),
        "clock": clocks.answer_clock(found),
        "answer_form": AnswerForm() if waiting and may(request.user, "risk.appeal.answer") else None,
        "evidence_form": EvidenceForm() if waiting and may(request.user, "risk.appeal.file") else None,
        "most": MOST_BYTES >> 20,
    }
    return render(request, "risk/appeal.html", context)


@require_POST
@require("risk.appeal.file")
def file(request: HttpRequest, key: str) -> HttpResponse:
    """Write down an appeal on the entity's page. What is said may be empty: the service says so."""
    entity = get_object_or_404(Entity.objects.filter(in_jurisdiction(request.user)), key=key)
    form = AppealForm(request.POST)
    text = form.cleaned_data["text"] if form.is_valid() else ""
    filed = appeals.appeal_file(entity=entity, text=text, user=request.user)
    messages.success(request, _("The appeal is written down, with the class and the score that it speaks of."))
    return redirect("risk:appeal", filed.number)


@require_POST
@require("risk.appeal.file")
def evidence(request: HttpRequest, number: str) -> HttpResponse:
    found = _within(request, number)
    form = EvidenceForm(request.POST, request.FILES)
    if not form.is_valid():
        raise Problem(
            zh="没有选择文件。",
            en="No file was chosen.",
            where=found.number,
            todo_zh="请先选择文件。",
            todo_en="Choose a file first.",
        )
    handed = form.cleaned_data["file"]
    appeals.evidence_add(appeal=found, file=handed, name=handed.name, user=request.user)
    messages.success(request, _("The file is kept with its digest."))
    return redirect("risk:appeal", found.number)


@require_safe
@require("risk.appeal.view")
def evidence_file(request: HttpRequest, number: str, sha256: str) -> HttpResponse:
    found = get_object_or_404(AppealEvidence, appeal=_visible(request, number), sha256=sha256)
    response = HttpResponse(b"".join(evidence_bytes(found.sha256)), content_type=found.mime)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(found.name)}"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@require("risk.appeal.answer")
def answer(request: HttpRequest, number: str) -> HttpResponse:
    found = _within(request, number)
    form = AnswerForm(request.POST)
    form.is_valid()
    said = {"outcome": "", "answer": "", "corrected_by": "", "corrected_in": ""} | form.cleaned_data
    appeals.appeal_answer(number=found.number, user=request.user, **said)
    messages.success(request, _("The appeal is answered under your name."))
    return redirect("risk:appeal", found.number)


@require_safe
@require("risk.appeal.view")
def paper(request: HttpRequest, number: str, kind: str) -> HttpResponse:
    """The receipt, or the answer, as a sheet of paper for the firm."""
    found = _visible(request, number)
    if kind == "answer" and found.state == AppealState.OPEN:
        raise Problem(
            zh=f"{found.number} 尚未答复。",
            en=f"{found.number} isn't answered yet.",
            todo_zh="答复后再打印。",
            todo_en="Print it once it is answered.",
        )
    context = {
        "appeal": found,
        "kind": kind,
        "evidence": found.evidence.all(),
        "clock": clocks.answer_clock(found),
        "paper_lang": "zh-Hans" if chinese() else "en",
    }
    return render(request, "risk/appeal_paper.html", context)


def _visible(request: HttpRequest, number: str) -> Appeal:
    found = visible(Appeal.objects.all(), request.user, "risk.appeal.view")
    found = found.select_related("entity", "model", "filed_by__unit", "answered_by__unit")
    return get_object_or_404(found, number=number)


def _within(request: HttpRequest, number: str) -> Appeal:
    return get_object_or_404(Appeal.objects.filter(in_jurisdiction(request.user, "entity__division")), number=number)
