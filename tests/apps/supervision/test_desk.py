"""The plan's acts at the desk: draw up, freeze, void, draw, publish; and who may not."""

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from mingcha.apps.accounts.models import User
from mingcha.apps.supervision import services
from mingcha.apps.supervision.models import Plan, Task
from mingcha.apps.supervision.selectors import draw_folder
from mingcha.engines.sampling import results, steps
from mingcha.engines.sampling.folder import secret_folder
from mingcha.engines.sampling.keys import keygen, public_file

pytestmark = pytest.mark.django_db
PARTIES = ("司法局", "公证处")
STAFF = "id,name,areas,certified,load\n" + "".join(f"Z{i},王{i},区{i % 2},2099-01-31,9\n" for i in range(8))
DRAFT = {
    "title": "四季度抽查",
    "kind": "targeted",
    "budget": 12,
    "stratify_by": "district",
    "floor_share": "0.1",
    "public_source": "双色球 2026-11-30",
}


@pytest.fixture(autouse=True)
def room(tmp_path, monkeypatch):
    monkeypatch.setenv("MINGCHA_HOME", str(tmp_path / "instance"))


@pytest.fixture
def desk(client, staff, scored):
    """desk(user name) -> a client with that user's session, in English."""

    def sign_in(name):
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
        client.force_login(staff[name], backend=settings.AUTHENTICATION_BACKENDS[1])
        return client

    return sign_in


@pytest.fixture
def keys(tmp_path):
    made = {party: tmp_path / f"{party}.key" for party in PARTIES}
    for party, path in made.items():
        keygen(party, path)
    return made


def drawn_up(desk, scored, **more):
    answer = desk("planner").post("/plans/new/", DRAFT | {"risk_model": scored.pk} | more)
    assert answer.status_code == 302, answer.content.decode()
    return Plan.objects.latest("id")


def frozen(desk, keys, found, **more):
    uploads = [SimpleUploadedFile(f"{i}.pub", public_file(key).read_bytes()) for i, key in enumerate(keys.values())]
    answer = desk("planner").post(f"/plans/{found.number}/freeze/", {"parties": uploads} | more)
    assert answer.status_code == 302, answer.content.decode()
    return found.draw


def committed(desk, keys, drawing, revealing=PARTIES):
    for key in keys.values():
        steps.commit(draw_folder(drawing), key)
    assert desk("planner").post(f"/plans/{drawing.plan.number}/commitments/").status_code == 302
    for party in revealing:
        steps.reveal(draw_folder(drawing), keys[party])


def test_from_a_form_to_a_signed_public_page(desk, scored, keys):
    found = drawn_up(desk, scored, cap=2)
    assert (found.budget, found.cap, found.risk_model) == (12, 2, scored)
    desk("head").post(f"/plans/{found.number}/approve/")
    assert b"Freeze the frame" in desk("planner").get(f"/plans/{found.number}/").content
    staff = SimpleUploadedFile("staff.csv", STAFF.encode())
    focused = SimpleUploadedFile("focused.csv", b"id\nE119\n")
    drawing = frozen(desk, keys, found, inspectors=staff, day="2026-12-01", must_visit=focused)
    assert drawing.units == 119 and len(drawing.inspectors) == 8
    committed(desk, keys, drawing)
    client = desk("planner")
    assert client.post(f"/plans/{found.number}/draw/", {"public_value": "03 07"}).status_code == 302
    assert all(len(task.inspectors) == 2 for task in Task.objects.all()) and Task.objects.count() == 12
    page = client.get(f"/plans/{found.number}/").content.decode()
    assert "王" in page and "drawn from 8" in page and "under focused supervision" in page
    folder = draw_folder(drawing)
    results.attest(folder, keys["司法局"], secret_folder(folder) / "audit.json")
    assert "Not signed by 公证处" in client.post(f"/plans/{found.number}/publish/", follow=True).content.decode()
    public = f"/public/draw/{drawing.name}/"
    assert "The result is not signed by 公证处" in client.get(public).content.decode()
    results.attest(folder, keys["公证处"], secret_folder(folder) / "audit.json")
    assert "The result is not signed by 公证处" in client.get(public).content.decode()  # the file has not got it yet
    assert "Take in new signatures" in client.get(f"/plans/{found.number}/").content.decode()
    client.post(f"/plans/{found.number}/publish/")
    assert "The result is not signed" not in client.get(public).content.decode()


