"""One's own page: profile, certificates, sessions, password, second factor. Nothing here is anyone else's."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, logout, update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from mingcha.desk.forms import say
from mingcha.engines.qr import qr_path
from mingcha.problems import Problem

from .. import totp
from ..agents import in_words
from ..forms import CodeForm, ConfirmForm, PasswordForm
from ..models import SecondFactor
from ..permissions import every_member
from ..selectors import certificates_of, sessions_open
from ..services import session_end, session_over, session_taken_over, sessions_end, user_set_password
from ..services.audit import audit_sign_in
from ..services.factor import factor_begin, factor_confirm, factor_remove, factor_secret, recovery_codes_renew
from .sign_in import address_of

CONFIRMED_FOR = 600  # seconds for which a password, once given, vouches for who sits there


@every_member
def me(request: HttpRequest) -> HttpResponse:
    factor = SecondFactor.objects.filter(user=request.user).exclude(confirmed_at=None).first()
    context = {
        "certificates": certificates_of(request.user),
        "sessions": [
            {"row": s, "words": in_words(s.agent), "here": s.key == request.session.session_key}
            for s in sessions_open(request.user)
        ],
        "factor": factor,
        "codes_left": factor.recovery_codes.filter(used_at=None).count() if factor else 0,
        "factor_required": request.user.role in settings.TOTP_ROLES,
        "may_token": request.user.may("accounts.token.manage"),
        "has_password": request.user.has_usable_password(),
    }
    return render(request, "accounts/me.html", context)


@never_cache
@every_member
@sensitive_post_parameters()
def password(request: HttpRequest) -> HttpResponse:
    """Change one's own password. Every other session of the account ends."""
    form = PasswordForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        key = request.session.session_key
        try:
            user_set_password(account=request.user, password=form.cleaned_data["new"], keep=key, user=request.user)
        except Problem as problem:
            say(form, problem)
        else:
            update_session_auth_hash(request, request.user)
            session_taken_over(old=key, new=request.session.session_key)
            messages.success(request, _("The password is changed. All your other sessions have ended."))
            return redirect("accounts:me")
    return render(
        request,
        "accounts/password.html",
        {"form": form, "owed": request.user.must_change},
        status=400 if form.errors else 200,
    )


def confirmed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Only for who has given his password within the last minutes: an unattended desk changes no second factor and
    makes no token."""

    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if time.time() - request.session.get("confirmed_at", 0) > CONFIRMED_FOR:
            tokens = reverse("accounts:tokens")
            back = tokens if request.path == tokens else reverse("accounts:factor")
            return redirect(f"{reverse('accounts:confirm')}?next={back}")
        return view(request, *args, **kwargs)

    return guarded


@never_cache
@every_member
@sensitive_post_parameters("password")
def confirm(request: HttpRequest) -> HttpResponse:
    """Ask for the password again. Who came by single sign-on signs in there again."""
    going = request.POST.get("next") or request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(going, {request.get_host()}, require_https=request.is_secure()):
        going = reverse("accounts:me")
    form = ConfirmForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and AxesProxyHandler.is_allowed(request):
        # by the same door as a sign-in: failures count, and lock
        if authenticate(request, username=request.user.username, password=form.cleaned_data["password"]):
            request.session["confirmed_at"] = time.time()
            return redirect(going)
        audit_sign_in(
            action="accounts.session.fail",
            account=request.user,
            name=request.user.username,
            ip=address_of(request),
        )
        form.add_error("password", _("The password is wrong."))
    context = {"form": form, "next": going, "provider": settings.OIDC["name"] if settings.OIDC["issuer"] else ""}
    return render(request, "accounts/confirm.html", context, status=400 if form.errors else 200)


@never_cache
@every_member
@confirmed
def factor(request: HttpRequest) -> HttpResponse:
    """The second factor: begin, confirm with a code, new recovery codes, remove."""
    found = SecondFactor.objects.filter(user=request.user).first()
    context = {"factor": found, "required": request.user.role in settings.TOTP_ROLES}
    return render(request, "accounts/factor.html", context)


@never_cache
@require_POST
@every_member
@confirmed
def factor_begin_view(request: HttpRequest) -> HttpResponse:
    factor_begin(account=request.user)
    return redirect("accounts:factor-confirm")


@never_cache
@every_member
@confirmed
@sensitive_post_parameters("code")
def factor_confirm_view(request: HttpRequest) -> HttpResponse:
    """The QR code, and the first code from the phone. Then the recovery codes, once."""
    found = SecondFactor.objects.filter(user=request.user, confirmed_at=None).first()
    if found is None:
        return redirect("accounts:factor")
    secret = factor_secret(request.user)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            codes = factor_confirm(account=request.user, code=form.cleaned_data["code"])
        except Problem as problem:
            say(form, problem)
        else:
            request.session["second_factor"] = True
            sessions_end(account=request.user, keep=request.session.session_key, user=request.user)
            return render(request, "accounts/recovery_codes.html", {"codes": codes})
    context = {
        "form": form,
        "secret": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        "qr": qr_path(totp.address(secret, account=request.user.username, issuer="Mingcha")),
    }
    return render(request, "accounts/factor_confirm.html", context, status=400 if form.errors else 200)


@never_cache
@require_POST
@every_member
@confirmed
def factor_codes(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/recovery_codes.html", {"codes": recovery_codes_renew(account=request.user)})


@never_cache
@require_POST
@every_member
@confirmed
def factor_remove_view(request: HttpRequest) -> HttpResponse:
    if request.user.role in settings.TOTP_ROLES:
        raise Problem(
            zh="您的角色须使用动态口令，不能停用。",
            en="Your role needs a second factor; it can't be removed.",
            todo_zh="要换手机：请管理员重置后重新登记。",
            todo_en="For a new phone, ask an administrator to reset it, then enrol again.",
        )
    factor_remove(account=request.user, user=request.user)
    messages.success(request, _("The second factor is removed. From now on the password alone signs you in."))
    return redirect("accounts:me")


@require_POST
@every_member
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(sessions_open(request.user), pk=pk)
    if found.key == request.session.session_key:
        user, key = request.user, found.key
        logout(request)
        session_over(account=user, key=key, ip=address_of(request))
        return redirect(settings.LOGOUT_REDIRECT_URL)
    session_end(session=found, user=request.user)
    messages.success(request, _("That session has ended."))
    return redirect("accounts:me")


@require_POST
@every_member
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    sessions_end(account=request.user, keep=request.session.session_key or "", user=request.user)
    messages.success(request, _("All your other sessions have ended."))
    return redirect("accounts:me")
