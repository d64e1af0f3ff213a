"""A list as one request asks for it: what the templates under web/list/ draw."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from django.core.cache import cache
from django.core.exceptions import EmptyResultSet, ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest, QueryDict

from .bulk import BulkAct
from .declare import Column, Filter, Listing, View
from .keyset import Cursor, Order, cursor_of, read
from .models import SavedView
from .selectors import views_of

CAP = 10_000  # counts stop here: "10,000+" says enough, and costs little
_STATE = ("q", "sort", "cols")  # besides the filters, what an address keeps
_INLINE = 6  # tabs that are counted with the page
_SLOW, _KEPT = 0.04, 120  # seconds: a count that takes longer is kept so long


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
    """A view above the list. `rows`: None where it isn't counted yet. `saved`: whose it is, where somebody saved it."""

    label: Any
    url: str
    current: bool
    rows: int | None
    capped: bool
    saved: SavedView | None = None
    changed: bool = False  # it is the current one, but the list shows something else by now


class ListPage:
    """`queryset` is what the user may see; everything else stands in the address."""

    def __init__(self, listing: Listing, request: HttpRequest, queryset: QuerySet) -> None:
        self.listing, self.request, self.visible = listing, request, queryset
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
            rows, more = read(self._fenced, self.order, self.listing.size, cursor, backwards, self.visible)
        except (ValueError, TypeError, ValidationError):  # a cursor of another sort, or made up: the first page
            cursor, backwards = None, False
            rows, more = read(self._fenced, self.order, self.listing.size, None, False, self.visible)
        if not cursor:
            return rows, False, more, 0
        first = max(cursor.position - len(rows), 0) if backwards else cursor.position
        return (rows, more, True, first) if backwards else (rows, True, more, first)

    @cached_property
    def _fenced(self) -> QuerySet:
        """The matching rows; where they are few and sorted by what stands in another table, found before they are
        sorted: else the database goes along that order, past all rows that don't match, until it has a page full."""
        narrowed = bool(self.words or self.chosen)
        if not narrowed or "__" not in self.order.path or self._counted[1]:
            return self.queryset
        return self.visible.filter(pk__in=self.queryset.order_by().values("pk")[:CAP])

    @cached_property
    def _counted(self) -> tuple[int, bool]:
        return capped_count(self.queryset)

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
        return self._counted[0]

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

    # -- views

    @cached_property
    def saved(self) -> list[SavedView]:
        """The user's saved views of this list, without those that say what this list doesn't show him."""
        known = {*_STATE, *(f.name for f in self.listing.filters)}
        return [v for v in views_of(self.request.user, self.listing.name) if set(QueryDict(v.query)) <= known]

    @property
    def view(self) -> SavedView | None:
        """The saved view that the address names."""
        asked = self.request.GET.get("view", "")
        return next((v for v in self.saved if str(v.pk) == asked), None)

    @property
    def state(self) -> str:
        """What a saved view keeps of the address: search, filters, order and columns, in one order."""
        return self._query_of(self.request.GET).urlencode()

    @cached_property
    def tabs(self) -> list[Tab]:
        """The declared views, then the saved ones. Counted with the page are some; what took long is kept a while."""
        named = self.view
        opened = any(v.opens for v in self.saved)
        tabs: list[Tab] = []
        for view in self.listing.views:
            current = not named and self._shows(view)
            # without any parameter the list opens with the saved view that was chosen for that
            params: dict[str, Any] = {f.name: view.params.get(f.name, ()) for f in self.listing.filters}
            params["view"] = view.name if opened and not view.params else ""
            chosen = {name: list(values) for name, values in view.params.items()}
            rows, capped = self._rows_of(QueryDict(mutable=True), chosen, len(tabs))
            tabs.append(Tab(view.label, self.url(q="", **params), current, rows, capped))
        for saved in self.saved:
            query = QueryDict(saved.query)
            chosen = {f.name: values for f in self.listing.filters if (values := query.getlist(f.name))}
            rows, capped = self._rows_of(query, chosen, len(tabs))
            url = f"{self.request.path}?{'&'.join(filter(None, (saved.query, f'view={saved.pk}')))}"
            current = saved == named
            changed = current and self._query_of(query).urlencode() != self.state
            tabs.append(Tab(saved.name, url, current, rows, capped, saved, changed))
        return tabs

    @property
    def uncounted(self) -> bool:
        return any(tab.rows is None for tab in self.tabs)

    def _shows(self, view: View) -> bool:
        chosen = {name: set(values) for name, values in self.chosen.items()}
        return not self.words and chosen == {k: set(v) for k, v in view.params.items()}

    def _rows_of(self, query: QueryDict, chosen: dict[str, list[str]], nth: int) -> tuple[int | None, bool]:
        """How many rows a view has; None where that would keep the page waiting: then the tabs ask for it."""
        words = query.get("q", "").strip()[:100]
        queryset = self._narrowed(words, chosen).order_by().values("pk")[:CAP]
        try:
            key = _key(queryset)
        except EmptyResultSet:  # whoever sees nothing
            return 0, False
        rows = cache.get(key)
        if rows is None:
            if nth >= _INLINE and self.request.GET.get("part") != "tabs":
                return None, False
            started = time.perf_counter()
            rows = queryset.count()
            if time.perf_counter() - started > _SLOW:
                cache.set(key, rows, _KEPT)
        return rows, rows >= CAP

    # -- acts on many rows

    @cached_property
    def acts(self) -> list[BulkAct]:
        return [act for act in self.listing.acts if not act.action or self.request.user.may(act.action)]

    def act(self, name: str) -> BulkAct | None:
        return next((act for act in self.acts if act.name == name), None)

    @property
    def bar(self) -> list[tuple[BulkAct, str]]:
        """Each act and where its selection is posted: this list, or a page of its own with this list's filter."""
        return [(act, f"{act.url}?{self.state}" if act.url else self.url()) for act in self.acts]

    def label_of(self, row: Any) -> str:
        """What a row is called: its first column's value."""
        value = self.listing.columns[0].value
        return str((value and value(row)) or row)

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
        if not self._counted[1]:
            return list(counted)
        return cache.get_or_set(_key(counted), lambda: list(counted), _KEPT) or []

    @property
    def menus(self) -> list[tuple[Filter, list[Option]]]:
        return [(f, options) for f in self.listing.filters if (options := self.options(f))]

    @property
    def composes(self) -> bool:
        return any(f.composition for f in self.listing.filters)

    @property
    def composition(self) -> list[tuple[Filter, list[Option]]]:
        return [(f, options) for f in self.listing.filters if f.composition and (options := self.options(f))]

    # -- addresses

    def url(self, **changes: str | Iterable[str]) -> str:
        """This list's address with some parameters changed. A change of any kind goes back to the first page."""
        query = QueryDict(mutable=True)
        for name in (*_STATE, "view", *(f.name for f in self.listing.filters)):
            values = self.request.GET.getlist(name)
            if name in changes:
                change = changes[name]
                values = [change] if isinstance(change, str) else list(change)
            query.setlist(name, [v for v in values if v != ""])
        for name in ("after", "before", "part", "as"):
            if name in changes:
                query[name] = str(changes[name])
        return f"{self.request.path}?{query.urlencode()}" if query else self.request.path

    def _query_of(self, asked: QueryDict) -> QueryDict:
        query = QueryDict(mutable=True)
        for name in (*_STATE, *sorted(f.name for f in self.listing.filters)):
            if values := [v for v in asked.getlist(name) if v != ""]:
                query.setlist(name, values)
        return query

    @property
    def tabs_url(self) -> str:
        return self.url(part="tabs")

    @property
    def here(self) -> str:
        """This very page of the list."""
        return self.request.get_full_path()

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
        return self._narrowed(self.words, {k: v for k, v in self.chosen.items() if k != without})

    def _narrowed(self, words: str, chosen: dict[str, list[str]]) -> QuerySet:
        searched = self.listing.search(self.visible, words) if words and self.listing.search else self.visible
        return _filtered(searched, self.listing, chosen)


def _key(queryset: QuerySet) -> str:
    """What a count of this query is kept by; a query says whose rows it reads."""
    return "list:" + sha256(str(queryset.query).encode()).hexdigest()


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
            try:
                queryset = queryset.filter(**one)
            except (ValueError, ValidationError):  # made up in the address: no row has it
                return queryset.none()
    return queryset


def _labels(filter_: Filter) -> dict[str, Any]:
    return {str(value): label for value, label in filter_.labels()} if filter_.labels else {}
