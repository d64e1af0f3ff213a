"""A clock as the desk shows it, and a rule's article with its source mark. Load with `{% load law %}`."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from mingcha.language import chinese, language

from ..choices import TERMS, ClockState, Mark, Unit
from ..models import Clock, Rule
from ..rules import left
from ..selectors import calendar_shown

log = logging.getLogger(__name__)
register = template.Library()
RING = 59.7  # the ring's length at a radius of 9.5


@dataclass(frozen=True)
class Face:
    """`look`: ok, warm, hot, late, paused, met, none, unknown. `share` of the ring that is drawn, 0 to 1."""

    look: str
    words: str
    small: str = ""
    share: float = 0.0
    unannounced: int | None = None
    url: str = ""

    @property
    def dash(self) -> str:
        return f"{self.share * RING:.1f} 60"


@register.inclusion_tag("law/clock.html")
def clock(clock: Clock | None, law: bool = True) -> dict[str, Any]:
    """The clock as ring and words, with its article; `law=False` leaves that out, as where it stands in a column of its
    own. None: there is no period by law. What can't be told is said to be unknown, never guessed."""
    return {"face": face(clock), "rule": clock.rule if law and isinstance(clock, Clock) else None}


@register.simple_tag
def law_of(rule: Rule) -> str:
    """A rule's law and article with its source mark."""
    return format_html('<span class="mc-law">{} {}</span>{}', rule.law, article(rule.article), mark(rule))


@register.simple_tag
def mark(rule: Rule | str) -> str:
    """T or S, with what it means as its title."""
    letter = rule if isinstance(rule, str) else rule.mark
    words = Mark(letter).label
    return format_html(
        '<span class="mc-src {}" title="{}"><span aria-hidden="true">{}</span><span class="mc-sr">{}</span></span>',
        letter.lower(),
        words,
        letter,
        words,
    )


@register.filter
def article(text: str) -> str:
    """第60条 as it is; in English "art. 60" where it is that plain."""
    if chinese() or not (text.startswith("第") and text.endswith("条")):
        return text
    number = text[1:-1]
    return f"art. {number}" if number.isdigit() else text


@register.filter
def title(rule: Rule) -> str:
    """A rule's title in the user's language."""
    return rule.title_zh if chinese() else rule.title_en


@register.filter
def value(rule: Rule) -> str:
    """7 个工作日; 3%; 3,000 yuan; 2 visits; nothing for terms."""
    if rule.value is None:
        return ""
    number = f"{rule.value.normalize():,f}"
    unit = rule.terms.get("of", {}).get(language(), "") if rule.unit == Unit.COUNT else str(Unit(rule.unit).label)
    return f"{number}{'' if unit == '%' else ' '}{unit}".strip()


@register.filter
def unit_name(unit: str) -> str:
    return str(Unit(unit).label)


@register.filter
def term(word: Any) -> Any:
    """A word of a rule's terms as the desk says it; what isn't known stays as it is."""
    return TERMS.get(word, word) if isinstance(word, str) else word


@register.filter
def is_list(said: Any) -> bool:
    return isinstance(said, list)


@register.filter
def month_name(first: dt.date) -> str:
    """2月; February."""
    return f"{first.month}月" if chinese() else f"{first:%B}"


@register.filter
def detail_words(event: Any, rule: Rule) -> str:
    """The cause of a pause or the kind of an extension, in the words of the rule."""
    words = {e["key"]: e for e in (*rule.pauses, *rule.extensions)}.get(event.detail)
    return words[language()] if words else event.detail


def face(clock: Clock | None) -> Face:
    if clock is None:
        return Face("none", _("No period by law"))
    try:
        return _face(clock, timezone.localdate())
    except Exception:
        log.exception("clock %s can't be shown", getattr(clock, "pk", "?"))
        return Face("unknown", _("Clock unknown"))


def _face(clock: Clock, today: dt.date) -> Face:
    unit, due = clock.rule.unit, clock.due_on
    by = _("due %(day)s") % {"day": _day(due, today)}
    if clock.state == ClockState.PAUSED:
        since = _day(dt.date.fromisoformat(clock.pauses[-1][0]), today)
        return Face("paused", _("Paused"), _("not counted since %(day)s") % {"day": since}, _share(clock, today))
    if clock.state == ClockState.CANCELLED:
        return Face("none", _("Cancelled"), _day(clock.ended_on, today))
    if clock.state == ClockState.MET:
        late = clock.ended_on > due
        return Face("late" if late else "met", _("Met late") if late else _("Met"), _day(clock.ended_on, today), 1.0)
    days = left(today, due, unit, calendar_shown())
    if today > due:
        return Face("late", _count(-days or 1, unit, late=True), by, 1.0)
    if today == due:
        return Face("hot", _("Due today"), _("until 24:00"), 1.0)
    look = "warm" if today >= clock.warn_on else "ok"
    return Face(look, _count(days, unit, late=False), by, _share(clock, today), clock.unannounced)


def _count(days: int, unit: str, *, late: bool) -> str:
    if unit == Unit.WORKING_DAY:
        if days == 1:
            return _("1 working day late") if late else _("1 working day left")
        text = _("%(n)s working days late") if late else _("%(n)s working days left")
    else:
        if days == 1:
            return _("1 day late") if late else _("1 day left")
        text = _("%(n)s days late") if late else _("%(n)s days left")
    return text % {"n": f"{days:,}"}


def _share(clock: Clock, today: dt.date) -> float:
    """How much of the period is over. One that counts back has no length that could be drawn."""
    whole = (clock.due_on - clock.started_on).days
    return min(1.0, max(0.03, (today - clock.started_on).days / whole)) if whole > 0 else 0.03


def _day(day: dt.date, today: dt.date) -> str:
    return f"{day:%m-%d}" if day.year == today.year else f"{day:%Y-%m-%d}"
