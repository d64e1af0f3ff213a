"""Operations: rules of law, the working-day calendar, clocks."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from mingcha.api.operations import acts, reads
from mingcha.api.pages import Asked, Page, page
from mingcha.lists.keyset import Order

from . import services
from .choices import ClockState, Mark, Unit
from .models import Clock
from .selectors import calendar_now, clocks_visible, rules_listed

router = Router(tags=["法规时限 Law"])


class RuleOut(Schema):
    key: str
    title_zh: str
    title_en: str
    value: float | None
    unit: Unit
    terms: Any
    law: str
    article: str
    mark: Mark = Field(description="T 原文核对，S 二手来源 / T checked against the text, S from a secondary source")
    effective_from: dt.date
    effective_to: dt.date | None
    division: str


class DayOut(Schema):
    day: dt.date
    works: bool


class YearDays(Schema):
    year: int
    known: bool = Field(description="该年节假日已公布 / the year's holidays are known")
    days: list[DayOut]


class ClockOut(Schema):
    id: int
    rule: str
    title: str
    subject_type: str
    subject_id: str
    division: str
    assignee: str
    state: ClockState
    started_on: dt.date
    due_on: dt.date
    ended_on: dt.date | None
    law: str
    article: str

    @staticmethod
    def resolve_rule(clock: Clock) -> str:
        return clock.key

    @staticmethod
    def resolve_assignee(clock: Clock) -> str:
        return clock.assignee.username if clock.assignee else ""

    @staticmethod
    def resolve_law(clock: Clock) -> str:
        return clock.rule.law

    @staticmethod
    def resolve_article(clock: Clock) -> str:
        return clock.rule.article


class RulesAsked(Asked):
    on: dt.date | None = Field(None, description="默认今天 / by default today")
    key: str = Field("", max_length=80, description="键的前缀 / beginning of the key")


class ClocksAsked(Asked):
    open: bool = Field(True, description="只要未结束的 / only those that haven't ended")
    state: ClockState | None = None
    due_before: dt.date | None = None


class PauseIn(Schema):
    cause: str = Field(min_length=1, max_length=80, description="规则所列的情形 / one of the rule's")


class ExtendIn(Schema):
    extension: str = Field(min_length=1, max_length=80)
    reason: str = Field(min_length=1, max_length=500)
    value: int | None = Field(None, ge=1, le=3650)


@reads(router, "/rules", Page[RuleOut], action="law.rule.view")
def rules_list(request: HttpRequest, asked: Query[RulesAsked]) -> dict[str, Any]:
    """法定规则 / Rules of law in force on a day, each with its source and mark."""
    rows = rules_listed(asked.on or timezone.localdate())
    if asked.key:
        rows = rows.filter(key__startswith=asked.key)
    return page(request, rows, Order("pk"), asked)


@reads(router, "/calendar/{int:year}", YearDays, action="law.calendar.view")
def calendar_get(request: HttpRequest, year: int) -> dict[str, Any]:
    """工作日历 / A year's days: which of them are working days."""
    first = dt.date(min(max(year, 2004), 2099), 1, 1)
    shown = calendar_now()
    days = [first + dt.timedelta(n) for n in range(366)]
    days = [day for day in days if day.year == first.year]
    return {
        "year": first.year,
        "known": shown.knows(first.year),
        "days": [{"day": day, "works": shown.works(day)} for day in days],
    }


@reads(router, "/clocks", Page[ClockOut], action="law.clock.view")
def clocks_list(request: HttpRequest, asked: Query[ClocksAsked]) -> dict[str, Any]:
    """法定期限 / Clocks of the jurisdiction, the soonest due first."""
    rows = clocks_visible(request.auth)
    if asked.open:
        rows = rows.filter(ended_on=None)
    if asked.state:
        rows = rows.filter(state=asked.state)
    if asked.due_before:
        rows = rows.filter(due_on__lt=asked.due_before)
    return page(request, rows, Order("due_on"), asked)


@acts(router, "/clocks/{int:id}/pause", ClockOut, action="law.clock.pause")
def clock_pause(request: HttpRequest, id: int, given: PauseIn) -> Clock:
    """中止期限 / Stop counting, for a cause that the rule names."""
    return services.clock_pause(clock=_clock(request, id, "law.clock.pause"), cause=given.cause, user=request.auth)


@acts(router, "/clocks/{int:id}/resume", ClockOut, action="law.clock.pause")
def clock_resume(request: HttpRequest, id: int) -> Clock:
    """恢复期限 / Count again."""
    return services.clock_resume(clock=_clock(request, id, "law.clock.pause"), user=request.auth)


@acts(router, "/clocks/{int:id}/extend", ClockOut, action="law.clock.extend")
def clock_extend(request: HttpRequest, id: int, given: ExtendIn) -> Clock:
    """延长期限 / Lengthen the period by one of its rule's extensions."""
    return services.clock_extend(clock=_clock(request, id, "law.clock.extend"), user=request.auth, **given.model_dump())


def _clock(request: HttpRequest, pk: int, action: str) -> Clock:
    return get_object_or_404(clocks_visible(request.auth, action), pk=pk)
