"""Units, people, certificates: managed in one's own unit and below, never above oneself; closed, never deleted."""

import datetime
import io

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile

from mingcha.apps.accounts.models import AuditRecord, Certificate, Unit, User
from mingcha.apps.accounts.rules import may_give
from mingcha.apps.accounts.selectors import units_managed, units_tree
from mingcha.apps.accounts.services import (
    certificate_save,
    unit_close,
    unit_create,
    unit_save,
    user_change,
    user_close,
    user_create,
)
from mingcha.problems import Problem

WORD = "Cloud-Ting-2026"


def unit(code: str) -> Unit:
    return Unit.objects.select_related("parent").get(code=code)


def test_the_tree_and_whose_it_is(bureau):
    assert [(b.unit.code, b.depth, b.people) for b in units_tree(bureau["root"])] == [
        ("98", 0, 3), ("980103", 1, 3), ("980103001", 2, 1), ("980104", 1, 1),
    ]  # fmt: skip
    assert [b.unit.code for b in units_tree(bureau["deer_officer"])] == ["980103", "980103001"]
    assert units_managed(bureau["deer_admin"]) == {unit("980103").pk, unit("980103001").pk}
    assert units_managed(bureau["officer"]) == set()
    assert [u.kind for u in Unit.objects.order_by("code")] == ["bureau", "sub_bureau", "station", "sub_bureau"]


def test_a_district_s_administrator_makes_nobody_above_or_beside_him(bureau):
    deer = bureau["deer_admin"]
    made = user_create(username="a", password=WORD, role="head", unit=unit("980103001"), user=deer)
    for code in ("98", "980104"):
        with pytest.raises(Problem, match="can't appoint"):
            user_create(username="b", password=WORD, role="officer", unit=unit(code), user=deer)
        with pytest.raises(Problem, match="can't appoint"):
            user_change(account=made, name="a", role="officer", unit=unit(code), user=deer)
    with pytest.raises(Problem, match="can't appoint"):
        user_create(username="b", password=WORD, role="officer", unit=None, user=deer)
    for account in (bureau["root"], bureau["creek_officer"]):
        for act in (
            lambda account: user_close(account=account, user=deer),
            lambda account: user_change(account=account, name="x", role="officer", unit=deer.unit, user=deer),
        ):
            with pytest.raises(Problem, match="isn't yours"):
                act(account)


def test_nobody_raises_himself_or_closes_himself(bureau):
    deer = bureau["deer_admin"]
    for role, code in (("auditor", "980103"), ("administrator", "980103001")):
        with pytest.raises(Problem, match="Nobody changes his own"):
            user_change(account=deer, name="x", role=role, unit=unit(code), user=deer)
    with pytest.raises(Problem, match="own account"):
        user_close(account=deer, user=deer)
    assert user_change(account=deer, name="新名", role="administrator", unit=deer.unit, user=deer).name == "新名"


def test_a_role_is_given_by_who_has_all_its_rights_over_people():
    assert may_give("administrator", "auditor") and may_give("administrator", "planner")
    assert not may_give("head", "administrator") and not may_give("planner", "auditor")


def test_a_unit_fits_under_its_parent_and_its_own_administrator_can_t_widen_it(bureau):
    deer = bureau["deer_admin"]
    assert unit_create(code="s2", name="二所", division="980103002", parent=unit("980103"), user=deer).kind == "station"
    for given in (
        {"code": "980103", "name": "n", "division": "98", "parent": unit("98")},
        {"code": "980103", "name": "n", "division": "98", "parent": None},
        {"code": "new", "name": "n", "division": "98", "parent": None},
        {"code": "new", "name": "n", "division": "980104", "parent": unit("980104")},
        {"code": "s2", "name": "n", "division": "980104", "parent": unit("980104")},
    ):
        with pytest.raises(Problem, match="isn't yours"):
            unit_save(user=deer, **given)
    for given in (
        {"code": "new", "name": "n", "division": "98", "parent": unit("980103")},
        {"code": "new", "name": "n", "division": "980103", "parent": unit("980103001"), "kind": "bureau"},
        {"code": "98", "name": "n", "division": "98", "parent": unit("980103"), "kind": "station"},
        {"code": "new", "name": "n", "parent": None, "kind": "community"},
    ):
        with pytest.raises(Problem, match="doesn't fit"):
            unit_save(**given)
    with pytest.raises(Problem, match="taken"):
        unit_create(code="98", name="n")


