"""Operations: market entities and their files."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import Http404, HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from mingcha.api.operations import reads
from mingcha.api.pages import Asked, Page, page, page_of
from mingcha.lists.keyset import Order
from mingcha.problems import Problem

from .models import Entity
from .rules import masked
from .search import narrowed
from .selectors import EntityFile, Record, entities_visible, entity_file
from .selectors import entity_get as entity_of
from .timeline import contracts_of

router = Router(tags=["主体信息 Entities"])


class EntityOut(Schema):
    key: str = Field(description="统一社会信用代码；暂定主体为 P-… / unified social credit code; P-… while provisional")
    provisional: bool
    name: str
    kind: str
    status: str
    representative: str = Field(description="已遮盖 / masked")
    industry: str
    address: str
    division: str
    district: str
    latitude: float | None
    longitude: float | None
    opened_on: dt.date | None
    closed_on: dt.date | None
    simulated: bool
    updated_at: dt.datetime

    @staticmethod
    def resolve_representative(entity: Entity) -> str:
        return (masked(entity.representative) or "") if entity.representative else ""


class CellOut(Schema):
    name: str
    title: str
    value: str | None = Field(description="文本；受限字段已遮盖 / as text; restricted fields are masked")
    masked: bool


class RecordOut(Schema):
    dataset: str
    title: str
    department: str
    event_at: dt.datetime
    known_at: dt.datetime
    batch: int
    row: int
    versions: int = Field(description="该记录先后有几个版本 / versions of the record so far")
    simulated: bool
    cells: list[CellOut]


class KeyOut(Schema):
    value: str
    known_at: dt.datetime


class SourceOut(Schema):
    name: str
    title: str
    department: str
    records: int


class EntityDetail(Schema):
    entity: EntityOut
    scope: str
    capital: str
    keys: list[KeyOut]
    sources: list[SourceOut]
    records: int


class EntitiesAsked(Asked):
    q: str = Field("", max_length=100, description="名称、首字母、代码、地址 / name, initials, code, address")
    status: str = Field("", max_length=12)
    industry: str = Field("", max_length=100)
    district: str = Field("", max_length=100)
    division: str = Field("", max_length=12, pattern=r"^[0-9]*$", description="区划代码前缀 / prefix of the code")


@reads(router, "/entities", Page[EntityOut], action="entities.entity.view")
def entities_list(request: HttpRequest, asked: Query[EntitiesAsked]) -> dict[str, Any]:
    """市场主体 / Market entities of the jurisdiction, by key; `q` searches."""
    rows = entities_visible(request.auth)
    for field in ("status", "industry", "district"):
        if value := getattr(asked, field):
            rows = rows.filter(**{field: value})
    if asked.division:
        rows = rows.filter(division__startswith=asked.division)
    if asked.q.strip():
        rows = narrowed(rows, asked.q)
    return page(request, rows, Order("key"), asked)


@reads(router, "/entities/{key}", EntityDetail, action="entities.entity.view")
def entity_get(request: HttpRequest, key: str) -> dict[str, Any]:
    """一户一档 / One entity: who it is, its keys, which sources tell of it. Its records: /entities/{key}/records."""
    file = _file(request, key)
    return {
        "entity": file.entity,
        "scope": file.entity.scope,
        "capital": file.entity.capital,
        "keys": list(file.keys),
        "sources": list(file.sources),
        "records": file.total,
    }


class RecordsAsked(Asked):
    dataset: str = Field("", max_length=80)


@reads(router, "/entities/{key}/records", Page[RecordOut], action="entities.entity.view")
def entity_records(request: HttpRequest, key: str, asked: Query[RecordsAsked]) -> dict[str, Any]:
    """一户一档的记录 / The entity's records of all sources, in the order in which they happened."""
    file = _file(request, key)
    contracts = contracts_of(source.name for source in file.sources)
    hidden = {}  # with which probability a visit was drawn is for auditors
    if not request.auth.may("supervision.draw.audit"):
        hidden = {name: one.inspections.pi for name, one in contracts.items() if one.inspections}
    rows = [record for record in file.records if not asked.dataset or record.dataset == asked.dataset]
    told = [_record(record, hidden.get(record.dataset, "")) for record in rows]
    keys = [(r.event_at.timestamp(), r.latest.known_at.timestamp(), r.dataset, r.latest.batch, r.latest.file,
             r.latest.row) for r in rows]  # fmt: skip
    return page_of(request, told, keys, asked)


def _file(request: HttpRequest, key: str) -> EntityFile:
    try:
        entity = entity_of(key, user=request.auth)
        return entity_file(entity, user=request.auth)
    except (Problem, Entity.DoesNotExist):
        raise Http404 from None


def _record(record: Record, hidden: str) -> dict[str, Any]:
    cells = [cell for cell in record.latest.cells if cell.value is not None and cell.name != hidden]
    return {
        "dataset": record.dataset,
        "title": record.title,
        "department": record.department,
        "event_at": record.event_at,
        "known_at": record.latest.known_at,
        "batch": record.latest.batch,
        "row": record.latest.row,
        "versions": 1 + len(record.earlier),
        "simulated": record.simulated,
        "cells": [{"name": c.name, "title": c.title, "value": str(c.value), "masked": c.masked} for c in cells],
    }
