from django import forms
from django.utils.translation import gettext_lazy as _


class SignForm(forms.Form):
    """The signature of a model. A reason is needed where it didn't pass the gates of a promotion."""

    reason = forms.CharField(
        label=_("Reason, where it hasn't passed the gates of a promotion"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"class": "mc-input"}),
    )
