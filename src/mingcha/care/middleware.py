"""Each request is counted, timed and written down; one with too large a body is refused in words."""

from __future__ import annotations

import logging
import time

from django.conf import settings
from django.db import connection

from mingcha.api.door import too_large
from mingcha.problem_pages import problem_page
from mingcha.problems import Problem

from . import metrics

log = logging.getLogger("mingcha.request")


class WatchMiddleware:
    """The outermost: what it times is what the user waits for, as far as it is ours."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        began, spent = time.perf_counter(), _Spent()
        with connection.execute_wrapper(spent):
            response = self.get_response(request)
        seconds = time.perf_counter() - began
        match = request.resolver_match
        view = match.view_name if match and match.view_name else "none"
        metrics.REQUESTS.labels(view, request.method or "", response.status_code).inc()
        metrics.SECONDS.labels(view).observe(seconds)
        metrics.DATABASE.labels(view).observe(spent.seconds)
        metrics.QUERIES.labels(view).inc(spent.queries)
        user = getattr(request, "_cached_user", None)  # not asked for where nobody did
        log.info(
            "request",
            extra={
                "request_id": response.headers.get("X-Request-Id", ""),
                "view": view,
                "method": request.method,
                "status": response.status_code,
                "ms": round(seconds * 1000, 1),
                "user": user.pk if user else None,
                "queries": spent.queries,
                "database_ms": round(spent.seconds * 1000, 1),
            },
        )
        return response


class _Spent:
    """Time in the database, and how often it was asked."""

    def __init__(self):
        self.seconds, self.queries = 0.0, 0

    def __call__(self, execute, sql, params, many, context):
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.seconds += time.perf_counter() - began
            self.queries += 1


class BodyLimitMiddleware:
    """A body beyond MAX_BODY is not read."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        try:
            size = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            size = 0
        if size <= settings.MAX_BODY:
            return self.get_response(request)
        if request.path.startswith("/api/"):  # refuses in its own manner: api/door.py
            response = too_large(request)
        else:
            response = problem_page(request, _beyond(size), status=413)
        response["Connection"] = "close"
        return response


def _beyond(size: int) -> Problem:
    sent, most = f"{size / 2**20:,.0f} MB", f"{settings.MAX_BODY / 2**20:,.0f} MB"
    return Problem(
        zh=f"上传的内容有 {sent}，最多 {most}。",
        en=f"The upload has {sent}; at most {most} are taken.",
        todo_zh="请分成几份，或由管理员用 mingcha import 导入。",
        todo_en="Split it, or have an administrator import it with mingcha import.",
    )
