"""The audit trail: never changed, searched, seen in one's jurisdiction, taken away by who may."""

import csv
import io

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from mingcha.apps.accounts.audit_trail import changes
from mingcha.apps.accounts.models import AuditRecord, Unit
from mingcha.apps.accounts.services import unit_save, user_change, user_create


@pytest.mark.parametrize("change", ["update", "delete", "save", "sql update", "sql delete"])
def test_a_record_can_t_be_changed(bureau, change):
    record = AuditRecord.objects.latest("pk")
    action, table = record.action, AuditRecord._meta.db_table
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        if change == "update":
            AuditRecord.objects.filter(pk=record.pk).update(action="x")
        elif change == "delete":
            record.delete()
        elif change == "save":
            record.action = "x"
            record.save()
        else:
            sql = f"UPDATE {table} SET action = 'x'" if change == "sql update" else f"DELETE FROM {table}"
            with connection.cursor() as cursor:
                cursor.execute(sql)
    assert AuditRecord.objects.get(pk=record.pk).action == action


@pytest.fixture
def done(bureau) -> AuditRecord:
    """A change by the bureau's administrator, and one by the district's."""
    user_change(
        account=bureau["officer"], name="周大楠", role="planner", unit=bureau["officer"].unit, user=bureau["root"]
    )
    station = Unit.objects.get(code="980103001")
    unit_save(code=station.code, name="鹿鸣二所", division=station.division, parent=station.parent,
              user=bureau["deer_admin"])  # fmt: skip
    return AuditRecord.objects.get(action="accounts.user.change")


def found(client, **asked) -> list[str]:
    lines = b"".join(client.get("/account/audit/", {"as": "csv", **asked}).streaming_content).decode("utf-8-sig")
    return [row[3] for row in csv.reader(io.StringIO(lines))][1:]


def test_it_is_found_by_who_what_object_day_request_and_text(sign_in, done, today):
    client = sign_in("root")
    for asked in (
        {"q": "周大楠"},
        {"q": "planner"},
        {"q": done.request},
        {"q": f"accounts.user:{done.object_id}"},
        {"q": "accounts.user.change"},
        {"who": "root", "action": "accounts.user.change"},
        {"day": str(today), "action": "accounts.user.change"},
    ):
        assert "accounts.user.change" in found(client, **asked), asked
    assert "accounts.unit.change" in found(client, q="鹿鸣二所")
    assert found(client, day="1999-01-01") == []
    for odd in ({"day": "yesterday"}, {"q": "%' OR 1=1 --"}, {"q": "\\u"}, {"after": "x"}, {"object": "x"}):
        assert client.get("/account/audit/", odd).status_code == 200, odd


def test_other_rooms_link_to_an_object_s_records(sign_in, done):
    client = sign_in("root")
    response = client.get("/account/audit/", {"object": f"accounts.user:{done.object_id}"})
    assert response.url == f"/account/audit/of/accounts.user/{done.object_id}/"
    page = client.get(response.url).content.decode()
    assert "Account changed" in page and "Unit changed" not in page


def test_a_record_shows_before_and_after_and_what_was_written_with_it(sign_in, done):
    client = sign_in("root")
    page = client.get(f"/account/audit/{done.pk}/").content.decode()
    assert "<del>officer</del>" in page and "<ins>planner</ins>" in page and "<ins>周大楠</ins>" in page
    assert "Unit changed" in page  # of the same process
    assert client.get(f"/account/audit/request/{done.request}/").status_code == 200


def test_a_district_s_auditor_sees_what_his_people_did(sign_in, done):
    client = sign_in("deer_audit")
    seen = set(client.get("/account/audit/").context["page"].rows)
    assert seen and {r.division for r in seen} == {"980103"}
    assert client.get(f"/account/audit/{done.pk}/").status_code == 404
    below = AuditRecord.objects.get(action="accounts.unit.change")
    assert client.get(f"/account/audit/{below.pk}/").status_code == 200
    assert client.get(f"/account/audit/of/accounts.user/{done.object_id}/").context["page"].rows == []


def test_taking_it_away_is_a_right_of_its_own_and_on_record(sign_in, done):
    client = sign_in("audit")
    assert found(client)
    assert AuditRecord.objects.filter(action="accounts.audit.export").count() == 1
    assert sign_in("officer").get("/account/audit/").status_code == 403


def test_changes_side_by_side():
    said = changes({"a": 1, "b": {"c": "x"}, "d": 2}, {"a": 1, "b": {"c": "y", "e": None}})
    assert [(c.field, c.before, c.after, c.kind) for c in said] == [
        ("b.c", "x", "y", "changed"), ("d", "2", "", "removed"), ("b.e", "", "null", "added"), ("a", "1", "1", "same"),
    ]  # fmt: skip
    assert changes(None, None) == [] and changes(None, {"x": ["a"]})[0].after == '["a"]'


def test_a_record_keeps_the_division_of_who_did_it(bureau):
    person = user_create(username="moves", password="", role="officer", unit=bureau["deer_admin"].unit,
                         user=bureau["deer_admin"])  # fmt: skip
    record = AuditRecord.objects.filter(object_id=str(person.pk)).latest("pk")
    assert record.division == "980103"
    user_change(account=bureau["deer_admin"], name="x", role="officer", unit=bureau["root"].unit)
    record.refresh_from_db()
    assert record.division == "980103"
