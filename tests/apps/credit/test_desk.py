"""At the desk: who may do what, whose it is, what a page offers, and that every act goes through its address."""

import datetime as dt

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mingcha.apps.credit import services
from mingcha.apps.credit.models import Interview, Listing, Paper
from mingcha.apps.credit.views.interview_acts import ACTS as INTERVIEW_ACTS
from mingcha.apps.credit.views.listing_acts import ACTS

from .conftest import TODAY, upload


@pytest.fixture(autouse=True)
def english(client):
    client.cookies[django_settings.LANGUAGE_COOKIE_NAME] = "en"


def post(client, path, **data):
    return client.post(path, data, follow=True)


def test_a_listing_goes_its_way_through_the_desk(client, firm, person, today):
    clerk, head = person("clerk"), person("head")
    client.force_login(clerk)
    page = client.get(f"/entities/{firm.key}/").content.decode()
    assert f"/credit/listings/propose/abnormal/{firm.key}/" in page
    assert client.get(f"/credit/listings/propose/abnormal/{firm.key}/").status_code == 200
    given = {"ground": "unreachable", "facts": "查无此户", "found_on": TODAY, "files": [upload(), upload("b.pdf")]}
    assert post(client, f"/credit/listings/propose/abnormal/{firm.key}/", **given).status_code == 200
    made = Listing.objects.get()
    assert made.papers.count() == 2
    url = f"/credit/listings/{made.pk}/"
    assert client.post(url + "decide/", {"listed": "yes", "reason": "x"}).status_code == 403
    assert 'data-asks="ask-decide"' not in client.get(url).content.decode()
    post(client, url + "notice/")
    assert "云市监异告〔2026〕001号" in client.get(url + "document/told/").content.decode()
    post(client, url + "tell/", on=TODAY, file=upload("回证.pdf"))
    post(client, url + "statement/", text="已搬迁", on=TODAY)
    client.force_login(head)
    assert 'data-asks="ask-decide"' in client.get(url).content.decode()
    post(client, url + "decide/", listed="yes", reason="查证属实")
    assert client.post(url + "decide/", {"listed": "yes", "reason": "again"}).status_code == 400
    assert "列入经营异常名录决定书" in client.get(url + "document/decision/").content.decode()
    post(client, url + "publish/")
    client.force_login(clerk)
    post(client, url + "apply/", kind="application", text="已变更", on=TODAY, files=[upload("申请.pdf")])
    client.force_login(head)
    assert 'data-asks="ask-remove"' in client.get(url).content.decode()
    post(client, url + "remove/", granted="yes", reason="查实")
    made.refresh_from_db()
    assert made.state == "removed"
    assert "移出经营异常名录决定书" in client.get(f"{url}removals/{made.removals.get().pk}/document/").content.decode()
    assert f"{made.entity.name}" in client.get(f"/entities/{firm.key}/").content.decode()


def test_what_is_wrong_comes_back_in_the_form(client, firm, person, today):
    client.force_login(person("clerk"))
    address = f"/credit/listings/propose/dishonest/{firm.key}/"
    answer = client.post(address, {"ground": "food", "facts": "x", "found_on": TODAY})
    assert answer.status_code == 400 and b"penalty decision" in answer.content
    wrong = upload("证据.pdf", b"MZ")
    answer = client.post(address, {"ground": "food", "facts": "x", "found_on": TODAY, "penalty": "1", "files": [wrong]})
    assert answer.status_code == 400 and b"of this kind" in answer.content
    assert not Listing.objects.exists() and not Paper.objects.exists()


def test_an_interview_goes_its_way_through_the_desk(client, firm, officer, today, on_day):
    client.force_login(officer)
    address = f"/credit/interviews/new/{firm.key}/?source=result&number=RW-1"
    given = {"reason": "隐患", "basis": "食品安全法", "at": "2026-11-27T09:00", "place": "三楼", "by": "周楠,陈序"}
    assert client.post(address, given | {"at": "2026-11-19T09:00"}).status_code == 400
    post(client, address, **given)
    made = Interview.objects.get()
    assert (made.source_type, made.source_id, made.officers) == ("result", "RW-1", ["周楠", "陈序"])
    url = f"/credit/interviews/{made.pk}/"
    post(client, url + "notify/", urgent="")
    assert "行政约谈通知书" in client.get(url + "document/notice/").content.decode()
    post(client, url + "serve/", on=TODAY, how="直接送达", to="沈某")
    on_day(dt.date(2026, 11, 27), 11)
    client.force_login(officer)  # a week has passed
    record = {
        "held_at": "2026-11-27T09:00", "officers": "周楠、陈序", "attended": "沈某", "record": "已告知",
        "undertakings": "2026-12-15 换冷藏柜\n2026-12-20　培训", "file": upload(),
    }  # fmt: skip
    assert client.get(url + "record/").status_code == 200
    assert client.post(url + "record/", record | {"undertakings": "换冷藏柜", "file": upload()}).status_code == 400
    post(client, url + "record/", **(record | {"file": upload()}))
    made.refresh_from_db()
    assert made.state == "held" and made.undertakings.count() == 2
    assert "换冷藏柜" in client.get(url + "document/record/").content.decode()
    for undertaking in made.undertakings.all():
        post(client, f"{url}undertakings/{undertaking.pk}/", done="yes", note="已查")
    post(client, url + "close/", outcome="整改完成")
    made.refresh_from_db()
    assert made.state == "closed"


