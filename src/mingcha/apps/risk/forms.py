from django import forms
from django.utils.translation import gettext_lazy as _

from mingcha.language import chinese

from .choices import AppealOutcome, CorrectedBy, HandedBy

AREA = {"class": "mc-input", "rows": 4}


class SignForm(forms.Form):
    """The signature of a model. A reason is needed where it didn't pass the gates of a promotion."""

    reason = forms.CharField(
        label=_("Reason, where it hasn't passed the gates of a promotion"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"class": "mc-input"}),
    )


class PointForm(forms.Form):
    """About a risk point: "dataset|risk point". `points`: of selectors.risk_points, read once a page."""

    point = forms.ChoiceField(label=_("Risk point"), widget=forms.Select(attrs={"class": "mc-input"}))

    def __init__(self, *args, points: list[tuple[str, str, tuple[str, str]]], **kwargs):
        super().__init__(*args, **kwargs)
        half = 0 if chinese() else 1
        self.fields["point"].choices = [(f"{dataset}|{name}", titles[half]) for dataset, name, titles in points]


class TrainForm(PointForm):
    """A challenger to be trained."""

    until = forms.DateField(
        label=_("On facts known before (default today)"),
        required=False,
        widget=forms.DateInput(attrs={"class": "mc-input", "type": "date"}, format="%Y-%m-%d"),
    )


class BacktestForm(PointForm):
    """A rolling backtest of the latest six windows."""

    window = forms.IntegerField(
        label=_("Months a window"),
        min_value=1,
        max_value=12,
        initial=2,
        widget=forms.NumberInput(attrs={"class": "mc-input"}),
    )


class ScoreForm(forms.Form):
    """Everyone to be scored."""

    as_of = forms.DateField(
        label=_("By facts known before (default today)"),
        required=False,
        widget=forms.DateInput(attrs={"class": "mc-input", "type": "date"}, format="%Y-%m-%d"),
    )


class AppealForm(forms.Form):
    """What an entity says against its class, written down by a clerk."""

    text = forms.CharField(label=_("What the firm says"), max_length=4000, widget=forms.Textarea(attrs=AREA))


class AnswerForm(forms.Form):
    """The answer to an appeal, under a person's name."""

    outcome = forms.ChoiceField(
        label=_("Outcome"), choices=AppealOutcome.choices, widget=forms.Select(attrs={"class": "mc-input"})
    )
    corrected_by = forms.ChoiceField(
        label=_("Where data were corrected: how"),
        choices=[("", "—"), *CorrectedBy.choices],
        required=False,
        widget=forms.Select(attrs={"class": "mc-input"}),
    )
    corrected_in = forms.CharField(
        label=_("… and in which dataset (complaints/3), or by which decision (number)"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"class": "mc-input"}),
    )
    answer = forms.CharField(label=_("Answer to the firm"), max_length=4000, widget=forms.Textarea(attrs=AREA))


class EvidenceForm(forms.Form):
    """A file that the firm hands in."""

    file = forms.FileField(
        label=_("File"),
        max_length=255,
        widget=forms.ClearableFileInput(attrs={"class": "mc-input", "accept": ".pdf,.jpg,.jpeg,.png,.heic"}),
    )


class HandForm(forms.Form):
    """How a statement was handed out."""

    how = forms.ChoiceField(label=_("Way"), choices=HandedBy.choices, widget=forms.Select(attrs={"class": "mc-input"}))
    to = forms.CharField(
        label=_("Received by"),
        max_length=60,
        widget=forms.TextInput(attrs={"class": "mc-input", "autocomplete": "off"}),
    )