def test_below_a_bureau_of_everywhere_a_unit_has_its_own_division(db):
    top = unit_save(code="all", name="全局", division="")
    with pytest.raises(Problem, match="needs a division code"):
        unit_save(code="new", name="分局", parent=top)
    assert unit_save(code="office", name="机关处室", parent=top, kind="bureau").division == ""
    assert unit_save(code="new", name="分局", division="980103", parent=top).kind == "sub_bureau"


def test_a_unit_is_closed_when_nobody_is_left_in_it(bureau):
    with pytest.raises(Problem, match="still has 1 people"):
        unit_close(unit=unit("980103001"), user=bureau["deer_admin"])
    user_close(account=bureau["station_officer"], user=bureau["deer_admin"])
    unit_close(unit=unit("980103001"), user=bureau["deer_admin"])
    with pytest.raises(Problem, match="is closed"):
        user_create(username="x", password=WORD, role="officer", unit=unit("980103001"))
    assert User.objects.filter(username="station_officer").exists()  # nothing is deleted
    assert AuditRecord.objects.filter(action="accounts.unit.close").exists()


def test_pages_offer_and_do_what_the_services_allow(sign_in, bureau):
    client = sign_in("deer_admin")
    tree = client.get("/account/units/").content.decode()
    assert "鹿鸣所" in tree and "溪口区局" not in tree
    page = client.get("/account/people/new/").content.decode()
    assert "鹿鸣所" in page and "云汀市局" not in page.split("<form")[-1]
    given = {"username": "zhang", "name": "张三", "role": "officer", "unit": unit("980103001").pk, "password": WORD}
    made = client.post("/account/people/new/", given)
    person = User.objects.get(username="zhang")
    assert made.url == f"/account/people/{person.pk}/" and person.must_change
    forged = client.post("/account/people/new/", given | {"username": "li", "unit": unit("98").pk})
    assert forged.status_code == 400 and not User.objects.filter(username="li").exists()
    assert client.post("/account/people/new/", given).status_code == 400  # the name is taken
    assert client.get(f"/account/people/{bureau['root'].pk}/").status_code == 404
    assert client.post(f"/account/people/{bureau['creek_officer'].pk}/close/").status_code == 404
    client.post(f"/account/people/{person.pk}/close/")
    assert not User.objects.get(pk=person.pk).is_active
    assert "account closed" in client.get("/account/people/").content.decode()
    client.post(f"/account/people/{person.pk}/reopen/")
    assert User.objects.get(pk=person.pk).is_active


def test_one_s_own_password_isn_t_set_by_the_page_for_others(sign_in, bureau):
    client = sign_in("root")
    response = client.post(f"/account/people/{bureau['root'].pk}/password/", {"password": "Other-Word-2026"})
    assert response.url == "/account/me/"
    assert User.objects.get(username="root").check_password(WORD)


def test_an_officer_sees_himself_only(sign_in, bureau):
    client = sign_in("officer")
    assert [u.username for u in client.get("/account/people/").context["page"].rows] == ["officer"]
    assert client.get(f"/account/people/{bureau['root'].pk}/").status_code == 404
    assert client.get("/account/people/new/").status_code == 403


def test_certificates_and_those_that_end_soon(sign_in, bureau, today):
    day = datetime.timedelta(days=1)
    for name, number, ends in (
        ("officer", "C-1", today + 400 * day),
        ("deer_officer", "C-2", today + 20 * day),
        ("creek_officer", "C-3", today - day),
    ):
        certificate_save(account=bureau[name], number=number, valid_from=today - 300 * day, valid_to=ends,
                         scopes=["食品", " 食品 ", ""])  # fmt: skip
    assert Certificate.objects.get(number="C-1").scopes == ["食品"]
    client = sign_in("root")
    rows = {c.number: c.standing for c in client.get("/account/certificates/").context["page"].rows}
    assert rows == {"C-1": "valid", "C-2": "soon", "C-3": "expired"}
    page = client.get("/account/units/").content.decode()
    assert "C-2" in page and "C-3" in page and "C-1" not in page
    assert [c.number for c in sign_in("deer_admin").get("/account/certificates/").context["page"].rows] == ["C-2"]
    with pytest.raises(Problem, match="another person's"):
        certificate_save(account=bureau["root"], number="C-1", valid_from=today, valid_to=today)
    with pytest.raises(Problem, match="doesn't end before"):
        certificate_save(account=bureau["root"], number="C-9", valid_from=today, valid_to=today - day)


