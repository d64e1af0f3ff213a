"""Operations: scores, models with their cards, appeals."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema
from pydantic import Field

from mingcha.api.operations import acts, reads
from mingcha.api.pages import Asked, Page, page
from mingcha.apps.accounts.permissions import visible
from mingcha.apps.entities.selectors import entities_visible
from mingcha.lists.keyset import Order

from . import appeals
from .choices import AppealOutcome, AppealState, CorrectedBy, ModelState, RiskClass
from .models import Appeal, RiskModel, RiskScore

router = Router(tags=["风险预警 Risk"])


class ScoreOut(Schema):
    entity: str
    entity_name: str
    model: str
    probability: float
    risk_class: RiskClass
    as_of: dt.date
    last_visit: dt.date | None

    @staticmethod
    def resolve_entity(score: RiskScore) -> str:
        return score.entity.key

    @staticmethod
    def resolve_entity_name(score: RiskScore) -> str:
        return score.entity.name

    @staticmethod
    def resolve_model(score: RiskScore) -> str:
        return score.model.number


class ModelOut(Schema):
    number: str
    title: str
    dataset: str
    risk_point: str
    state: ModelState
    trained_until: dt.date
    trained_at: dt.datetime
    digest: str
    signed_by: str
    signed_at: dt.datetime | None
    simulated: bool

    @staticmethod
    def resolve_dataset(model: RiskModel) -> str:
        return model.dataset.name

    @staticmethod
    def resolve_signed_by(model: RiskModel) -> str:
        return model.signed_by.username if model.signed_by else ""


class ModelDetail(Schema):
    model: ModelOut
    card: dict[str, Any] = Field(description="模型说明：训练、指标、公平性、漂移 / the model card")
    drift: dict[str, Any]


class AppealOut(Schema):
    number: str
    entity: str
    model: str
    risk_class: RiskClass
    as_of: dt.date
    text: str
    state: AppealState
    filed_at: dt.datetime
    answer: str
    answered_at: dt.datetime | None
    outcome: str
    class_after: str

    @staticmethod
    def resolve_entity(appeal: Appeal) -> str:
        return appeal.entity.key

    @staticmethod
    def resolve_model(appeal: Appeal) -> str:
        return appeal.model.number


class ScoresAsked(Asked):
    risk_class: RiskClass | None = None


class AppealsAsked(Asked):
    state: AppealState | None = None
    entity: str = Field("", max_length=120)


class AppealIn(Schema):
    entity: str = Field(max_length=120)
    text: str = Field(min_length=1, max_length=5000)


class AnswerIn(Schema):
    outcome: AppealOutcome
    answer: str = Field(min_length=1, max_length=5000)
    corrected_by: CorrectedBy | None = None
    corrected_in: str = Field("", max_length=200)


@reads(router, "/scores", Page[ScoreOut], action="risk.scores.view")
def scores_list(request: HttpRequest, asked: Query[ScoresAsked]) -> dict[str, Any]:
    """风险分类和违法概率 / Scores in force of the jurisdiction, the highest first.

    They order inspections and decide nothing else.
    """
    rows = visible(RiskScore.objects.select_related("entity", "model"), request.auth, "risk.scores.view")
    rows = rows.defer("model__card", "model__drift")
    if asked.risk_class:
        rows = rows.filter(risk_class=asked.risk_class)
    return page(request, rows, Order("probability", descending=True), asked)


@reads(router, "/models", Page[ModelOut], action="risk.model.view")
def models_list(request: HttpRequest, asked: Query[Asked]) -> dict[str, Any]:
    """风险模型 / Risk models, the latest first."""
    rows = RiskModel.objects.select_related("dataset", "signed_by").defer("card", "drift")
    return page(request, rows, Order("pk", descending=True), asked)


@reads(router, "/models/{number}", ModelDetail, action="risk.model.view")
def model_get(request: HttpRequest, number: str) -> dict[str, Any]:
    """一个模型及其说明 / One model, with its card."""
    model = get_object_or_404(RiskModel.objects.select_related("dataset", "signed_by"), number=number)
    return {"model": model, "card": model.card, "drift": model.drift}


@reads(router, "/appeals", Page[AppealOut], action="risk.appeal.view")
def appeals_list(request: HttpRequest, asked: Query[AppealsAsked]) -> dict[str, Any]:
    """企业异议 / Firms' appeals against their class, the latest first."""
    rows = _appeals(request, "risk.appeal.view")
    if asked.state:
        rows = rows.filter(state=asked.state)
    if asked.entity:
        rows = rows.filter(entity__key=asked.entity)
    return page(request, rows, Order("pk", descending=True), asked)


@acts(router, "/appeals", AppealOut, action="risk.appeal.file", status=201)
def appeal_file(request: HttpRequest, given: AppealIn) -> Appeal:
    """登记异议 / Write down what a firm says; the clock of its answer starts."""
    entity = get_object_or_404(entities_visible(request.auth), key=given.entity)
    return appeals.appeal_file(entity=entity, text=given.text, user=request.auth)


@reads(router, "/appeals/{number}", AppealOut, action="risk.appeal.view")
def appeal_get(request: HttpRequest, number: str) -> Appeal:
    """一件异议 / One appeal."""
    return get_object_or_404(_appeals(request, "risk.appeal.view"), number=number)


@acts(router, "/appeals/{number}/answer", AppealOut, action="risk.appeal.answer")
def appeal_answer(request: HttpRequest, number: str, given: AnswerIn) -> Appeal:
    """答复异议 / Answer it, under the name of the token's owner."""
    found = get_object_or_404(_appeals(request, "risk.appeal.answer"), number=number)
    return appeals.appeal_answer(
        number=found.number,
        outcome=given.outcome,
        answer=given.answer,
        user=request.auth,
        corrected_by=given.corrected_by or "",
        corrected_in=given.corrected_in,
    )


def _appeals(request: HttpRequest, action: str):
    rows = visible(Appeal.objects.select_related("entity", "model"), request.auth, action)
    return rows.defer("model__card", "model__drift")
