"""Who wants to hear of clocks: each is called with the clock, in the transaction that marks it. Rooms above register
in their AppConfig.ready; a hook that raises leaves the clock unmarked, and the sweep comes back to it later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

ON_WARN: list[Callable[[Any], None]] = []  # soon due
ON_LATE: list[Callable[[Any], None]] = []  # past its last day

# (first day, last day, who corrected the calendar): has clocks_recalculate done later, once the caller's transaction is
# committed; the room above that has a worker puts itself here. Without one the caller does it at once.
LATER: list[Callable[[dt.date, dt.date, Any], None]] = []
