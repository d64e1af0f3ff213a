"""An entity's file as its page tells it: records in time order with a line each, a strip of quarters, disagreements."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from mingcha.apps.exchange.models import Dataset
from mingcha.apps.exchange.selectors import contract_kept
from mingcha.engines.lake.contract import Contract

from .selectors import EntityFile, Record

SHOWN = 60  # records on the page; earlier ones follow on request
LANE = (740, 40)  # the strip's width and height


def page_of(
    file: EntityFile, source: str = "", until: datetime.datetime | None = None, *, probabilities: bool = False
) -> dict[str, Any]:
    """What the time line's template draws: the latest records before `until`, of `source` or of all.

    `probabilities`: whether the reader may see with which probability a visit was drawn (auditors).
    """
    contracts = contracts_of(s.name for s in file.sources)
    wanted = [r for r in reversed(file.records) if not source or r.dataset == source]
    wanted = [r for r in wanted if until is None or r.event_at < until]
    shown = wanted[:SHOWN]
    return {
        "total": file.total,
        "milliseconds": file.milliseconds,
        "sources": [{"name": s.name, "title": s.title, "rows": s.records} for s in file.sources],
        "records": [_line(record, contracts[record.dataset], probabilities) for record in shown],
        "more": shown[-1].event_at.isoformat() if len(wanted) > SHOWN else "",
        "lane": _lane(file.records),
        "conflicts": [{"title": _role(d.role), "values": _said(d.said, contracts)} for d in file.disagreements],
    }


def _said(said: Iterable[tuple[str, str, datetime.datetime]], contracts: dict[str, Contract]) -> list[dict[str, Any]]:
    """Each text once, with the sources that say it, the one known first leading."""
    values: dict[str, dict[str, Any]] = {}
    for text, dataset, known in sorted(said, key=lambda s: s[2]):
        entry = values.setdefault(text, {"value": text, "sources": [], "known": known})
        entry["sources"].append(contracts[dataset].title)
    return list(values.values())


def _line(record: Record, contract: Contract, probabilities: bool) -> dict[str, Any]:
    happened, known = happened_of(record, contract), timezone.localtime(record.latest.known_at)
    drawn = contract.inspections.pi if contract.inspections and not probabilities else ""
    cells = [c for c in record.latest.cells if c.value not in (None, "", []) and (not drawn or c.name != drawn)]
    return {
        "year": happened.year,
        "happened": happened,
        "known": known,
        "later": known.date() != (happened.date() if isinstance(happened, datetime.datetime) else happened),
        "assumed": record.known_assumed,
        "icon": _icon(contract),
        "title": record.title,
        "summary": _summary(cells, contract),
        "fields": [(cell.title, _text(cell.value)) for cell in cells],
        "changed": [_text_title(contract, name) for name in record.changed],
        "department": record.department,
        "dataset": record.dataset,
        "batch": record.latest.batch,
        "row": record.latest.row,
        "simulated": record.simulated,
    }


def happened_of(record: Record, contract: Contract) -> datetime.date | datetime.datetime:
    """When the event was: the day alone where the contract knows no more (the lake keeps the instant at which the day
    began in the contract's zone, which is some hour of ours), else the time in the instance's zone."""
    stated = next((c.value for c in record.latest.cells if c.name == contract.event_time), None)
    if isinstance(stated, datetime.date) and not isinstance(stated, datetime.datetime):
        return stated
    happened = timezone.localtime(record.event_at)
    return happened.date() if happened.time() == datetime.time() else happened


def _summary(cells: list, contract: Contract) -> list[tuple[str, str]]:
    """The fields that tell of the event itself, not who, where or when, as (title, value); of an inspection its outcome
    first."""
    told = {*contract.roles.values(), *(k.field for k in contract.entity_keys), *contract.primary_key}
    told |= {contract.event_time, contract.known_time, contract.latitude, contract.longitude}
    telling: dict[str, Any] = {}
    if contract.inspections:
        told |= {contract.inspections.pi, contract.inspections.stratum, contract.inspections.inspector}
        labels = " ".join(point.label for point in contract.inspections.risk_points if not point.label_in)
        telling = {c.name: c for c in cells if re.search(rf"\b{re.escape(c.name)}\b", labels)}
    for cell in cells:
        if cell.name not in told and not cell.masked:
            telling.setdefault(cell.name, cell)
    return [_named(cell) for cell in list(telling.values())[:4]]


_MEASURE = re.compile(r"(.+?)[（(]([^（）()]{1,6})[)）]")


def _named(cell: Any) -> tuple[str, str]:
    """A field's short title and its value. The unit of a number stands in its title, 面积（㎡）: told after it."""
    text, measured = _text(cell.value), _MEASURE.fullmatch(cell.title)
    if measured and isinstance(cell.value, int | float) and not isinstance(cell.value, bool):
        return measured[1], f"{text} {measured[2]}"
    return cell.title, text if len(text) <= 40 else text[:39] + "…"


def _icon(contract: Contract) -> str:
    if contract.inspections:
        return "clipboard-check"
    if contract.valid_from or contract.valid_to:
        return "license"
    return "file-text"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d %H:%M").removesuffix(" 00:00")
    if isinstance(value, float):
        return f"{value:,.6g}"
    if isinstance(value, list):
        return _(", ").join(map(_text, value))
    return str(value)


def _text_title(contract: Contract, name: str) -> str:
    return contract.field(name).title or name


def _role(role: str) -> str:
    return {
        "name": _("Name"),
        "address": _("Address"),
        "representative": _("Legal representative"),
        "status": _("Status"),
        "kind": _("Kind"),
    }.get(role, role)


def _lane(records: tuple[Record, ...]) -> dict[str, Any] | None:
    """Records by quarter from the first year to the last, as bars; None where there is too little to draw."""
    if len(records) < 3:
        return None
    quarters: dict[int, int] = {}
    for record in records:
        at = timezone.localtime(record.event_at)
        quarters[at.year * 4 + (at.month - 1) // 3] = quarters.get(at.year * 4 + (at.month - 1) // 3, 0) + 1
    first, last = min(quarters) // 4 * 4, max(quarters) // 4 * 4 + 3
    first = max(first, last - 39)  # ten years
    width, most = LANE[0] / (last - first + 1), max(quarters.values())
    bars = []
    for quarter, n in sorted(quarters.items()):
        if quarter >= first:
            height = max(2.0, n / most * (LANE[1] - 2))
            bars.append({
                "x": f"{(quarter - first) * width + width * 0.15:.1f}", "w": f"{width * 0.7:.1f}",
                "y": f"{LANE[1] - height:.1f}", "h": f"{height:.1f}", "n": n,
            })  # fmt: skip
    years = [{"year": y // 4, "x": f"{(y - first) * width:.1f}"} for y in range(first, last + 1, 4)]
    return {"bars": bars, "years": years}


def contracts_of(names: Iterable[str]) -> dict[str, Contract]:
    """The contracts in force of these datasets, by name."""
    found = Dataset.objects.filter(name__in=list(names)).values_list("name", "pk", "digest")
    return {name: contract_kept(pk, digest) for name, pk, digest in found}
