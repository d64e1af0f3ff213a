"""Who wants to hear of clocks: each is called with the clock, in the transaction that marks it. Rooms above register
in their AppConfig.ready; a hook that raises leaves the clock unmarked, and the sweep comes back to it later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

ON_WARN: list[Callable[[Any], None]] = []  # soon due
ON_LATE: list[Callable[[Any], None]] = []  # past its last day
