"""Who may not: anonymous, the wrong role, another jurisdiction. (test_guards.py walks every address.)"""

from __future__ import annotations

import pytest
from django.urls import reverse

from mingcha.apps.accounts.models import AuditRecord
from mingcha.apps.entities.models import Entity
from mingcha.apps.supervision.models import Plan

PRIVATE = ["/", "/entities/", "/data/", "/data/quarantine/", "/data/complaints/", "/risk/models/", "/plans/"]


@pytest.mark.parametrize("path", PRIVATE)
def test_anonymous_is_sent_to_sign_in(client, town, path):
    response = client.get(path)
    assert response.status_code == 302 and response.url.startswith("/account/sign-in/")


@pytest.mark.parametrize(
    ("username", "path"),
    [
        ("officer", "/data/"),
        ("officer", "/data/quarantine/"),
        ("planner", "/data/quarantine/"),
        ("officer", "/risk/models/"),
        ("clerk", "/risk/models/M-2026.11-1/"),
    ],
)
def test_wrong_role_is_refused(signed_in, username, path):
    response = signed_in(username).get(path)
    assert response.status_code == 403 and b"You may not see this" in response.content


def test_officer_may_not_export(signed_in):
    response = signed_in("officer").get("/entities/?as=csv")
    assert response["Content-Type"].startswith("text/html")
    assert (
        b"file-spreadsheet" not in response.content
        and not AuditRecord.objects.filter(action="entities.entity.export").exists()
    )


def test_another_jurisdiction_is_not_found(signed_in):
    client = signed_in("deer")  # of 鹿鸣区, 980103
    own = Entity.objects.filter(division="980103").first()
    other = Entity.objects.exclude(division="980103").first()
    assert client.get(reverse("entities:detail", args=[own.key])).status_code == 200
    assert client.get(reverse("entities:detail", args=[other.key])).status_code == 404
    assert client.get(reverse("risk:why", args=[other.key])).status_code == 404


def test_lists_and_exports_keep_to_the_jurisdiction(signed_in):
    client = signed_in("deer")
    expected = Entity.objects.filter(division="980103").count()
    assert 0 < expected < Entity.objects.count()
    assert f'data-item-count="{expected}"' in client.get("/entities/").content.decode()
    text = b"".join(client.get("/entities/?as=csv").streaming_content).decode("utf-8-sig")
    lines = text.strip().splitlines()
    assert len(lines) == expected + 1 and all("鹿鸣区" in line for line in lines[1:])


def test_export_is_audited(signed_in):
    b"".join(signed_in("planner").get("/entities/?as=csv&class=D&q=汇味轩").streaming_content)
    record = AuditRecord.objects.get(action="entities.entity.export")
    assert record.after == {"kind": "csv", "search": "汇味轩", "filters": {"class": ["D"]}}


def test_a_user_without_a_unit_sees_nothing(signed_in):
    from mingcha.apps.accounts.models import User

    User.objects.filter(username="planner").update(unit=None)
    assert 'data-item-count="0"' in signed_in("planner").get("/entities/").content.decode()


def test_acts_need_their_right_and_a_post(signed_in):
    plan = Plan.objects.create(number="JH-1", title="t", budget=5, division="98")
    client = signed_in("officer")
    for act in ("approve", "commitments", "draw", "publish"):
        address = reverse(f"supervision:{act}", args=[plan.number])
        read = 302 if act == "approve" else 403  # an approval's right hangs on the plan's kind; its page may be seen
        assert client.get(address).status_code == read
        assert client.post(address).status_code == 403
    assert client.post("/risk/models/M-2026.11-1/sign/").status_code == 403
    assert client.get(reverse("supervision:audit-file", args=[plan.number])).status_code == 403


def test_a_draw_is_public_only_when_published(client, town):
    from mingcha.apps.supervision.models import Draw

    plan = Plan.objects.create(number="JH-2", title="t", budget=5, division="98")
    Draw.objects.create(plan=plan, name="JH-2", folder="JH-2")
    assert client.get("/public/draw/JH-2/").status_code == 404
    assert client.get("/public/draw/JH-2/public.json").status_code == 404


def test_language_goes_back_to_this_site_only(client, town):
    response = client.post("/account/language/", {"language": "en", "next": "https://elsewhere.example/"})
    assert response.status_code == 302 and response.url == "/"


def test_pages_carry_a_strict_policy(signed_in):
    policy = signed_in("administrator").get("/")["Content-Security-Policy"]
    assert "script-src 'self'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
