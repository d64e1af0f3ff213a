"""The designer's small curves. Load with `{% load design %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html, format_html_join

register = template.Library()
WIDTH, HEIGHT = 200, 46


@register.simple_tag
def curve(design: dict[str, Any], name: str, colour: str) -> str:
    """A figure over the uniform share, with the plan's own share marked and all-at-random dashed. Nothing where the
    kind has no share."""
    rows = design.get("curves")
    if not rows:
        return ""
    base = design["uniform"][name]
    top = max([row[name] for row in rows] + [base]) or 1
    widest = rows[-1]["share"]

    def at(share: float, value: float) -> tuple[str, str]:
        return f"{share / widest * WIDTH:.1f}", f"{HEIGHT - value / top * (HEIGHT - 4):.1f}"

    line = format_html_join(" ", "{},{}", (at(row["share"], row[name]) for row in rows))
    x, y = at(min(design["share"], widest), design["plan"][name])
    level = at(0, base)[1]
    return format_html(
        '<svg class="mc-curve" viewBox="0 -3 {} {}" preserveAspectRatio="none" aria-hidden="true">'
        '<line class="bs" x1="0" x2="{}" y1="{}" y2="{}"/><polyline class="l-{}" points="{}"/>'
        '<line class="at" x1="{}" x2="{}" y1="-3" y2="{}"/><circle class="f-{}" cx="{}" cy="{}" r="3"/></svg>',
        WIDTH, HEIGHT + 4, WIDTH, level, level, colour, line, x, x, HEIGHT, colour, x, y,
    )  # fmt: skip
