"""What every page needs to know: the way around, the instance's name, whether its data are simulated."""

from django.conf import settings
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from mingcha.apps.exchange.selectors import simulated_kinds

from .navigation import navigation


def shell(request):
    user = getattr(request, "user", None)
    signed_in = bool(user and user.is_authenticated)
    language = get_language() or settings.LANGUAGE_CODE
    return {
        "navigation": navigation(user, request.path) if signed_in else [],
        "unit": SimpleLazyObject(lambda: user.unit if signed_in else None),
        "simulated_instance": SimpleLazyObject(_simulated),
        "other_language": next((code, name) for code, name in settings.LANGUAGES if code != language),
        "theme": request.COOKIES.get("mc_theme") if request.COOKIES.get("mc_theme") in ("light", "dark") else "",
    }


def _simulated() -> str:
    """ "all", "some" or "": how much of what the instance holds is invented."""
    return {frozenset({True}): "all", frozenset({True, False}): "some"}.get(frozenset(simulated_kinds()), "")
