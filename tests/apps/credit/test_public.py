"""What anyone sees: who is on a list now, and nothing of proposals, of people, or of what was removed."""

import pytest

from mingcha.apps.credit import services


def test_a_proposal_and_a_decision_aren_t_public(client, proposed, head):
    assert proposed.entity.name not in client.get("/public/listings/").content.decode()
    services.listing_decide(listing=proposed, listed=True, reason="x", user=head)
    assert proposed.entity.name not in client.get("/public/listings/").content.decode()


def test_what_is_published_shows_why_and_by_whom_but_no_person(client, published, head, officer):
    for path in ("/public/listings/", f"/public/listings/{published.entity.key}/"):
        page = client.get(path).content.decode()
        assert "云市监异列〔2026〕001号" in page and "企业经营异常名录管理暂行办法" in page
        assert "云汀市市场监督管理局" in page and "通过登记的住所或者经营场所无法联系" in page
        assert head.name not in page and officer.name not in page and "sessionid" not in client.cookies


def test_removed_it_is_gone(client, published, officer, head):
    removal = services.removal_apply(listing=published, kind="application", text="x", user=officer)
    services.removal_decide(removal=removal, granted=True, reason="x", user=head)
    assert published.entity.name not in client.get("/public/listings/").content.decode()
    page = client.get(f"/public/listings/{published.entity.key}/").content.decode()
    assert "这一户现不在" in page and "001号" not in page


def test_it_is_found_by_code_and_by_list(client, published):
    found = client.get("/public/listings/", {"q": published.entity.key[:10]}).content.decode()
    assert published.entity.name in found
    assert published.entity.name in client.get("/public/listings/", {"kind": "abnormal"}).content.decode()
    assert published.entity.name not in client.get("/public/listings/", {"kind": "dishonest"}).content.decode()


@pytest.mark.parametrize("query", ["?page=99", "?page=x", "?kind=x", "?q=" + "a" * 500, "?q=<script>"])
def test_odd_questions_are_answered(client, published, query):
    answer = client.get("/public/listings/" + query)
    assert answer.status_code == 200 and b"<script>" not in answer.content.replace(b"<script ", b"")


def test_who_isn_t_known_is_not_found(client, firm):
    assert client.get("/public/listings/NOBODY/").status_code == 404
    assert client.get(f"/public/listings/{firm.key}/").status_code == 200
    assert client.post("/public/listings/").status_code == 405


def test_a_correction_says_when(client, published, head):
    services.listing_correct(listing=published, facts="两次核查", reason="漏记", user=head)
    page = client.get(f"/public/listings/{published.entity.key}/").content.decode()
    assert "两次核查" in page and "更正" in page
