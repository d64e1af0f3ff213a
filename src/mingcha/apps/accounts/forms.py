"""What the account pages ask for."""

from __future__ import annotations

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _

from mingcha.desk.forms import Form, day_field

from .choices import Role, UnitKind
from .models import Unit
from .rules import may_give
from .selectors import units_managed


class SignInForm(AuthenticationForm):
    """User name and password. It doesn't tell which of the two was wrong."""

    error_messages = {
        "invalid_login": _(
            "The user name or the password is wrong. After five failures the account is locked a while."
        ),
        "inactive": _("This account is closed."),
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, label in (("username", _("User name")), ("password", _("Password"))):
            self.fields[name].label = label
            self.fields[name].widget.attrs["class"] = "mc-input"


class CodeForm(Form):
    code = forms.CharField(
        label=_("One-time code"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "inputmode": "text", "class": "mc-input mono"}
        ),
        help_text=_("Six digits from the authenticator app, or a recovery code."),
    )


class TokenForm(Form):
    """A token of the API: for which system, what it may, where, until when. What doesn't fit the service says."""

    name = forms.CharField(label=_("For which system"), max_length=60)
    scopes = forms.CharField(
        label=_("What it may"),
        max_length=2000,
        initial="*.view",
        widget=forms.TextInput(attrs={"class": "mc-input mono"}),
        help_text=_("Rights of the table, or supervision.*, supervision.task.*, *.view; separated by spaces."),
    )
    division = forms.CharField(
        label=_("Division code"),
        max_length=12,
        required=False,
        help_text=_("Its first digits; empty: all of your unit's jurisdiction."),
    )
    days = forms.IntegerField(label=_("Days for which it holds"), min_value=1, initial=90)

    def clean_scopes(self) -> list[str]:
        return self.cleaned_data["scopes"].replace(",", " ").split()


class ConfirmForm(Form):
    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )


class PasswordForm(Form):
    """Current and new password. Whether the new one will do is the service's to say."""

    current = forms.CharField(
        label=_("Current password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label=_("New password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Ten characters or more, nothing common, not only digits."),
    )
    again = forms.CharField(
        label=_("New password, once more"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_current(self):
        if not self.user.check_password(self.cleaned_data["current"]):
            raise forms.ValidationError(_("The current password is wrong."))
        return self.cleaned_data["current"]

    def clean(self):
        given = super().clean()
        if given.get("new") and given.get("again") and given["new"] != given["again"]:
            self.add_error("again", _("The two aren't the same."))
        return given


class UnitForm(Form):
    code = forms.SlugField(
        label=_("Unit code"), max_length=32, help_text=_("Letters, digits, - and _; it doesn't change later.")
    )
    name = forms.CharField(label=_("Name"), max_length=100)
    kind = forms.ChoiceField(label=_("Kind"), choices=UnitKind.choices)
    parent = forms.ModelChoiceField(Unit.objects.none(), label=_("Belongs to"), required=False)
    division = forms.RegexField(
        r"^\d{0,12}$",
        label=_("Division code"),
        max_length=12,
        required=False,
        help_text=_("GB/T 2260 and below: what lies in divisions that begin with it is this unit's jurisdiction."),
    )

    def __init__(self, *args, user, unit=None, **kwargs):
        super().__init__(*args, **kwargs)
        managed = Unit.objects.filter(pk__in=units_managed(user), closed_at=None)
        self.fields["parent"].queryset = managed.exclude(pk=unit.pk) if unit else managed
        self.fields["parent"].empty_label = None if unit is None or unit.parent_id else "—"
        if unit:
            self.fields["code"].disabled = True


class UserForm(Form):
    """A member of staff. `user` is who fills it in: he is offered the units and roles that he may give."""

    username = forms.CharField(label=_("User name"), max_length=150)
    name = forms.CharField(label=_("Full name"), max_length=60)
    role = forms.ChoiceField(label=_("Role"))
    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Unit"), empty_label=None)
    password = forms.CharField(
        label=_("Initial password"),
        max_length=200,
        strip=False,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("It is changed at the first sign-in. Empty: by single sign-on only, until one is set."),
    )

    def __init__(self, *args, user, account=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(r.value, r.label) for r in Role if may_give(user.role, r.value)]
        self.fields["unit"].queryset = Unit.objects.filter(pk__in=units_managed(user), closed_at=None)
        if account:
            self.fields["username"].disabled = True
            del self.fields["password"]
            if account.pk == user.pk:
                for name in ("role", "unit"):
                    self.fields[name].disabled = True


class NewPasswordForm(Form):
    password = forms.CharField(
        label=_("Initial password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("It is changed at the first sign-in."),
    )


class ReasonForm(Form):
    reason = forms.CharField(label=_("Reason"), max_length=200)


class CertificateForm(Form):
    number = forms.CharField(label=_("Certificate number"), max_length=40)
    scopes = forms.CharField(
        label=_("Scopes"), max_length=300, required=False, help_text=_("As on the certificate, separated by ; or 、")
    )
    issuer = forms.CharField(label=_("Issued by"), max_length=100, required=False)
    valid_from = day_field(_("Valid from"))
    valid_to = day_field(_("Valid to"))

    def clean_scopes(self) -> list[str]:
        text = self.cleaned_data["scopes"]
        for mark in "、；，,":
            text = text.replace(mark, ";")
        return [scope.strip() for scope in text.split(";") if scope.strip()]


class TableForm(Form):
    file = forms.FileField(
        label=_("Table (.xlsx or .csv)"), widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.csv"})
    )
