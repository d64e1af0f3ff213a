"""What the desk asks for: a plan, the parties of its draw, the public value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from mingcha.apps.entities.models import Entity
from mingcha.apps.risk.choices import ModelState
from mingcha.apps.risk.models import RiskModel
from mingcha.instance import home
from mingcha.problems import Problem

from .choices import PlanKind

KEY_BYTES, TABLE_BYTES = 4_096, 8 * 2**20  # of a public key's file, of a table


class _Form(forms.Form):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs, label_suffix="")
        for field in self.fields.values():
            if not isinstance(field.widget, forms.CheckboxSelectMultiple | forms.CheckboxInput):
                field.widget.attrs.setdefault("class", "mc-input")
            field.widget.attrs.setdefault("autocomplete", "off")


class PlanForm(_Form):
    """A draft. What doesn't fit the frame is said by the service."""

    title = forms.CharField(label=_("Title"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), choices=PlanKind.choices)
    risk_model = forms.ModelChoiceField(
        RiskModel.objects.none(),
        label=_("Aims by"),
        required=False,
        help_text=_("The model in force whose scores give the probabilities of a targeted plan."),
    )
    budget = forms.IntegerField(label=_("Visits"), min_value=1)
    industry = forms.ChoiceField(label=_("Industry"), required=False)
    division = forms.CharField(
        label=_("Division code"),
        max_length=12,
        required=False,
        help_text=_("Its first digits; empty: all of your unit's jurisdiction."),
    )
    stratify_by = forms.ChoiceField(
        label=_("Strata"),
        required=False,
        choices=[("", _("not stratified")), ("district", _("by district")), ("industry", _("by industry"))],
    )
    floor_share = forms.FloatField(
        label=_("Share drawn uniformly"),
        min_value=0,
        max_value=1,
        initial=0.1,
        widget=forms.NumberInput(attrs={"step": "0.01"}),
        help_text=_("Of a targeted plan: so that every entity has a chance and estimates stay honest."),
    )
    cap = forms.IntegerField(
        label=_("Visits of one entity a year, at most"),
        min_value=1,
        max_value=365,
        required=False,
        help_text=_("Who has had them stands outside the frame, and is counted."),
    )
    skills = forms.CharField(
        label=_("Skills that inspectors need"), max_length=200, required=False, help_text=_("Separated by ; or 、")
    )
    public_source = forms.CharField(
        label=_("Public value"),
        max_length=200,
        help_text=_("Which numbers, of which day. It must come out after the last party has revealed."),
    )
    public_on = forms.DateField(
        label=_("The public value comes out on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Before that day nothing is drawn. Empty: no day is set."),
    )
    basis = forms.CharField(label=_("Legal basis"), max_length=200, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        industries = Entity.objects.exclude(industry="").order_by("industry").values_list("industry", flat=True)
        self.fields["industry"].choices = [("", _("all")), *((name, name) for name in industries.distinct())]
        models = RiskModel.objects.filter(state=ModelState.CHAMPION)
        self.fields["risk_model"].queryset = models
        self.fields["risk_model"].initial = models.first()


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Files, several if its widget takes them, each within `most` bytes."""

    def __init__(self, *args, most: int, **kwargs):
        self.most = most
        super().__init__(*args, widget=kwargs.pop("widget", FilesInput()), **kwargs)

    def clean(self, data, initial=None) -> list[UploadedFile]:
        given = data if isinstance(data, list) else [data]
        files = [super(FilesField, self).clean(one, initial) for one in given or [None]]
        for file in filter(None, files):
            if file.size > self.most:
                raise forms.ValidationError(_("The file is too large: %(name)s"), params={"name": file.name})
        return [file for file in files if file]


class FreezeForm(_Form):
    """Who takes part, who may be sent, who is visited without a draw."""

    parties = FilesField(
        label=_("Parties' public keys"),
        most=KEY_BYTES,
        required=False,
        help_text=_("Each party makes its key with mingcha draw keygen and hands out the .pub file, nothing else."),
    )
    inspectors = FilesField(
        label=_("Directory of inspectors"),
        most=TABLE_BYTES,
        required=False,
        help_text=_("CSV: id, name, areas, certified, load, skills, conflicts. It is sealed with the frame."),
        widget=forms.ClearableFileInput(),
    )
    day = forms.DateField(
        label=_("Day on which visits begin"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Inspectors' certificates must be valid on it."),
    )
    must_visit = FilesField(
        label=_("Under focused supervision"),
        most=TABLE_BYTES,
        required=False,
        help_text=_("CSV with a column id: visited without a draw, listed apart, counted in what the parties sign."),
        widget=forms.ClearableFileInput(),
    )

    alone = forms.BooleanField(
        label=_("Draw with fewer than two parties"),
        required=False,
        help_text=_(
            "Whoever keeps the frame could then try seeds until the outcome pleases, and everyone who checks the draw "
            "is told so. Publish the frame's root before the public value comes out."
        ),
    )
    anyway = forms.BooleanField(
        label=_("Freeze although entities can be given no team"),
        required=False,
        help_text=_("If they are drawn, nobody is sent. The plan says which they are."),
    )

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("inspectors") and not cleaned.get("day"):
            self.add_error("day", _("Say on which day visits begin: certificates must be valid on it."))
        return cleaned


class DrawForm(_Form):
    """The public value that was named beforehand, copied from where it was published."""

    public_value = forms.CharField(
        label=_("Public value"),
        max_length=500,
        widget=forms.TextInput(attrs={"class": "mc-input mono"}),
    )
    without = forms.MultipleChoiceField(label=_("Goes on without"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args, absent: Sequence[str] = (), **kwargs):
        super().__init__(*args, **kwargs)
        if absent:
            self.fields["without"].choices = [(party, party) for party in absent]
        else:
            del self.fields["without"]


class VoidForm(_Form):
    reason = forms.CharField(label=_("Reason, which is published"), max_length=500)


class WithdrawForm(_Form):
    reason = forms.CharField(label=_("Reason"), max_length=500)


@contextmanager
def on_disk(files: Sequence[UploadedFile]) -> Iterator[list[Path]]:
    """Uploads as files of their own names, as commands read them; a Problem names the upload, not our copy."""
    with TemporaryDirectory(dir=home() / "tmp") as place:
        paths = []
        for number, file in enumerate(files):
            path = Path(place) / str(number) / file.name
            path.parent.mkdir()
            path.write_bytes(file.read())
            paths.append(path)
        try:
            yield paths
        except Problem as problem:
            for path in paths:
                problem.where = problem.where.replace(str(path), path.name)
            raise
