"""Units, people, certificates: seen by who may see them, managed within one's own unit and those below it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from mingcha.desk.forms import checked, on_disk, say
from mingcha.lists.export import export
from mingcha.lists.views import list_response
from mingcha.problems import Problem

from ..choices import UnitKind
from ..forms import CertificateForm, NewPasswordForm, ReasonForm, TableForm, UnitForm, UserForm
from ..models import Certificate, Unit, User
from ..permissions import may, require, visible
from ..selectors import (
    SOON,
    certificates_expiring,
    certificates_of,
    certificates_visible,
    may_manage,
    people_visible,
    units_managed,
    units_tree,
)
from ..services import (
    certificate_revoke,
    certificate_save,
    people_import,
    unit_close,
    unit_create,
    unit_save,
    user_change,
    user_close,
    user_enlist,
    user_reopen,
    user_set_password,
)
from ..services.factor import factor_remove
from ..services.people_import import FIELDS
from ..tables import CERTIFICATES, PEOPLE


@require("accounts.unit.view")
def units(request: HttpRequest) -> HttpResponse:
    """The tree, and the certificates that will need renewing."""
    sees = may(request.user, "accounts.user.view")
    expiring = certificates_expiring(request.user) if sees else Certificate.objects.none()
    context = {
        "tree": units_tree(request.user),
        "expiring": expiring.order_by("valid_to", "pk")[:8],
        "expiring_count": expiring.count(),
        "soon": SOON,
        "sees_people": sees,
        "may_manage": may(request.user, "accounts.user.manage"),
    }
    return render(request, "accounts/units.html", context)


@require("accounts.unit.view")
def unit(request: HttpRequest, code: str) -> HttpResponse:
    found = _unit(request, code)
    people = people_visible(request.user).filter(unit=found).order_by("-is_active", "role", "username")
    managed = units_managed(request.user)
    context = {
        "unit_shown": found,
        "people": people if may(request.user, "accounts.user.view") else None,
        "below": found.children.order_by("code"),
        "may_manage": found.pk in managed,
        "may_change": found.parent_id in managed or (found.pk in managed and found.parent_id is None),
    }
    return render(request, "accounts/unit.html", context)


@require("accounts.user.manage")
def unit_new(request: HttpRequest) -> HttpResponse:
    above = Unit.objects.filter(pk__in=units_managed(request.user), code=request.GET.get("under", "")).first()
    start = {"parent": above or request.user.unit, "division": (above or request.user.unit or Unit()).division}
    form = UnitForm(request.POST or None, user=request.user, initial=start | {"kind": UnitKind.STATION})
    return _unit_form(request, form, None)


@require("accounts.user.manage")
def unit_edit(request: HttpRequest, code: str) -> HttpResponse:
    found = _unit(request, code)
    start = {name: getattr(found, name) for name in ("code", "name", "kind", "parent", "division")}
    return _unit_form(request, UnitForm(request.POST or None, user=request.user, unit=found, initial=start), found)


def _unit_form(request: HttpRequest, form: UnitForm, found: Unit | None) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            made = (unit_save if found else unit_create)(user=request.user, **form.cleaned_data)
        except Problem as problem:
            say(form, problem)
        else:
            messages.success(request, _("The unit is written down."))
            return redirect("accounts:unit", made.code)
    context = {"form": form, "unit_shown": found}
    return render(request, "accounts/unit_form.html", context, status=400 if form.errors else 200)


@require_POST
@require("accounts.user.manage")
def unit_close_view(request: HttpRequest, code: str) -> HttpResponse:
    found = _unit(request, code)
    unit_close(unit=found, user=request.user)
    messages.success(request, _("The unit is closed. What it did keeps its name."))
    return redirect("accounts:unit", code)


@require("accounts.user.view")
def people(request: HttpRequest) -> HttpResponse:
    return list_response(
        request,
        PEOPLE,
        people_visible(request.user),
        template="accounts/people.html",
        export_action="accounts.user.export",
        may_manage=may(request.user, "accounts.user.manage"),
    )


@require("accounts.user.view")
def certificates(request: HttpRequest) -> HttpResponse:
    return list_response(
        request, CERTIFICATES, certificates_visible(request.user), export_action="accounts.user.export"
    )


@require("accounts.user.view")
def user(request: HttpRequest, pk: int) -> HttpResponse:
    found = _user(request, pk)
    manages = may_manage(request.user, found)
    context = {
        "person": found,
        "certificates": certificates_of(found),
        "manages": manages,
        "oneself": found.pk == request.user.pk,
        "has_factor": hasattr(found, "second_factor") and found.second_factor.confirmed_at,
        "certificate_form": CertificateForm() if manages else None,
        "password_form": NewPasswordForm() if manages else None,
        "reason_form": ReasonForm() if manages else None,
    }
    return render(request, "accounts/user.html", context)


@require("accounts.user.manage")
@sensitive_post_parameters("password")
def user_new(request: HttpRequest) -> HttpResponse:
    given = Unit.objects.filter(code=request.GET.get("unit", "")).first() or request.user.unit
    form = UserForm(request.POST or None, user=request.user, initial={"unit": given, "role": "officer"})
    if request.method == "POST" and form.is_valid():
        try:
            made = user_enlist(user=request.user, **form.cleaned_data)
        except Problem as problem:
            say(form, problem)
        else:
            messages.success(request, _("The account is made."))
            return redirect("accounts:user", made.pk)
    return render(request, "accounts/user_form.html", {"form": form}, status=400 if form.errors else 200)


@require("accounts.user.manage")
def user_edit(request: HttpRequest, pk: int) -> HttpResponse:
    found = _managed(request, pk)
    start = {name: getattr(found, name) for name in ("username", "name", "role", "unit")}
    form = UserForm(request.POST or None, user=request.user, account=found, initial=start)
    if request.method == "POST" and form.is_valid():
        given = {name: form.cleaned_data[name] for name in ("name", "role", "unit")}
        try:
            user_change(account=found, user=request.user, **given)
        except Problem as problem:
            say(form, problem)
        else:
            messages.success(request, _("The account is changed."))
            return redirect("accounts:user", found.pk)
    context = {"form": form, "person": found}
    return render(request, "accounts/user_form.html", context, status=400 if form.errors else 200)


def _act(*, oneself: bool = True) -> Callable[[Callable[[HttpRequest, User], str]], Callable[..., HttpResponse]]:
    """A view that does one thing to one account, says so, and goes back to its page. `oneself` False: one's own is
    changed on one's own page, where the present password is asked for."""

    def decorate(do: Callable[[HttpRequest, User], str]) -> Callable[..., HttpResponse]:
        @require_POST
        @require("accounts.user.manage")
        @sensitive_post_parameters()
        @wraps(do)
        def view(request: HttpRequest, pk: int) -> HttpResponse:
            found = _managed(request, pk)
            if found.pk == request.user.pk and not oneself:
                return redirect("accounts:me")
            messages.success(request, do(request, found))
            return redirect("accounts:user", found.pk)

        return view

    return decorate


