"""What the desk asks for, act by act. What the law says to an answer, the services say."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mingcha.desk.forms import FilesField, FilesInput, Form, day_field

from .choices import Kind, RemovalKind, Step
from .grounds import grounds
from .rules import CONDITIONS, kinds_open
from .services.papers import ACCEPT


def _moment(label: Any, **kwargs) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, widget=widget, **kwargs)


def _text(label: Any, rows: int = 3, **kwargs) -> forms.CharField:
    return forms.CharField(label=label, max_length=5000, widget=forms.Textarea(attrs={"rows": rows}), **kwargs)


def _file(label: Any, required: bool = False) -> forms.FileField:
    widget = forms.FileInput(attrs={"accept": ACCEPT})
    return forms.FileField(label=label, required=required, allow_empty_file=True, widget=widget)


class PapersField(FilesField):
    """Up to ten files; the services bound each."""

    def __init__(self, **kwargs):
        super().__init__(
            required=False,
            allow_empty_file=True,
            widget=FilesInput(attrs={"accept": ACCEPT, "multiple": True}),
            **kwargs,
        )

    def clean(self, data, initial=None):
        files = super().clean(data, initial)
        if len(files) > 10:
            raise forms.ValidationError(_("Ten files at most."))
        return files


# -- listings


class ProposeForm(Form):
    """Of one list, for one firm."""

    ground = forms.ChoiceField(label=_("Ground"))
    facts = _text(_("Facts found"), 5, help_text=_("What was found, when, by whom, and how it is proved."))
    found_on = day_field(_("Found on"), help_text=_("The time to decide runs from this day."))
    period = forms.CharField(
        label=_("Year of the report"), max_length=4, required=False, help_text=_("Of a missing annual report only.")
    )
    penalty = forms.CharField(
        label=_("Number of the penalty decision"),
        max_length=80,
        required=False,
        help_text=_("For the seriously dishonest list."),
    )
    files = PapersField(label=_("Evidence"), help_text=_("PDF, OFD, JPG, PNG, DOCX, XLSX; 20 MB each."))

    def __init__(self, *args, kind: str = Kind.ABNORMAL, **kwargs):
        super().__init__(*args, **kwargs)
        self.kind = kind
        self.fields["ground"].choices = [(g.key, f"{g.text}  {g.basis}") for g in grounds().values() if g.kind == kind]
        self.fields["found_on"].initial = timezone.localdate()
        del self.fields["period" if kind == Kind.DISHONEST else "penalty"]


class ReasonForm(Form):
    reason = _text(_("Reason"))


class TellForm(Form):
    on = day_field(_("Served on"))
    file = _file(_("Proof of service"))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["on"].initial = timezone.localdate()


class StatementForm(Form):
    text = _text(_("What the firm states"), 4, required=False)
    waived = forms.BooleanField(label=_("It waives its right"), required=False)
    on = day_field(_("Received on"))
    file = _file(_("Its papers"))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["on"].initial = timezone.localdate()


class HearingAskForm(Form):
    on = day_field(_("Received on"))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["on"].initial = timezone.localdate()


class HearingForm(Form):
    notified_on = day_field(_("Announced to the firm on"))
    on = day_field(_("Held on"))
    opinion = _text(_("Opinion of the hearing"), 4)
    file = _file(_("Record of the hearing"))


class ConsentForm(Form):
    number = forms.CharField(label=_("Number of the consent"), max_length=80)


class DecideForm(Form):
    listed = forms.ChoiceField(
        label=_("Decision"), choices=[("yes", _("Put on the list")), ("no", _("Don't put on the list"))]
    )
    reason = _text(_("Reasons, and what is made of the firm's statement"), 4)

    def clean_listed(self) -> bool:
        return self.cleaned_data["listed"] == "yes"


class CorrectForm(Form):
    facts = _text(_("Corrected facts"), 4)
    reason = _text(_("Reason"))


class PaperForm(Form):
    step = forms.ChoiceField(label=_("Step that it belongs to"), choices=Step.choices)
    file = _file(_("File"), required=True)


class RemovalForm(Form):
    by_kind = True
    kind = forms.ChoiceField(label=_("Way"))
    text = _text(_("What was applied for or found"), 4)
    on = day_field(_("Received on"))
    conditions = forms.MultipleChoiceField(
        label=_("Shown by the firm"),
        required=False,
        choices=[(c.key, c.label) for c in CONDITIONS],
        widget=forms.CheckboxSelectMultiple,
    )
    files = PapersField(label=_("Its papers"))

    def __init__(self, *args, kind: str = Kind.ABNORMAL, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(k, RemovalKind(k).label) for k in kinds_open(kind)]
        self.fields["on"].initial = timezone.localdate()
        if kind == Kind.ABNORMAL:
            del self.fields["conditions"]


class AcceptForm(Form):
    accepted = forms.ChoiceField(label=_("Decision"), choices=[("yes", _("Take it up")), ("no", _("Don't take it up"))])
    reason = _text(_("Reason, where it isn't accepted"), required=False)

    def clean_accepted(self) -> bool:
        return self.cleaned_data["accepted"] == "yes"


class GrantForm(Form):
    granted = forms.ChoiceField(
        label=_("Decision"), choices=[("yes", _("Take off the list")), ("no", _("Leave on the list"))]
    )
    reason = _text(_("Reasons of the decision"))

    def clean_granted(self) -> bool:
        return self.cleaned_data["granted"] == "yes"


# -- interviews


class InterviewForm(Form):
    reason = _text(_("Subject"), help_text=_("What must be mended; the notice says it in these words."))
    basis = forms.CharField(label=_("Legal basis"), max_length=200)
    at = _moment(_("Time"))
    place = forms.CharField(label=_("Place"), max_length=200)
    by = forms.CharField(label=_("Held by"), max_length=200, help_text=_("Names, with commas between."))
    contact = forms.CharField(label=_("Contact"), max_length=100, required=False, help_text=_("Name and telephone."))


class NotifyForm(Form):
    urgent = _text(_("Why it is urgent, where the notice is shorter than the rule"), required=False)


class ServeForm(Form):
    on = day_field(_("Served on"))
    how = forms.CharField(label=_("How"), max_length=100)
    to = forms.CharField(label=_("Taken by"), max_length=100)
    file = _file(_("Proof of service"))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["on"].initial = timezone.localdate()


class PostponeForm(Form):
    at = _moment(_("New time"))
    place = forms.CharField(label=_("Place, if another"), max_length=200, required=False)
    reason = _text(_("Reason"))
    urgent = _text(_("Why it is urgent, where the notice is shorter than the rule"), required=False)


class AbsentForm(Form):
    refused = forms.BooleanField(label=_("It refused to come"), required=False)
    reason = _text(_("What happened"))


class HoldForm(Form):
    """The record. Undertakings: one a line, its last day in front."""

    held_at = _moment(_("Held at"))
    officers = forms.CharField(label=_("Officers present"), max_length=300, help_text=_("Names, with commas between."))
    attended = forms.CharField(label=_("For the firm"), max_length=100)
    attended_as = forms.CharField(label=_("Position"), max_length=60, required=False)
    record = _text(
        _("What was said"), 8, help_text=_("What was put to the firm, what it answered, what is asked of it.")
    )
    undertakings = _text(
        _("Undertakings"),
        4,
        required=False,
        help_text=_("One a line: the day by which, a blank, what. For example: 2026-12-15 cold store mended"),
    )
    file = _file(_("Scan of the signed record"))
    unsigned = forms.CharField(label=_("Why it isn't signed"), max_length=300, required=False)
    unserved = forms.CharField(
        label=_("How the firm knew, where no service is on record"), max_length=300, required=False
    )

    def clean_undertakings(self):
        rows = []
        for line in filter(None, map(str.strip, self.cleaned_data["undertakings"].splitlines())):
            day, _blank, text = line.replace("\u3000", " ").partition(" ")
            try:
                rows.append((text.strip(), forms.DateField().clean(day)))
            except forms.ValidationError:
                raise forms.ValidationError(_("No day stands in front: %(line)s"), params={"line": line[:60]}) from None
            if not text.strip() or len(text) > 500:
                raise forms.ValidationError(
                    _("Nothing, or too much, is undertaken: %(line)s"), params={"line": line[:60]}
                )
        return rows


class CheckForm(Form):
    done = forms.ChoiceField(label=_("Found"), choices=[("yes", _("Kept")), ("no", _("Not kept"))])
    note = forms.CharField(label=_("How it was checked"), max_length=500)
    file = _file(_("Proof"))

    def clean_done(self) -> bool:
        return self.cleaned_data["done"] == "yes"


class CloseForm(Form):
    outcome = _text(_("Outcome"))


# -- credit classes


class ImportForm(Form):
    source = forms.CharField(
        label=_("Source"), max_length=100, help_text=_("Who gave the classes: the provincial bureau.")
    )
    as_of = day_field(_("As of"))
    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV or xlsx with the columns 统一社会信用代码 and 信用风险类别."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.xlsx"}),
    )
