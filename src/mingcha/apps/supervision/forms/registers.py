"""What the desk asks for: catalogues and items, directories, inspectors, the year's plan."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mingcha.apps.accounts.models import Unit, User
from mingcha.apps.accounts.permissions import in_jurisdiction
from mingcha.apps.credit.choices import Kind
from mingcha.apps.entities.choices import Status
from mingcha.apps.entities.models import Entity, EntityKey
from mingcha.desk.forms import Form, day_field

from .. import cells
from ..choices import PlanKind
from ..conditions import Condition, InspectorCondition
from ..models import Catalogue, CatalogueItem, Inspector, InspectorDirectory, ObjectDirectory
from ..register_choices import ItemKind, LoadPeriod, Method
from ..selectors.catalogue import catalogues_visible, items_in_force
from ..selectors.directories import certify, directories_visible, inspectors_visible
from .plans import BoundedFilesField, Picks

SHEET_BYTES = 16 * 2**20
KEPT = 600  # seconds that the values to choose from are kept
MONTHS = [(month, month) for month in range(1, 13)]


def values_of(field: str) -> list[str]:
    """What entities have in `field`, commonest names in order; read anew every ten minutes."""
    rows = Entity.objects.exclude(**{field: ""}).order_by().values_list(field, flat=True).distinct()
    return cache.get_or_set(f"entities:{field}", lambda: sorted(rows)[:500], KEPT) or []


def licences() -> list[str]:
    """Schemes of the keys that entities hold, as licence:yunting-food."""

    def found() -> list[str]:
        rows = EntityKey.objects.filter(value__startswith="licence:").order_by().values_list("value", flat=True)
        return sorted({":".join(value.split(":")[:2]) for value in rows.iterator(chunk_size=20_000)})

    return cache.get_or_set("entities:licences", found, KEPT) or []


class ListField(forms.CharField):
    """Several words in one line."""

    def __init__(self, **more: Any):
        super().__init__(help_text=_("Separated by ; or 、"), required=False, max_length=500, **more)

    def prepare_value(self, value):
        return "；".join(value) if isinstance(value, list | tuple) else value

    def to_python(self, value):
        return cells.listed(value or "") if not isinstance(value, list | tuple) else list(value)

    def validate(self, value):
        pass

    def run_validators(self, value):
        pass


class SheetForm(Form):
    """A list as a file."""

    file = BoundedFilesField(
        label=_("File"),
        most=SHEET_BYTES,
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.csv"}),
        help_text=_("xlsx or CSV, 16 MB at most. Nothing is taken in before you have seen what is in it."),
    )


class CatalogueForm(Form):
    year = forms.IntegerField(label=_("Year"), min_value=2000, max_value=2100)
    title = forms.CharField(label=_("Title"), max_length=200)
    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Unit"), required=False)
    copy_of = forms.ModelChoiceField(
        Catalogue.objects.none(), label=_("Begin with the items of"), required=False, empty_label=_("none")
    )

    def __init__(self, *args, user: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = Unit.objects.filter(in_jurisdiction(user))
        self.fields["unit"].initial = user.unit_id
        self.fields["copy_of"].queryset = catalogues_visible(user)
        self.fields["year"].initial = timezone.localdate().year


class ItemForm(Form):
    code = forms.CharField(label=_("Item code"), max_length=60)
    category = forms.CharField(label=_("Category"), max_length=200, required=False)
    name = forms.CharField(label=_("Item"), max_length=300)
    kind = forms.ChoiceField(label=_("Kind"), choices=ItemKind.choices)
    objects_text = forms.CharField(label=_("Objects"), max_length=500)
    methods = forms.MultipleChoiceField(label=_("Methods"), choices=Method.choices, widget=Picks)
    content = forms.CharField(
        label=_("What is checked"), max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    basis = forms.CharField(
        label=_("Legal basis"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Laws in 《》 with their articles: they are cut from it."),
    )
    level = forms.CharField(label=_("Who inspects"), max_length=300, required=False)
    department = forms.CharField(label=_("Lead department"), max_length=100, required=False)
    joint_departments = ListField(label=_("Joint departments"))
    ratio = forms.DecimalField(
        label=_("Ratio, %"), min_value=0, max_value=100, max_digits=6, decimal_places=3, required=False
    )
    frequency_text = forms.CharField(label=_("Frequency"), max_length=200, required=False)
    effective_from = day_field(_("Effective from"), required=False)
    effective_to = day_field(_("Effective to"), required=False)

    def clean(self):
        said = super().clean()
        if said.get("effective_from") and said.get("effective_to") and said["effective_to"] < said["effective_from"]:
            self.add_error("effective_to", _("It ends before it begins."))
        ratio = said.get("ratio")
        said["ratio_text"] = f"{ratio.normalize():f}%" if ratio is not None else ""
        said["articles"] = cells.articles(said.get("basis", ""))
        said["times_a_year"] = cells.times_a_year(said.get("frequency_text", ""))
        return said


class DirectoryForm(Form):
    """An object directory: its name, and the condition."""

    name = forms.CharField(label=_("Name"), max_length=200)
    note = forms.CharField(label=_("Note"), max_length=500, required=False)
    industries = forms.MultipleChoiceField(label=_("Industry"), required=False, widget=Picks)
    kinds = forms.MultipleChoiceField(label=_("Kind"), required=False, widget=Picks)
    districts = forms.MultipleChoiceField(label=_("District"), required=False, widget=Picks)
    classes = forms.MultipleChoiceField(
        label=_("Risk class"), required=False, choices=[(letter, letter) for letter in "ABCD"], widget=Picks
    )
    credit_classes = forms.MultipleChoiceField(
        label=_("Credit class of the province"),
        required=False,
        choices=[(letter, letter) for letter in "ABCD"],
        widget=Picks,
    )
    listed = forms.ChoiceField(
        label=_("On a list"),
        required=False,
        choices=[("", _("no matter")), *Kind.choices, ("any", _("on either list")), ("none", _("on none"))],
    )
    statuses = forms.MultipleChoiceField(
        label=_("Status"), required=False, choices=Status.choices, initial=[Status.ACTIVE], widget=Picks
    )
    division = forms.CharField(
        label=_("Division code"), max_length=12, required=False, help_text=_("Its first digits suffice.")
    )
    opened_from = day_field(_("Established from"), required=False)
    opened_to = day_field(_("Established until"), required=False)
    licence = forms.ChoiceField(label=_("Holds a licence"), required=False)
    not_visited_months = forms.IntegerField(
        label=_("Not inspected for so many months"), required=False, min_value=1, max_value=120
    )
    by_hand = forms.BooleanField(
        label=_("Only those listed by hand"),
        required=False,
        help_text=_("The conditions above don't count then. Entities are listed on the directory's page."),
    )

    def __init__(self, *args, user: User | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        for name, field in (("industries", "industry"), ("kinds", "kind"), ("districts", "district")):
            chosen = (self.initial or {}).get(name) or []  # what is ticked stands first
            values = [*chosen, *(value for value in values_of(field) if value not in chosen)]
            self.fields[name].choices = [(value, value) for value in values]
        self.fields["licence"].choices = [("", _("any or none")), *((name, name) for name in licences())]

    def clean(self):
        said = super().clean()
        first, last = said.get("opened_from"), said.get("opened_to")
        if first and last and last < first:
            self.add_error("opened_to", _("It ends before it begins."))
        return said

    @property
    def condition(self) -> Condition:
        """What was asked for, as far as it makes sense."""
        said = {name: self.cleaned_data.get(name) for name in Condition.__dataclass_fields__}
        lists = {name: tuple(value) for name, value in said.items() if isinstance(value, list)}
        return Condition(**({"statuses": ()} | {k: v for k, v in said.items() if v} | lists))

    @staticmethod
    def initial_of(directory: ObjectDirectory) -> dict[str, Any]:
        return {"statuses": []} | directory.condition | {"name": directory.name, "note": directory.note}


class InspectorDirectoryForm(Form):
    name = forms.CharField(label=_("Name"), max_length=200)
    note = forms.CharField(label=_("Note"), max_length=500, required=False)
    departments = forms.MultipleChoiceField(label=_("Department"), required=False, widget=Picks)
    units = forms.MultipleChoiceField(label=_("Unit"), required=False, widget=Picks)
    areas = forms.MultipleChoiceField(label=_("Areas"), required=False, widget=Picks)
    skills = forms.MultipleChoiceField(label=_("Scopes"), required=False, widget=Picks)

    def __init__(self, *args, user: User, **kwargs):
        super().__init__(*args, **kwargs)
        people = list(inspectors_visible(user))
        certify(
            people
        )  # offered is what the condition asks of them: an account's certificates count before the register
        found = {
            "departments": {one.department for one in people},
            "areas": {area for one in people for area in one.areas},
            "skills": {skill for one in people for skill in one.skills},
        }
        for name, values in found.items():
            self.fields[name].choices = [(value, value) for value in sorted(filter(None, values))]
        units = {(one.unit.code, one.unit.name) for one in people if one.unit}
        self.fields["units"].choices = sorted(units)

    @property
    def condition(self) -> InspectorCondition:
        names = InspectorCondition.__dataclass_fields__
        return InspectorCondition(**{name: tuple(self.cleaned_data.get(name) or ()) for name in names})

    @staticmethod
    def initial_of(directory: InspectorDirectory) -> dict[str, Any]:
        return directory.condition | {"name": directory.name, "note": directory.note}


class MembersForm(Form):
    """Entities listed by hand, or kept out."""

    keys = forms.CharField(
        label=_("Unified social credit codes"),
        max_length=400_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)


class InspectorForm(Form):
    number = forms.CharField(label=_("Number"), max_length=40)
    name = forms.CharField(label=_("Name"), max_length=60)
    department = forms.CharField(label=_("Department"), max_length=100, required=False)
    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Unit"), required=False, empty_label=_("none here"))
    account = forms.ModelChoiceField(
        User.objects.none(),
        label=_("Account"),
        required=False,
        empty_label=_("none"),
        help_text=_("The certificates of an account count before what stands here."),
    )
    areas = ListField(label=_("Areas"))
    skills = ListField(label=_("Scopes"))
    certificate = forms.CharField(label=_("Certificate"), max_length=60, required=False)
    certified_to = day_field(_("Certified until"), required=False)
    load = forms.IntegerField(label=_("Visits at most"), min_value=0, max_value=9999, initial=20)
    load_period = forms.ChoiceField(label=_("Period"), choices=LoadPeriod.choices, initial=LoadPeriod.QUARTER)
    active = forms.BooleanField(label=_("Can be drawn"), required=False, initial=True)
    note = forms.CharField(label=_("Note"), max_length=300, required=False)

    def __init__(self, *args, user: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = Unit.objects.filter(in_jurisdiction(user))
        accounts = User.objects.filter(in_jurisdiction(user, "unit__division"), is_active=True)
        self.fields["account"].queryset = accounts.order_by("username")
        known = values_of("district")
        if known:
            self.fields["areas"].help_text = _("Districts as the entities have them: %(some)s") % {
                "some": "、".join(known[:12])
            }

    def clean_areas(self):
        known, areas = values_of("district"), self.cleaned_data["areas"]
        if strange := [area for area in areas if known and area not in known]:
            raise forms.ValidationError(_("No entity lies in %(where)s.") % {"where": "、".join(strange)})
        return areas

    @staticmethod
    def initial_of(inspector: Inspector) -> dict[str, Any]:
        return {name: getattr(inspector, name) for name in InspectorForm.base_fields}


class ConflictForm(Form):
    key = forms.CharField(label=_("Unified social credit code"), max_length=120)
    reason = forms.CharField(label=_("Reason"), max_length=300)


class YearForm(Form):
    year = forms.IntegerField(label=_("Year"), min_value=2000, max_value=2100)
    title = forms.CharField(label=_("Title"), max_length=200)
    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Unit"), required=False)

    def __init__(self, *args, user: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = Unit.objects.filter(in_jurisdiction(user))
        self.fields["unit"].initial = user.unit_id
        self.fields["year"].initial = timezone.localdate().year


class EntryForm(Form):
    title = forms.CharField(label=_("Task"), max_length=200)
    items = forms.ModelMultipleChoiceField(
        CatalogueItem.objects.none(), label=_("Items"), widget=Picks, help_text=_("Of the catalogue in force.")
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=PlanKind.choices)
    directory = forms.ModelChoiceField(
        ObjectDirectory.objects.none(), label=_("Object directory"), required=False, empty_label=_("none")
    )
    department = forms.CharField(label=_("Lead department"), max_length=100, required=False)
    joint_departments = ListField(label=_("Joint departments"))
    share = forms.DecimalField(
        label=_("Share of the directory, %"), min_value=0, max_value=100, max_digits=6, decimal_places=3, required=False
    )
    visits = forms.IntegerField(label=_("or visits"), min_value=1, max_value=1_000_000, required=False)
    month_from = forms.TypedChoiceField(label=_("From month"), choices=MONTHS, coerce=int, initial=1)
    month_to = forms.TypedChoiceField(label=_("To month"), choices=MONTHS, coerce=int, initial=12)
    times = forms.IntegerField(label=_("Times a year"), min_value=1, max_value=12, initial=1)
    public_information = forms.BooleanField(
        label=_("Spot check of published information"),
        required=False,
        help_text=_("Counts for the share of firms that the law asks for."),
    )
    note = forms.CharField(label=_("Note"), max_length=300, required=False)

    def __init__(self, *args, user: User, also: Any = (), **kwargs):
        """`also`: items of the entry, which may be of a catalogue that was superseded meanwhile."""
        super().__init__(*args, **kwargs)
        in_force = items_in_force(user).values("pk")
        chosen = [item.pk for item in also]
        items = CatalogueItem.objects.filter(pk__in=in_force) | CatalogueItem.objects.filter(pk__in=chosen)
        self.fields["items"].queryset = items.order_by("catalogue", "position")
        self.fields["directory"].queryset = directories_visible(user).filter(active=True)


class AdjustForm(EntryForm):
    reason = forms.CharField(
        label=_("Reason, which is published"), max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )


class DropForm(Form):
    reason = forms.CharField(label=_("Reason, which is published"), max_length=500)


class ReturnForm(Form):
    reason = forms.CharField(label=_("Reason"), max_length=500)
