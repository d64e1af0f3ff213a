"""The API put together out of each app's `router` (api.py), its schema, and its addresses."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from django.apps import apps
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import URLPattern, path, re_path
from django.utils.module_loading import module_has_submodule
from ninja import NinjaAPI

from .bearer import Bearer
from .door import door
from .errors import KINDS, MEDIA, ProblemOut, chinese, handlers, not_found

VERSION = "1.0.0"
DESCRIPTION = (
    "综合监管系统的接口。令牌（Authorization: Bearer）的权限不超过其所有人；列表按游标分页；"
    "每个 POST 须带 Idempotency-Key；错误为 problem+json（RFC 9457），语言随 Accept-Language。\n\n"
    "The API of the supervision desk. A token (Authorization: Bearer) never may more than its owner; lists are paged "
    "by a cursor; every POST has an Idempotency-Key; errors are problem+json (RFC 9457), in the language of "
    "Accept-Language."
)


@cache
def site() -> NinjaAPI:
    api = NinjaAPI(
        title="明察 Mingcha",
        version=VERSION,
        description=DESCRIPTION,
        urls_namespace="api",
        auth=Bearer(),
        docs_url=None,
        openapi_url=None,
    )
    handlers(api)
    for app in apps.get_app_configs():
        if app.module and app.name.startswith("mingcha.apps.") and module_has_submodule(app.module, "api"):
            api.add_router("", import_module(f"{app.name}.api").router)
    return api


@cache
def schema() -> dict[str, Any]:
    """OpenAPI 3.1, with what every operation may answer besides."""
    made: dict[str, Any] = dict(site().get_openapi_schema(path_prefix="api/v1/"))
    made["components"]["schemas"]["Problem"] = ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}")
    made["components"]["schemas"] |= made["components"]["schemas"]["Problem"].pop("$defs", {})
    refused = {
        "description": "problem+json: " + ", ".join(KINDS),
        "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for operations in made["paths"].values():
        for operation in operations.values():
            operation["responses"]["default"] = refused
    tags = {tag for operations in made["paths"].values() for one in operations.values() for tag in one["tags"]}
    made["tags"] = [{"name": name} for name in sorted(tags)]
    return made


def openapi(request: HttpRequest) -> HttpResponse:
    """The schema, for machines."""
    return JsonResponse(schema(), json_dumps_params={"ensure_ascii": False})


def reference(request: HttpRequest) -> HttpResponse:
    """The schema, for people: a page without a script."""
    made = schema()
    groups: dict[str, list[dict[str, Any]]] = {}
    for address, operations in made["paths"].items():
        for method, one in operations.items():
            groups.setdefault(one["tags"][0], []).append(_told(address, method.upper(), one))
    kinds = [(kind, title[0 if chinese() else 1]) for kind, title in KINDS.items()]
    context = {"api": made, "groups": sorted(groups.items()), "kinds": kinds}
    return render(request, "api/reference.html", context)


def _told(address: str, method: str, one: dict[str, Any]) -> dict[str, Any]:
    body = one.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return {
        "address": address,
        "method": method,
        "id": one["operationId"],
        "summary": one["summary"],
        "description": one["description"] if one["description"] != one["summary"] + "." else "",
        "action": one.get("x-action", ""),
        "parameters": [_parameter(p) for p in one["parameters"]],
        "fields": _fields(body),
        "answer": _fields(_answer(one)),
    }


def _answer(one: dict[str, Any]) -> dict[str, Any]:
    good = next(response for status, response in one["responses"].items() if str(status).startswith("2"))
    return good["content"]["application/json"]["schema"]


def _fields(shape: dict[str, Any]) -> list[dict[str, Any]]:
    shape = _resolved(shape)
    needed = shape.get("required", [])
    return [
        {"name": name, "kind": _kind(one), "required": name in needed, "said": one.get("description", "")}
        for name, one in shape.get("properties", {}).items()
    ]


def _parameter(one: dict[str, Any]) -> dict[str, Any]:
    return {"name": one["name"], "in": one["in"], "required": one["required"], "kind": _kind(one["schema"]),
            "said": one.get("description", "")}  # fmt: skip


def _resolved(shape: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in shape:
        return schema()["components"]["schemas"][shape["$ref"].rsplit("/", 1)[1]]
    return shape


def _kind(shape: dict[str, Any]) -> str:
    if "$ref" in shape:
        return shape["$ref"].rsplit("/", 1)[1]
    if "anyOf" in shape:
        return " | ".join(_kind(one) for one in shape["anyOf"])
    if "enum" in shape:
        return " | ".join(map(str, shape["enum"]))
    if shape.get("type") == "array":
        return f"[{_kind(shape.get('items', {}))}]"
    return shape.get("format") or shape.get("type", "any")


def patterns() -> list[URLPattern]:
    found = [
        path("openapi.json", openapi, name="openapi"),
        path("docs/", reference, name="reference"),
        *(one for one in site().urls[0] if one.name != "api-root"),
        re_path(r"^.*$", lambda request: not_found(), name="nothing"),
    ]
    for one in found:
        one.callback = door(one.callback)
    return found
