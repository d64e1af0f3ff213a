"""The catalogue's datasets as ODCS v3.1 contracts: what contracts/demo/ holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from .catalogue import CATALOGUE
from .catalogue.grammar import Column, Dataset, Events, Own, Periodic, Places, Register
from .words import CITY, DISTRICTS

FOLDER = Path(__file__).resolve().parents[3] / "contracts" / "demo"
HEAD = f"""\
# 模拟数据。{CITY}、其部门、企业和全部记录均为虚构。
# Simulated: 云汀市, its departments, firms and all records are invented.
# Written by `python -m mingcha.simulation.contracts` from src/mingcha/simulation/catalogue/: change it there.
"""

_TEXT = {"name", "representative", "address", "street", "station", "agent", "sector", "kind", "scope", "status",
         "capital_form", "person", "words", "unit", "phone", "district"}  # fmt: skip
_ROLES = {
    "name": "name", "address": "address", "representative": "representative", "agent": "agent", "capital": "capital",
    "capital_form": "capital_form", "sector": "industry", "kind": "kind", "status": "status", "district": "district",
    "opened_on": "opened_on", "closed_on": "closed_on", "latitude": "latitude", "longitude": "longitude",
    "phone": "phone", "scope": "scope",
}  # fmt: skip
_SCHEMES = {"uscc": "uscc", "legacy15": "legacy15", "food_licence": "licence:yunting-food"}


def text(dataset: Dataset) -> str:
    """The contract as YAML."""
    return HEAD + yaml.dump(
        document(dataset), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110, default_flow_style=False
    )


def document(dataset: Dataset) -> dict[str, Any]:
    """The contract as a mapping, in the order in which people read it."""
    server: dict[str, Any] = {"server": "delivery", "type": "local", "path": f"{dataset.name}/"}
    server["format"] = dataset.format.split(".")[0]
    if server["format"] == "csv":
        server |= {"encoding": dataset.encoding, "delimiter": ","}
    schema: dict[str, Any] = {
        "name": dataset.name,
        "businessName": f"{dataset.title}（模拟数据）",
        "description": dataset.purpose,
        "properties": [_property(column, dataset) for column in dataset.columns],
    }
    if dataset.rules or _valid(dataset):
        rules = [*dataset.rules]
        if span := _valid(dataset):
            rules.append((
                "valid_span", f"{span[1]} IS NULL OR {span[1]} >= {span[0]}",
                "有效期止早于有效期起 / the validity ends before it begins",
            ))  # fmt: skip
        schema["quality"] = [
            {"type": "sql", "name": name, "query": query, "description": reason} for name, query, reason in rules
        ]
    schema["customProperties"] = [{"property": k, "value": v} for k, v in _custom(dataset).items()]
    return {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": dataset.name,
        "name": f"{dataset.title}（模拟数据）",
        "version": "1.0.0",
        "status": "active",
        "domain": dataset.domain,
        "tenant": dataset.department,
        "description": {
            "purpose": dataset.purpose,
            "usage": f"{dataset.law}第{dataset.article}条；风险分级监督管理"
            if dataset.law
            else "仅供查询，不用于风险模型",
            "limitations": f"模拟数据：{CITY}并不存在，全部记录均为随机生成，约 1% 的行故意带有错误。",
        },
        "servers": [server],
        "schema": [schema],
    }


def event_of(dataset: Dataset) -> str:
    """The field that says when a row happened."""
    return dataset.event or next(filter(None, map(dataset.of, ("date", "time", "month", "from"))), "")


def key_of(dataset: Dataset) -> tuple[str, ...]:
    """The primary key; () where rows have nothing but their whole selves."""
    return dataset.key or ((dataset.of("no"),) if dataset.of("no") else ())


def required(column: Column, dataset: Dataset) -> bool:
    """Keys of the row, the time of the event, and the entity's key where there is but one: some firms lack a USCC."""
    keys = [c.name for c in dataset.columns if c.kind in _SCHEMES]
    return column.name in key_of(dataset) or column.name == event_of(dataset) or keys == [column.name]