@_act()
def user_close_view(request: HttpRequest, found: User) -> str:
    user_close(account=found, user=request.user)
    return _("The account is closed, and its sessions have ended.")


@_act()
def user_reopen_view(request: HttpRequest, found: User) -> str:
    user_reopen(account=found, user=request.user)
    return _("The account is open again.")


@_act(oneself=False)
def user_password(request: HttpRequest, found: User) -> str:
    password = str(request.POST.get("password", ""))[:200]
    user_set_password(account=found, password=password, must_change=True, user=request.user)
    return _("A new initial password is set; it is changed at the next sign-in.")


@_act(oneself=False)
def user_factor_reset(request: HttpRequest, found: User) -> str:
    factor_remove(account=found, user=request.user, reason=str(request.POST.get("reason", ""))[:200])
    return _("The second factor is reset. It can be enrolled anew.")


@_act()
def certificate_add(request: HttpRequest, found: User) -> str:
    certificate_save(account=found, user=request.user, **checked(CertificateForm(request.POST)))
    return _("The certificate is written down.")


@require_POST
@require("accounts.user.manage")
def certificate_revoke_view(request: HttpRequest, certificate: int) -> HttpResponse:
    rows = visible(Certificate.objects.select_related("user__unit"), request.user, "accounts.user.manage")
    found = get_object_or_404(rows, pk=certificate)
    certificate_revoke(certificate=found, reason=str(request.POST.get("reason", "")), user=request.user)
    messages.success(request, _("The certificate is revoked."))
    return redirect("accounts:user", found.user_id)


@require("accounts.user.manage")
@sensitive_post_parameters()
def people_table(request: HttpRequest) -> HttpResponse:
    """People and certificates from a table. What was good is kept, and what wasn't is told cell by cell."""
    form, report = TableForm(request.POST or None, request.FILES or None), None
    if request.method == "POST" and form.is_valid():
        try:
            with on_disk([form.cleaned_data["file"]]) as [path]:
                report = people_import(path=path, user=request.user)
        except Problem as problem:
            say(form, problem)
    context = {"form": form, "report": report, "fields": FIELDS}
    return render(request, "accounts/people_table.html", context, status=400 if form.errors else 200)


@require_safe
@require("accounts.user.manage")
def people_template(request: HttpRequest) -> HttpResponse:
    """An empty table with the right columns, and one line that shows how."""
    unit = request.user.unit.code if request.user.unit else ""
    sample = [
        "zhangsan",
        "张三",
        "执法人员",
        unit,
        "",
        "沪0112-0001",
        "食品;特种设备",
        "市司法局",
        "2026-01-01",
        "2030-12-31",
    ]
    return export(kind="xlsx", name="people", head=[field.names[0] for field in FIELDS], rows=[sample])


def _unit(request: HttpRequest, code: str) -> Unit:
    rows = visible(Unit.objects.select_related("parent"), request.user, "accounts.unit.view")
    return get_object_or_404(rows, code=code)


def _user(request: HttpRequest, pk: int) -> User:
    return get_object_or_404(people_visible(request.user), pk=pk)


def _managed(request: HttpRequest, pk: int) -> User:
    rows = visible(User.objects.select_related("unit"), request.user, "accounts.user.manage")
    return get_object_or_404(rows, pk=pk)
