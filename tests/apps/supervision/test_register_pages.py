"""Pages of directories and inspectors: built by form, listed by hand, imported; who may, and whose they are."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from mingcha.apps.accounts.models import AuditRecord, Certificate
from mingcha.apps.entities.models import Entity
from mingcha.apps.supervision.models import Inspector, InspectorDirectory, ObjectDirectory
from mingcha.apps.supervision.selectors import directory_entities, inspector_directory_people, inspector_directory_read
from mingcha.apps.supervision.services import directories as services
from mingcha.problems import Problem

from .registers import desk, directory

pytestmark = pytest.mark.django_db
HEAD = "人员编号,姓名,所属部门,辖区,执法专业,执法证号,证件有效期至,承担户次,回避对象"


@pytest.fixture
def planner(client, staff, scored):
    from django.core.cache import cache

    cache.clear()
    return desk(client, staff["planner"])


def upload(*lines, head=HEAD):
    return SimpleUploadedFile("名册.csv", "\n".join([head, *lines]).encode())


def test_a_directory_is_built_by_a_form_and_shows_who_is_in(planner, staff):
    tried = planner.get("/directories/objects/try/", {"districts": "区0", "statuses": "active"}).content.decode()
    assert ">60<" in tried.replace("</span>", "<")
    answer = planner.post(
        "/directories/objects/new/",
        {"name": "东区餐饮", "districts": ["区0"], "statuses": ["active"], "classes": ["A"]},
    )
    made = ObjectDirectory.objects.get()
    assert answer.status_code == 302 and made.condition == {
        "districts": ["区0"],
        "statuses": ["active"],
        "classes": ["A"],
    }
    assert "东区餐饮" in planner.get("/directories/objects/").content.decode()
    text = planner.get(f"/directories/objects/{made.pk}/").content.decode()
    assert "District" in text and "区0" in text
    assert "企业0" in planner.get(f"/directories/objects/{made.pk}/who/").content.decode()
    again = planner.post("/directories/objects/new/", {"name": "东区餐饮"})
    assert again.status_code == 400 and "already" in again.content.decode()
    planner.post(f"/directories/objects/{made.pk}/edit/", {"name": "东区餐饮", "districts": ["区1"]})
    made.refresh_from_db()
    assert made.condition == {"districts": ["区1"]}
    record = AuditRecord.objects.get(action="supervision.directory.change")
    assert record.before["condition"]["districts"] == ["区0"] and record.after["condition"]["districts"] == ["区1"]


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"opened_from": "2026-01-01", "opened_to": "2025-01-01"}, {"industries": ["没有"]}]
)
def test_a_condition_that_makes_no_sense_comes_back(planner, wrong):
    assert planner.post("/directories/objects/new/", {"name": "库"} | wrong).status_code == 400
    assert not ObjectDirectory.objects.exists()
    assert planner.get("/directories/objects/try/", wrong).status_code == 200


def test_entities_are_listed_and_kept_out_on_the_page(planner, staff):
    made = directory(staff["planner"], districts=["区0"])
    address = f"/directories/objects/{made.pk}/list/"
    planner.post(address, {"keys": "E001\nE003", "kind": "included", "reason": "专项"})
    planner.post(address, {"keys": "E000", "kind": "excluded", "reason": "停业"})
    found = set(directory_entities(made).values_list("key", flat=True))
    assert {"E001", "E003"} <= found and "E000" not in found
    with pytest.raises(Problem, match="why"):
        services.directory_list(directory=made, keys=["E002"], kind="excluded", reason="", user=staff["planner"])
    with pytest.raises(Problem, match="no entities"):
        services.directory_list(directory=made, keys=["E002", "X"], kind="included", reason="", user=staff["planner"])
    assert made.members.count() == 3
    member = made.members.get(kind="excluded")
    planner.post(f"/directories/objects/{made.pk}/list/{member.pk}/off/")
    assert "E000" in set(directory_entities(made).values_list("key", flat=True))


def test_a_directory_leaves_as_a_file_on_the_record(planner, staff):
    made = directory(staff["planner"], districts=["区0"])
    answer = planner.get(f"/directories/objects/{made.pk}/export/")
    lines = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert len(lines) == 61
    assert AuditRecord.objects.get(action="supervision.directory.export").after["directory"] == made.name


def test_the_neighbours_directory_is_not_there(client, staff, scored):
    made = directory(staff["planner"], districts=["区0"])
    page = desk(client, staff["east"])
    for path in ("", "who/"):
        assert page.get(f"/directories/objects/{made.pk}/{path}").status_code == 404
    assert page.get(f"/directories/objects/{made.pk}/export/").status_code == 403
    assert page.post(f"/directories/objects/{made.pk}/list/", {"keys": "E001"}).status_code == 403
    staff["east"].role = "planner"
    staff["east"].save()
    assert page.post(f"/directories/objects/{made.pk}/list/", {"keys": "E001"}).status_code == 404
    assert page.get("/directories/objects/try/").context["look"].count == 60  # of his own district only
    with pytest.raises(Problem, match="jurisdiction"):
        services.directory_save(name="x", condition=services.Condition(), user=staff["east"], division="980102")


def test_inspectors_come_from_a_file_row_by_row(planner, staff):
    shown = planner.post(
        "/directories/inspectors/import/",
        {
            "file": upload(
                "Z1,周一,市场监管局,区0；区1,食品、药品,执1,2027-06-30,12,E001",
                "Z2,李二,卫健委,区0,卫生,执2,2027年6月30日,,",
                "Z3,王三,,没有区,食品,执3,2027-06-30,10,",
                "Z4,赵四,,区0,食品,执4,长期,10,",
                "Z5,钱五,,区0,食品,执5,2027-06-30,很多,",
                "Z6,孙六,,区0,食品,执6,2027-06-30,10,不存在",
                "Z1,重复,,区0,食品,执1,2027-06-30,10,",
                ",无名,,区0,食品,,2027-06-30,10,",
            )
        },
    )
    wrong = [(one.row, one.zh) for one in shown.context["listed"].wrong]
    assert [row for row, _ in wrong] == [4, 5, 6, 7, 8, 9]
    assert ("没有这个辖区" in wrong[0][1] and "无证" in wrong[1][1]) or "不是日期" in wrong[1][1]
    assert planner.post("/directories/inspectors/import/", {"word": shown.context["word"]}).status_code == 302
    first, second = Inspector.objects.order_by("number")
    assert (first.name, first.areas, first.load, second.load) == ("周一", ["区0", "区1"], 12, 20)
    assert first.conflicts.get().entity.key == "E001"
    again = planner.post(
        "/directories/inspectors/import/",
        {"file": upload("Z1,周一,市场监管局,区0；区1,食品、药品,执1,2027-06-30,12,E001")},
    )
    assert [count for _label, count in again.context["counts"]] == [0, 0, 1]


def test_the_csv_of_a_draw_is_understood_too(staff, scored, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,areas,certified,load,skills,conflicts,name\nZ1,区0;区1,2027-06-30,12,食品,E001,周一\n", "utf-8")
    read = services.inspectors_read(path, staff["planner"])
    assert not read.listed.wrong and read.people[0]["areas"] == ["区0", "区1"]


def test_an_account_s_certificates_count_first(staff, scored):
    import datetime as dt

    one = Inspector.objects.create(
        number="Z1", name="周", account=staff["east"], certified_to=dt.date(2020, 1, 1), skills=["旧"]
    )
    group = InspectorDirectory.objects.create(name="全部")
    today = dt.date(2026, 11, 22)
    assert inspector_directory_people(group, today) == []
    certificate = Certificate.objects.create(
        user=staff["east"],
        number="C1",
        scopes=["食品"],
        valid_from=dt.date(2024, 1, 1),
        valid_to=dt.date(2028, 1, 1),
    )
    (found,) = inspector_directory_people(group, today)
    assert found == one and found.skills == ["食品"] and found.certified_to == dt.date(2028, 1, 1)
    from django.utils import timezone

    Certificate.objects.filter(pk=certificate.pk).update(revoked_at=timezone.now())
    assert inspector_directory_people(group, today) == []


def test_who_is_certified_is_one_rule_on_every_screen(client, staff, scored):
    """The page, the list, its order, its export and the API say the same of everybody."""
    import datetime as dt
    import itertools

    from django.utils import timezone

    from mingcha.apps.accounts.models import User
    from mingcha.apps.supervision.selectors.directories import certify, with_standing

    today = timezone.localdate()
    day = {n: today + dt.timedelta(days=n) for n in (-400, -9, 9, 30, 400)}
    spans = [(day[-400], day[-9]), (day[-9], day[9]), (day[-9], day[400]), (day[9], day[400])]
    cases = [(), *itertools.product(spans, (False, True)), "two"]
    for n, case in enumerate(cases):
        account = User.objects.create(username=f"u{n}", role="officer", unit=staff["east"].unit)
        given = [(spans[1], False), (spans[2], True)] if case == "two" else [case] if case else []
        for m, ((start, end), revoked) in enumerate(given):
            Certificate.objects.create(
                user=account, number=f"C{n}.{m}", scopes=["药品"], valid_from=start, valid_to=end,
                revoked_at=timezone.now() if revoked else None,
            )  # fmt: skip
        Inspector.objects.create(number=f"A{n:02}", name=f"人{n}", account=account, certified_to=day[30], skills=["旧"])
    Inspector.objects.create(number="B1", name="外单位", certified_to=day[30], division="98")
    rows = list(with_standing(Inspector.objects.order_by("number")))
    said = {one.number: one.certified_until for one in rows}
    certify(rows)
    assert said == {one.number: one.certified_to for one in rows}
    # each alone, in the order of `cases`: none held, ended, valid ..., and of two that which wasn't withdrawn
    ends = [day[30], day[-9], None, day[9], None, day[400], None, None, None, day[9]]
    assert [one.certified_to for one in rows] == [*ends, day[30]]
    Inspector.objects.update(division="980101")
    page = desk(client, staff["planner"]).get("/directories/inspectors/?sort=certified&as=csv")
    lines = b"".join(page.streaming_content).decode("utf-8-sig").splitlines()
    listed = {line.split(",")[1]: line for line in lines[1:]}
    assert str(day[400]) in listed["A05"] and "药品" in listed["A05"]
    assert str(day[30]) not in listed["A05"] and str(day[30]) not in listed["A02"]
    text = client.get("/directories/inspectors/").content.decode()
    assert text.count("no certificate") == ends.count(None)


def test_a_certificate_that_begins_before_the_draw_counts_for_it(staff, scored):
    """One who isn't certified today but on the day of the draw is drawn; the other way round he isn't."""
    import datetime as dt

    from django.utils import timezone

    from mingcha.apps.accounts.models import User

    today = timezone.localdate()
    for n, (start, end) in enumerate([(5, 400), (5, 400), (-400, 3)]):
        account = User.objects.create(username=f"u{n}", role="officer", unit=staff["east"].unit)
        Certificate.objects.create(
            user=account, number=f"C{n}",
            valid_from=today + dt.timedelta(days=start), valid_to=today + dt.timedelta(days=end),
        )  # fmt: skip
        Inspector.objects.create(number=f"Z{n}", name=f"人{n}", account=account, areas=["区0"])
    everyone = InspectorDirectory.objects.create(name="全部")
    day = today + dt.timedelta(days=10)
    read = inspector_directory_read(everyone, day)
    certified = {one["id"]: one["certified"] >= str(day) for one in read.sealed["inspectors"]}
    assert certified == {"Z0": True, "Z1": True, "Z2": False}  # the draw passes over who is not, by what is sealed


def test_an_officer_sees_himself_and_declares_his_own_conflicts(client, staff, scored):
    me = Inspector.objects.create(number="Z1", name="我", account=staff["east"], division="980101")
    other = Inspector.objects.create(number="Z2", name="他", division="980101")
    page = desk(client, staff["east"])
    text = page.get("/directories/inspectors/").content.decode()
    assert "我" in text and f"/directories/inspectors/{other.pk}/" not in text
    assert page.get(f"/directories/inspectors/{other.pk}/").status_code == 404
    given = {"key": "E000", "reason": "亲属任职"}
    assert page.post(f"/directories/inspectors/{other.pk}/conflicts/", given).status_code == 404
    assert page.post(f"/directories/inspectors/{me.pk}/conflicts/", given).status_code == 302
    assert me.conflicts.get().declared_by == staff["east"] and not other.conflicts.exists()
    conflict = me.conflicts.get()
    assert page.post(f"/directories/inspectors/{me.pk}/conflicts/{conflict.pk}/end/").status_code == 403
    assert page.post(f"/directories/inspectors/{me.pk}/edit/", {"name": "x"}).status_code == 403


def test_an_inspector_is_entered_by_hand_and_a_directory_finds_him(planner, staff):
    given = {"number": "Z9", "name": "吴九", "areas": "区0", "skills": "食品；药品", "load": 3, "load_period": "month"}
    assert planner.post("/directories/inspectors/new/", given | {"areas": "月球"}).status_code == 400
    assert planner.post("/directories/inspectors/new/", given | {"active": "on"}).status_code == 302
    one = Inspector.objects.get()
    assert planner.get(f"/directories/inspectors/{one.pk}/").status_code == 200
    assert planner.post("/directories/inspectors/new/", given).status_code == 400  # the number is taken
    assert planner.post("/directories/teams/new/", {"name": "食品组", "skills": ["食品"]}).status_code == 302
    group = InspectorDirectory.objects.get()
    assert "吴九" in planner.get(f"/directories/teams/{group.pk}/").content.decode()
    assert "食品组" in planner.get("/directories/teams/").content.decode()
    assert Entity.objects.count() == 120
