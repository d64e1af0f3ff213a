"""What waits for a user, of all systems, by the time that is left."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.core.cache import cache

from mingcha.desk.offers import Text, Todo, offered
from mingcha.language import language

MOST = 60  # of one system
NUMBER_KEPT = 60  # seconds that the number beside "Desk" is kept


@dataclass(frozen=True)
class Tab:
    kind: str
    label: Text
    n: int
    current: bool


@dataclass(frozen=True)
class Waiting:
    """What waits at a place: how many, and whether any of it is due today."""

    n: int
    hot: bool


NOTHING = Waiting(0, False)


def todos_of(user: Any) -> list[Todo]:
    """Every system's, the most urgent first; those without a deadline last. Asks each system on every call."""
    found = [todo for todos in offered("todos", "todos") for todo in todos(user, MOST)]
    merged = sorted(_once(found), key=lambda todo: (todo.day or dt.date.max, not todo.primary, str(todo.title)))
    cache.set(_key(user), [(todo.url, todo.urgency == "hot") for todo in merged], NUMBER_KEPT)
    return merged


def waiting_by(user: Any, place_of: Callable[[str], str]) -> dict[str, Waiting]:
    """How many wait at each place of the navigation ("/": all of them), a minute old at most. `place_of(address)`: the
    place that an address lies in."""
    kept = cache.get(_key(user))
    if kept is None:
        todos_of(user)
        kept = cache.get(_key(user)) or []
    found: dict[str, Waiting] = {}
    for url, hot in kept:
        for place in {"/", place_of(url)}:
            before = found.get(place, NOTHING)
            found[place] = Waiting(before.n + 1, before.hot or hot)
    return found


def tabs_of(todos: list[Todo], chosen: str) -> list[Tab]:
    """A tab for each kind, and one for what is due today or late."""
    counts = Counter(todo.kind for todo in todos)
    labels = {todo.kind: todo.kind_label for todo in todos}
    kinds = [Tab(kind, labels[kind], n, kind == chosen) for kind, n in counts.most_common()]
    today = sum(todo.urgency == "hot" for todo in todos)
    return ([Tab("today", "", today, chosen == "today")] if today else []) + kinds


def chosen_of(todos: list[Todo], chosen: str) -> list[Todo]:
    if chosen == "today":
        return [todo for todo in todos if todo.urgency == "hot"]
    return [todo for todo in todos if todo.kind == chosen] if chosen else todos


def _once(found: list[Todo]) -> list[Todo]:
    """One line for what a system and a clock of the law both speak of (the same address): the system's words, with the
    clock's deadline."""
    lines: dict[str, Todo] = {}
    for todo in found:
        other = lines.get(todo.url)
        if other is None:
            lines[todo.url] = todo
            continue
        clock, words = (other, todo) if other.due and not todo.due else (todo, other)
        if clock.due and not words.due:
            timing = {
                name: getattr(clock, name) for name in ("due", "left", "level", "share", "basis", "article", "mark")
            }
            lines[todo.url] = replace(words, **timing)
        else:  # two matters of one object: each keeps its line
            lines[f"{todo.url}#{len(lines)}"] = todo
    return list(lines.values())


def _key(user: Any) -> str:
    return f"todos:{user.pk}:{language()}"
