"""Risk models: the list, and the card of one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mingcha.apps.accounts.permissions import in_jurisdiction, may, require
from mingcha.apps.entities.models import Entity
from mingcha.lists.views import list_response

from . import appeals, card_page, panels, services
from .choices import AppealState, ModelState
from .forms import AnswerForm, AppealForm, SignForm
from .models import Appeal, RiskModel
from .tables import MODELS


@require("risk.model.view")
def models(request: HttpRequest) -> HttpResponse:
    queryset = RiskModel.objects.select_related("dataset", "signed_by").defer("card")
    return list_response(request, MODELS, queryset, export_action="risk.model.export")


@require("risk.model.view")
def model(request: HttpRequest, number: str) -> HttpResponse:
    found = get_object_or_404(RiskModel.objects.select_related("dataset", "signed_by"), number=number)
    card = found.card
    scores = card.get("scores") or {"edges": [], "all": [], "positives": []}
    context = {
        "model": found,
        "card": card,
        "figures": card_page.figures(card),
        "charts": card_page.charts(card),
        "labels": card_page.labels(),
        "bins": list(zip(scores["edges"], scores["all"], scores["positives"], strict=False)),
        "stringency": card_page.stringency(card),
        "fairness": card_page.fairness(card),
        "drift": card_page.drift(found.drift, card),
        "sign_form": SignForm(),
        "may_sign": may(request.user, "risk.model.sign") and found.state != ModelState.CHAMPION,
    }
    return render(request, "risk/model.html", context)


@require_POST
@require("risk.model.sign")
def sign(request: HttpRequest, number: str) -> HttpResponse:
    found = get_object_or_404(RiskModel.objects.select_related("dataset"), number=number)
    form = SignForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    services.model_sign(model=found, user=request.user, reason=reason)
    messages.success(request, _("The model is in force under your name. Scores follow when it is next run."))
    return redirect("risk:model", found.number)


@require("risk.explanation.view")
def why(request: HttpRequest, key: str) -> HttpResponse:
    """The reasons behind an entity's class, worked out when they are asked for: a part of the entity's page."""
    visible = Entity.objects.filter(in_jurisdiction(request.user), risk__isnull=False)
    entity = get_object_or_404(visible.select_related("risk__model"), key=key)
    return render(request, "risk/why_reasons.html", {"entity": entity, "why": panels.explanation(entity)})


@require_POST
@require("risk.appeal.file")
def appeal_file(request: HttpRequest, key: str) -> HttpResponse:
    """Write down an appeal on the entity's page. What is said may be empty: the service says so."""
    entity = get_object_or_404(Entity.objects.filter(in_jurisdiction(request.user)), key=key)
    form = AppealForm(request.POST)
    text = form.cleaned_data["text"] if form.is_valid() else ""
    appeals.appeal_file(entity=entity, text=text, user=request.user)
    messages.success(request, _("The appeal is written down, with the class and the score that it speaks of."))
    return redirect("entities:detail", entity.key)


@require_POST
@require("risk.appeal.answer")
def appeal_answer(request: HttpRequest, key: str) -> HttpResponse:
    """Answer the entity's open appeal, of which there is one at most."""
    visible = Appeal.objects.filter(in_jurisdiction(request.user, "entity__division"), state=AppealState.OPEN)
    found = get_object_or_404(visible, entity__key=key)
    form = AnswerForm(request.POST)
    said = form.cleaned_data if form.is_valid() else {"upheld": False, "answer": ""}
    appeals.appeal_answer(number=found.pk, upheld=said["upheld"], answer=said["answer"], user=request.user)
    messages.success(request, _("The appeal is answered under your name."))
    return redirect("entities:detail", key)
