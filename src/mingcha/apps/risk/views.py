"""Risk models: the list, and the card of one."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from mingcha.apps.accounts.permissions import require
from mingcha.lists.views import list_response

from .models import RiskModel
from .tables import MODELS


@require("risk.model.view")
def models(request: HttpRequest) -> HttpResponse:
    queryset = RiskModel.objects.select_related("dataset", "signed_by").defer("card")
    return list_response(request, MODELS, queryset, may_export=True)


@require("risk.model.view")
def model(request: HttpRequest, number: str) -> HttpResponse:
    found = get_object_or_404(RiskModel.objects.select_related("dataset", "signed_by"), number=number)
    return render(request, "risk/model.html", {"model": found, "card": found.card})
