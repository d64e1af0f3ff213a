"""Days as whole numbers (days since 1970-01-01) in one time zone.

The lake's times are UTC instants; the law, the officer and the contract count in local days. Everything that a factor
compares is a local day, as an integer: it joins fast, it is the same on every engine, and no engine's own time zone
tables are asked (DuckDB's conversion takes 0.4 microseconds a row, this 0.01).
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from mingcha.problems import Problem

OPEN = 2**30
"""A day after every other: "until further notice"."""

_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def day_number(day: dt.date) -> int:
    """Days since 1970-01-01 of a date; of a datetime, those of its date as written."""
    return dt.date(day.year, day.month, day.day).toordinal() - 719_163


def day_date(number: int) -> dt.date:
    """The date of a day number."""
    return dt.date.fromordinal(int(number) + 719_163)


def start_of(day: int, zone: str) -> dt.datetime:
    """The UTC instant at which local day `day` starts in `zone`."""
    local = dt.datetime.combine(day_date(day), dt.time(), _zone(zone))
    return local.astimezone(dt.UTC)


def local_days(instants: np.ndarray[Any, Any], zone: str) -> np.ndarray[Any, Any]:
    """Day numbers (int32) of UTC instants in microseconds since 1970 (int64)."""
    starts, offsets = offset_pieces(zone)
    piece = np.searchsorted(np.array(starts) * _SECOND, instants, side="right") - 1
    shifted = instants + np.array(offsets)[piece] * _SECOND
    days: np.ndarray[Any, Any] = np.floor_divide(shifted, _DAY).astype(np.int32)
    return days


def local_day(instant: Any, zone: str) -> Any:
    """The same as an Ibis expression: int32 day of an int64 expression of microseconds since 1970."""
    starts, offsets = offset_pieces(zone)
    import ibis

    last = ibis.literal(offsets[-1] * _SECOND, "int64")  # first of all: most zones have left their clocks alone since
    older = _offset(instant, starts, offsets, 0, len(offsets) - 1) if len(offsets) > 1 else last
    shifted = instant + ibis.ifelse(instant >= starts[-1] * _SECOND, last, older)
    return (shifted // _DAY).cast("int32")


def _offset(instant: Any, starts: tuple[int, ...], offsets: tuple[int, ...], low: int, high: int) -> Any:
    """A balanced tree of comparisons: depth 7 for a zone that changes its clock twice a year."""
    import ibis

    if len(set(offsets[low:high])) == 1:
        return ibis.literal(offsets[low] * _SECOND, "int64")
    middle = (low + high) // 2
    return ibis.ifelse(
        instant < starts[middle] * _SECOND,
        _offset(instant, starts, offsets, low, middle),
        _offset(instant, starts, offsets, middle, high),
    )


@lru_cache(maxsize=32)
def offset_pieces(zone: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """(starts, offsets) in seconds: from `starts[i]` on, local time is UTC + `offsets[i]`; 1970 to 2040, what is
    earlier or later by the nearest (each change of the clock is a comparison in every query)."""
    tz = _zone(zone)

    def offset(second: int) -> int:
        delta = (_EPOCH + dt.timedelta(seconds=second)).astimezone(tz).utcoffset()
        assert delta is not None
        return int(delta.total_seconds())

    week = 7 * 86_400
    starts, offsets = [-(2**42)], [offset(0)]
    for second in range(0, 2_208_988_800, week):
        if offset(second + week) != offsets[-1]:
            low, high = second, second + week  # the change lies in (low, high]
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(middle) == offsets[-1] else (low, middle)
            starts.append(high)
            offsets.append(offset(high))
    return tuple(starts), tuple(offsets)


def _zone(zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise Problem(
            zh=f"没有时区“{zone}”。",
            en=f"There is no time zone {zone!r}.",
            todo_zh="请用 IANA 名称，例如 Asia/Shanghai。",
            todo_en="Use an IANA name, for example Asia/Shanghai.",
        ) from error