def test_a_certificate_is_entered_and_revoked_on_the_page(sign_in, bureau):
    client, person = sign_in("deer_admin"), bureau["deer_officer"]
    given = {"number": "C-1", "scopes": "食品、药品", "valid_from": "2026-01-01", "valid_to": "2099-01-01"}
    client.post(f"/account/people/{person.pk}/certificate/", given)
    made = Certificate.objects.get()
    assert made.scopes == ["食品", "药品"] and made.user == person
    assert client.post(f"/account/people/{person.pk}/certificate/", given | {"valid_to": "x"}).status_code == 400
    assert client.post(f"/account/certificates/{made.pk}/revoke/", {"reason": " "}).status_code == 400
    client.post(f"/account/certificates/{made.pk}/revoke/", {"reason": "调离执法岗位"})
    made.refresh_from_db()
    assert made.revoked_at and made.revoked_reason == "调离执法岗位"


def table(*rows) -> SimpleUploadedFile:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return SimpleUploadedFile("人员.xlsx", file.getvalue())


HEAD = ("用户名", "姓名", "角色", "单位代码", "执法证号", "执法范围", "有效期自", "有效期至")


def test_a_table_s_good_rows_are_kept_and_the_others_told_by_cell(sign_in, bureau):
    client = sign_in("deer_admin")
    rows = (
        HEAD,
        ("zhang", "张三", "执法人员", "980103001", "C-1", "食品;药品", "2026-01-01", "2030-12-31"),
        ("li", "李四", "厨师", "980103001"),
        ("wang", "王五", "officer", "999"),
        ("zhao", "赵六", "officer", "98"),
        ("qian", "钱七", "officer", "980103001", "C-2", "", "2026-01-01", "明年"),
        ("zhang", "张三", "officer", "980103001"),
        ("deer_officer", "小鹿", "planner", "980103"),
    )
    page = client.post("/account/people/table/", {"file": table(*rows)})
    report = page.context["report"]
    assert (report.added, report.changed, report.certificates) == (1, 1, 1)
    assert [(f.row, f.where_en.split("(")[1][0]) for f in report.faults] == [
        (3, "C"), (4, "D"), (5, "A"), (6, "H"), (7, "A"),
    ]  # fmt: skip
    assert set(User.objects.filter(username__in=("li", "wang", "zhao", "qian"))) == set()
    assert User.objects.get(username="deer_officer").role == "planner"
    assert Certificate.objects.get().user.username == "zhang"
    text = page.content.decode()
    assert "there is no role" in text and "1 added, 1 changed, 1 certificates" in text


@pytest.mark.parametrize(
    "file",
    [
        SimpleUploadedFile("x.xlsx", b"PK\x03\x04nonsense"),
        SimpleUploadedFile("x.csv", "姓名\n张三\n".encode()),
        SimpleUploadedFile("x.csv", b"\xff\xff\x00"),
        SimpleUploadedFile("../../x.csv", "用户名,角色,单位代码\n".encode() + b"a" * 17 * 2**20),
    ],
    ids=["no workbook", "no such columns", "no table", "too large"],
)
def test_what_is_no_such_table_is_refused_with_a_reason(sign_in, file):
    page = sign_in("root").post("/account/people/table/", {"file": file})
    assert page.status_code == 400 and 'role="alert"' in page.content.decode()


def test_the_template_is_a_table_that_it_takes(sign_in, bureau):
    client = sign_in("root")
    sample = b"".join(client.get("/account/people/table/template.xlsx").streaming_content)
    report = client.post("/account/people/table/", {"file": SimpleUploadedFile("t.xlsx", sample)}).context["report"]
    assert (report.added, report.certificates, report.faults) == (1, 1, [])


def test_the_table_of_rights_says_each_action_in_words(sign_in):
    from mingcha.apps.accounts.permissions import marks
    from mingcha.apps.accounts.words import actions_said

    assert not set(marks()) - actions_said(), "say these in apps/accounts/actions.csv"
    client = sign_in("officer")
    page = client.get("/account/rights/").content.decode()
    assert all(action in page for action in marks()) and "Approve a plan (never one&#x27;s own)" in page
    lines = b"".join(client.get("/account/rights/?as=csv").streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) == len(marks()) + 1
