"""One id a request (or command), carried to the audit trail and back to the caller; what an account owes before it may
go on (a new password, a second factor); when a session was last seen."""

from __future__ import annotations

import contextvars
import uuid

from django.conf import settings
from django.core.cache import cache
from django.shortcuts import redirect

request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="")


class RequestIdMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        token = request_id.set(uuid.uuid4().hex)
        try:
            response = self.get_response(request)
            response["X-Request-Id"] = request_id.get()
            return response
        finally:
            request_id.reset(token)


SEEN_EVERY = 300  # seconds between two notes of when a session was last seen
_OPEN = {"password", "factor", "factor-begin", "factor-confirm", "confirm", "logout", "language"}


class AccountMiddleware:
    """Behind Django's LoginRequiredMiddleware: of a public page it doesn't even ask who is there."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        if not getattr(view, "login_required", True) or not request.user.is_authenticated:
            return None
        _seen(request)
        match = request.resolver_match
        if match.app_name == "accounts" and match.url_name in _OPEN:
            return None
        if request.user.must_change:
            return redirect("accounts:password")
        if request.user.role in settings.TOTP_ROLES and not request.session.get("second_factor"):
            return redirect("accounts:factor")
        return None


def _seen(request) -> None:
    key = request.session.session_key
    if key and cache.add(f"seen:{key}", 1, SEEN_EVERY):
        from django.utils import timezone

        from .models import UserSession

        UserSession.objects.filter(key=key, ended_at=None).update(seen_at=timezone.now())
