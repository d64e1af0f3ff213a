"""A small dataset of licences, as a department would deliver it."""

from pathlib import Path

import duckdb
from tests.engines.lake.deliveries import contract_text

from mingcha.apps.exchange.selectors import lake_view
from mingcha.engines.lake.view import rows_sql

PROPERTIES = [
    {
        "name": "licence",
        "physicalName": "许可证号",
        "primaryKey": True,
        "logicalTypeOptions": {"pattern": "^JY[0-9]+$"},
    },
    {
        "name": "uscc",
        "physicalName": "统一社会信用代码",
        "quality": [{"type": "custom", "engine": "mingcha", "implementation": "uscc"}],
    },
    {"name": "owner", "physicalName": "负责人", "classification": "restricted", "logicalTypeOptions": {"maxLength": 4}},
    {"name": "seats", "physicalName": "座位数", "logicalType": "integer", "logicalTypeOptions": {"maximum": 1000}},
    {"name": "issued", "physicalName": "发证日期", "logicalType": "date", "required": True},
]
CUSTOM = {
    "entityKeys": [{"scheme": "uscc", "field": "uscc"}, {"scheme": "licence:food", "field": "licence"}],
    "eventTime": {"field": "issued"},
    "knownTime": {"lag": "P1D"},
}
HEAD = "许可证号,统一社会信用代码,负责人,座位数,发证日期"


def licences(*, properties=PROPERTIES, version="1.0.0", **rest) -> str:
    return contract_text(
        properties, id="licences", version=version, custom={**CUSTOM, **rest.pop("custom", {})}, **rest
    )


def changed(field, **changes) -> list[dict]:
    return [{**p, **changes} if p["name"] == field else p for p in PROPERTIES]


def file(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([HEAD, *lines]) + "\n", encoding="utf-8")
    return path


def seen(columns="licence, seats", dataset="licences") -> list[tuple]:
    """What a reader of the lake sees now."""
    source = lake_view().sources.get(dataset)
    return duckdb.execute(rows_sql(source, columns=columns) + " ORDER BY ALL").fetchall() if source else []
