"""The loop that notices clocks that are soon due or late, each exactly once.

When to look at a clock next stands on its row. A row is claimed by a conditional update that pushes that time on, so
that two loops don't do the same work, and a row that fails comes again later while the others go on.
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from .. import hooks
from ..choices import ClockState, EventKind
from ..models import Clock, ClockEvent
from .clocks import morning

log = logging.getLogger(__name__)
BATCH = 200  # rows of one transaction
RETRY = dt.timedelta(minutes=10)  # how long a claim holds, and until a row that failed comes again: no period of law


@dataclass
class Swept:
    warned: int = 0
    late: int = 0
    failed: int = 0


def clocks_sweep(now: dt.datetime | None = None) -> Swept:
    """Mark what is soon due or late at `now`, and call the hooks. To be called every minute or so; costs one indexed
    read when nothing is due."""
    now = now or timezone.now()
    done = Swept()
    waiting = Clock.objects.filter(look_at__lte=now).order_by("look_at", "pk").values_list("pk", "look_at")
    while batch := list(waiting[:BATCH]):
        with transaction.atomic():
            mine = [pk for pk, look_at in batch if _claim(pk, look_at, now)]
        with transaction.atomic():
            for pk in mine:
                try:
                    _mark(pk, now, done)
                except Exception:
                    log.exception("clock %s could not be marked; it is tried again after %s", pk, now + RETRY)
                    done.failed += 1
    return done


def _claim(pk: int, look_at: dt.datetime, now: dt.datetime) -> bool:
    """Whether this loop has the row: another may have been quicker."""
    return Clock.objects.filter(pk=pk, look_at=look_at).update(look_at=now + RETRY) == 1


@transaction.atomic  # a savepoint: what fails takes nothing else with it
def _mark(pk: int, now: dt.datetime, done: Swept) -> None:
    clock = Clock.objects.select_for_update(of=("self",)).select_related("rule", "assignee").get(pk=pk)
    today = timezone.localdate(now)
    if clock.state != ClockState.RUNNING:
        Clock.objects.filter(pk=pk).update(look_at=None)
    elif today > clock.due_on:
        clock.state, clock.late_at, clock.look_at = ClockState.LATE, now, None
        Clock.objects.filter(pk=pk).update(state=clock.state, late_at=now, look_at=None)
        _event(clock, EventKind.LATE, today)
        for hook in hooks.ON_LATE:
            hook(clock)
        done.late += 1
    elif today >= clock.warn_on and clock.warned_at is None:
        clock.warned_at, clock.look_at = now, morning(clock.due_on + dt.timedelta(days=1))
        Clock.objects.filter(pk=pk).update(warned_at=now, look_at=clock.look_at)
        _event(clock, EventKind.WARN, today)
        for hook in hooks.ON_WARN:
            hook(clock)
        done.warned += 1
    else:  # looked at too early, or warned before: when it is over
        look = clock.due_on + dt.timedelta(days=1) if clock.warned_at else clock.warn_on
        Clock.objects.filter(pk=pk).update(look_at=morning(look))


def _event(clock: Clock, kind: str, on: dt.date) -> None:
    ClockEvent.objects.create(clock=clock, kind=kind, on=on, due_before=clock.due_on, due_after=clock.due_on)
