"""A year as the page draws it: twelve months of weeks that begin on Monday."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mingcha.language import chinese

from .rules import Calendar


@dataclass(frozen=True)
class Cell:
    """`looks`: classes of the cell."""

    day: dt.date
    works: bool
    against: bool  # off on a weekday, or worked on a weekend
    correction: Any
    looks: str


def months(
    year: int, shown: Calendar, corrections: Mapping[dt.date, Any], today: dt.date
) -> list[tuple[dt.date, list[list[Cell | None]]]]:
    """(first of the month, weeks); None where a day belongs to another month."""
    weeks = calendar.Calendar()
    return [
        (
            dt.date(year, month, 1),
            [
                [_cell(day, shown, corrections, today) if day.month == month else None for day in week]
                for week in weeks.monthdatescalendar(year, month)
            ],
        )
        for month in range(1, 13)
    ]


def weekday_names() -> list[str]:
    """Monday to Sunday, as a calendar's head has room for."""
    return list("一二三四五六日") if chinese() else list("MTWTFSS")


def _cell(day: dt.date, shown: Calendar, corrections: Mapping[dt.date, Any], today: dt.date) -> Cell:
    works, against = shown.works(day), shown.holiday(day)
    looks = ["work" if works else "rest"]
    if against:
        looks.append("on" if works else "off")
    if day in corrections:
        looks.append("own")
    if day == today:
        looks.append("today")
    return Cell(day, works, against, corrections.get(day), " ".join(looks))
