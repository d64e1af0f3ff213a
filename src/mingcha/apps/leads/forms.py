"""What the desk asks for of a lead."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from mingcha.apps.accounts.models import User
from mingcha.apps.entities.models import Entity
from mingcha.desk.forms import Form

from .choices import Source
from .models import Lead


class OpenForm(Form):
    title = forms.CharField(label=_("Title"), max_length=200)
    source = forms.ChoiceField(label=_("Source"), choices=Source.choices, initial=Source.HAND)
    key = forms.CharField(
        label=_("Entity"),
        max_length=120,
        required=False,
        help_text=_("Its unified social credit code, if it is known."),
    )
    text = forms.CharField(
        label=_("What is suspected"), max_length=8000, widget=forms.Textarea(attrs={"rows": 6}), required=False
    )

    def __init__(self, *args, entities, **kwargs):
        super().__init__(*args, **kwargs)
        self._entities = entities

    def clean_key(self) -> Entity | None:
        key = self.cleaned_data["key"].strip()
        if not key:
            return None
        if found := self._entities.filter(key=key).first():
            return found
        raise forms.ValidationError(_("No entity of your jurisdiction has this code."))


class AssignForm(Form):
    to = forms.ModelChoiceField(User.objects.none(), label=_("Checked by"))

    def __init__(self, *args, lead: Lead, **kwargs):
        super().__init__(*args, **kwargs)
        divisions = [lead.division[:n] for n in range(len(lead.division) + 1)]
        people = User.objects.filter(is_active=True, unit__division__in=divisions, role="officer")
        self.fields["to"].queryset = people.order_by("name", "username")


class NoteForm(Form):
    text = forms.CharField(label=_("What was found"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))


class DecideForm(Form):
    founded = forms.TypedChoiceField(
        label=_("Decision"),
        choices=[("1", _("a case is to be opened")), ("0", _("no case"))],
        coerce=lambda v: v == "1",
    )
    text = forms.CharField(label=_("Reason"), max_length=2000)
