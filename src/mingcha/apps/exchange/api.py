"""Operations: datasets, their deliveries, what is in quarantine."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema
from pydantic import Field

from mingcha.api.operations import reads
from mingcha.api.pages import Asked, Page, page
from mingcha.lists.keyset import Order

from .models import Batch, QuarantineReason
from .selectors import datasets_totalled, quarantine_visible

router = Router(tags=["数据归集 Data"])


class DatasetOut(Schema):
    name: str
    title: str
    department: str
    version: str
    keyed_by: str
    simulated: bool
    accepted: int
    quarantined: int
    deliveries: int
    last_received: dt.datetime | None


class BatchOut(Schema):
    dataset: str
    number: int
    version: str
    rows_read: int
    rows_accepted: int
    rows_changed: int
    rows_duplicate: int
    rows_quarantined: int
    rows_left_out: int
    warnings: int
    received_at: dt.datetime
    withdrawn_at: dt.datetime | None

    @staticmethod
    def resolve_dataset(batch: Batch) -> str:
        return batch.dataset.name


class ReasonOut(Schema):
    id: int
    dataset: str
    batch: int
    field: str
    rule: str
    reason_zh: str
    reason_en: str
    rows: int
    warning: bool

    @staticmethod
    def resolve_dataset(reason: QuarantineReason) -> str:
        return reason.batch.dataset.name

    @staticmethod
    def resolve_batch(reason: QuarantineReason) -> int:
        return reason.batch.number


class OfDataset(Asked):
    dataset: str = Field("", max_length=80)


@reads(router, "/datasets", Page[DatasetOut], action="exchange.dataset.view")
def datasets_list(request: HttpRequest, asked: Query[Asked]) -> dict[str, Any]:
    """数据目录 / Datasets, with what each holds."""
    return page(request, datasets_totalled(), Order("name"), asked)


@reads(router, "/datasets/{name}", DatasetOut, action="exchange.dataset.view")
def dataset_get(request: HttpRequest, name: str) -> Any:
    """一个数据集 / One dataset."""
    return get_object_or_404(datasets_totalled(), name=name)


@reads(router, "/batches", Page[BatchOut], action="exchange.dataset.view")
def batches_list(request: HttpRequest, asked: Query[OfDataset]) -> dict[str, Any]:
    """接收批次 / Deliveries, the latest first."""
    rows = Batch.objects.select_related("dataset")
    if asked.dataset:
        rows = rows.filter(dataset__name=asked.dataset)
    return page(request, rows, Order("pk", descending=True), asked)


@reads(router, "/quarantine", Page[ReasonOut], action="exchange.quarantine.view")
def quarantine_list(request: HttpRequest, asked: Query[OfDataset]) -> dict[str, Any]:
    """隔离数据的原因 / Why rows are held back, and how many."""
    rows = quarantine_visible(request.auth).filter(closed_at=None)
    if asked.dataset:
        rows = rows.filter(batch__dataset__name=asked.dataset)
    return page(request, rows, Order("pk", descending=True), asked)
