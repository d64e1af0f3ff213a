"""What an app says of its list: columns, filters, quick views, how to search."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from .bulk import BulkAct

Text = Any  # str or a lazy translation


@dataclass(frozen=True)
class Column:
    """A column. `value` gives the plain value that an export writes; the row's template draws the cell.

    `sort` is the ORM path to sort by ("" = not sortable). `tie` breaks ties: a unique path, the primary key unless
    the index that serves the sort lies in another table. `nullable`: rows without a value come last, either way.
    """

    name: str
    label: Text
    value: Callable[[Any], Any] | None = None
    sort: str = ""
    tie: str = "pk"
    nullable: bool = False
    default: bool = True
    right: bool = False
    minor: bool = False  # left out on a phone
    descending: bool = False  # the first click on its head sorts downwards


@dataclass(frozen=True)
class Filter:
    """A filter on `path` by one or several values. `labels` names the values; without it a value names itself.

    `composition`: its counts stand above the rows. `limit`: how many values the menu offers, the commonest first.
    """

    name: str
    label: Text
    path: str
    labels: Callable[[], Iterable[tuple[str, Text]]] | None = None
    composition: bool = False
    limit: int = 12
    boolean: bool = False


@dataclass(frozen=True)
class View:
    """A quick view: a name for a set of filters. `params` maps a filter's name to its values."""

    name: str
    label: Text
    params: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Listing:
    """A list. `search(queryset, words)` narrows, `item(row)` is the row's address, `row` the template of its cells.

    `name` is what people's saved views of it are kept by: no two lists share it. `acts`: what may be done with many
    rows at once.
    """

    name: str
    title: Text
    noun: Text  # what the count counts
    columns: tuple[Column, ...]
    row: str
    sort: str  # a column's name, "-" before it for downwards
    item: Callable[[Any], str] | None = None
    filters: tuple[Filter, ...] = ()
    views: tuple[View, ...] = ()
    acts: tuple[BulkAct, ...] = ()
    search: Callable[[QuerySet, str], QuerySet] | None = None
    search_hint: Text = ""
    empty_icon: str = "inbox"
    empty_title: Text = ""
    empty_text: Text = ""
    size: int = 50

    def column(self, name: str) -> Column | None:
        return next((c for c in self.columns if c.name == name), None)
