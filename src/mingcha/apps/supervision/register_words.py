"""What a condition, an entry, a change says in words: for pages."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from mingcha.apps.accounts.models import AuditRecord, Unit
from mingcha.apps.accounts.words import action_in_words
from mingcha.apps.credit.choices import Kind
from mingcha.apps.entities.choices import Status

from .conditions import Condition, InspectorCondition

SHOWN = 15  # changes on a page


def condition_words(condition: Condition) -> list[tuple[str, str]]:
    """Label and text of each thing that an object directory asks for."""
    if condition.by_hand:
        return [(_("Objects"), _("only those listed by hand"))]
    joined = "、".join
    said = [
        (_("Industry"), joined(condition.industries)),
        (_("Kind"), joined(condition.kinds)),
        (_("District"), joined(condition.districts)),
        (_("Division code"), condition.division),
        (_("Status"), joined(str(Status(status).label) for status in condition.statuses)),
        (_("Risk class"), joined(condition.classes)),
        (_("Credit class of the province"), joined(condition.credit_classes)),
        (_("On a list"), _listed(condition.listed)),
        (_("Established"), _span(condition.opened_from, condition.opened_to)),
        (_("Licence"), condition.licence),
    ]
    if condition.not_visited_months:
        months = _("not for %(n)d months") % {"n": condition.not_visited_months}
        said.append((_("Last inspected"), months))
    return [(label, text) for label, text in said if text]


def inspector_condition_words(condition: InspectorCondition) -> list[tuple[str, str]]:
    names = dict(Unit.objects.filter(code__in=condition.units).values_list("code", "name"))
    said = [
        (_("Department"), "、".join(condition.departments)),
        (_("Unit"), "、".join(names.get(code, code) for code in condition.units)),
        (_("Areas"), "、".join(condition.areas)),
        (_("Scopes"), "、".join(condition.skills)),
    ]
    return [(label, text) for label, text in said if text]


def _listed(listed: str) -> str:
    words = dict(Kind.choices) | {"any": _("on either list"), "none": _("on none")}
    return str(words[listed]) if listed else ""


def _span(first: Any, last: Any) -> str:
    if first and last:
        return f"{first} – {last}"
    return _("from %(day)s") % {"day": first} if first else _("until %(day)s") % {"day": last} if last else ""


def changes_of(obj: Any) -> list[dict[str, Any]]:
    """The last changes of an object, newest first: {"at", "who", "what", "fields": [(name, before, after)]}."""
    what = {
        "create": pgettext("act", "made"),
        "change": pgettext("act", "changed"),
        "list": _("entities listed or kept out"),
        "unlist": _("an entity taken off the list"),
        "import": _("a file taken in"),
        "publish": pgettext("act", "published"),
        "approve": _("approved"),
        "return": _("given back"),
        "adjust": _("an adjustment proposed"),
        "adjust_decide": _("an adjustment decided"),
        "conflict": _("a conflict of interest declared"),
        "conflict_end": _("a conflict of interest ended"),
    }
    rows = AuditRecord.objects.filter(object_type=obj._meta.label_lower, object_id=str(obj.pk)).select_related("user")
    out = []
    for row in rows.order_by("-id")[:SHOWN]:
        before, after = row.before or {}, row.after or {}
        differ = [name for name in {**before, **after} if before.get(name) != after.get(name)]
        told = "adjust" not in row.action and row.before  # adjustments are told by the page itself
        fields = [(_label(obj, name), _plain(before.get(name)), _plain(after.get(name))) for name in differ if told]
        said = what.get(row.action.rpartition(".")[2]) or action_in_words(row.action)
        out.append({"at": row.at, "who": row.user or row.actor, "what": said, "fields": fields, "after": after})
    return out


def _label(obj: Any, name: str) -> str:
    """A field's name as its form has it."""
    try:
        return str(obj._meta.get_field(name).verbose_name)
    except FieldDoesNotExist:
        return name


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return "；".join(f"{name}: {_plain(one)}" for name, one in value.items())
    return "、".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
