"""Entities by what a person remembers of them. Run on both databases (test_postgresql.py)."""

import pytest
from django.db import connection
from tests.apps.entities.entity_deliveries import dataset, deliver

from mingcha.apps.accounts.models import Unit, User
from mingcha.apps.entities import search
from mingcha.apps.entities.models import Entity
from mingcha.apps.entities.selectors import entities_search, entities_visible
from mingcha.apps.entities.services import entities_resolve

FIRMS = {
    "91440604193644872E": ("佛山市粤鸿餐饮食品有限公司", "佛山市禅城区莲花路3号"),
    "914406048936207755": ("佛山市粤鸿（集团）香园炖品店", "佛山市南海区桂城佛平二路60号"),
    "91110000600037341L": ("重庆小面北京有限公司", "北京市朝阳区光华路8号"),
    "91350100M000100Y43": ("SUBWAY SANDWICHES 福州", "福州市鼓楼区"),
}
pytestmark = pytest.mark.django_db


@pytest.fixture
def firms():
    register = dataset("register", {"uscc": "uscc", "licence": "licence:food"}, ("name", "address"))
    rows = [
        {"id": key, "known": 1, "uscc": key, "licence": f"JY{i}000", "name": name, "address": address}
        for i, (key, (name, address)) in enumerate(FIRMS.items())
    ]
    deliver(register, rows)
    entities_resolve()
    return list(FIRMS)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("粤鸿", [0, 1]),
        ("餐饮食品", [0]),
        ("粤鸿集团", [1]),
        ("莲花路", [0]),
        ("粤鸿 桂城", [1]),
        ("yhcy", [0]),
        ("cqxm", [2]),
        ("subway", [3]),
        ("Sandw", [3]),
        ("91440604", [0, 1]),
        ("91110000600037341l", [2]),
        ("JY2000", [2]),
        ("粤", []),
        ("佛", [0, 1]),
        ("鸿粤", []),
        ('"粤鸿" OR', []),
        ("", []),
    ],
)
def test_found(firms, text, found):
    assert sorted(firms.index(e.key) for e in entities_search(None, text)) == found


def test_only_in_the_user_s_jurisdiction(firms):
    user = User.objects.create(username="a", unit=Unit.objects.create(code="1", name="南海", division="440605"))
    assert [e.key for e in entities_search(user, "粤鸿")] == [firms[1]]
    assert entities_visible(user).count() == 1
    assert not entities_visible(User.objects.create(username="b"))


def test_a_changed_name_is_found_and_the_old_one_is_not(firms):
    register = dataset("second", {"uscc": "uscc"}, ("name", "address", "status"))
    deliver(
        register, [{"id": "1", "known": 5, "uscc": firms[0], "name": "锦华酒家", "address": "佛山市禅城区锦华路35号"}]
    )
    entities_resolve()
    assert [e.key for e in entities_search(None, "锦华酒家")] == [firms[0]]
    assert [e.key for e in entities_search(None, "餐饮食品")] == []
    one = Entity.ever.get(key=firms[1])
    one.search = "别名"
    one.save()  # by any way of writing
    assert list(search.narrowed(Entity.objects.all(), "别名").values_list("key", flat=True)) == [firms[1]]


def test_lost_triggers_come_back(firms):
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite has them")
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER entities_search_update")
        search.install("default")
        cursor.execute("SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'entities_search%'")
        assert cursor.fetchone() == (3,)
    assert len(entities_search(None, "粤鸿")) == 2
