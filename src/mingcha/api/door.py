"""What every request of the API passes first and last: its language, its size, and that no fault looks like a page."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt

from .errors import Refusal, chinese, not_found, problem, refusal

log = logging.getLogger("mingcha.api")


def door(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @login_not_required
    @csrf_exempt  # no cookie is believed, so none can be misused
    @wraps(view)
    def entered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with translation.override(_language(request)):
            response = _answer(view, request, args, kwargs)
            if response.status_code == 405:
                allowed = response.headers.get("Allow", "")
                response = problem(405, "method", headers={"Allow": allowed})
            response["Content-Language"] = translation.get_language()
        response.headers.setdefault("Cache-Control", "no-store")
        patch_vary_headers(response, ("Accept-Language", "Authorization"))
        return response

    entered.__module__ = __name__
    return entered


def _answer(view: Any, request: HttpRequest, args: Any, kwargs: Any) -> HttpResponse:
    try:
        _refuse_unreadable(request)
        return view(request, *args, **kwargs)
    except Refusal as refused:
        return refusal(refused)
    except Http404:
        return not_found()
    except RequestDataTooBig:
        return refusal(_too_large())
    except UnicodeEncodeError:  # half of a surrogate pair: JSON may say it, no database takes it
        return refusal(_unreadable())
    except Exception:
        log.exception("api %s %s", request.method, request.path)
        said = "请把 instance 告诉管理员。" if chinese() else "Tell an administrator the instance."
        return problem(500, "fault", said)


def _refuse_unreadable(request: HttpRequest) -> None:
    try:
        size = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        size = 0
    if size > settings.API_MAX_BODY:
        raise _too_large()
    # NUL: no database takes it in a text
    texts = [request.path, *request.GET.keys(), *(v for values in request.GET.lists() for v in values[1])]
    if any("\0" in text for text in texts) or (size and (b"\\u0000" in request.body or b"\0" in request.body)):
        raise _unreadable()


def _too_large() -> Refusal:
    most = f"{settings.API_MAX_BODY / 2**20:g} MB"
    return Refusal(413, "too-large", f"请求体最大 {most}。", f"A body has {most} at most.")


def _unreadable() -> Refusal:
    return Refusal(400, "malformed", "文本中有不能存储的字符。", "A text has characters that can't be stored.")


def _language(request: HttpRequest) -> str:
    """By Accept-Language among ours, else the instance's."""
    known = dict(settings.LANGUAGES)
    for asked, _ in translation.trans_real.parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        if asked.startswith("zh"):
            asked = "zh-hans"
        if asked.split("-")[0] in known or asked in known:
            return asked if asked in known else asked.split("-")[0]
    return settings.LANGUAGE_CODE


@door
def too_large(request: HttpRequest) -> HttpResponse:
    """To a request whose body nobody is going to read."""
    raise _too_large()
