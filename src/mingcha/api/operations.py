"""How an app declares an operation: what it reads (GET) or does (POST), by which right, and what it answers.

    router = Router(tags=["…"])

    @reads(router, "/tasks", Page[TaskOut], action="supervision.task.view")
    def tasks_list(request, asked: Query[TasksAsked]):
        '''任务列表 / Tasks.'''

The function's name is the operation's id, which callers rely on; its docstring is what the reference says. An object
outside the token's jurisdiction is looked for in what a selector shows (`visible`), and so isn't there: 404.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import TypeAdapter

from .bearer import address
from .errors import Refusal
from .limits import spend
from .once import HEADER, PATTERN, once

Operation = Callable[..., Any]
_KEY = {
    "in": "header",
    "name": HEADER,
    "required": True,
    "description": "每件事一个，重试时不变 / one for each thing to do, the same when you try again; kept for 24 hours",
    "schema": {"type": "string", "pattern": PATTERN, "minLength": 8, "maxLength": 128},
}


def reads(router: Router, path: str, out: Any, *, action: str) -> Callable[[Operation], Operation]:
    """A GET that needs the right to `action`."""

    def declare(function: Operation) -> Operation:
        def run(request: HttpRequest, **given: Any) -> HttpResponse:
            allow(request, action)
            return HttpResponse(_text(out, function(request, **given)), content_type="application/json")

        router.get(path, **_named(function, out, action))(_like(function, run))
        return function

    return declare


def acts(router: Router, path: str, out: Any, *, action: str, status: int = 200) -> Callable[[Operation], Operation]:
    """A POST that does something, once for each Idempotency-Key, in one transaction."""

    def declare(function: Operation) -> Operation:
        def run(request: HttpRequest, **given: Any) -> HttpResponse:
            allow(request, action)
            return once(request, lambda: _text(out, function(request, **given)), status)

        named = _named(function, out, action, status)
        named["openapi_extra"]["parameters"] = [_KEY]
        router.post(path, **named)(_like(function, run))
        return function

    return declare


def shows(router: Router, path: str, out: Any) -> Callable[[Operation], Operation]:
    """A GET of what anyone may see, without a token; so many a minute from one address."""

    def declare(function: Operation) -> Operation:
        def run(request: HttpRequest, **given: Any) -> HttpResponse:
            spend("public", address(request), settings.API_PUBLIC_RATE)
            return HttpResponse(_text(out, function(request, **given)), content_type="application/json")

        router.get(path, auth=None, **_named(function, out, ""))(_like(function, run))
        return function

    return declare


def allow(request: HttpRequest, action: str) -> None:
    """Refusal (403) unless both the token and, today, its owner may do `action`."""
    if not request.auth.may(action):  # type: ignore[attr-defined]
        zh = f"需要权限 {action}：令牌的范围和所有人的角色都须包含它。"
        en = f"It needs the right {action}: in the token's scopes, and by its owner's role."
        raise Refusal(403, "no-right", zh, en, where=action)


def _text(out: Any, result: Any) -> str:
    adapter = TypeAdapter(out)
    return adapter.dump_json(adapter.validate_python(result, from_attributes=True)).decode()


def _named(function: Operation, out: Any, action: str, status: int = 200) -> dict[str, Any]:
    said = inspect.getdoc(function) or ""
    summary, _, more = said.partition("\n")
    assert summary, f"{function.__name__}: an operation says what it does"
    return {
        "response": {status: out},
        "operation_id": function.__name__,
        "url_name": function.__name__,
        "summary": summary.strip().rstrip("."),
        "description": more.strip() or summary.strip(),
        "openapi_extra": {"x-action": action} if action else {},
    }


def _like(function: Operation, run: Operation) -> Operation:
    """`run` with the parameters of `function`, whose annotations are read where they were written."""
    wrapped = wraps(function)(run)
    wrapped.__signature__ = inspect.signature(function, eval_str=True)  # type: ignore[attr-defined]
    return wrapped
