"""Models: the list, a model's card, its factors, what it may not be used for, its signature."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mingcha.apps.accounts.permissions import every_member, may, require, whole_bureau
from mingcha.language import chinese, language
from mingcha.lists.views import list_response

from .. import card_page, insight, services
from ..choices import ModelState
from ..forms import SignForm
from ..limits import limits_latest, limits_of
from ..models import Backtest, ModelSignature, RiskModel
from ..overrides import overrides_of
from ..services.models import challenge_of
from ..tables import BACKTESTS, MODELS
from . import work

SCORINGS = 60  # drawn on the line of drift


@require_safe
@require("risk.model.view")
def models(request: HttpRequest) -> HttpResponse:
    queryset = RiskModel.objects.select_related("dataset", "signed_by").defer("card")
    return list_response(
        request,
        MODELS,
        queryset,
        export_action="risk.model.export",
        template="risk/models.html",
        **work.forms_for(request.user),
    )


@require_safe
@require("risk.model.view")
def model(request: HttpRequest, number: str) -> HttpResponse:
    found = get_object_or_404(RiskModel.objects.select_related("dataset", "signed_by"), number=number)
    card = found.card
    scores = card.get("scores") or {"edges": [], "all": [], "positives": []}
    scorings = list(found.scorings.order_by("-pk")[:SCORINGS])
    signatures = _signatures(found)
    context = {
        "model": found,
        "card": card,
        "figures": card_page.figures(card),
        "windows": card_page.windows(card),
        "charts": card_page.charts(card),
        "labels": card_page.labels(),
        "bins": list(zip(scores["edges"], scores["all"], scores["positives"], strict=False)),
        "stringency": card_page.stringency(card),
        "fairness": card_page.fairness(card),
        "drift": card_page.drift(found.drift, card),
        "drift_history": card_page.drift_history(scorings, card),
        "cusum": card_page.cusum(found.drift),
        "signatures": signatures,
        "overrides": overrides_of(found),
        "appeals": insight.appeals_of_model(found.pk),
        "backtests": Backtest.objects.filter(dataset=found.dataset_id, risk_point=found.risk_point).defer("report")[:5],
        "score_form": work.score_form(request.user),
        **_promotion(request, found),
    }
    return render(request, "risk/model.html", context)


def _promotion(request: HttpRequest, found: RiskModel) -> dict[str, Any]:
    """The champion beside a model that isn't one, what keeps it from that place, and the form of who may sign."""
    if found.state == ModelState.CHAMPION:
        return {"may_sign": False}
    champion = RiskModel.objects.filter(
        dataset=found.dataset_id, risk_point=found.risk_point, state=ModelState.CHAMPION
    ).first()
    challenge = challenge_of(found, champion)
    allowed = champion is None or bool(challenge and challenge["allowed"])
    why = "" if allowed else services.models.why_not(challenge)[0 if chinese() else 1]
    return {
        "champion": champion,
        "challenge": challenge,
        "allowed": allowed,
        "why_not": why,
        "gates": card_page.gates(champion, challenge),
        "beside": card_page.side_by_side(found, champion) if champion else [],
        "shared": card_page.shared_factors(found, champion) if champion else None,
        "sign_form": SignForm(),
        "may_sign": may(request.user, "risk.model.sign") and whole_bureau(request.user),
    }


def _signatures(found: RiskModel) -> list[ModelSignature]:
    """Who put which model of the same risk point into force, the latest first."""
    rows = ModelSignature.objects.filter(model__dataset=found.dataset_id, model__risk_point=found.risk_point)
    return list(rows.select_related("model", "before", "user").defer("model__card", "before__card")[:20])


@require_safe
@require("risk.model.view")
def factor(request: HttpRequest, number: str, place: int) -> HttpResponse:
    """One factor's card: what it means, where it comes from, by which law, how it pulls, how firmly it stands."""
    found = get_object_or_404(RiskModel.objects.select_related("dataset", "signed_by"), number=number)
    factors = found.card.get("factors", [])
    if place >= len(factors):
        raise Http404
    name = factors[place]["name"]
    history = [
        {"as_of": s.as_of, "psi": s.drift["psi"][name]}
        for s in found.scorings.order_by("-pk")[:12]
        if name in s.drift.get("psi", {})
    ]
    context = {
        "model": found,
        "factor": factors[place],
        "place": place,
        "next": place + 1 if place + 1 < len(factors) else None,
        "previous": place - 1 if place else None,
        "count": len(factors),
        "history": history,
    }
    return render(request, "risk/factor.html", context)


@require_safe
@require("risk.model.view")
def backtests(request: HttpRequest) -> HttpResponse:
    queryset = Backtest.objects.select_related("dataset", "user").defer("report")
    return list_response(request, BACKTESTS, queryset, export_action="risk.model.export")


@require_safe
@require("risk.model.view")
def backtest(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Backtest.objects.select_related("dataset", "user"), pk=pk)
    rows = [row | {"ours": row["retained"]["with_stringency_removed"]} for row in found.report["rolling"]]
    return render(request, "risk/backtest.html", {"backtest": found, "rows": rows})


@require_safe
@every_member
def limits(request: HttpRequest, number: str = "") -> HttpResponse:
    """What a model may not be used for: the text under which it was signed, else the one that the next signature
    takes. Open to all staff, since whoever meets a class has to know it."""
    found = signature = None
    if number:
        found = get_object_or_404(RiskModel.objects.select_related("dataset").defer("card"), number=number)
        signature = ModelSignature.objects.filter(model=found).select_related("user").first()
    text = limits_of(signature.limits) if signature and signature.limits else limits_latest()
    context = {
        "model": found,
        "signature": signature,
        "text": text,
        "words": text.content[language()],
        "sees_model": may(request.user, "risk.model.view"),
    }
    return render(request, "risk/limits.html", context)


@require_POST
@require("risk.model.sign")
@work.bureau_only
def sign(request: HttpRequest, number: str) -> HttpResponse:
    found = get_object_or_404(RiskModel.objects.select_related("dataset"), number=number)
    form = SignForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    services.model_sign(model=found, user=request.user, reason=reason)
    messages.success(request, _("The model is in force under your name. Scores follow when it is next run."))
    return redirect("risk:model", found.number)
