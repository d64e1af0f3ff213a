"""Operations: the item catalogue, the two directories with their inspectors, the year's plan."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema
from pydantic import Field

from mingcha.api.operations import reads
from mingcha.api.pages import Asked, Page, page
from mingcha.apps.accounts.permissions import visible
from mingcha.lists.keyset import Order

from ..models import CatalogueItem, Inspector, YearEntry, YearPlan
from ..register_choices import CatalogueState, ItemKind, YearState
from ..selectors import directories_visible, directory_entities, inspector_directories_visible, inspectors_visible
from ..selectors.catalogue import catalogues_visible
from ..selectors.directories import certify
from ..selectors.years import years_visible

router = Router(tags=["事项与名录 Registers"])


class ItemOut(Schema):
    id: int
    catalogue: str
    code: str
    category: str
    name: str
    kind: ItemKind
    objects_text: str
    methods: list[str]
    content: str
    basis: str
    department: str
    joint_departments: list[str]
    frequency_text: str
    effective_from: dt.date | None
    effective_to: dt.date | None

    @staticmethod
    def resolve_catalogue(item: CatalogueItem) -> str:
        return item.catalogue.number


class DirectoryOut(Schema):
    id: int
    name: str
    division: str
    condition: dict[str, Any]
    note: str
    active: bool
    changed_at: dt.datetime


class MemberOut(Schema):
    key: str
    name: str
    division: str
    industry: str


class InspectorOut(Schema):
    number: str
    name: str
    department: str
    division: str
    areas: list[str]
    skills: list[str]
    certified_to: dt.date | None
    load: int
    load_period: str
    active: bool
    simulated: bool


class YearOut(Schema):
    number: str
    year: int
    title: str
    unit: str
    division: str
    state: YearState
    published_at: dt.datetime | None
    simulated: bool

    @staticmethod
    def resolve_unit(plan: YearPlan) -> str:
        return plan.unit.code


class EntryOut(Schema):
    id: int
    title: str
    kind: str
    directory: int | None
    items: list[str]
    department: str
    joint_departments: list[str]
    share: float | None
    visits: int | None
    month_from: int
    month_to: int
    times: int
    dropped: bool

    @staticmethod
    def resolve_directory(entry: YearEntry) -> int | None:
        return entry.directory_id

    @staticmethod
    def resolve_items(entry: YearEntry) -> list[str]:
        return [item.code for item in entry.items.all()]


class YearDetail(Schema):
    plan: YearOut
    entries: list[EntryOut]


class ItemsAsked(Asked):
    catalogue: str = Field("", max_length=40, description="默认各现行目录 / by default those that are published")
    q: str = Field("", max_length=100)


class InspectorsAsked(Asked):
    active: bool | None = None
    department: str = Field("", max_length=100)


class YearsAsked(Asked):
    year: int | None = Field(None, ge=2000, le=2200)


@reads(router, "/catalogue-items", Page[ItemOut], action="supervision.catalogue.view")
def catalogue_items_list(request: HttpRequest, asked: Query[ItemsAsked]) -> dict[str, Any]:
    """随机抽查事项 / Inspection items of one's own catalogues and of those of the units above."""
    seen = catalogues_visible(request.auth)
    seen = seen.filter(number=asked.catalogue) if asked.catalogue else seen.filter(state=CatalogueState.PUBLISHED)
    rows = CatalogueItem.objects.filter(catalogue__in=seen.values("pk")).select_related("catalogue")
    if asked.q.strip():
        rows = rows.filter(name__icontains=asked.q.strip())
    return page(request, rows, Order("pk"), asked)


@reads(router, "/object-directories", Page[DirectoryOut], action="supervision.directory.view")
def object_directories_list(request: HttpRequest, asked: Query[Asked]) -> dict[str, Any]:
    """检查对象名录库 / Object directories: conditions over the entities."""
    return page(request, directories_visible(request.auth), Order("pk"), asked)


@reads(router, "/object-directories/{int:id}/entities", Page[MemberOut], action="supervision.directory.view")
def object_directory_entities(request: HttpRequest, id: int, asked: Query[Asked]) -> dict[str, Any]:
    """名录库中的主体 / Who stands in a directory now."""
    directory = get_object_or_404(directories_visible(request.auth), pk=id)
    return page(request, directory_entities(directory), Order("key"), asked)


@reads(router, "/inspector-directories", Page[DirectoryOut], action="supervision.directory.view")
def inspector_directories_list(request: HttpRequest, asked: Query[Asked]) -> dict[str, Any]:
    """执法检查人员名录库 / Inspector directories."""
    return page(request, inspector_directories_visible(request.auth), Order("pk"), asked)


@reads(router, "/inspectors", Page[InspectorOut], action="supervision.inspector.view")
def inspectors_list(request: HttpRequest, asked: Query[InspectorsAsked]) -> dict[str, Any]:
    """执法检查人员 / Inspectors."""
    own = visible(Inspector.objects.all(), request.auth, "supervision.inspector.view")
    rows = inspectors_visible(request.auth).filter(pk__in=own.values("pk"))
    if asked.active is not None:
        rows = rows.filter(active=asked.active)
    if asked.department:
        rows = rows.filter(department=asked.department)
    found = page(request, rows, Order("number"), asked)
    certify(found["items"])
    return found


@reads(router, "/year-plans", Page[YearOut], action="supervision.year.view")
def year_plans_list(request: HttpRequest, asked: Query[YearsAsked]) -> dict[str, Any]:
    """年度抽查计划 / The year's plans, one's own and those of the units above that are published."""
    rows = years_visible(request.auth)
    if asked.year is not None:
        rows = rows.filter(year=asked.year)
    return page(request, rows, Order("pk", descending=True), asked)


@reads(router, "/year-plans/{number}", YearDetail, action="supervision.year.view")
def year_plan_get(request: HttpRequest, number: str) -> dict[str, Any]:
    """一个年度计划 / A year's plan with its entries."""
    plan = get_object_or_404(years_visible(request.auth), number=number)
    return {"plan": plan, "entries": list(plan.entries.prefetch_related("items"))}
