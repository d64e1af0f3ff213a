"""What the desk asks for: a plan, the parties of its draw, the public value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.cache import cache
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from mingcha.apps.accounts.models import User
from mingcha.apps.entities.models import Entity
from mingcha.apps.risk.choices import ModelState
from mingcha.apps.risk.models import RiskModel
from mingcha.desk.forms import FilesField, Form, day_field
from mingcha.engines.sampling.allocation import CLASS_WEIGHTS

from ..choices import PlanKind
from ..models import CatalogueItem, InspectorDirectory, ObjectDirectory, YearEntry
from ..register_choices import CatalogueState
from ..selectors.directories import directories_visible, inspector_directories_visible
from ..selectors.joint import departments_known, own_department
from ..selectors.years import entries_open

KEY_BYTES, TABLE_BYTES = 4_096, 8 * 2**20  # of a public key's file, of a table


class Picks(forms.CheckboxSelectMultiple):
    """Boxes to tick, in a box of their own that scrolls."""

    def __init__(self, **more: Any):
        super().__init__(attrs={"class": "mc-picks"}, **more)


LETTERS = "ABCD"


class KeysField(forms.CharField):
    """Entities' keys, one a line or separated by commas."""

    widget = forms.Textarea(attrs={"rows": 4, "class": "mc-input mono"})

    def clean(self, value) -> list[str]:
        text = super().clean(value) or ""
        return sorted({key for key in re.split(r"[\s,;，；、]+", text) if key})


class PlanForm(Form):
    """A draft of one kind; the kind's row of law says which fields there are. What doesn't fit is said by the
    service."""

    title = forms.CharField(label=_("Title"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), choices=PlanKind.choices, widget=forms.HiddenInput)
    risk_model = forms.ModelChoiceField(
        RiskModel.objects.none(),
        label=_("Aims by"),
        required=False,
        help_text=_("The model in force whose scores give the probabilities of a targeted plan."),
    )
    entry = forms.ModelChoiceField(
        YearEntry.objects.none(),
        label=_("Of the year's plan"),
        required=False,
        help_text=_("The entry that this plan carries out."),
    )
    items = forms.ModelMultipleChoiceField(
        CatalogueItem.objects.none(), label=_("Items"), required=False, help_text=_("Of the item catalogue in force.")
    )
    directory = forms.ModelChoiceField(
        ObjectDirectory.objects.none(),
        label=_("Object directory"),
        required=False,
        help_text=_("Empty: everyone in operation whom the conditions below fit."),
    )
    keys = KeysField(
        label=_("Whom it visits"),
        required=False,
        max_length=1_000_000,
        help_text=_("Unified social credit codes, one a line. Empty: everyone whom the conditions fit."),
    )
    cause = forms.CharField(
        label=_("Cause"),
        required=False,
        max_length=500,
        help_text=_("Number and matter of the complaint, report, lead or instruction."),
    )
    industry = forms.ChoiceField(label=_("Industry"), required=False)
    division = forms.CharField(
        label=_("Division code"),
        max_length=12,
        required=False,
        help_text=_("Its first digits; empty: all of your unit's jurisdiction."),
    )
    departments = forms.MultipleChoiceField(
        label=_("Together with"),
        required=False,
        widget=Picks,
        help_text=_(
            "Departments that come in the same visit (a joint inspection), from the register of inspectors. Each sends "
            "two officers or more, drawn by the same seed; skills and areas hold for all of them."
        ),
    )
    budget = forms.IntegerField(label=_("Visits"), min_value=1, max_value=1_000_000)
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
    ceiling = forms.FloatField(
        label=_("Highest probability"),
        required=False,
        min_value=0.05,
        max_value=0.9,
        initial=0.9,
        widget=forms.NumberInput(attrs={"step": "0.05"}),
        help_text=_("Of one entity. Who must be visited belongs under focused supervision."),
    )
    cap = forms.IntegerField(
        label=_("Visits of one entity a year, at most"),
        min_value=1,
        max_value=365,
        required=False,
        help_text=_("Who has had them stands outside the frame, and is counted. Empty: the rule in force."),
    )
    skills = forms.CharField(
        label=_("Skills that inspectors need"), max_length=200, required=False, help_text=_("Separated by ; or 、")
    )
    inspectors = forms.ModelChoiceField(
        InspectorDirectory.objects.none(),
        label=_("Inspector directory"),
        required=False,
        help_text=_("From which officers are drawn; sealed with the frame."),
    )
    starts_on = day_field(_("Visits from"), required=False)
    ends_on = day_field(_("Visits until"), required=False)
    public_source = forms.CharField(
        label=_("Public value"),
        max_length=200,
        help_text=_("Which numbers, of which day. It must come out after the last party has revealed."),
    )
    public_on = day_field(
        _("The public value comes out on"),
        required=False,
        help_text=_("Before that day nothing is drawn. Empty: no day is set."),
    )
    basis = forms.CharField(label=_("Legal basis"), max_length=200, required=False)

    def __init__(self, *args, user: User, kind: str = "", terms: Mapping[str, Any], **kwargs):
        super().__init__(*args, **kwargs)
        fields = self.fields
        for letter in LETTERS:
            fields[f"weight_{letter}"] = forms.FloatField(
                label=_("Weight of class %(letter)s") % {"letter": letter},
                required=False,
                min_value=0,
                max_value=100,
                initial=CLASS_WEIGHTS[letter],
                widget=forms.NumberInput(attrs={"step": "0.1", "class": "mc-input"}),
            )
        drawn, targeted = terms["drawn"], kind == PlanKind.TARGETED
        aimed = ("risk_model", "floor_share", "ceiling", *(f"weight_{letter}" for letter in LETTERS))
        chance = ("budget", "stratify_by", "skills", "inspectors", "public_source", "public_on")
        without = () if drawn else chance
        without += () if targeted else (aimed if not drawn else aimed[1:])
        without += ("keys",) if drawn else ()
        without += () if kind == PlanKind.FOR_CAUSE else ("cause",)
        without += () if terms["capped"] else ("cap",)
        for name in without:
            fields.pop(name, None)
        fields["kind"].initial = kind
        industries = Entity.objects.exclude(industry="").order_by("industry").values_list("industry", flat=True)
        names = cache.get_or_set("supervision.industries", lambda: list(industries.distinct()), 600) or []
        fields["industry"].choices = [("", _("all")), *((name, name) for name in names)]
        own = own_department(user)
        fields["departments"].choices = [(name, name) for name in departments_known(user) if name != own]
        fields["directory"].queryset = directories_visible(user).filter(active=True)
        fields["items"].queryset = CatalogueItem.objects.filter(catalogue__state=CatalogueState.PUBLISHED)
        fields["entry"].queryset = entries_open(user)
        if "inspectors" in fields:
            fields["inspectors"].queryset = inspector_directories_visible(user).filter(active=True)
        if "risk_model" in fields:
            models = RiskModel.objects.filter(state=ModelState.CHAMPION)
            fields["risk_model"].queryset = models
            fields["risk_model"].initial = models.first()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        weights = {x: cleaned.pop(f"weight_{x}", None) for x in LETTERS}
        weights = {x: weight for x, weight in weights.items() if weight is not None}
        if weights:
            cleaned["class_weights"] = CLASS_WEIGHTS | weights
        if cleaned.get("ceiling") is None:  # the service's own
            cleaned.pop("ceiling", None)
        return cleaned


class ClearableFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class BoundedFilesField(FilesField):
    """Files, several if its widget takes them, each within `most` bytes."""

    def __init__(self, *args, most: int, **kwargs):
        self.most = most
        super().__init__(*args, widget=kwargs.pop("widget", ClearableFilesInput()), **kwargs)

    def clean(self, data, initial=None) -> list[UploadedFile]:
        files = super().clean(data, initial)
        for file in files:
            if file.size > self.most:
                raise forms.ValidationError(_("The file is too large: %(name)s"), params={"name": file.name})
        return files


class FreezeForm(Form):
    """Who takes part, who may be sent, who is visited without a draw."""

    parties = BoundedFilesField(
        label=_("Parties' public keys"),
        most=KEY_BYTES,
        required=False,
        help_text=_("Each party makes its key with mingcha draw keygen and hands out the .pub file, nothing else."),
    )
    inspectors = BoundedFilesField(
        label=_("Directory of inspectors"),
        most=TABLE_BYTES,
        required=False,
        help_text=_(
            "CSV: id, name, areas, certified, load, skills, conflicts; department, of a joint inspection. It is sealed "
            "with the frame."
        ),
        widget=forms.ClearableFileInput(),
    )
    day = day_field(
        _("Day on which visits begin"), required=False, help_text=_("Inspectors' certificates must be valid on it.")
    )
    must_visit = BoundedFilesField(
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


class DrawForm(Form):
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


class IssueForm(Form):
    leave_out = forms.BooleanField(label=_("Leave out who has had the year's visits"), required=False)


class VoidForm(Form):
    reason = forms.CharField(label=_("Reason, which is published"), max_length=500)


class WithdrawForm(Form):
    reason = forms.CharField(label=_("Reason"), max_length=500)
