from .calendar import calendar_day_clear, calendar_day_set, calendar_import, clocks_recalculate
from .clocks import (
    clock_cancel,
    clock_extend,
    clock_meet,
    clock_pause,
    clock_resume,
    clock_start,
    clocks_start,
)
from .rules import rule_amend, rules_load
from .sweep import clocks_sweep

__all__ = [
    "calendar_day_clear",
    "calendar_day_set",
    "calendar_import",
    "clock_cancel",
    "clock_extend",
    "clock_meet",
    "clock_pause",
    "clock_resume",
    "clock_start",
    "clocks_recalculate",
    "clocks_start",
    "clocks_sweep",
    "rule_amend",
    "rules_load",
]
