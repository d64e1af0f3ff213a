"""Numbers, dates and marks as the users write them. Load with `{% load mc %}`."""

from __future__ import annotations

import datetime
import re
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from mingcha.apps.accounts.permissions import may as permitted
from mingcha.language import chinese
from mingcha.language import in_language as said_in_language
from mingcha.output import unmarked

register = template.Library()
MINUS = "−"
DASH = "—"


@register.filter
def may(user: Any, action: str) -> bool:
    """Whether to offer `user` what needs the right to `action`: a link that ends in a refusal is none."""
    return permitted(user, action)


@register.filter
def in_dialog(form: Any, dialog: str) -> Any:
    """The form with ids of this dialog's own: dialogs of one page may share a form, and a label names one field."""
    if getattr(form, "auto_id", "") == "id_%s" or str(getattr(form, "auto_id", "")).startswith("ask-"):
        form.auto_id = f"{dialog}-%s"
    return form


@register.filter
def num(value: Any, places: int = 0) -> str:
    """1234567 -> 1,234,567; None -> —."""
    return DASH if value is None or value == "" else f"{value:,.{places}f}".replace("-", MINUS)


@register.filter
def pct(value: Any, places: int = 1) -> str:
    """0.739 -> 73.9%."""
    return DASH if value is None or value == "" else f"{100 * value:.{places}f}%".replace("-", MINUS)


@register.filter
def points(value: Any, places: int = 1) -> str:
    """A difference of shares in percentage points with its sign: 0.182 -> +18.2."""
    return DASH if value is None else f"{100 * value:+.{places}f}".replace("-", MINUS)


@register.filter
def signed(value: Any, places: int = 3) -> str:
    return DASH if value is None else f"{value:+.{places}f}".replace("-", MINUS)


@register.filter
def size(value: Any) -> str:
    """Bytes in the largest unit that keeps it above one."""
    if value is None:
        return DASH
    amount, units = float(value), ("B", "KB", "MB", "GB", "TB")
    for unit in units:
        if amount < 1024 or unit == units[-1]:
            return f"{amount:,.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:,.1f} {unit}"
        amount /= 1024
    return DASH


@register.filter
def day(value: Any) -> str:
    """2026-11-20. Dates stand in columns: the same width in both languages."""
    value = _moment(value)
    return value.strftime("%Y-%m-%d") if value else DASH


@register.filter
def moment(value: Any) -> str:
    """2026-11-20 14:36, in the instance's time zone."""
    value = _moment(value)
    if not value:
        return DASH
    return value.strftime("%Y-%m-%d %H:%M") if isinstance(value, datetime.datetime) else value.strftime("%Y-%m-%d")


@register.filter
def short(value: Any) -> str:
    """11-20 14:36: where the year is plain."""
    value = _moment(value)
    return value.strftime("%m-%d %H:%M") if isinstance(value, datetime.datetime) else day(value)


@register.filter
def clock(value: Any) -> str:
    value = _moment(value)
    return value.strftime("%H:%M") if isinstance(value, datetime.datetime) else ""


@register.filter
def long_day(value: Any) -> str:
    """2026年11月20日 星期五; Friday 20 November 2026."""
    value = _moment(value)
    if not value:
        return DASH
    if chinese():
        return f"{value.year}年{value.month}月{value.day}日 星期{'一二三四五六日'[value.weekday()]}"
    return f"{value:%A} {value.day} {value:%B %Y}"


@register.filter
def lasting(seconds: Any) -> str:
    """21 -> 21 s; 200 -> 3 min; 7000 -> 1.9 h."""
    if seconds is None:
        return DASH
    if seconds < 90:
        return _("%(n)d s") % {"n": max(1, round(seconds))}
    if seconds < 5400:
        return _("%(n)d min") % {"n": round(seconds / 60)}
    return _("%(n)s h") % {"n": f"{seconds / 3600:.1f}"}


@register.filter
def hexes(value: str, groups: int = 0) -> list[str]:
    """A digest in groups of eight, all or the first so many."""
    parts = [value[i : i + 8] for i in range(0, len(value or ""), 8)]
    return parts[:groups] if groups else parts


@register.filter
def masked(value: str) -> str:
    """A person's name as lists and pages show it: the first character, the rest hidden."""
    return (value[0] + "**") if value else DASH


@register.filter
def scaled(value: Any, width: float) -> str:
    """A share of `width`, for an SVG attribute."""
    return f"{max(0.0, min(1.0, float(value or 0))) * float(width):.1f}"


@register.filter
def label_of(page: Any, row: Any) -> str:
    """What a list calls a row."""
    return page.label_of(row)


@register.filter
def lookup(mapping: Any, key: Any) -> Any:
    return (mapping or {}).get(key)


