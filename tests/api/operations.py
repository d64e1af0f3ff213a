"""Every operation as the schema has it, with a body that it takes and an object of one's own to do it to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from tests.api.conftest import HERE

from mingcha.api.site import schema

APPS = ("accounts", "entities", "jobs", "law", "risk", "supervision", "credit", "leads")
# where an address' object comes from: the row that tests/apps/<app>/objects.py makes, and what of it stands in there
OBJECTS = {
    "/audit-records/{id}": ("accounts.AuditRecord", "pk"),
    "/clocks/{id}": ("law.Clock", "pk"),
    "/jobs/{id}": ("jobs.Job", "pk"),
    "/entities/{key}": ("entities.Entity", "key"),
    "/leads/{number}": ("leads.Lead", "number"),
    "/interviews/{id}": ("credit.Interview", "pk"),
    "/listings/{id}": ("credit.Listing", "pk"),
    "/appeals/{number}": ("risk.Appeal", "number"),
    "/plans/{number}": ("supervision.Plan", "number"),
    "/tasks/{number}": ("supervision.Task", "number"),
    "/object-directories/{id}": ("supervision.ObjectDirectory", "pk"),
    "/year-plans/{number}": ("supervision.YearPlan", "number"),
}
WHOLE = ("/calendar/{year}", "/datasets/{name}", "/models/{number}", "/public/draws/{name}")  # of no district


@dataclass(frozen=True)
class Operation:
    id: str
    method: str
    path: str  # without /api/v1
    action: str
    body: Any

    @property
    def object(self) -> str:
        found = [known for known in OBJECTS if self.path == known or self.path.startswith(known + "/")]
        return found[0] if found else ""

    def call(self, caller, path: str):
        return caller.post(path, self.body) if self.method == "post" else caller.get(path)

    def filled(self, value: object) -> str:
        return re.sub(r"\{\w+\}", str(value), self.path)


@cache
def operations() -> list[Operation]:
    made = schema()
    return [
        Operation(
            one["operationId"],
            method,
            path.removeprefix("/api/v1"),
            one.get("x-action", ""),
            example(one.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {}), made),
        )
        for path, methods in made["paths"].items()
        for method, one in methods.items()
    ]


def example(shape: dict[str, Any], made: dict[str, Any]) -> Any:
    """The least that fits a schema."""
    if "$ref" in shape:
        return example(made["components"]["schemas"][shape["$ref"].rsplit("/", 1)[1]], made)
    if "enum" in shape:
        return shape["enum"][0]
    kind = shape.get("type")
    if kind == "object" or "properties" in shape:
        return {n: example(s, made) for n, s in shape.get("properties", {}).items() if n in shape.get("required", [])}
    if kind == "array":
        return [example(shape["items"], made)] * shape.get("minItems", 0)
    if kind == "boolean":
        return True
    if kind in ("integer", "number"):
        return shape.get("minimum", 1)
    if kind == "string":
        days = {"date": "2026-01-01", "date-time": "2026-01-01T00:00:00Z"}
        return days.get(shape.get("format", ""), "x")
    return {}


def make(operation: Operation, division: str = HERE) -> object:
    """What stands in the operation's address for an object of that division."""
    label, name = OBJECTS[operation.object]
    if label == "entities.Entity":
        from mingcha.apps.entities.models import Entity

        return getattr(Entity.objects.filter(division=division).first(), name)
    if label == "accounts.AuditRecord":
        from tests.apps.accounts.objects import a_record

        return a_record(division).pk
    rows = import_module(f"tests.apps.{label.split('.')[0]}.objects").ROWS
    return getattr(rows[label](division, None), name)