def _property(column: Column, dataset: Dataset) -> dict[str, Any]:
    logical, options, quality = _type(column, dataset)
    out: dict[str, Any] = {"name": column.name}
    if dataset.format != "parquet":
        out["physicalName"] = column.title
    out |= {"businessName": column.title, "logicalType": logical}
    if "secret" in column.options:
        out["classification"] = "restricted"
    if column.name in key_of(dataset):
        out |= {"primaryKey": True, "primaryKeyPosition": key_of(dataset).index(column.name) + 1}
    if required(column, dataset):
        out["required"] = True
    if options:
        out["logicalTypeOptions"] = options
    if quality:
        out["quality"] = quality
    return out


def _type(column: Column, dataset: Dataset) -> tuple[str, dict[str, Any], list[dict[str, Any]]]:
    """Logical type, its options and the field's quality rules."""
    kind, args = column.kind, column.arguments
    if kind in ("uscc", "legacy15", "latitude", "longitude"):
        return "number" if kind.endswith("itude") else "string", {}, [_standard(kind)]
    if kind == "food_licence":
        return "string", {"pattern": "^(JY|SC)[0-9]{14}$"}, []
    if kind == "no":
        return "string", {"pattern": f"^{args[0]}[0-9]{{9}}$"}, []
    if kind == "division":
        return "string", {"pattern": "^9801[0-9]{2}$"}, []
    if kind == "phone":
        return "string", {"pattern": "^0980-[0-9]{7}$"}, []
    if kind in ("choice", "district"):
        words = list(DISTRICTS) if kind == "district" else [part.rsplit("=", 1)[0] for part in args]
        reason = "不在代码表中 / not in the code list"
        check = {
            "type": "library",
            "metric": "invalidValues",
            "arguments": {"validValues": words},
            "description": reason,
        }
        return "string", {}, [check]
    if kind == "made":
        return args[0], _made_options(column, dataset, args[0]), []
    if kind in _TEXT:
        return "string", {"maxLength": 200}, []
    if kind in ("int", "count", "staff"):
        return "integer", {"minimum": 0} if kind != "int" else {"minimum": int(args[0]), "maximum": int(args[1])}, []
    if kind in ("money", "capital"):
        return "number", {"minimum": 0}, []
    if kind == "number":
        return "number", {"minimum": _plain(args[2]), "maximum": _plain(args[3])}, []
    return "timestamp" if kind == "time" else "date", _format(dataset, kind), _past(column, dataset)


def _made_options(column: Column, dataset: Dataset, logical: str) -> dict[str, Any]:
    if logical == "array":
        return {"separator": ";"}
    if logical == "date":
        return _format(dataset, "date")
    if column.name == "pi":
        return {"minimum": 0, "maximum": 1}
    return {"minimum": 0} if logical in ("integer", "number") and column.name not in ("high", "low") else {}


def _format(dataset: Dataset, kind: str) -> dict[str, str]:
    if dataset.format == "parquet":
        return {}
    if kind == "time":
        return {"format": "yyyy-MM-dd HH:mm:ss"}
    return {"format": dataset.dates if kind == "month" or dataset.dates != "yyyyMM" else "yyyy-MM-dd"}


def _past(column: Column, dataset: Dataset) -> list[dict[str, Any]]:
    return [_standard("not_future")] if column.kind in ("date", "time", "month", "known", "from", "opened_on") else []


def _standard(name: str) -> dict[str, Any]:
    return {"type": "custom", "engine": "mingcha", "implementation": name}


def _valid(dataset: Dataset) -> tuple[str, str] | None:
    ends = dataset.of("to")
    return (event_of(dataset), ends) if ends else None


