from django import forms
from django.utils.translation import gettext_lazy as _

from mingcha.desk.forms import Form, day_field
from mingcha.language import chinese

from .choices import AppealOutcome, CorrectedBy, HandedBy

AREA = {"rows": 4}


class SignForm(Form):
    """The signature of a model. A reason is needed where it didn't pass the gates of a promotion."""

    reason = forms.CharField(
        label=_("Reason, where it hasn't passed the gates of a promotion"), required=False, max_length=500
    )


class PointForm(Form):
    """About a risk point: "dataset|risk point". `points`: of selectors.risk_points, read once a page."""

    point = forms.ChoiceField(label=_("Risk point"))

    def __init__(self, *args, points: list[tuple[str, str, tuple[str, str]]], **kwargs):
        super().__init__(*args, **kwargs)
        half = 0 if chinese() else 1
        self.fields["point"].choices = [(f"{dataset}|{name}", titles[half]) for dataset, name, titles in points]


class TrainForm(PointForm):
    """A challenger to be trained."""

    until = day_field(_("On facts known before (default today)"), required=False)


class BacktestForm(PointForm):
    """A rolling backtest of the latest six windows."""

    window = forms.IntegerField(label=_("Months a window"), min_value=1, max_value=12, initial=2)


class ScoreForm(Form):
    """Everyone to be scored."""

    as_of = day_field(_("By facts known before (default today)"), required=False)


class AppealForm(Form):
    """What an entity says against its class, written down by a clerk."""

    text = forms.CharField(label=_("What the firm says"), max_length=4000, widget=forms.Textarea(attrs=AREA))


class AnswerForm(Form):
    """The answer to an appeal, under a person's name."""

    outcome = forms.ChoiceField(label=_("Outcome"), choices=AppealOutcome.choices)
    corrected_by = forms.ChoiceField(
        label=_("Where data were corrected: how"), choices=[("", "—"), *CorrectedBy.choices], required=False
    )
    corrected_in = forms.CharField(
        label=_("… and in which dataset (complaints/3), or by which decision (number)"), required=False, max_length=200
    )
    answer = forms.CharField(label=_("Answer to the firm"), max_length=4000, widget=forms.Textarea(attrs=AREA))


class EvidenceForm(Form):
    """A file that the firm hands in."""

    file = forms.FileField(
        label=_("File"), max_length=255, widget=forms.ClearableFileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png,.heic"})
    )


class HandForm(Form):
    """How a statement was handed out."""

    how = forms.ChoiceField(label=_("Way"), choices=HandedBy.choices)
    to = forms.CharField(label=_("Received by"), max_length=60)
