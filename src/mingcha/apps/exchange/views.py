"""The catalogue of datasets, one dataset, and what is in quarantine."""

from __future__ import annotations

from typing import Any

from django.db.models import Min, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from mingcha.apps.accounts.permissions import may, require
from mingcha.apps.accounts.services import audit_record
from mingcha.engines.lake.contract import Contract
from mingcha.lists.export import export
from mingcha.lists.views import list_response

from . import selectors
from .models import Batch, Dataset, LakeFile, QuarantineReason
from .tables import DATASETS, REASONS, reason_of

SHOWN = 200  # quarantined rows on a page; the export has them all


@require("exchange.dataset.view")
def datasets(request: HttpRequest) -> HttpResponse:
    return list_response(request, DATASETS, selectors.datasets_totalled(), export_action="exchange.dataset.export")


@require("exchange.dataset.view")
def dataset(request: HttpRequest, name: str) -> HttpResponse:
    found = get_object_or_404(selectors.datasets_totalled(), name=name)
    contract = selectors.dataset_contract(found)
    batches = Batch.objects.filter(dataset=found)
    live = batches.filter(withdrawn_at=None).order_by()
    totals = live.aggregate(duplicate=Sum("rows_duplicate"), read=Sum("rows_read", filter=Q(replay_of=None)))
    totals["share"] = found.quarantined / totals["read"] if totals["read"] else 0
    lake = LakeFile.objects.filter(dataset=found, retired_at=None).exclude(kind=LakeFile.Kind.QUARANTINE)
    context = {
        "dataset": found,
        "contract": contract,
        "fields": [_field(contract, field) for field in contract.fields],
        "totals": totals,
        "batches": list(batches.select_related("replay_of").prefetch_related("source_files")[:50]),
        "versions": batches.order_by().values("version").annotate(first=Min("received_at")).order_by("-first"),
        "lake": {"files": lake.count(), "bytes": lake.aggregate(total=Sum("bytes"))["total"] or 0},
        "reasons": _reasons(request, found),
    }
    return render(request, "exchange/dataset.html", context)


@require("exchange.quarantine.view")
def quarantine(request: HttpRequest) -> HttpResponse:
    reasons = selectors.quarantine_visible(request.user).filter(closed_at=None)
    return list_response(request, REASONS, reasons, export_action="exchange.quarantine.export")


@require("exchange.quarantine.view")
def quarantine_rows(request: HttpRequest, pk: int) -> HttpResponse:
    reason = get_object_or_404(selectors.quarantine_visible(request.user), pk=pk)
    dataset = reason.batch.dataset.name
    kind = request.GET.get("as", "")
    may_export = may(request.user, "exchange.quarantine.export")
    if kind in ("csv", "xlsx") and may_export:
        audit_record(user=request.user, action="exchange.quarantine.export", obj=reason, after={"kind": kind})
        head = [_("File"), _("Row"), _("Field"), _("Value"), "原因", "Reason"]
        name = f"quarantine-{reason.batch.dataset.name}-{reason.batch_id}"
        rows = selectors.quarantine_rows(dataset=dataset, reason=reason, user=request.user)
        cells = ([r["file"], r["row"], r["field"], r["value"], r["reason_zh"], r["reason_en"]] for r in rows)
        return export(kind=kind, name=name, head=head, rows=cells, count=reason.rows)
    rows = list(selectors.quarantine_rows(dataset=dataset, reason=reason, limit=SHOWN, user=request.user))
    context = {"reason": reason, "title": reason_of(reason), "rows": rows, "may_export": may_export}
    return render(request, "exchange/quarantine_rows.html", context)


def _reasons(request: HttpRequest, dataset: Dataset) -> list[QuarantineReason]:
    if not may(request.user, "exchange.quarantine.view"):
        return []
    reasons = selectors.quarantine_visible(request.user).filter(batch__dataset=dataset)
    return list(reasons.filter(warning=False, closed_at=None)[:8])


def _field(contract: Contract, field) -> dict[str, Any]:
    """A field with what the contract says of it elsewhere: whether it is part of the key, its roles for an entity."""
    return {
        "name": field.name,
        "header": field.header,
        "title": field.title,
        "type": field.type,
        "separator": field.separator,
        "description": field.description,
        "required": field.required,
        "masked": field.masked,
        "key": field.name in contract.primary_key,
        "roles": [role for role, name in contract.roles.items() if name == field.name],
    }
