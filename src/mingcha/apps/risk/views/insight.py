"""The risk of a jurisdiction: at a glance, firm by firm, and why one firm has its class."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from mingcha.apps.accounts.permissions import in_jurisdiction, require, whole_bureau
from mingcha.apps.entities.models import Entity
from mingcha.language import in_language
from mingcha.lists.views import list_response
from mingcha.output import unmarked

from .. import insight, panels
from ..models import RiskModel, Scoring
from ..tables import FIRMS
from ..templatetags.risk import reasons_of

SHOWN = (  # a narrow row is sorted sooner
    *("probability", "risk_class", "as_of", "move", "turn", "reasons", "last_visit", "district", "industry"),
    *("entity__key", "entity__name", "entity__simulated"),
)
CLASSES = {"CD": "CD", "D": "D", "C": "C", "B": "B", "A": "A"}  # what a page may ask to look at


@require_safe
@require("risk.scores.view")
def overview(request: HttpRequest) -> HttpResponse:
    scorings = insight.scorings_in_force()
    context: dict[str, Any] = {"scorings": scorings}
    if scorings:
        wanted = request.GET.get("point", "")
        scoring = next((s for s in scorings if insight.point_name(s) == wanted), scorings[0])
        classes = CLASSES.get(request.GET.get("classes", ""), "CD")
        found = insight.overview(scoring, request.user, classes)
        context |= found
        context |= {
            "scoring": scoring,
            "point": insight.point_name(scoring),
            "points": [(insight.point_name(s), s.model.title) for s in scorings],
            "chosen": classes,
            "chosen_query": "&".join(f"class={letter}" for letter in classes),
            "choices": list(CLASSES),
            "whole": whole_bureau(request.user),
            "list_url": _list_url(scoring),
            "top_rate": max((g["rate"] for g in (*found["districts"], *found["industries"])), default=0.0),
        }
    return render(request, "risk/insight.html", context)


@require_safe
@require("risk.scores.view")
def firms(request: HttpRequest, point: str = "") -> HttpResponse:
    """The scored firms of a risk point; without one, of the point that gives entities their class."""
    scorings = insight.scorings_in_force()
    scoring = next((s for s in scorings if insight.point_name(s) == point), None) if point else None
    if point and scoring is None:
        raise Http404
    scoring = scoring or (scorings[0] if scorings else None)
    titles = _titles(scoring)
    columns = tuple(
        replace(c, value=lambda score: "; ".join(reasons_of(score.reasons, titles))) if c.name == "reasons" else c
        for c in FIRMS.columns
    )
    queryset = insight.scores_visible(scoring or Scoring(leading=True, model=RiskModel()), request.user)
    return list_response(
        request,
        replace(FIRMS, columns=columns),
        queryset.select_related("entity").only(*SHOWN),
        export_action="risk.scores.export",
        template="risk/firms.html",
        scoring=scoring,
        titles=titles,
        point=insight.point_name(scoring) if scoring else "",
        points=[(insight.point_name(s), s.model.title) for s in scorings],
    )


@require_safe
@require("risk.explanation.view")
def why(request: HttpRequest, key: str) -> HttpResponse:
    """The reasons behind an entity's class, worked out when they are asked for: a part of the entity's page."""
    visible = Entity.objects.filter(in_jurisdiction(request.user), risk__isnull=False)
    entity = get_object_or_404(visible.select_related("risk__model"), key=key)
    return render(request, "risk/why_reasons.html", {"entity": entity, "why": panels.explanation(entity)})


def _list_url(scoring: Scoring) -> str:
    """The list behind a scoring's numbers."""
    if scoring.leading:
        return reverse("risk:firms")
    return reverse("risk:firms-of-point", args=[insight.point_name(scoring)])


def _titles(scoring: Scoring | None) -> list[str]:
    """Titles of the factors on the card of the model that scored, by their places."""
    if scoring is None:
        return []
    card = RiskModel.objects.filter(pk=scoring.model_id).values_list("card__factors", flat=True).first() or []
    return [unmarked(in_language(factor["title"])) for factor in card]
