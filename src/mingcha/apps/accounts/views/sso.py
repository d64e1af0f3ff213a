"""Single sign-on: to the provider and back."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from mingcha.problems import Problem

from ..adapters import oidc
from ..choices import SignInBy
from ..services.audit import audit_sign_in
from ..services.sso import user_of_claims
from .sign_in import address_of, signed_in

_GOING = "accounts_going"


@never_cache
@login_not_required
@require_GET
def sso(request: HttpRequest) -> HttpResponse:
    _offered()
    going = request.GET.get("next", "")
    if url_has_allowed_host_and_scheme(going, {request.get_host()}, require_https=request.is_secure()):
        request.session[_GOING] = going
    back = request.build_absolute_uri(reverse("accounts:sso-back"))
    return oidc.begin(request, back=back, again=request.user.is_authenticated)


@never_cache
@login_not_required
@require_GET
def sso_back(request: HttpRequest) -> HttpResponse:
    _offered()
    ip = address_of(request)
    try:
        claims = oidc.claims(request)
    except Problem as problem:
        audit_sign_in(action="accounts.session.fail", account=None, name="", ip=ip, how="oidc", why=problem.en)
        raise
    user = user_of_claims(claims, ip=ip)
    going = request.session.pop(_GOING, "") or resolve_url(settings.LOGIN_REDIRECT_URL)
    strong = settings.OIDC["second_factor"] == "provider"
    return signed_in(request, user, by=SignInBy.PROVIDER, going=going, strong=strong)


def _offered() -> None:
    if not settings.OIDC["issuer"]:
        raise Http404
