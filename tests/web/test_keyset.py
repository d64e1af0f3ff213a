"""Pages that follow a key show every row once, in order, forwards and backwards, whatever is sorted."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mingcha.apps.entities.models import Entity
from mingcha.lists.keyset import Cursor, Order, cursor_of, read


def _walk(order: Order, size: int) -> list[int]:
    seen, cursor = [], None
    while True:
        rows, more = read(Entity.objects.select_related("risk"), order, size, cursor, False)
        seen += [r.pk for r in rows]
        if not more:
            return seen
        cursor = Cursor.decode(cursor_of(rows[-1], order, len(seen)).encode())


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(
    "order",
    [
        Order("pk"),
        Order("name"),
        Order("industry"),
        Order("opened_on", nullable=True),
        Order("risk__probability", tie="risk__entity_id", nullable=True),
    ],
    ids=lambda o: o.path,
)
def test_every_row_once(town, order, descending):
    order = Order(order.path, order.tie, descending, order.nullable)
    Entity.objects.filter(pk__lt=Entity.objects.order_by("pk")[9].pk).update(opened_on=None)
    seen = _walk(order, 7)
    assert len(seen) == len(set(seen)) == Entity.objects.count()
    assert seen == _walk(order, 1000)


def test_back_is_where_one_came_from(town):
    order = Order("risk__probability", tie="risk__entity_id", descending=True, nullable=True)
    everything = Entity.objects.select_related("risk")
    pages, cursor = [], None
    for number in range(8):
        rows, _ = read(everything, order, 7, cursor, False)
        pages.append([r.pk for r in rows])
        cursor = cursor_of(rows[-1], order, 7 * (number + 1))
    for number in range(7, 0, -1):
        first = Entity.objects.select_related("risk").get(pk=pages[number][0])
        rows, _ = read(everything, order, 7, cursor_of(first, order, 7 * number), True)
        assert [r.pk for r in rows] == pages[number - 1]


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60))
def test_a_mangled_cursor_is_no_cursor(text):
    found = Cursor.decode(text)
    assert found is None or isinstance(found, Cursor)


@pytest.mark.parametrize("text", ["W10", "WzAsW10sMSwwXQ", "WzAsbnVsbCwieCIsMF0", "////", "_"])
def test_a_forged_cursor_shows_a_page(signed_in, text):
    assert signed_in("administrator").get("/entities/", {"after": text}).status_code == 200