def test_a_draft_shows_all_that_was_typed_and_warns(desk, scored, keys):
    typed = {
        "industry": "餐饮",
        "division": "9801",
        "skills": "冷链、特种设备",
        "basis": "清单第 14 项",
        "cap": 2,
        "budget": 3,
    }
    found = drawn_up(desk, scored, public_on="2999-11-30", **typed)
    page = desk("head").get(f"/plans/{found.number}/").content.decode()
    shown = ["餐饮", "9801", "冷链、特种设备", "清单第 14 项", "双色球 2026-11-30", "2999-11-30", "by district"]
    for text in [*shown, "percentage points", "Too few visits to estimate a violation rate"]:
        assert text in page, text
    desk("head").post(f"/plans/{found.number}/approve/")
    page = desk("planner").get(f"/plans/{found.number}/").content.decode()
    assert all(text in page for text in shown)


def test_a_draft_is_withdrawn_with_its_reason(desk, scored, keys):
    found = drawn_up(desk, scored)
    client = desk("planner")
    assert "ask-withdraw" in client.get(f"/plans/{found.number}/").content.decode()
    client.post(f"/plans/{found.number}/withdraw/", {"reason": "重复拟订"})
    page = client.get(f"/plans/{found.number}/").content.decode()
    assert "Withdrawn" in page and "重复拟订" in page and "ask-withdraw" not in page and "ask-approve" not in page
    assert "mc-ritual" not in page  # nothing comes next
    found.refresh_from_db()
    assert (found.state, found.withdrawn_by.username) == ("withdrawn", "planner")
    assert "Withdrawn" in client.get("/plans/").content.decode()


def test_one_party_or_short_teams_need_a_tick_and_stand_on_the_page(desk, scored, keys):
    found = drawn_up(desk, scored)
    desk("head").post(f"/plans/{found.number}/approve/")
    client = desk("planner")

    def post(**more):
        staff = SimpleUploadedFile("staff.csv", STAFF.replace("区1", "西区").encode())
        one = SimpleUploadedFile("a.pub", public_file(keys["公证处"]).read_bytes())
        given = {"parties": [one], "inspectors": staff, "day": "2026-12-01"}
        return client.post(f"/plans/{found.number}/freeze/", given | more)

    answer = post()
    assert answer.status_code == 400 and b"Parties: 1, and two are needed" in answer.content
    answer = post(alone="on")
    assert answer.status_code == 400 and "区1, 60 units: 0 at home, 8 away" in answer.content.decode()
    assert post(alone="on", anyway="on").status_code == 302
    page = client.get(f"/plans/{found.number}/").content.decode()
    assert "One party alone takes part" in page and "60 units of the frame can be given no team" in page


def test_the_public_page_of_a_draw_alone_says_so(desk, scored, keys):
    one = {"公证处": keys["公证处"]}
    found = run_through(desk, scored, one, alone="on")
    page = desk("planner").get(f"/public/draw/{found.number}/").content.decode()
    assert "One party alone takes part" in page and "Nobody could know or choose" not in page


def test_publishing_says_how_many_have_signed(desk, scored, keys):
    found = drawn_up(desk, scored)
    desk("head").post(f"/plans/{found.number}/approve/")
    committed(desk, keys, frozen(desk, keys, found))
    client = desk("planner")
    client.post(f"/plans/{found.number}/draw/", {"public_value": "03 07"})
    page = client.get(f"/plans/{found.number}/").content.decode()
    assert "Publish, signed by 0 of 2" in page and "0 of 2 parties have signed the result" in page


