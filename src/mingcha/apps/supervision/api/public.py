"""Operations that need no token: what the public pages show."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from ninja import Query, Router, Schema
from pydantic import Field

from mingcha.api.operations import shows
from mingcha.api.pages import Asked, Page, page
from mingcha.apps.entities.models import Entity
from mingcha.apps.entities.search import narrowed
from mingcha.language import language
from mingcha.lists.keyset import Order

from ..models import Draw, Result
from ..rules import result_kinds
from ..selectors import results_public

router = Router(tags=["社会公示 Public"])


class PublicResult(Schema):
    task: str
    entity: str
    entity_name: str
    kind: str
    kind_title: str
    visited_on: dt.date
    summary: str
    published_at: dt.datetime
    corrected: bool
    reason: str = Field(description="更正原因 / why it was corrected")
    simulated: bool

    @staticmethod
    def resolve_task(result: Result) -> str:
        return result.task.number

    @staticmethod
    def resolve_entity(result: Result) -> str:
        return result.task.entity.key

    @staticmethod
    def resolve_entity_name(result: Result) -> str:
        return result.task.entity.name

    @staticmethod
    def resolve_kind_title(result: Result) -> str:
        return result_kinds()[result.kind].title(language())

    @staticmethod
    def resolve_corrected(result: Result) -> bool:
        return result.version > 1

    @staticmethod
    def resolve_simulated(result: Result) -> bool:
        return result.task.entity.simulated


class PublicDraw(Schema):
    name: str
    plan: str
    title: str
    root: str
    seed: str
    result: str
    units: int
    taken: int
    frozen_at: dt.datetime | None
    drawn_at: dt.datetime | None
    published_at: dt.datetime
    page: str = Field(description="公示页与验证文件的地址 / address of the page with the file that anyone can check")
    simulated: bool

    @staticmethod
    def resolve_plan(draw: Draw) -> str:
        return draw.plan.number

    @staticmethod
    def resolve_title(draw: Draw) -> str:
        return draw.plan.title

    @staticmethod
    def resolve_page(draw: Draw) -> str:
        return reverse("supervision:public-draw", args=[draw.name])

    @staticmethod
    def resolve_simulated(draw: Draw) -> bool:
        return draw.plan.simulated


class ResultsAsked(Asked):
    q: str = Field("", max_length=100, description="企业名称或代码 / a firm's name or code")
    entity: str = Field("", max_length=120)


@shows(router, "/public/results", Page[PublicResult])
def public_results_list(request: HttpRequest, asked: Query[ResultsAsked]) -> dict[str, Any]:
    """公示的检查结果 / Published results, the latest first."""
    rows = results_public()
    if asked.entity:
        rows = rows.filter(task__entity__key=asked.entity)
    if asked.q.strip():
        rows = rows.filter(task__entity__in=narrowed(Entity.objects.all(), asked.q).values("pk"))
    return page(request, rows, Order("published_at", descending=True), asked)


@shows(router, "/public/draws", Page[PublicDraw])
def public_draws_list(request: HttpRequest, asked: Query[Asked]) -> dict[str, Any]:
    """公布的抽取 / Published draws, the latest first."""
    return page(request, _published(), Order("pk", descending=True), asked)


@shows(router, "/public/draws/{name}", PublicDraw)
def public_draw_get(request: HttpRequest, name: str) -> Draw:
    """一次公布的抽取 / One published draw."""
    return get_object_or_404(_published(), name=name)


def _published():
    return Draw.objects.exclude(published_at=None).filter(voided_at=None).select_related("plan")
