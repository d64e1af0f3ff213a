"""What every page needs to know: the way around, the instance's name, whether its data are simulated."""

from django.conf import settings
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from mingcha.apps.accounts.middleware import request_id
from mingcha.apps.exchange.selectors import simulated_kinds
from mingcha.apps.notices.selectors import unread_count

from .navigation import navigation


def shell(request):
    user = getattr(request, "user", None)
    signed_in = bool(user and user.is_authenticated)
    language = get_language() or settings.LANGUAGE_CODE
    return {
        "printed_at": timezone.now(),
        "request_id": request_id.get(),
        "navigation": SimpleLazyObject(lambda: navigation(user, request.path) if signed_in else []),
        "unit": SimpleLazyObject(lambda: user.unit if signed_in else None),
        "unread": SimpleLazyObject(lambda: unread_count(user) if signed_in else 0),
        "simulated_instance": SimpleLazyObject(_simulated),
        "other_language": next((code, name) for code, name in settings.LANGUAGES if code != language),
        "density": density if (density := request.COOKIES.get("mc_density")) in ("dense", "roomy") else "",
        "theme": request.COOKIES.get("mc_theme") if request.COOKIES.get("mc_theme") in ("light", "dark") else "",
    }


def _simulated() -> str:
    """ "all", "some" or "": how much of what the instance holds is invented."""
    return {frozenset({True}): "all", frozenset({True, False}): "some"}.get(frozenset(simulated_kinds()), "")