def test_a_party_stays_away(desk, scored, keys):
    found = drawn_up(desk, scored)
    desk("head").post(f"/plans/{found.number}/approve/")
    first = frozen(desk, keys, found)
    committed(desk, keys, first, PARTIES[:1])
    client = desk("planner")
    answer = client.post(f"/plans/{found.number}/draw/", {"public_value": "1", "without": "公证处"})
    assert answer.status_code == 400 and b"Not revealed" in answer.content
    assert "Void" in client.get(f"/plans/{found.number}/").content.decode()
    client.post(f"/plans/{found.number}/void/", {"reason": "逾期未揭示。"})
    for address in (f"/plans/{found.number}/", f"/plans/{found.number}/freeze/"):
        assert "Stayed away: 公证处" in client.get(address).content.decode()
    second = frozen(desk, keys, found)
    assert list(found.draws.values_list("pk", flat=True)) == [first.pk, second.pk]
    committed(desk, keys, second, PARTIES[:1])
    page = client.get(f"/plans/{found.number}/").content.decode()
    assert 'value="公证处"' in page and "ask-void" not in page  # once only
    client.post(f"/plans/{found.number}/draw/", {"public_value": "1", "without": "公证处"})
    client.post(f"/plans/{found.number}/publish/")
    page = client.get(f"/public/draw/{found.number}/").content.decode()
    assert "逾期未揭示。 Stayed away: 公证处" in page and "did not reveal" in page
    assert "No party has signed the result" in page


def test_who_is_left_to_another_frozen_plan_is_named(desk, scored, keys):
    first, second = drawn_up(desk, scored, cap=1, division="980101"), drawn_up(desk, scored, cap=1)
    for found in (first, second):
        desk("head").post(f"/plans/{found.number}/approve/")
    frozen(desk, keys, first)
    assert "stand outside" not in desk("planner").get(f"/plans/{first.number}/").content.decode()
    assert frozen(desk, keys, second).units == 60
    page = desk("planner").get(f"/plans/{second.number}/").content.decode()
    assert f"60 stand outside: {first.number}" in page and "企业0 E000, 企业2 E002" in page
    assert "another frozen plan may bring the year&#x27;s last visit <b" in page


def test_what_is_wrong_stands_above_the_form(desk, staff, scored, keys):
    client = desk("planner")
    answer = client.post("/plans/new/", DRAFT | {"risk_model": scored.pk, "budget": 1000, "title": "留着"})
    assert answer.status_code == 400 and "1000" in answer.content.decode() and "留着" in answer.content.decode()
    answer = client.post("/plans/new/", DRAFT)  # targeted, and no model
    assert answer.status_code == 400 and b"needs a risk model in force" in answer.content
    assert not Plan.objects.exists()
    found = drawn_up(desk, scored)
    assert desk("planner").get(f"/plans/{found.number}/freeze/").status_code == 302  # a draft can't be frozen
    services.plan_approve(plan=found, user=staff["head"])
    client = desk("planner")
    wrong = SimpleUploadedFile("secret.key", next(iter(keys.values())).read_bytes())
    answer = client.post(f"/plans/{found.number}/freeze/", {"parties": wrong})
    assert answer.status_code == 400 and b"PRIVATE key" in answer.content
    assert b"secret.key" in answer.content and b"instance" not in answer.content
    large = SimpleUploadedFile("large.pub", bytes(5_000))
    assert b"too large" in client.post(f"/plans/{found.number}/freeze/", {"parties": large}).content
    pub = SimpleUploadedFile("a.pub", public_file(next(iter(keys.values()))).read_bytes())
    directory = SimpleUploadedFile("staff.csv", STAFF.encode())
    answer = client.post(f"/plans/{found.number}/freeze/", {"parties": pub, "inspectors": directory})
    assert answer.status_code == 400 and b"on which day visits begin" in answer.content
    found.refresh_from_db()
    assert found.state == "approved" and not found.draws.exists()


