"""Lists of catalogues, items, directories, inspectors and years' plans."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from mingcha.lists.declare import Column, Filter, Listing, View

from ..models import CatalogueItem
from ..register_choices import CatalogueState, ItemKind, Method, YearState
from ..selectors.directories import standing


def _any(*paths: str):
    """A search for the words in any of these fields."""

    def search(queryset, words: str):
        found = queryset.none()
        for path in paths:
            found = found | queryset.filter(**{f"{path}__icontains": words})
        return found

    return search


def methods_of(item: CatalogueItem) -> str:
    return "、".join(str(Method(method).label) for method in item.methods if method in Method.values)


CATALOGUES = Listing(
    name="catalogues",
    title=_("Item catalogues"),
    noun=_("catalogues"),
    row="supervision/catalogue/row.html",
    sort="-number",
    item=lambda one: reverse("supervision:catalogue", args=[one.number]),
    search=_any("title", "number"),
    search_hint=_("Title or number"),
    columns=(
        Column("title", _("Catalogue"), lambda c: c.title, sort="title"),
        Column("number", _("Number"), lambda c: c.number, sort="number", descending=True, minor=True, default=False),
        Column("year", _("Year"), lambda c: c.year, sort="year", descending=True),
        Column("unit", _("Unit"), lambda c: c.unit.name, minor=True),
        Column("state", _("State"), lambda c: str(c.get_state_display())),
        Column("size", _("Items"), lambda c: c.size, right=True),
        Column("published", _("Published"), lambda c: c.published_at, sort="published_at", nullable=True, minor=True),
    ),
    filters=(Filter("state", _("State"), "state", lambda: CatalogueState.choices),),
    views=(
        View("all", _("All catalogues")),
        View("published", _("In force"), {"state": (CatalogueState.PUBLISHED,)}),
        View("draft", _("Drafts"), {"state": (CatalogueState.DRAFT,)}),
    ),
    empty_icon="list-check",
    empty_title=_("There is no item catalogue yet"),
    empty_text=_("It says what may be inspected, by whom and on what legal basis. Draw one up, or import a list."),
)

ITEM_COLUMNS = (
    Column("name", _("Item"), lambda i: i.name, sort="name"),
    Column("code", _("Item code"), lambda i: i.code, sort="code", default=False, minor=True),
    Column("position", _("No."), lambda i: i.position, sort="position", default=False, minor=True),
    Column("category", _("Category"), lambda i: i.category, sort="category", default=False, minor=True),
    Column("kind", _("Kind"), lambda i: str(i.get_kind_display()), minor=True),
    Column("objects", _("Objects"), lambda i: i.objects_text, minor=True),
    Column("methods", _("Methods"), methods_of, minor=True),
    Column("content", _("What is checked"), lambda i: i.content, default=False, minor=True),
    Column("basis", _("Legal basis"), lambda i: i.basis, minor=True),
    Column("level", _("Who inspects"), lambda i: i.level, minor=True),
    Column("department", _("Lead department"), lambda i: i.department, default=False, minor=True),
    Column("joint", _("Joint departments"), lambda i: "、".join(i.joint_departments), default=False, minor=True),
    Column("ratio", _("Ratio"), lambda i: i.ratio_text, sort="ratio", nullable=True, right=True, descending=True),
    Column("frequency", _("Frequency"), lambda i: i.frequency_text, minor=True),
    Column("from", _("Effective from"), lambda i: i.effective_from, default=False, minor=True),
    Column("to", _("Effective to"), lambda i: i.effective_to, default=False, minor=True),
)

ITEMS = Listing(
    name="catalogue-items",
    title=_("Inspection items"),
    noun=_("items"),
    row="supervision/catalogue/item_row.html",
    sort="position",
    item=lambda item: reverse("supervision:item", args=[item.catalogue.number, item.pk]),
    search=_any("name", "code", "category", "basis", "objects_text"),
    search_hint=_("Item, code, objects, legal basis"),
    columns=ITEM_COLUMNS,
    filters=(
        Filter("category", _("Category"), "category", composition=True, limit=30),
        Filter("kind", _("Kind"), "kind", lambda: ItemKind.choices),
        Filter("department", _("Lead department"), "department", limit=30),
    ),
    empty_icon="list-check",
    empty_title=_("There is no item in it yet"),
    empty_text=_("Import a list (xlsx or CSV), or write items one by one."),
    size=100,
)

DIRECTORIES = Listing(
    name="object-directories",
    title=_("Object directories"),
    noun=_("directories"),
    row="supervision/directories/row.html",
    sort="name",
    item=lambda one: reverse("supervision:directory", args=[one.pk]),
    search=_any("name", "note"),
    search_hint=_("Name or note"),
    columns=(
        Column("name", _("Directory"), lambda d: d.name, sort="name"),
        Column("condition", _("Condition"), lambda d: condition_text(d)),
        Column("division", _("Division code"), lambda d: d.division, minor=True, default=False),
        Column("changed", _("Changed"), lambda d: d.changed_at, sort="changed_at", descending=True, minor=True),
        Column("by", _("Changed by"), lambda d: str(d.changed_by or ""), minor=True),
    ),
    filters=(
        Filter("active", _("In use"), "active", lambda: (("1", _("in use")), ("0", _("put away"))), boolean=True),
    ),
    empty_icon="building-store",
    empty_title=_("There is no object directory yet"),
    empty_text=_("It says by conditions who may be drawn: industry, district, class, licence, last inspection."),
)

INSPECTORS = Listing(
    name="inspectors",
    title=_("Inspectors"),
    noun=_("inspectors"),
    row="supervision/inspectors/row.html",
    sort="number",
    item=lambda one: reverse("supervision:inspector", args=[one.pk]),
    search=_any("name", "number", "department"),
    search_hint=_("Name, number, department"),
    columns=(
        Column("name", _("Name"), lambda i: i.name, sort="name"),
        Column("number", _("Number"), lambda i: i.number, sort="number", default=False, minor=True),
        Column("department", _("Department"), lambda i: i.department, sort="department", minor=True),
        Column("unit", _("Unit"), lambda i: str(i.unit or ""), minor=True),
        Column("areas", _("Areas"), lambda i: "、".join(i.areas), minor=True),
        Column("skills", _("Scopes"), lambda i: "、".join(standing(i).scopes)),
        Column("certificate", _("Certificate"), lambda i: standing(i).certificate, default=False, minor=True),
        Column("certified", _("Certified until"), lambda i: standing(i).until, sort="certified_until", nullable=True),
        Column("load", _("Visits at most"), lambda i: i.load, sort="load", right=True, minor=True),
        Column("active", _("Can be drawn"), lambda i: str(_("yes") if i.active else _("no")), default=False),
    ),
    filters=(
        Filter("department", _("Department"), "department", limit=30),
        Filter("active", _("Can be drawn"), "active", lambda: (("1", _("yes")), ("0", _("no"))), boolean=True),
    ),
    empty_icon="users",
    empty_title=_("There is no inspector yet"),
    empty_text=_("Import the register (xlsx or CSV), or enter people one by one. Drawn are only the certified."),
)

INSPECTOR_DIRECTORIES = Listing(
    name="inspector-directories",
    title=_("Inspector directories"),
    noun=_("directories"),
    row="supervision/inspectors/directory_row.html",
    sort="name",
    item=lambda one: reverse("supervision:inspector-directory", args=[one.pk]),
    search=_any("name", "note"),
    search_hint=_("Name or note"),
    columns=(
        Column("name", _("Directory"), lambda d: d.name, sort="name"),
        Column("condition", _("Condition"), lambda d: condition_text(d)),
        Column("changed", _("Changed"), lambda d: d.changed_at, sort="changed_at", descending=True, minor=True),
        Column("by", _("Changed by"), lambda d: str(d.changed_by or ""), minor=True),
    ),
    filters=(
        Filter("active", _("In use"), "active", lambda: (("1", _("in use")), ("0", _("put away"))), boolean=True),
    ),
    empty_icon="users-group",
    empty_title=_("There is no inspector directory yet"),
    empty_text=_("It says by conditions who of the register may be drawn for a kind of visit."),
)

YEARS = Listing(
    name="year-plans",
    title=_("Year's plans"),
    noun=_("plans"),
    row="supervision/years/row.html",
    sort="-year",
    item=lambda plan: reverse("supervision:year", args=[plan.number]),
    search=_any("title", "number"),
    search_hint=_("Title or number"),
    columns=(
        Column("title", _("Plan"), lambda p: p.title, sort="title"),
        Column("year", _("Year"), lambda p: p.year, sort="year", descending=True),
        Column("unit", _("Unit"), lambda p: p.unit.name, minor=True),
        Column("state", _("State"), lambda p: str(p.get_state_display())),
        Column("size", _("Entries"), lambda p: p.size, right=True),
        Column("by", _("By"), lambda p: str(p.created_by or ""), default=False, minor=True),
    ),
    filters=(Filter("state", _("State"), "state", lambda: YearState.choices),),
    views=(
        View("all", _("All plans")),
        View("draft", _("Drafts"), {"state": (YearState.DRAFT,)}),
        View("published", _("Published"), {"state": (YearState.PUBLISHED,)}),
    ),
    empty_icon="calendar",
    empty_title=_("There is no plan for a year yet"),
    empty_text=_("It says which items are inspected in which months, with whom and how many."),
)


def condition_text(directory) -> str:
    """A directory's condition in one line."""
    from ..conditions import read_condition, read_inspector_condition
    from ..models import ObjectDirectory
    from ..register_words import condition_words, inspector_condition_words

    if isinstance(directory, ObjectDirectory):
        words = condition_words(read_condition(directory.condition))
    else:
        words = inspector_condition_words(read_inspector_condition(directory.condition))
    return " · ".join(f"{label} {text}" for label, text in words)
