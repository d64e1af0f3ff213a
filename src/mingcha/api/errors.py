"""Refusals as problem+json (RFC 9457), in the language that the caller asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from pydantic import Field

from mingcha.language import chinese
from mingcha.problems import Problem

# type -> title; its page says more (docs/api.md)
KINDS = {
    "malformed": ("请求无法读取", "The request can't be read"),
    "no-token": ("须持有效令牌", "A valid token is needed"),
    "no-right": ("没有此项权限", "This token may not do that"),
    "not-found": ("没有这一项", "There is no such thing"),
    "method": ("不能这样请求", "This method isn't for here"),
    "under-way": ("同一请求正在办理", "The same request is under way"),
    "too-large": ("请求过大", "The request is too large"),
    "invalid": ("填写有误", "Something is not filled in right"),
    "refused": ("不能办理", "It can't be done"),
    "key-reused": ("幂等键已用于另一请求", "The Idempotency-Key was used for another request"),
    "too-many": ("请求过于频繁", "Too many requests"),
    "fault": ("系统故障", "A fault of ours"),
}
MEDIA = "application/problem+json"


class Fault(Schema):
    where: str = Field(description="字段 / the field")
    detail: str


class ProblemOut(Schema):
    """What went wrong (RFC 9457). `where` and `todo` say where, and what mends it; `instance` is the request's id."""

    type: str
    title: str
    status: int
    detail: str = ""
    instance: str = ""
    where: str = ""
    todo: str = ""
    errors: list[Fault] = []


class Refusal(Exception):
    """An answer that ends a request."""

    def __init__(self, status: int, kind: str, zh: str = "", en: str = "", **more: Any) -> None:
        super().__init__(en)
        self.status, self.kind, self.zh, self.en, self.more = status, kind, zh, en, more


def problem(
    status: int, kind: str, detail: str = "", *, headers: Mapping[str, str] | None = None, **more: Any
) -> HttpResponse:
    """The response. `more`: where, todo, errors."""
    body = {
        "type": reverse("api:reference") + f"#{kind}",
        "title": KINDS[kind][0 if chinese() else 1],
        "status": status,
        "detail": detail,
        "instance": request_id(),
        **{name: value for name, value in more.items() if value},
    }
    text = json.dumps(body, ensure_ascii=False)
    return HttpResponse(text, status=status, content_type=MEDIA, headers=dict(headers or {}))


def refusal(refused: Refusal) -> HttpResponse:
    return problem(refused.status, refused.kind, refused.zh if chinese() else refused.en, **refused.more)


def handlers(api: NinjaAPI) -> None:
    """Whatever an operation raises, said as problem+json."""

    @api.exception_handler(Refusal)
    def refused(request: HttpRequest, error: Refusal) -> HttpResponse:
        return refusal(error)

    @api.exception_handler(Problem)
    def a_problem(request: HttpRequest, error: Problem) -> HttpResponse:
        zh = chinese()
        detail, todo = (error.zh, error.todo_zh) if zh else (error.en, error.todo_en)
        return problem(422, "refused", detail, where=error.where, todo=todo)

    @api.exception_handler(Http404)
    def missing(request: HttpRequest, error: Http404) -> HttpResponse:
        return not_found()

    @api.exception_handler(PermissionDenied)
    def denied(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
        return problem(403, "no-right", str(error))

    @api.exception_handler(AuthenticationError)
    def stranger(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        return unknown()

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        # loc is ("body", parameter's name, field, ...): the name of our parameter tells nobody anything
        faults = [{"where": _where(one["loc"]), "detail": one["msg"]} for one in error.errors]
        said = "; ".join(f"{one['where']}: {one['detail']}" for one in faults[:5])
        return problem(422, "invalid", said, errors=faults, where=faults[0]["where"] if faults else "")

    @api.exception_handler(HttpError)
    def http(request: HttpRequest, error: HttpError) -> HttpResponse:
        return problem(error.status_code, "malformed" if error.status_code < 500 else "fault", error.message)


def not_found() -> HttpResponse:
    said = "没有，或不在令牌的辖区内。" if chinese() else "There is none, or it lies outside the token's jurisdiction."
    return problem(404, "not-found", said)


def unknown() -> HttpResponse:
    said = (
        "请在 Authorization 头中给出令牌（Bearer …）；已撤销、已过期的令牌和停用账号的令牌无效。"
        if chinese()
        else "Give a token in the header Authorization (Bearer …). One that was revoked, has expired or belongs to a "
        "closed account isn't valid."
    )
    return problem(401, "no-token", said, headers={"WWW-Authenticate": 'Bearer realm="mingcha"'})


def request_id() -> str:
    """The id that the audit trail has: the middleware of accounts sets it, which lies above."""
    from importlib import import_module

    return str(import_module("mingcha.apps.accounts.middleware").request_id.get())


def _where(loc: tuple[Any, ...]) -> str:
    source, *rest = (str(part) for part in loc)
    return ".".join([source, *(rest[1:] if len(rest) > 1 else rest)])
