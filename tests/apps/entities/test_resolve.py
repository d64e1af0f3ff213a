import pytest
from tests.apps.entities.entity_deliveries import dataset, day, deliver

from mingcha.apps.entities.models import Entity, EntityKey, KeyConflict, Resolution
from mingcha.apps.entities.services import entities_resolve
from mingcha.engines.linkage.evidence import provisional_key

U, V = "91440604193644872E", "914406048936207755"
pytestmark = pytest.mark.django_db


@pytest.fixture
def register():
    return dataset("register", {"uscc": "uscc", "legacy": "legacy15"}, ("name", "address", "status", "opened_on"))


@pytest.fixture
def licences():
    return dataset("licences", {"licence": "licence:food", "uscc": "uscc"}, ("name",))


@pytest.fixture
def visits():
    return dataset("visits", {"licence": "licence:food"})


def test_a_registered_firm(register):
    deliver(
        register,
        [
            {
                "id": "1",
                "known": 1,
                "uscc": U.lower() + " ",
                "name": "佛山市粤鸿餐饮食品有限公司",
                "address": "佛山市南海区桂城佛平二路60号",
                "status": "存续",
                "opened_on": "1978-11-06",
            }
        ],
    )
    report = entities_resolve()
    assert (report.batches, report.entities_new, report.links_new, report.conflicts_new) == (1, 1, 1, 0)
    firm = Entity.objects.get()
    assert (firm.key, firm.provisional, firm.name, firm.status) == (U, False, "佛山市粤鸿餐饮食品有限公司", "active")
    assert (firm.division, firm.district, firm.initials) == ("440605", "南海区", "fssyhcyspyxgs")
    assert firm.opened_on.isoformat() == "1978-11-06"
    assert firm.origin[0]["d"] == "register" and set(firm.origin[0]["r"]) >= {"name", "address"}
    link = EntityKey.objects.get()
    assert (link.value, link.entity, link.source, link.retracted_at) == (f"uscc:{U}", firm, "register", None)
    assert link.known_at.replace(tzinfo=None) == day(1)


def test_twice_adds_nothing(register):
    deliver(register, [{"id": "1", "known": 1, "uscc": U, "name": "甲"}])
    entities_resolve()
    before = list(EntityKey.objects.values()), list(Entity.objects.values("key", "name", "updated_at"))
    assert entities_resolve().batches == 0
    deliver(register, [{"id": "1", "known": 1, "uscc": U, "name": "甲"}])
    report = entities_resolve()
    assert (report.entities_new, report.entities_changed, report.links_new, report.links_retracted) == (0, 0, 0, 0)
    assert (list(EntityKey.objects.values()), list(Entity.objects.values("key", "name", "updated_at"))) == before
    assert Resolution.objects.count() == 2


def test_a_key_without_a_credit_code_is_provisional_until_one_is_learned(register, licences, visits):
    deliver(visits, [{"id": "1", "known": 2, "licence": "JY１234"}])
    entities_resolve()
    key = provisional_key("licence:food:JY1234")
    assert Entity.objects.get().key == key and Entity.objects.get().provisional

    deliver(licences, [{"id": "1", "known": 9, "licence": "jy1234", "uscc": U, "name": "粤鸿"}])
    report = entities_resolve()
    assert (report.entities_new, report.links_new, report.links_retracted) == (1, 2, 1)
    assert Entity.objects.get().key == U
    assert Entity.ever.get(key=key).merged_into.key == U
    old, new = EntityKey.objects.filter(value="licence:food:JY1234").order_by("known_at")
    assert (old.entity.key, old.retracted_at.replace(tzinfo=None)) == (key, day(9))
    assert (new.entity.key, new.known_at.replace(tzinfo=None), new.source) == (U, day(9), "licences")


def test_evidence_that_comes_in_late_counts_from_when_it_could_be_known(licences, visits):
    deliver(visits, [{"id": "1", "known": 20, "licence": "L1"}])
    entities_resolve()
    deliver(licences, [{"id": "1", "known": 5, "licence": "L1", "uscc": U}])
    entities_resolve()
    rows = EntityKey.objects.filter(value="licence:food:L1").order_by("known_at")
    assert [(r.entity.key, r.retracted_at and r.retracted_at.replace(tzinfo=None)) for r in rows] == [
        (U, None),
        (provisional_key("licence:food:L1"), day(20)),  # retracted at its own beginning: never held
    ]


