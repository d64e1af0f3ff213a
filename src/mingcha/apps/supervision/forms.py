from django import forms
from django.utils.translation import gettext_lazy as _


class DrawForm(forms.Form):
    """The public value that was named beforehand, copied from where it was published."""

    public_value = forms.CharField(
        label=_("Public value"),
        max_length=500,
        widget=forms.TextInput(attrs={"class": "mc-input mono", "autocomplete": "off"}),
    )
