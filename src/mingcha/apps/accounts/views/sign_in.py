"""Signing in by password and one-time code, signing out, the language."""

from __future__ import annotations

import time

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from mingcha.desk.forms import say
from mingcha.problems import Problem

from ..choices import SignInBy
from ..forms import CodeForm, SignInForm
from ..models import SecondFactor, User
from ..permissions import every_member
from ..services import session_keep, session_over, user_set_language
from ..services.audit import audit_sign_in
from ..services.factor import factor_check

_BACKEND = "django.contrib.auth.backends.ModelBackend"
_WAITS = 600  # seconds between the password and the code
_CODE = "accounts_code"  # in the session: who gave his password, when, and where he was going


class SignIn(LoginView):
    form_class = SignInForm
    template_name = "accounts/sign_in.html"
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs):
        return super().get_context_data(**kwargs, provider=settings.OIDC["name"] if settings.OIDC["issuer"] else "")

    def form_valid(self, form):
        return signed_in(self.request, form.get_user(), by=SignInBy.PASSWORD, going=self.get_success_url())

    def form_invalid(self, form):
        name = str(form.data.get("username", ""))[:100]
        locked = getattr(self.request, "axes_locked_out", False)
        audit_sign_in(
            action="accounts.session.lock" if locked else "accounts.session.fail",
            account=User.objects.select_related("unit").filter(username=name).first(),
            name=name,
            ip=address_of(self.request),
        )
        return super().form_invalid(form)


sign_in = SignIn.as_view()


def signed_in(request: HttpRequest, user: User, *, by: str, going: str, strong: bool = False) -> HttpResponse:
    """Go on after the password, or after the provider said who it is: to the code where there is a second factor
    (unless it was `strong` enough already), else to the desk."""
    factor = SecondFactor.objects.filter(user=user).exclude(confirmed_at=None).exists()
    if factor and not strong:
        request.session.cycle_key()
        request.session[_CODE] = {"user": user.pk, "at": time.time(), "going": going, "by": by}
        return redirect("accounts:code")
    return _enter(request, user, by=by, going=going, strong=strong)


@never_cache
@login_not_required
@sensitive_post_parameters("code")
def code(request: HttpRequest) -> HttpResponse:
    """The second step: a code from the phone, or a recovery code."""
    waiting = request.session.get(_CODE) or {}
    user = User.objects.select_related("unit").filter(pk=waiting.get("user"), is_active=True).first()
    if user is None or time.time() - waiting["at"] > _WAITS:
        request.session.pop(_CODE, None)
        return redirect("accounts:login")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            factor_check(account=user, code=form.cleaned_data["code"])
        except Problem as problem:
            audit_sign_in(action="accounts.session.fail_code", account=user, name=user.username, ip=address_of(request))
            say(form, problem)
        else:
            del request.session[_CODE]
            return _enter(request, user, by=SignInBy.SECOND_FACTOR, going=waiting["going"], strong=True)
    return render(request, "accounts/code.html", {"form": form}, status=400 if form.errors else 200)


def _enter(request: HttpRequest, user: User, *, by: str, going: str, strong: bool) -> HttpResponse:
    login(request, user, backend=_BACKEND)
    request.session["second_factor"] = strong
    request.session["confirmed_at"] = time.time()
    if not request.session.session_key:  # another account was signed in here: Django began afresh
        request.session.create()
    agent, ip = request.headers.get("User-Agent", ""), address_of(request)
    session_keep(account=user, key=request.session.session_key, ip=ip, agent=agent, by=by)
    audit_sign_in(action="accounts.session.begin", account=user, name=user.username, by=user, ip=ip, how=str(by))
    response = HttpResponseRedirect(resolve_url(going))
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        _remember(response, user.language)
    return response


@require_POST
@every_member
def sign_out(request: HttpRequest) -> HttpResponse:
    user, key = request.user, request.session.session_key
    logout(request)
    session_over(account=user, key=key or "", ip=address_of(request))
    return redirect(settings.LOGOUT_REDIRECT_URL)


@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Change the language, here and in the profile, and go back."""
    chosen, back = request.POST.get("language", ""), request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back)
    if chosen in dict(settings.LANGUAGES):
        _remember(response, chosen)
        if request.user.is_authenticated:
            user_set_language(user=request.user, language=chosen)
    return response


def address_of(request: HttpRequest) -> str:
    """Where a request came from: what the server in front, or the connection, says."""
    return request.META.get("REMOTE_ADDR", "")


def _remember(response: HttpResponse, chosen: str) -> None:
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, chosen, max_age=365 * 24 * 3600, samesite="Lax")
