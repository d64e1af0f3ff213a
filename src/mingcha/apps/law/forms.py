"""What the desk asks for: an amendment, a day of the calendar, a year's arrangement, a pause, an extension."""

from __future__ import annotations

import json

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from mingcha.desk.forms import Form, day_field
from mingcha.language import language

from .choices import PERIODS, Mark, Unit
from .models import Clock, Rule


class AmendForm(Form):
    """A new version of a rule. Its value and unit, or its terms as JSON where it has those."""

    effective_from = day_field(_("In force from"))
    effective_to = day_field(_("Until, where it ends"), required=False)
    value = forms.DecimalField(label=_("Period or value"), max_digits=12, decimal_places=2, min_value=0)
    unit = forms.ChoiceField(label=_("Unit"))
    terms = forms.CharField(label=_("Terms (JSON)"), max_length=4000, widget=forms.Textarea({"rows": 5}))
    division = forms.CharField(label=_("Division code; empty: everywhere"), required=False, max_length=12)
    law = forms.CharField(label=_("Law or document"), max_length=120)
    article = forms.CharField(label=_("Article"), required=False, max_length=60)
    mark = forms.ChoiceField(label=_("Source"), choices=Mark.choices)
    reason = forms.CharField(label=_("Reason, with the document that it follows"), max_length=500)

    def __init__(self, *args, rule: Rule, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial = {
            "value": rule.value and rule.value.normalize(),
            "unit": rule.unit,
            "division": rule.division,
            "law": rule.law,
            "article": rule.article,
            "mark": Mark.SECONDARY,
            "terms": json.dumps(rule.terms, ensure_ascii=False, indent=1),
        } | self.initial
        if rule.unit in (Unit.TERMS, Unit.FLAG):
            del self.fields["value"], self.fields["unit"]
            if rule.unit == Unit.FLAG:
                del self.fields["terms"]
        else:
            del self.fields["terms"]
            kind = PERIODS if rule.unit in PERIODS else (Unit(rule.unit),)
            self.fields["unit"].choices = [(u, u.label) for u in kind]

    def clean_terms(self):
        try:
            terms = json.loads(self.cleaned_data["terms"])
        except ValueError:
            terms = None
        if not isinstance(terms, dict) or not terms:
            raise ValidationError(_("These aren't terms: a JSON object is needed."))
        return terms


class DayForm(Form):
    works = forms.TypedChoiceField(
        label=_("The day is"),
        choices=[("0", _("a day of rest")), ("1", _("a working day")), ("", _("as the kept calendar has it"))],
        coerce=lambda v: v == "1",
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(label=_("Reason: the notice that it follows"), required=False, max_length=200)


class ArrangementForm(Form):
    source = forms.CharField(
        label=_("Source, as the number of the notice"),
        max_length=200,
        widget=forms.TextInput({"placeholder": "国办发明电〔2026〕7号"}),
    )
    text = forms.CharField(
        label=_("The arrangement: one holiday a line, or CSV (day, rest or work, name)"),
        max_length=20_000,
        widget=forms.Textarea({"rows": 9}),
    )


class PauseForm(Form):
    cause = forms.ChoiceField(label=_("Cause"))

    def __init__(self, *args, clock: Clock, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["cause"].choices = [(p["key"], _words(p)) for p in clock.rule.pauses]


class ExtendForm(Form):
    extension = forms.ChoiceField(label=_("Extension"))
    value = forms.IntegerField(
        label=_("For how long, where the rule doesn't say"),
        required=False,
        min_value=1,
        max_value=36_500,
    )
    reason = forms.CharField(label=_("Reason"), max_length=500)

    def __init__(self, *args, clock: Clock, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["extension"].choices = [(e["key"], _words(e)) for e in clock.rule.extensions]


def _words(entry: dict) -> str:
    return entry[language()]
