"""Lists of datasets and of quarantine reasons."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from mingcha.language import chinese
from mingcha.lists.declare import Column, Filter, Listing, View

from .models import QuarantineReason

KEYED_BY = (("entity", _("entity")), ("place", _("place")), ("date", _("date")))


def reason_of(row: QuarantineReason) -> str:
    return row.reason_zh if chinese() else row.reason_en


DATASETS = Listing(
    name="datasets",
    title=_("Data catalogue"),
    noun=_("datasets"),
    row="exchange/dataset_row.html",
    sort="title",
    item=lambda dataset: reverse("exchange:dataset", args=[dataset.name]),
    search=lambda queryset, words: (
        queryset.filter(title__icontains=words)
        | queryset.filter(name__icontains=words)
        | queryset.filter(department__icontains=words)
    ),
    search_hint=_("Title, name, department"),
    columns=(
        Column("title", _("Dataset"), lambda d: d.title, sort="title"),
        Column("name", _("Name"), lambda d: d.name, sort="name", default=False, minor=True),
        Column("department", _("Department"), lambda d: d.department, sort="department", minor=True),
        Column("keyed_by", _("Keyed by"), lambda d: d.keyed_by, minor=True),
        Column("version", _("Contract"), lambda d: d.version, minor=True),
        Column("rows", _("Rows accepted"), lambda d: d.accepted, sort="accepted", right=True, descending=True),
        Column("held", _("In quarantine"), lambda d: d.quarantined, sort="quarantined", right=True, descending=True),
        Column("deliveries", _("Deliveries"), lambda d: d.deliveries, right=True, minor=True),
        Column(
            "received",
            _("Last delivery"),
            lambda d: d.last_received,
            sort="last_received",
            nullable=True,
            descending=True,
            minor=True,
        ),
    ),
    filters=(
        Filter("department", _("Department"), "department", composition=True, limit=8),
        Filter("keyed", _("Keyed by"), "keyed_by", lambda: KEYED_BY),
        Filter(
            "simulated", _("Origin"), "simulated", lambda: (("0", _("real")), ("1", _("Simulated data"))), boolean=True
        ),
    ),
    empty_icon="database-off",
    empty_title=_("There are no datasets yet"),
    empty_text=_(
        "A dataset is described by a contract and comes with its first delivery: mingcha import CONTRACT FILE."
    ),
)

REASONS = Listing(
    name="quarantine",
    title=_("Quarantine"),
    noun=_("reasons"),
    row="exchange/reason_row.html",
    sort="-rows",
    item=lambda reason: reverse("exchange:quarantine-rows", args=[reason.pk]),
    search=lambda queryset, words: (
        queryset.filter(reason_zh__icontains=words)
        | queryset.filter(reason_en__icontains=words)
        | queryset.filter(field__icontains=words)
        | queryset.filter(rule__icontains=words)
    ),
    search_hint=_("Reason, field, rule"),
    columns=(
        Column("reason", _("Reason"), reason_of),
        Column("dataset", _("Dataset"), lambda r: r.batch.dataset.title, sort="batch__dataset__title", minor=True),
        Column("field", _("Field"), lambda r: r.field, sort="field"),
        Column("rule", _("Rule"), lambda r: r.rule, minor=True),
        Column("batch", _("Batch"), lambda r: r.batch_id, sort="batch_id", right=True, descending=True, minor=True),
        Column(
            "received",
            _("Received"),
            lambda r: r.batch.received_at,
            sort="batch__received_at",
            descending=True,
            minor=True,
        ),
        Column("rows", _("Rows"), lambda r: r.rows, sort="rows", right=True, descending=True),
    ),
    filters=(
        Filter("dataset", _("Dataset"), "batch__dataset__title", composition=True, limit=8),
        Filter("field", _("Field"), "field"),
        Filter(
            "warning", _("Kind"), "warning", lambda: (("0", _("held back")), ("1", _("warning, kept"))), boolean=True
        ),
    ),
    views=(
        View("all", _("All")),
        View("held", _("Held back"), {"warning": ("0",)}),
        View("warnings", _("Warnings, rows kept"), {"warning": ("1",)}),
    ),
    empty_icon="shield-check",
    empty_title=_("Nothing is in quarantine"),
    empty_text=_("Rows that break their dataset's contract are held here with the file, row, field, value and reason."),
)
