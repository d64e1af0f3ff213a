"""A list as one request asks for it: what the templates under web/list/ draw."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest, QueryDict

from .declare import Column, Filter, Listing, View
from .keyset import Cursor, Order, cursor_of, read

CAP = 10_000  # counts stop here: "10,000+" says enough, and costs little
_STATE = ("q", "sort", "cols")  # besides the filters, what an address keeps


@dataclass(frozen=True)
class Option:
    value: str
    label: Any
    rows: int
    chosen: bool
    url: str


@dataclass(frozen=True)
class Chip:
    label: Any
    values: list[Any]
    url: str  # without it


@dataclass(frozen=True)
class Tab:
    label: Any
    url: str
    current: bool
    rows: int
    capped: bool


class ListPage:
    """`queryset` is what the user may see; everything else stands in the address."""

    def __init__(self, listing: Listing, request: HttpRequest, queryset: QuerySet) -> None:
        self.listing, self.request, self._all = listing, request, queryset
        self.words = request.GET.get("q", "").strip()[:100]
        self.chosen = {
            f.name: values for f in listing.filters if (values := [v for v in request.GET.getlist(f.name) if v != ""])
        }
        sort = request.GET.get("sort", "")
        known = listing.column(sort.lstrip("-"))
        self.sort = sort if known and known.sort else listing.sort
        self._started = time.perf_counter()

    @property
    def searches(self) -> bool:
        return self.listing.search is not None

    @property
    def opens(self) -> bool:
        return self.listing.item is not None

    # -- rows

    @cached_property
    def queryset(self) -> QuerySet:
        """All matching rows, unsorted."""
        return self._matching()

    @cached_property
    def order(self) -> Order:
        column = self.listing.column(self.sort.lstrip("-"))
        assert column
        return Order(column.sort, column.tie, self.sort.startswith("-"), column.nullable)

    @cached_property
    def _window(self) -> tuple[list, bool, bool, int]:
        after, before = (Cursor.decode(self.request.GET.get(name, "")) for name in ("after", "before"))
        cursor, backwards = (before, True) if before else (after, False)
        try:
            rows, more = read(self.queryset, self.order, self.listing.size, cursor, backwards)
        except (ValueError, TypeError, ValidationError):  # a cursor of another sort, or made up: the first page
            cursor, backwards = None, False
            rows, more = read(self.queryset, self.order, self.listing.size, None, False)
        if not cursor:
            return rows, False, more, 0
        first = max(cursor.position - len(rows), 0) if backwards else cursor.position
        return (rows, more, True, first) if backwards else (rows, True, more, first)

    @property
    def rows(self) -> list:
        return self._window[0]

    @property
    def first(self) -> int:
        return self._window[3] + 1

    @property
    def last(self) -> int:
        return self._window[3] + len(self.rows)

    @property
    def previous_url(self) -> str:
        rows, has_previous, _, first = self._window
        if not has_previous or not rows:
            return ""
        return self.url(before=cursor_of(rows[0], self.order, first).encode()) if first else self.url()

    @property
    def next_url(self) -> str:
        rows, _, has_next, first = self._window
        if not has_next or not rows:
            return ""
        return self.url(after=cursor_of(rows[-1], self.order, first + len(rows)).encode())

    @cached_property
    def count(self) -> int:
        """How many rows match, up to CAP."""
        rows, has_previous, has_next, _ = self._window
        if not has_previous and not has_next:
            return len(rows)
        return capped_count(self.queryset)[0]

    @property
    def capped(self) -> bool:
        return self.count >= CAP

    @property
    def milliseconds(self) -> int:
        return max(1, round((time.perf_counter() - self._started) * 1000))

    # -- columns

    @cached_property
    def columns(self) -> list[Column]:
        """The columns to show, in the listing's order; the first is always there."""
        wanted = [name for name in self.request.GET.get("cols", "").split(",") if name]
        columns = self.listing.columns
        if not wanted:
            return [c for c in columns if c.default]
        return [c for i, c in enumerate(columns) if i == 0 or c.name in wanted]

    @property
    def column_choices(self) -> list[tuple[Column, bool, str]]:
        shown = {c.name for c in self.columns}
        choices = []
        for column in self.listing.columns[1:]:
            names = [c.name for c in self.listing.columns if (c.name in shown) != (c.name == column.name)]
            choices.append((column, column.name in shown, self.url(cols=",".join(names))))
        return choices

    @property
    def heads(self) -> list[tuple[Column, str, str]]:
        """Each shown column with its `aria-sort` and the address that sorts by it."""
        current, down = self.sort.lstrip("-"), self.sort.startswith("-")
        heads = []
        for column in self.columns:
            if not column.sort:
                heads.append((column, "", ""))
            elif column.name == current:
                url = self.url(sort=("" if down else "-") + column.name)
                heads.append((column, "descending" if down else "ascending", url))
            else:
                heads.append((column, "none", self.url(sort=("-" if column.descending else "") + column.name)))
        return heads

    # -- filters

    @cached_property
    def chips(self) -> list[Chip]:
        chips = []
        for filter_ in self.listing.filters:
            if values := self.chosen.get(filter_.name):
                labels = _labels(filter_)
                chips.append(Chip(filter_.label, [labels.get(v, v) for v in values], self.url(**{filter_.name: ()})))
        return chips

    @property
    def clear_url(self) -> str:
        return self.url(q="", **{f.name: () for f in self.listing.filters})

    @property
    def words_url(self) -> str:
        """Without the words."""
        return self.url(q="")

    @property
    def narrowed(self) -> bool:
        return bool(self.words or self.chosen)

    @cached_property
    def tabs(self) -> list[Tab]:
        return [self._tab(view) for view in self.listing.views]

    def _tab(self, view: View) -> Tab:
        params = {f.name: view.params.get(f.name, ()) for f in self.listing.filters}
        chosen = {name: tuple(values) for name, values in self.chosen.items()}
        current = not self.words and chosen == {k: tuple(v) for k, v in view.params.items()}
        rows, capped = capped_count(_filtered(self._all, self.listing, {k: list(v) for k, v in params.items() if v}))
        return Tab(view.label, self.url(q="", **params), current, rows, capped)

    def options(self, filter_: Filter) -> list[Option]:
        """The values of a filter among the rows that the other filters leave, commonest first."""
        counted = (
            self._matching(without=filter_.name)
            .exclude(**{f"{filter_.path}__isnull": True})
            .order_by()
            .values_list(filter_.path)
            .annotate(rows=Count("pk"))
            .order_by("-rows")
        )[: filter_.limit]
        labels, chosen = _labels(filter_), self.chosen.get(filter_.name, [])
        options = []
        for value, rows in self._kept(counted):
            text = ("1" if value else "0") if filter_.boolean else str(value if value is not None else "")
            if text == "":
                continue
            toggled = [v for v in chosen if v != text] if text in chosen else [*chosen, text]
            options.append(
                Option(text, labels.get(text, text), rows, text in chosen, self.url(**{filter_.name: toggled}))
            )
        order = list(labels)
        return sorted(options, key=lambda o: order.index(o.value)) if filter_.labels else options

    def _kept(self, counted: QuerySet) -> list[tuple[Any, int]]:
        """The counts; of a large result kept for two minutes, since they read all of it."""
        if not self.capped:
            return list(counted)
        key = "list:" + sha256(str(counted.query).encode()).hexdigest()
        return cache.get_or_set(key, lambda: list(counted), 120) or []

    @property
    def menus(self) -> list[tuple[Filter, list[Option]]]:
        return [(f, options) for f in self.listing.filters if (options := self.options(f))]

    @property
    def composition(self) -> list[tuple[Filter, list[Option]]]:
        return [(f, options) for f in self.listing.filters if f.composition and (options := self.options(f))]

    # -- addresses

    def url(self, **changes: str | Iterable[str]) -> str:
        """This list's address with some parameters changed. A change of any kind goes back to the first page."""
        query = QueryDict(mutable=True)
        for name in (*_STATE, *(f.name for f in self.listing.filters)):
            values = self.request.GET.getlist(name)
            if name in changes:
                change = changes[name]
                values = [change] if isinstance(change, str) else list(change)
            query.setlist(name, [v for v in values if v != ""])
        for name in ("after", "before", "part", "as"):
            if name in changes:
                query[name] = str(changes[name])
        return f"{self.request.path}?{query.urlencode()}" if query else self.request.path

    @property
    def facets_url(self) -> str:
        return self.url(part="facets")

    @property
    def filters_url(self) -> str:
        return self.url(part="filters")

    @property
    def csv_url(self) -> str:
        return self.url(**{"as": "csv"})

    @property
    def xlsx_url(self) -> str:
        return self.url(**{"as": "xlsx"})

    def _matching(self, without: str = "") -> QuerySet:
        queryset = self._all
        if self.words and self.listing.search:
            queryset = self.listing.search(queryset, self.words)
        return _filtered(queryset, self.listing, {k: v for k, v in self.chosen.items() if k != without})


def capped_count(queryset: QuerySet) -> tuple[int, bool]:
    """How many rows, counting no further than CAP, and whether it stopped there."""
    rows = queryset.order_by().values("pk")[:CAP].count()
    return rows, rows >= CAP


def _filtered(queryset: QuerySet, listing: Listing, chosen: dict[str, list[str]]) -> QuerySet:
    for filter_ in listing.filters:
        if values := chosen.get(filter_.name):
            wanted: list[Any] = [v == "1" for v in values] if filter_.boolean else values
            # a single value as such: only so does the database see that a partial index will do
            one = {filter_.path: wanted[0]} if len(wanted) == 1 else {f"{filter_.path}__in": wanted}
            queryset = queryset.filter(**one)
    return queryset


def _labels(filter_: Filter) -> dict[str, Any]:
    return {str(value): label for value, label in filter_.labels()} if filter_.labels else {}
