"""Who asks: a token in the header Authorization, and nothing else. A session's cookie opens no operation."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string
from ninja.security import HttpBearer

from .limits import count, counted, spend, too_many


class Bearer(HttpBearer):
    """The token's user, whose rights are narrowed to what the token may (settings.API_BEARER: text -> user or None)."""

    openapi_description = "mct_…: made under “My account”, or by `mingcha token create`."

    def __call__(self, request: HttpRequest) -> Any:
        if counted("failed", address(request)) >= settings.API_FAILURES:
            raise too_many()
        user = super().__call__(request)
        if user is None:
            count("failed", address(request))
        return user

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        user = import_string(settings.API_BEARER)(token)
        if user is not None:
            spend("token", user.token.pk, settings.API_RATE)
            request.user = user
        return user


def address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))