def test_outside_his_jurisdiction_nothing_is_there(client, published, officer, person, firm, today):
    at = timezone.now() + dt.timedelta(days=9)
    talk = services.interview_open(entity=firm, reason="x", basis="x", at=at, place="x", by="x", user=officer)
    client.force_login(person("head", "980103"))
    paths = [f"/credit/listings/{published.pk}/", f"/credit/interviews/{talk.pk}/"]
    for path in (
        *paths,
        f"/credit/listings/{published.pk}/document/decision/",
        f"/credit/interviews/{talk.pk}/record/",
    ):
        assert client.get(path).status_code == 404, path
    for act in ACTS:
        assert client.post(f"/credit/listings/{published.pk}/{act.name}/").status_code == 404, act.name
    for act in INTERVIEW_ACTS:
        assert client.post(f"/credit/interviews/{talk.pk}/{act.name}/").status_code == 404, act.name
    assert client.get(f"/credit/listings/propose/abnormal/{firm.key}/").status_code == 404
    assert client.get(f"/credit/interviews/new/{firm.key}/").status_code == 404
    assert 'data-item-count="0"' in client.get("/credit/listings/").content.decode()
    assert 'data-item-count="0"' in client.get("/credit/interviews/").content.decode()


def test_without_the_right_nothing_is_done(client, proposed, person):
    client.force_login(person("auditor"))
    for act in ACTS:
        assert client.post(f"/credit/listings/{proposed.pk}/{act.name}/").status_code == 403, act.name
        assert client.get(f"/credit/listings/{proposed.pk}/{act.name}/").status_code == 403, act.name
    client.force_login(person("community"))
    for path in ("/credit/listings/", "/credit/interviews/", "/credit/classes/"):
        assert client.get(path).status_code == 403
    assert "Credit class" not in client.get(f"/entities/{proposed.entity.key}/").content.decode()
    assert "credit" not in client.get("/entities/?part=filters").content.decode()


def test_only_the_bureau_imports_classes(client, person, today, monkeypatch):
    client.force_login(person("clerk", "980102"))
    assert client.get("/credit/classes/import/").status_code == 400
    client.force_login(person("clerk"))
    file = upload("类别.csv", "统一社会信用代码,信用风险类别\n1,A\n".encode())
    answer = client.post("/credit/classes/import/", {"source": "省局", "as_of": "2026-10-31", "file": file})
    assert answer.status_code == 302 and answer.url.startswith("/jobs/")


@pytest.mark.parametrize("path", ["/credit/listings/", "/credit/interviews/", "/credit/classes/"])
def test_lists_ask_the_database_as_often_however_long_they_are(client, path, firm, officer, head, today):
    client.force_login(head)

    def count():
        with CaptureQueriesContext(connection) as asked:
            assert client.get(path).status_code == 200
        return len(asked)

    client.get(path)
    before = count()
    at = timezone.now() + dt.timedelta(days=9)
    for year in range(2000, 2010):
        services.interview_open(entity=firm, reason="x", basis="x", at=at, place="x", by="x", user=officer)
        services.listing_propose(
            entity=firm, kind="abnormal", ground="annual_report", period=str(year), evidence="x", user=officer
        )
    assert count() <= before + 1 < 22


def test_the_list_finds_by_firm_and_number(client, published, head):
    client.force_login(head)
    for words, n in (("001号", 1), ("没有", 0)):
        assert f'data-item-count="{n}"' in client.get("/credit/listings/", {"q": words}).content.decode()
    text = b"".join(client.get("/credit/listings/?as=csv").streaming_content).decode()
    assert published.entity.name in text


def test_many_proposals_are_decided_and_published_at_once(client, firm, officer, head, today):
    for year in range(2020, 2024):
        services.listing_propose(
            entity=firm, kind="abnormal", ground="annual_report", period=str(year), evidence="x", user=officer
        )
    own = services.listing_propose(entity=firm, kind="abnormal", ground="unreachable", evidence="x", user=head)
    client.force_login(head)
    asked = client.post("/credit/listings/", {"act": "decide", "all": "1"})
    assert asked.status_code == 200 and b"own number" in asked.content
    assert set(Listing.objects.values_list("state", flat=True)) == {"proposed"}
    answer = client.post(
        "/credit/listings/", {"act": "decide", "all": "1", "sure": "1", "listed": "yes", "reason": "x"}, follow=True
    )
    assert "can&#x27;t decide" in answer.content.decode()  # his own is refused, with its reason
    numbers = sorted(Listing.objects.exclude(pk=own.pk).values_list("decision_number", flat=True))
    assert numbers == [f"云市监异列〔2026〕{n:03}号" for n in range(1, 5)]
    client.post("/credit/listings/", {"act": "publish", "all": "1", "sure": "1"})
    assert Listing.objects.filter(state="published").count() == 4
