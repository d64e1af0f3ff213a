"""What the desk asks for of a task: reasons, officers, what a visit found."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from mingcha.desk.forms import Form, day_field
from mingcha.language import language

from ..models import Inspector, Task
from ..rules import result_kinds


class ReasonForm(Form):
    reason = forms.CharField(label=_("Reason or what was found"), max_length=500)


class NoticeForm(Form):
    how = forms.CharField(
        label=_("How the firm was told"), max_length=200, help_text=_("By whom, to whom, by phone, paper or message.")
    )


class AssignForm(Form):
    """Officers by their numbers in the register."""

    team = forms.CharField(
        label=_("Officers' numbers"), max_length=200, help_text=_("Two at least, separated by commas.")
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        required=False,
        help_text=_("Needed where a draw chose others: it is counted as an override."),
    )

    def clean_team(self) -> list[dict[str, str]]:
        from mingcha.engines.sampling.inspectors import listed

        numbers = listed(self.cleaned_data["team"].replace(",", ";"))
        known = dict(Inspector.objects.filter(number__in=numbers, active=True).values_list("number", "name"))
        if unknown := [number for number in numbers if number not in known]:
            raise forms.ValidationError(
                _("Not in the register of inspectors, or not in use: %(who)s"), params={"who": ", ".join(unknown)}
            )
        return [{"id": number, "name": known[number]} for number in numbers]


class RecheckForm(Form):
    passed = forms.TypedChoiceField(
        label=_("Outcome"),
        choices=[("1", _("put right")), ("0", _("not put right"))],
        coerce=lambda value: value == "1",
    )
    text = forms.CharField(label=_("What was found"), max_length=500)
    rectify_by = day_field(_("To be rectified by"), required=False)


class _Found(Form):
    kind = forms.ChoiceField(label=_("Result"), widget=forms.RadioSelect)
    summary = forms.CharField(
        label=_("What was found"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Facts that were seen. It is published with the result, so name no private person."),
    )

    rectify_by = day_field(
        _("To be rectified by"), required=False, help_text=_("Where the firm is ordered to put something right.")
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(code, kind.title(language())) for code, kind in result_kinds().items()]


class ResultForm(_Found):
    """What a visit found; what the kind asks for beside it is said by the service."""

    visited_on = day_field(_("Visited on"))

    def __init__(self, *args, task: Task, **kwargs):
        super().__init__(*args, **kwargs)
        if task.entered_at:
            from django.utils import timezone

            self.fields["visited_on"].initial = timezone.localdate(task.entered_at)


class CorrectForm(_Found):
    reason = forms.CharField(
        label=_("Reason of the correction"), max_length=500, help_text=_("Published with the corrected result.")
    )
