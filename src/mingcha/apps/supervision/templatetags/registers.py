"""What the templates of the registers need."""

from typing import Any

from django import template
from django.utils.translation import gettext as _

from ..choices import PlanKind
from ..models import Inspector
from ..register_choices import Method
from ..selectors.directories import Standing, standing

register = template.Library()


@register.filter
def value_of(column: Any, row: Any) -> Any:
    """What a list's column gives for a row, as its export writes it."""
    return column.value(row)


@register.filter("standing")
def standing_today(inspector: Inspector) -> Standing:
    """Until when he is certified, by which certificate, for what."""
    return standing(inspector)


@register.filter
def kind_words(kind: str) -> str:
    """The kind of an inspection."""
    return str(PlanKind(kind).label) if kind in PlanKind.values else kind


@register.filter
def months(entry: Any) -> str:
    """The months of an entry, or of one as an adjustment keeps it: 3月, 3–5月."""
    first, last = (entry.get(n) if isinstance(entry, dict) else getattr(entry, n) for n in ("month_from", "month_to"))
    if first == last:
        return _("month %(n)s") % {"n": first}
    return _("months %(from)s to %(to)s") % {"from": first, "to": last}


@register.filter
def method_words(method: str) -> str:
    """How something is inspected."""
    return str(Method(method).label) if method in Method.values else method
