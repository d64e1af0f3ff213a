"""Which function does a kind of job, and what comes round how often.

    @job("supervision.draw.run", again=True)
    def run(job, draw): ...; job.progress(done, total); return {"tasks": 10_000}

    @every("law.clocks.sweep", minutes=10)
    def sweep(): ...

An app keeps them in its `tasks.py`, which is found by itself (apps.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Work:
    """`again`: it may be begun anew after it was cut off, since what it does twice is done once."""

    kind: str
    function: Callable[..., Any]
    again: bool = False


@dataclass(frozen=True)
class Round:
    name: str
    function: Callable[[], Any]
    interval: dt.timedelta


JOBS: dict[str, Work] = {}
ROUNDS: dict[str, Round] = {}


def job(kind: str, *, again: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the function that does jobs of `kind`: `function(job, **params)`, its result plain values or None."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        assert kind not in JOBS or JOBS[kind].function.__qualname__ == function.__qualname__, kind
        JOBS[kind] = Work(kind, function, again)
        return function

    return register


def every(name: str, *, minutes: float = 0, hours: float = 0, days: float = 0):
    """Register short work that the worker does every so often: `function()`. What takes minutes starts a job."""

    def register(function: Callable[[], Any]) -> Callable[[], Any]:
        ROUNDS[name] = Round(name, function, dt.timedelta(minutes=minutes, hours=hours, days=days))
        return function

    return register
