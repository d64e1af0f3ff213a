"""How scores, moves and reasons are written. Load with `{% load risk %}`."""

from __future__ import annotations

from django import template
from django.utils import translation

register = template.Library()


@register.filter
def moved(move: str) -> str:
    """ "CD" -> C → D; "-D" -> — → D."""
    return f"{move[0].replace('-', '—')} → {move[1]}" if len(move) == 2 else ""


@register.filter
def rises(move: str) -> bool:
    return len(move) == 2 and move[0] != "-" and move[1] > move[0]


@register.filter
def falls(move: str) -> bool:
    return len(move) == 2 and move[0] != "-" and move[1] < move[0]


@register.filter
def reasons_of(places: str, titles: list[str]) -> list[str]:
    """Titles of the factors at places "0,3" of a model's card."""
    return [titles[int(place)] for place in places.split(",") if place and int(place) < len(titles)]


@register.filter
def of(value: float, whole: float) -> float:
    """A share; 0 where there is nothing to be a share of."""
    return value / whole if whole else 0.0


@register.filter
def less(value: int, other: int) -> str:
    """A difference with its sign: 5 less 8 is −3."""
    return f"{value - other:+,}".replace("-", "−")


@register.tag
def paper_language(parser, token):
    """`{% paper_language "zh" or "en" %}` ... `{% endpaper_language %}`: a paper in a language of its own, whatever the
    user's is."""
    _, language = token.split_contents()
    nodes = parser.parse(("endpaper_language",))
    parser.delete_first_token()
    return PaperLanguage(parser.compile_filter(language), nodes)


class PaperLanguage(template.Node):
    def __init__(self, language, nodes):
        self.language, self.nodelist = language, nodes

    def render(self, context):
        code = "en" if self.language.resolve(context) == "en" else "zh-hans"
        with translation.override(code):
            return self.nodelist.render(context)
