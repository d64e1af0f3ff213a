"""What an app may offer to the desk, each kind in a module of the app under a fixed name. The shell finds them.

    todos.py       todos(user, limit) -> list[Todo]          what waits for `user`, the most urgent first
    search.py      found(user, words, limit) -> list[Found]  what `words` may mean, of what `user` may see
    figures.py     figures(user, kept) -> list[Figure]       key figures, out of AGGREGATES: names of kept counts
    layers.py      layers() -> list[Layer]                   figures by district, for the map
    aggregates.py  functions declared by @aggregate          counts over whole tables, kept (aggregates.py here)

Every one of them asks for rights and jurisdiction itself, and is bounded: an instance holds a million entities.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from django.apps import apps
from django.utils import timezone
from django.utils.module_loading import module_has_submodule

Text = Any  # str or a lazy translation
SOON = 3  # days: a deadline is near


@dataclass(frozen=True)
class Todo:
    """Something that waits for a person.

    `kind` groups ("approval", "task", "appeal", ...), `kind_label` names the group on its tab. `due`: the legal
    deadline, None where the law sets none. `left`: time left in the rule's own days, where the app knows it ("3 working
    days left"); else the desk counts calendar days. `level`: "hot", "warm", "ok" or "" (worked out of `due`). `share`:
    how much of the period has gone, 0 to 1. `basis`, `article`, `mark`: the rule, its article of law, "T" or "S".
    `verb`: what to do, on the button; `url`: where.
    """

    kind: str
    kind_label: Text
    title: Text
    url: str
    verb: Text
    entity: str = ""
    risk_class: str = ""
    detail: Text = ""
    due: dt.date | None = None
    left: Text = ""
    level: str = ""
    share: float | None = None
    basis: Text = ""
    article: Text = ""
    mark: str = ""
    primary: bool = False  # the verb binds in law or is the one that matters most

    @property
    def day(self) -> dt.date | None:
        return timezone.localdate(self.due) if isinstance(self.due, dt.datetime) else self.due

    @property
    def days(self) -> int | None:
        """Calendar days until it is due; negative when late."""
        return (self.day - timezone.localdate()).days if self.day else None

    @property
    def urgency(self) -> str:
        if self.level or self.days is None:
            return self.level
        return "hot" if self.days <= 0 else "warm" if self.days <= SOON else "ok"


@dataclass(frozen=True)
class Found:
    """A hit of the global search. `group` names its heading; persons' names come masked."""

    group: Text
    title: str
    url: str
    detail: str = ""
    icon: str = "file"
    risk_class: str = ""
    tag: Text = ""


@dataclass(frozen=True)
class Figure:
    """A key figure, never without what it is to be measured by. `url`: the list that it counts. `trend`: values in
    order of time, the last one now; `base`: the baseline drawn through the trend. `at`: when it was counted."""

    title: Text
    value: str
    url: str = ""
    unit: Text = ""
    note: Text = ""
    good: Text = ""  # the part of the note that is good news
    trend: Sequence[float] = ()
    base: float | None = None
    at: dt.datetime | None = None
    order: int = 50


@dataclass(frozen=True)
class Layer:
    """Figures by district for the map.

    `counts(user)`: division code -> (part, whole) of the user's jurisdiction; the shell adds codes up to the districts
    that the map has. Where `unit` is "share" a district's figure is part/whole, else it is part (whole may be None).
    `link(code, name)`: the list behind a district; "" where there is none. `aggregates`: the names that `counts` reads
    of (aggregates.py), so that the shell says when they were counted and counts them anew when they are stale.
    """

    name: str  # "risk.high"
    label: Text
    action: str  # the right that it takes to see it
    counts: Callable[[Any], Mapping[str, tuple[float, float | None]]]
    link: Callable[[str, str], str]
    unit: str = "count"
    part: Text = ""  # the table's heads: what is counted, and of what
    whole: Text = ""
    note: Text = ""
    aggregates: tuple[str, ...] = ()
    order: int = 50


def offered(module: str, name: str) -> Iterator[Callable[..., Any]]:
    """The function `name` of every app's module `module`, in the order of INSTALLED_APPS."""
    for place in _modules(module):
        if function := getattr(import_module(place), name, None):
            yield function


def load(module: str) -> None:
    """Import every app's module `module`, for what it declares."""
    for place in _modules(module):
        import_module(place)


@cache
def _modules(module: str) -> tuple[str, ...]:
    ours = [config for config in apps.get_app_configs() if config.name.startswith("mingcha.")]
    return tuple(f"{c.name}.{module}" for c in ours if c.label != "desk" and module_has_submodule(c.module, module))