@register.filter
def in_language(value: Any) -> Any:
    """A text in the user's language out of {"zh": ..., "en": ...}; anything else as it is. What is simulated says so by
    the page's mark, not in the title of each factor once more."""
    said = said_in_language(value)
    return unmarked(said) if isinstance(value, dict) else said


@register.filter
def one_language(text: str) -> str:
    """The user's half of "中文 / English"; a text in one language as it is. What is simulated says so by its mark."""
    halves = unmarked(text).split(" / ")
    if len(halves) != 2:
        return text
    return halves[0] if chinese() else halves[1]


@register.simple_tag
def icon(name: str, label: str = "") -> str:
    if label:
        return format_html('<i class="ti ti-{}" role="img" aria-label="{}"></i>', name, label)
    return format_html('<i class="ti ti-{}" aria-hidden="true"></i>', name)


@register.simple_tag
def risk_class(letter: str, size: str = "") -> str:
    """The class badge: the letter first, the colour second; "not rated" in grey."""
    if letter in ("A", "B", "C", "D"):
        title = _("Credit risk class %(letter)s") % {"letter": letter}
        return format_html('<span class="mc-cls mc-cls-{} {}" title="{}">{}</span>', letter, size, title, letter)
    return format_html('<span class="mc-cls mc-cls-none {}" title="{}">{}</span>', size, _("Not rated"), DASH)


@register.simple_tag
def simulated_tag(small: bool = False) -> str:
    return format_html('<span class="mc-simtag{}">{}</span>', " sm" if small else "", _("Simulated data"))


def _moment(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = datetime.datetime.fromisoformat(value) if len(value) > 10 else datetime.date.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime.datetime) and timezone.is_aware(value):
        return timezone.localtime(value)
    return value or None


@register.filter
def larger(value: Any, other: Any) -> Any:
    """The larger of two figures: the full length of a pair of bars."""
    return max(value or 0, other or 0) or 1


@register.filter
def stacked(rows: list[dict[str, Any]], width: float) -> list[dict[str, Any]]:
    """Rows with a `share`, laid end to end over `width`: each gets `x` and `w`."""
    x, laid = 0.0, []
    for row in rows:
        w = row["share"] * float(width)
        laid.append(row | {"x": f"{x:.2f}", "w": f"{max(w - 0.4, 0):.2f}"})
        x += w
    return laid


@register.filter
def ring(todo: Any) -> str:
    """How much of a deadline's ring is drawn: what is left, of a hundred; full on the last day."""
    if todo.urgency == "hot":
        return "100"
    share = todo.share if todo.share is not None else 1 - min(todo.days, 30) / 30
    return f"{100 * max(0.04, 1 - share):.0f}"


@register.filter
def absolute(value: Any) -> Any:
    return abs(value)


@register.filter
def minus(value: Any, other: Any) -> str:
    return f"{float(value) - float(other):.1f}"


@register.filter
def spark(figure: Any) -> dict[str, str]:
    """A figure's trend over 68 x 26: the line, the area below it, the baseline's height."""
    values, width, height = list(figure.trend), 68.0, 26.0
    known = [*values, *([figure.base] if figure.base is not None else [])]
    low, high = min(known), max(known)

    def y(value: float) -> float:
        return height - 2 - (height - 4) * ((value - low) / (high - low) if high > low else 0.5)

    step = width / max(len(values) - 1, 1)
    path = "M" + "L".join(f"{i * step:.1f} {y(value):.1f}" for i, value in enumerate(values))
    base = f"{y(figure.base):.1f}" if figure.base is not None else ""
    return {"path": path, "area": f"{path}L{width:.0f} {height:.0f}L0 {height:.0f}Z", "base": base}


@register.filter
def mark(text: str, words: str) -> str:
    """`text` with the searched words marked."""
    found = sorted({w for w in words.split() if len(w) > 1}, key=len, reverse=True)
    if not found:
        return text
    parts = re.split("(" + "|".join(map(re.escape, found)) + ")", text, flags=re.IGNORECASE)
    return format_html_join(
        "", "{}", ((format_html("<mark>{}</mark>", p) if i % 2 else p,) for i, p in enumerate(parts))
    )


@register.filter
def excerpt(text: str, words: str) -> str:
    """The stretch of a help text around the first of the searched words, without its Markdown signs."""
    plain = re.sub(r"[#*`|>\[\]]|\([^)]*\)|-{3,}", "", text)
    place = min((at for w in words.lower().split() if (at := plain.lower().find(w)) >= 0), default=0)
    begin = max(0, place - 40)
    return ("…" if begin else "") + " ".join(plain[begin : begin + 140].split()) + "…"


@register.filter
def made_share(done: dict[str, int]) -> float:
    """Of a plan's visits those that were made."""
    return done["made"] / done["all"] if done["all"] else 0.0


@register.filter
def hit_share(done: dict[str, int]) -> float:
    """Of the visits made those that found a violation."""
    return done["hits"] / done["made"] if done["made"] else 0.0