@pytest.mark.parametrize("user", ["east", "nobody"])
def test_who_may_not(desk, scored, keys, user):
    found = drawn_up(desk, scored)
    client = desk(user)
    assert b"Draw up a plan" not in client.get("/plans/").content
    for address in ("/plans/new/", f"/plans/{found.number}/freeze/"):
        assert client.get(address).status_code == 403
        assert client.post(address, DRAFT).status_code == 403
    assert client.post(f"/plans/{found.number}/approve/").status_code == 404
    for act in ("withdraw", "void", "draw", "publish"):
        assert client.post(f"/plans/{found.number}/{act}/").status_code == 403
    for file in ("frame.csv", "audit.json"):
        assert client.get(f"/plans/{found.number}/{file}").status_code == 403


def run_through(desk, scored, keys, **more):
    """A plan drawn and published; `more`: of its freeze."""
    found = drawn_up(desk, scored)
    desk("head").post(f"/plans/{found.number}/approve/")
    drawing = frozen(desk, keys, found, **more)
    committed(desk, keys, drawing, list(keys))
    client = desk("planner")
    assert client.post(f"/plans/{found.number}/draw/", {"public_value": "03 07"}).status_code == 302
    assert client.post(f"/plans/{found.number}/publish/").status_code == 302
    found.refresh_from_db()
    return found


def test_whom_the_matrix_refuses_scores_learns_no_class_from_a_plan(desk, staff, scored, keys):
    """Neither of a drawn firm, nor how a frame's classes are made up: a frame may be of one firm."""
    from mingcha.apps.accounts.permissions import matrix

    staff["clerk"] = User.objects.create(username="clerk", role="clerk", unit=staff["head"].unit)
    assert "clerk" not in matrix()["risk.scores.view"] and "clerk" in matrix()["supervision.plan.view"]
    found = run_through(desk, scored, keys)
    task = Task.objects.exclude(risk_class="").first()
    told = ("mc-cls-", "Mean probability", f"/risk/models/{scored.number}")
    for address in (f"/plans/{found.number}/", f"/plans/{found.number}/?all=1"):
        for user in ("planner", "head"):
            page = desk(user).get(address).content.decode()
            assert all(text in page for text in told) and task.entity.name in page
        page = desk("clerk").get(address).content.decode()
        assert task.entity.name in page and not [text for text in told if text in page]
    client = desk("clerk")
    for address in (f"/entities/{task.entity.key}/", "/plans/", f"/public/draw/{found.number}/"):
        page = client.get(address).content.decode()
        assert found.number in page and "mc-cls-" not in page
    for file in ("frame.csv", "audit.json", f"receipts/{task.entity.key}.json"):
        assert desk("clerk").get(f"/plans/{found.number}/{file}").status_code == 403


def test_another_jurisdiction_is_not_found(desk, scored, staff, keys):
    found = drawn_up(desk, scored)
    staff["east"].role = "planner"
    staff["east"].save()
    client = desk("east")
    assert client.get(f"/plans/{found.number}/freeze/").status_code == 404
    assert client.post(f"/plans/{found.number}/void/", {"reason": "x"}).status_code == 404
    assert client.get(f"/plans/{found.number}/void/").status_code == 404
    own = desk("planner").get(f"/plans/{found.number}/void/")
    assert own.status_code == 302 and own.url == f"/plans/{found.number}/"
    client = desk("east")
    answer = client.post("/plans/new/", DRAFT | {"risk_model": scored.pk, "division": "980102"})
    assert answer.status_code == 400 and b"outside your jurisdiction" in answer.content


def test_the_frame_file_is_for_auditors_and_its_reading_is_recorded(desk, scored, keys):
    from mingcha.apps.accounts.models import AuditRecord

    found = drawn_up(desk, scored)
    desk("head").post(f"/plans/{found.number}/approve/")
    frozen(desk, keys, found)
    assert desk("planner").get(f"/plans/{found.number}/frame.csv").status_code == 403
    answer = desk("head").get(f"/plans/{found.number}/frame.csv")
    assert b"".join(answer.streaming_content).startswith("\ufeffid,stratum,area,score,class".encode())
    assert AuditRecord.objects.filter(action="supervision.draw.audit", after={"file": "frame.csv"}).exists()
