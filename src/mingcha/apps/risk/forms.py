from django import forms
from django.utils.translation import gettext_lazy as _

AREA = {"class": "mc-input", "rows": 4}


class SignForm(forms.Form):
    """The signature of a model. A reason is needed where it didn't pass the gates of a promotion."""

    reason = forms.CharField(
        label=_("Reason, where it hasn't passed the gates of a promotion"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"class": "mc-input"}),
    )


class AppealForm(forms.Form):
    """What an entity says against its class, written down by a clerk."""

    text = forms.CharField(label=_("What the firm says"), max_length=4000, widget=forms.Textarea(attrs=AREA))


class AnswerForm(forms.Form):
    """The answer to an appeal, under a person's name."""

    upheld = forms.TypedChoiceField(
        label=_("Decision"),
        choices=[("no", _("Dismissed")), ("yes", _("Upheld: the records are corrected, the next scoring follows"))],
        coerce=lambda value: value == "yes",
        widget=forms.Select(attrs={"class": "mc-input"}),
    )
    answer = forms.CharField(label=_("Answer to the firm"), max_length=4000, widget=forms.Textarea(attrs=AREA))