def test_two_credit_codes_are_never_joined_by_machine(licences):
    deliver(
        licences,
        [{"id": "1", "known": 1, "licence": "L1", "uscc": U}, {"id": "2", "known": 2, "licence": "L1", "uscc": V}],
    )
    report = entities_resolve()
    assert report.conflicts_new == 1
    conflict = KeyConflict.objects.get()
    assert (conflict.value, conflict.entity.key, conflict.claimant.key) == ("licence:food:L1", U, V)
    assert EntityKey.objects.get(value="licence:food:L1").entity.key == U
    deliver(licences, [{"id": "3", "known": 3, "licence": "L1", "uscc": V}])
    assert entities_resolve().conflicts_new == 0


def test_a_wrong_check_character_is_no_credit_code(register):
    deliver(register, [{"id": "1", "known": 1, "uscc": U[:-1] + "1", "name": "甲"}])
    entities_resolve()
    assert Entity.objects.get().provisional


def test_a_row_without_any_key_is_an_entity_of_its_own(register):
    deliver(
        register, [{"id": "1", "known": 1, "name": "无证摊档"}, {"id": "2", "known": 1, "uscc": "无", "name": "乙"}]
    )
    entities_resolve()
    assert Entity.objects.filter(provisional=True).count() == 2


def test_the_latest_of_the_register_describes_and_others_fill_in(register):
    complaints = dataset("complaints", {"uscc": "uscc"}, ("name", "district"))
    deliver(
        register,
        [{"id": "1", "known": 1, "uscc": U, "name": "旧名"}, {"id": "2", "known": 5, "uscc": U, "name": "新名"}],
    )
    deliver(complaints, [{"id": "1", "known": 9, "uscc": U, "name": "店招", "district": "禅城区"}])
    entities_resolve()
    firm = Entity.objects.get()
    assert (firm.name, firm.district, firm.division) == ("新名", "禅城区", "440604")
    deliver(register, [{"id": "3", "known": 3, "uscc": U, "name": "更旧"}])
    assert entities_resolve().entities_changed == 0
    deliver(register, [{"id": "4", "known": 30, "uscc": U, "name": "最新"}])
    assert entities_resolve().entities_changed == 1
    assert Entity.objects.get().name == "最新"


def test_what_a_provisional_one_was_called_goes_over_to_the_firm(licences, visits):
    named = dataset("stalls", {"licence": "licence:food"}, ("name", "address"))
    deliver(named, [{"id": "1", "known": 1, "licence": "L1", "name": "阿强肠粉", "address": "佛山市禅城区莲花路3号"}])
    entities_resolve()
    deliver(licences, [{"id": "1", "known": 9, "licence": "L1", "uscc": U}])
    entities_resolve()
    assert (Entity.objects.get().name, Entity.objects.get().address) == ("阿强肠粉", "佛山市禅城区莲花路3号")


def test_coordinates_are_stored_as_wgs_84():
    points = dataset(
        "points",
        {"uscc": "uscc"},
        ("latitude", "longitude"),
        place={"latitude": "latitude", "longitude": "longitude", "datum": "GCJ-02"},
    )
    deliver(
        points, [{"id": "1", "known": 1, "uscc": U, "latitude": 39.91640428150164, "longitude": 116.41024449916938}]
    )
    entities_resolve()
    firm = Entity.objects.get()
    assert (firm.latitude, firm.longitude) == pytest.approx((39.915, 116.404), abs=1e-5)


def test_an_organisation_code_meets_the_credit_code_that_carries_it(register):
    codes = dataset("taxes", {"code": "orgcode"})
    deliver(codes, [{"id": "1", "known": 3, "code": U[8:16] + "-" + U[16]}])
    entities_resolve()
    assert Entity.objects.get().provisional
    deliver(register, [{"id": "1", "known": 5, "uscc": U, "name": "甲"}])
    entities_resolve()
    assert Entity.objects.get().key == U
    assert set(EntityKey.objects.filter(retracted_at=None, entity__key=U).values_list("value", flat=True)) == {
        f"uscc:{U}",
        f"orgcode:{U[8:17]}",
    }
    deliver(codes, [{"id": "2", "known": 6, "code": V[8:17]}])
    deliver(register, [{"id": "2", "known": 7, "uscc": V, "name": "乙"}])
    entities_resolve()
    assert not Entity.objects.filter(provisional=True).exists()