def _custom(dataset: Dataset) -> dict[str, Any]:
    keys = [{"scheme": _SCHEMES[c.kind], "field": c.name} for c in dataset.columns if c.kind in _SCHEMES]
    keyed = "entity" if keys else "place" if dataset.of("latitude") else "date"
    out: dict[str, Any] = {"keyedBy": keyed}
    if keys:
        order = list(_SCHEMES.values())
        out["entityKeys"] = sorted(keys, key=lambda key: order.index(key["scheme"]))
        if roles := {_ROLES[c.kind]: c.name for c in dataset.columns if c.kind in _ROLES}:
            out["entity"] = roles
    if dataset.of("latitude"):
        out["place"] = {
            "latitude": dataset.of("latitude"), "longitude": dataset.of("longitude"), "datum": dataset.datum,
        }  # fmt: skip
    out["eventTime"] = {"field": event_of(dataset), "zone": "Asia/Shanghai"}
    known = dataset.of("known")
    out["knownTime"] = {"field": known} if known else {"lag": f"P{dataset.known_lag}D"}
    if span := _valid(dataset):
        out["validTime"] = {"from": span[0], "to": span[1]}
    if dataset.law:
        out["factors"] = _factors(dataset)
    if dataset.name == "spot_inspections":
        out["inspections"] = INSPECTIONS
    return out | {"simulated": True}


def _factors(dataset: Dataset) -> dict[str, Any]:
    basis = {"law": dataset.law, "article": dataset.article, "purpose": "风险分级监督管理"}
    windows = list(dataset.windows) or _default_windows(dataset)
    out: dict[str, Any] = {"lawfulBasis": basis, "windows": windows}
    if families := list(dataset.families) or _default_families(dataset):
        out["families"] = families
    for name in ("measures", "categories", "texts", "conditions", "peers", "direction"):
        if value := getattr(dataset, name):
            out[name] = dict(value) if hasattr(value, "keys") else list(value)
    if dataset.of("latitude") and not dataset.of("uscc"):
        out["radii"] = [300, 1000]
    if dataset.name == "spot_inspections":
        out["forbid"] = ["inspectors", "station", "pi", "stratum"]
    return out


def _default_windows(dataset: Dataset) -> list[str]:
    rows = dataset.rows
    if isinstance(rows, Events | Own) and (isinstance(rows, Own) or rows.signal):
        return ["P180D", "P365D"]
    return ["P90D", "P365D"] if isinstance(rows, Places) else ["P365D"]


def _default_families(dataset: Dataset) -> list[str]:
    """Few for most datasets: a screening that begins with 1,000 candidates needs no more."""
    rows = dataset.rows
    if isinstance(rows, Register):
        return ["state"]
    if isinstance(rows, Events | Own | Periodic):
        return ["count", "rate", "recency"] if isinstance(rows, Events | Own) else ["rate", "state"]
    return []  # what places and dates allow


INSPECTIONS: dict[str, Any] = {
    "inspector": "inspectors",
    "unplanned": "cause = '投诉举报'",
    "design": {"pi": "pi", "stratum": "stratum"},
    "riskPoints": [
        {
            "name": "violation",
            "title": {"zh": "检查发现问题", "en": "A violation found"},
            "label": "result <> '未发现问题'",
            "labelWindow": "P60D",
        },
        {
            "name": "unreachable",
            "title": {"zh": "登记住所无法联系", "en": "Not to be found at its address"},
            "label": "result = '通过登记的住所无法联系'",
            "population": "cause = '双随机'",
            "labelWindow": "P30D",
        },
    ],
}


def _plain(number: str) -> float | int:
    return float(number) if "." in number else int(number)


class _Dumper(yaml.SafeDumper):
    """Small leaves on one line, the rest in blocks, lists indented under their key."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> Any:
        return super().represent_mapping(tag, mapping, flow_style=_leaf(mapping.values()))

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> Any:
        return super().represent_sequence(tag, sequence, flow_style=_leaf(sequence))


_Dumper.add_representer(dict, lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data))
_Dumper.add_representer(list, lambda dumper, data: dumper.represent_sequence("tag:yaml.org,2002:seq", data))


def _leaf(values: Any) -> bool:
    values = list(values)
    return not any(isinstance(v, dict | list) for v in values) and sum(len(str(v)) for v in values) < 60


def write(folder: Path = FOLDER) -> None:
    """Write every contract; drop those of datasets that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in set(folder.glob("*.yaml")) - {folder / f"{d.name}.yaml" for d in CATALOGUE}:
        old.unlink()
    for dataset in CATALOGUE:
        (folder / f"{dataset.name}.yaml").write_text(text(dataset), encoding="utf-8")


if __name__ == "__main__":
    write()
