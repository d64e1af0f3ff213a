"""A task from its issue to its disposal, and who may not."""

import datetime as dt

import pytest
from django.conf import settings
from django.utils import timezone

from mingcha.apps.accounts.models import AuditRecord, Certificate, User
from mingcha.apps.law.models import Clock
from mingcha.apps.supervision import services
from mingcha.apps.supervision.models import Inspector, InspectorConflict, Result, Task
from mingcha.apps.supervision.public import visit_token
from mingcha.apps.supervision.selectors import overrides, results_public, tasks_mine, tasks_visible
from mingcha.problems import Problem

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


@pytest.fixture
def team(staff):
    """Two officers of the east with certificates, in the register; one with an expired certificate."""
    made = []
    for name, until in (("zhou", "2030-01-01"), ("wu", "2030-01-01"), ("old", "2020-01-01")):
        user = User.objects.create(username=name, name=name.title(), role="officer", unit=staff["east"].unit)
        end = dt.date.fromisoformat(until)
        Certificate.objects.create(user=user, number=f"Z-{name}", valid_from=dt.date(2019, 1, 1), valid_to=end)
        Inspector.objects.create(number=f"Z-{name}", name=user.name, account=user, division="980101", certified_to=end)
        made.append(user)
    return made


def plan(staff, kind="campaign", **more):
    found = services.plan_create(title="冷库专项", kind=kind, user=staff["planner"], **more)
    return services.plan_approve(plan=found, user=staff["head"])


@pytest.fixture
def issued(staff, scored, team):
    made = plan(staff, division="980101", ends_on=TODAY() + dt.timedelta(days=30))
    services.plan_issue(plan=made, user=staff["planner"])
    return made


def assigned(issued, staff, team):
    task = issued.tasks.first()
    who = [{"id": f"Z-{user.username}", "name": user.name} for user in team[:2]]
    return services.task_assign(task=task, inspectors=who, reason="", user=staff["head"])


def on_site(issued, staff, team):
    task = assigned(issued, staff, team)
    services.task_accept(task=task, user=team[0])
    services.task_notify(task=task, how="电话", user=team[0])
    return services.task_enter(task=task, user=team[0])


def test_a_campaign_issues_a_task_to_everyone_whom_it_fits(issued, staff):
    assert issued.budget == issued.tasks.count() == 60 and not issued.tasks.exclude(division="980101").exists()
    task = issued.tasks.first()
    assert task.unit == staff["east"].unit and task.state == "issued" and task.due_on == issued.ends_on
    assert [event.kind for event in task.events.all()] == ["issue"]
    assert issued.rule.key == "supervision.kind.campaign" and issued.state == "issued"
    with pytest.raises(Problem):
        services.plan_issue(plan=issued, user=staff["planner"])  # a second press of the button
    assert issued.tasks.count() == 60


def test_who_has_had_the_year_s_visits_is_named_and_nothing_is_issued(issued, staff):
    again = plan(staff, division="980101", cap=1)
    with pytest.raises(Problem, match="60 have had the year's visits") as no:
        services.plan_issue(plan=again, user=staff["planner"])
    assert "E000" in no.value.where and not again.tasks.exists()
    again.refresh_from_db()
    assert again.state == "approved"
    some = plan(staff, cap=1)  # of both districts
    assert services.plan_issue(plan=some, user=staff["planner"], leave_out=True) == 60
    assert len(some.frame["left_out"]) == 60 and not some.tasks.filter(division="980101").exists()


def test_a_visit_for_cause_is_exempt_from_the_cap_and_needs_its_cause(issued, staff):
    with pytest.raises(Problem, match="needs its cause"):
        plan(staff, kind="for_cause", keys=["E000"])
    made = plan(staff, kind="for_cause", keys=["E000"], cause="TS-2026-1 异物", cap=1)
    assert made.cap is None and services.plan_issue(plan=made, user=staff["planner"]) == 1
    with pytest.raises(Problem, match="NOBODY"):
        plan(staff, kind="for_cause", keys=["NOBODY"], cause="x")


def test_a_flight_inspection_is_not_announced(staff, scored, team):
    made = plan(staff, kind="flight", keys=["E000"])
    services.plan_issue(plan=made, user=staff["planner"])
    task = assigned(made, staff, team)
    with pytest.raises(Problem, match="not announced"):
        services.task_notify(task=task, how="电话", user=team[0])
    services.task_accept(task=task, user=team[0])
    assert services.task_enter(task=task, user=team[0]).state == "on_site"


def test_what_asks_for_a_notice_is_not_entered_without_one(issued, staff, team):
    task = assigned(issued, staff, team)
    services.task_accept(task=task, user=team[0])
    with pytest.raises(Problem, match="announced beforehand"):
        services.task_enter(task=task, user=team[0])


def test_who_is_not_of_the_team_or_has_no_valid_certificate_does_not_enter(issued, staff, team):
    task = assigned(issued, staff, team)
    services.task_accept(task=task, user=team[0])
    services.task_notify(task=task, how="电话", user=team[0])
    with pytest.raises(Problem, match="aren't one of the officers"):
        services.task_enter(task=task, user=staff["east"])
    Certificate.objects.filter(user=team[0]).update(revoked_at=timezone.now())
    with pytest.raises(Problem, match="no law-enforcement certificate"):
        services.task_enter(task=task, user=team[0])
    task.refresh_from_db()
    assert task.state == "accepted"


def test_one_officer_alone_is_not_sent(issued, staff, team):
    with pytest.raises(Problem, match="2 officers at least"):
        one = [{"id": "Z-zhou", "name": "Zhou"}]
        services.task_assign(task=issued.tasks.first(), inspectors=one, reason="", user=staff["head"])


def test_who_has_no_certificate_or_an_interest_is_not_sent(issued, staff, team):
    task = issued.tasks.first()
    for number, word in (("Z-old", "without a certificate"), ("Z-invented", "not in the register")):
        who = [{"id": "Z-zhou", "name": "x"}, {"id": number, "name": "An impostor"}]
        with pytest.raises(Problem, match=word):
            services.task_assign(task=task, inspectors=who, reason="", user=staff["head"])
    InspectorConflict.objects.create(
        inspector=Inspector.objects.get(number="Z-wu"), entity=task.entity, reason="亲属", declared_by=team[1]
    )
    with pytest.raises(Problem, match="declared interest"):
        assigned(issued, staff, team)


def test_whose_certificate_was_withdrawn_is_not_sent_whatever_the_register_says(issued, staff, team):
    assert Inspector.objects.get(number="Z-wu").certified_to.year == 2030
    Certificate.objects.filter(number="Z-wu").update(revoked_at=timezone.now())
    with pytest.raises(Problem, match="Z-wu, without a certificate"):
        assigned(issued, staff, team)
    Certificate.objects.filter(number="Z-wu").update(revoked_at=None)
    Inspector.objects.update(certified_to=dt.date(2020, 1, 1))  # the register lags behind the certificates
    assert assigned(issued, staff, team).inspectors


def test_a_result_for_cause_is_not_published(staff, scored, team):
    made = plan(staff, kind="for_cause", keys=["E000"], cause="TS-2026-1 异物")
    services.plan_issue(plan=made, user=staff["planner"])
    task = assigned(made, staff, team)
    services.task_accept(task=task, user=team[0])
    services.task_enter(task=task, user=team[0])
    result = services.result_record(task=task, kind="follow_up", visited_on=TODAY(), summary="异物", user=team[0])
    assert not Clock.objects.filter(key="supervision.result.publish").exists()
    with pytest.raises(Problem, match="not published, by rule"):
        services.result_publish(result=result, user=staff["head"])


def test_a_firm_that_never_reports_is_rechecked_after_the_term(issued, staff, team):
    task = on_site(issued, staff, team)
    services.result_record(
        task=task, kind="rectify", visited_on=TODAY(), summary="超限", user=team[0], rectify_by=TODAY()
    )
    with pytest.raises(Problem, match="can't be done to it now"):
        services.task_recheck(task=task, passed=True, text="合格", user=team[0])
    Task.objects.filter(pk=task.pk).update(rectify_by=TODAY() - dt.timedelta(days=1))
    task.refresh_from_db()
    assert services.task_recheck(task=task, passed=True, text="合格", user=team[0]).state == "closed"


def test_the_law_s_cap_can_be_tightened_but_not_lifted(staff, scored):
    assert plan(staff, cap=365).cap == 2 and plan(staff, cap=1).cap == 1


def test_from_the_door_to_the_public_page(issued, staff, team):
    task = on_site(issued, staff, team)
    due = TODAY() + dt.timedelta(days=10)
    with pytest.raises(Problem, match="say what"):
        services.result_record(task=task, kind="rectify", visited_on=TODAY(), summary="", user=team[0], rectify_by=due)
    result = services.result_record(
        task=task, kind="rectify", visited_on=TODAY(), summary="冷库温度超限", user=team[0], rectify_by=due
    )
    clock = Clock.objects.get(key="supervision.result.publish")
    assert task.state == "rectifying" and clock.state == "running" and clock.due_on > TODAY()
    with pytest.raises(Problem, match="one who recorded"):
        services.result_publish(result=result, user=team[0])
    services.result_publish(result=result, user=staff["head"])
    clock.refresh_from_db()
    assert clock.state == "met" and list(results_public()) == [result]
    with pytest.raises(Problem, match="published, corrected or withdrawn already"):
        services.result_publish(result=result, user=staff["head"])
    services.task_report(task=task, text="已修", user=team[0])
    assert Clock.objects.get(key="supervision.recheck").state == "running"
    with pytest.raises(Problem, match="further day"):
        services.task_recheck(task=task, passed=False, text="仍超限", user=team[0])
    services.task_recheck(task=task, passed=False, text="仍超限", user=team[0], rectify_by=due)
    services.task_report(task=task, text="已换压缩机", user=team[0])
    services.task_recheck(task=task, passed=True, text="合格", user=team[0])
    task.refresh_from_db()
    assert task.state == "closed" and task.closed_at
    kinds = [event.kind for event in task.events.all()]
    assert kinds == ["issue", "assign", "accept", "notify", "enter", "record", "publish", "report", "recheck", "report",
                     "recheck"]  # fmt: skip
    assert AuditRecord.objects.filter(object_type="supervision.task", object_id=str(task.pk)).count() >= len(kinds) - 1


def test_a_correction_is_a_further_version_and_a_withdrawal_takes_it_back(issued, staff, team):
    task = on_site(issued, staff, team)
    first = services.result_record(task=task, kind="follow_up", visited_on=TODAY(), summary="疑似过期", user=team[0])
    services.result_publish(result=first, user=staff["head"])
    second = services.result_correct(result=first, kind="none", summary="", reason="日期看错", user=team[1])
    assert list(results_public()) == [first]  # until the correction is public
    with pytest.raises(Problem, match="later version"):
        services.result_correct(result=first, kind="none", summary="", reason="x", user=team[1])
    services.result_publish(result=second, user=staff["head"])
    assert list(results_public()) == [second]
    services.result_withdraw(task=task, reason="企业名称错误", user=staff["head"])
    first.refresh_from_db()
    assert not results_public().exists() and first.summary == "疑似过期"


def test_what_is_on_show_is_withdrawn_be_it_by_page_api_or_command(client, issued, staff, team):
    """Also where a correction waits to be published; and never what a later version took the place of."""
    from mingcha.apps.accounts.services import token_create

    task = on_site(issued, staff, team)
    first = services.result_record(task=task, kind="follow_up", visited_on=TODAY(), summary="疑似过期", user=team[0])
    services.result_publish(result=first, user=staff["head"])
    second = services.result_correct(result=first, kind="none", summary="", reason="日期看错", user=team[1])
    client.force_login(staff["head"], backend=settings.AUTHENTICATION_BACKENDS[1])
    assert f"/tasks/{task.number}/withdraw/" in client.get(f"/tasks/{task.number}/").content.decode()
    _, token = token_create(owner=staff["head"], name="t", scopes=("supervision.*",), division="", user=None)
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "withdraw-0001"}
    url = f"/api/v1/tasks/{task.number}/withdraw"
    said = client.post(url, {"reason": "企业名称错误"}, content_type="application/json", headers=headers)
    assert said.status_code == 200 and said.json()["version"] == 1 and not results_public().exists()
    services.result_publish(result=second, user=staff["head"])
    assert list(results_public()) == [second]
    services.result_withdraw(task=task, reason="企业名称错误", user=staff["head"])
    assert f"/tasks/{task.number}/withdraw/" not in client.get(f"/tasks/{task.number}/").content.decode()
    with pytest.raises(Problem, match="No result is public"):
        services.result_withdraw(task=task, reason="又一次", user=staff["head"])


def test_the_task_follows_a_correction(issued, staff, team):
    task = on_site(issued, staff, team)
    due = TODAY() + dt.timedelta(days=10)
    first = services.result_record(
        task=task, kind="rectify", visited_on=TODAY(), summary="超限", user=team[0], rectify_by=due
    )
    services.task_report(task=task, text="已修", user=team[0])
    second = services.result_correct(result=first, kind="none", summary="", reason="仪表误差", user=team[1])
    task.refresh_from_db()
    assert task.state == "recorded" and Clock.objects.get(key="supervision.recheck").state == "cancelled"
    with pytest.raises(Problem, match="needs a day"):
        services.result_correct(result=second, kind="rectify", summary="x", reason="y", user=team[1])
    services.result_correct(result=second, kind="rectify", summary="x", reason="y", user=team[1], rectify_by=due)
    task.refresh_from_db()
    assert task.state == "rectifying" and task.rectify_by == due


def test_what_was_found_is_handed_on_as_one_lead(issued, staff, team):
    task = on_site(issued, staff, team)
    services.result_record(task=task, kind="follow_up", visited_on=TODAY(), summary="来源不明", user=team[0])
    with pytest.raises(Problem, match="Say why"):
        services.task_transfer(task=task, text=" ", user=team[0])
    lead = services.task_transfer(task=task, text="来源不明", user=team[0])
    assert services.task_transfer(task=task, text="再次", user=team[0]) == lead  # pressed twice
    assert lead.entity == task.entity and lead.source == "inspection" and task.state == "recorded"


def test_two_at_once_record_one_result(issued, staff, team):
    task = on_site(issued, staff, team)
    stale = Task.objects.get(pk=task.pk)
    services.result_record(task=task, kind="none", visited_on=TODAY(), summary="", user=team[0])
    with pytest.raises(Problem, match="can't be done to it now"):
        services.result_record(task=stale, kind="follow_up", visited_on=TODAY(), summary="x", user=team[1])
    assert Result.objects.get().kind == "none"


@pytest.mark.parametrize(
    ("kind", "day", "word"), [("nothing", 0, "no kind"), ("none", 1, "can't be"), ("none", -400, "can't be")]
)
def test_what_makes_no_sense_is_refused(issued, staff, team, kind, day, word):
    task = on_site(issued, staff, team)
    visited = TODAY() + dt.timedelta(days=day)
    with pytest.raises(Problem, match=word):
        services.result_record(task=task, kind=kind, visited_on=visited, summary="x", user=team[0])
    task.refresh_from_db()
    assert task.state == "on_site"


def test_officers_see_their_district_and_what_they_are_sent_to(issued, staff, team, scored):
    far = plan(staff, kind="flight", keys=["E001"])  # of the other district
    services.plan_issue(plan=far, user=staff["planner"])
    task = far.tasks.get()
    assert task not in tasks_visible(team[0])
    who = [{"id": f"Z-{user.username}", "name": user.name} for user in team[:2]]
    services.task_assign(task=task, inspectors=who, reason="", user=staff["head"])
    assert task in tasks_visible(team[0]) and list(tasks_mine(team[0])) == [task]
    assert tasks_visible(team[0], "supervision.task.work").get() == task
    assert not tasks_visible(staff["nobody"]).exists()


@pytest.fixture
def desk(client, staff):
    def sign_in(user):
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
        client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[1])
        return client

    return sign_in


def test_the_pages_from_the_desk(issued, staff, team, desk):
    task = assigned(issued, staff, team)
    client = desk(team[0])
    assert "冷库专项" in client.get(f"/tasks/{task.number}/").content.decode()
    assert 'data-item-count="60"' in client.get("/tasks/?state=issued").content.decode()
    for act, given in (("accept", {}), ("notify", {"how": "电话"}), ("enter", {})):
        assert client.post(f"/tasks/{task.number}/{act}/", given).status_code == 302
    answer = client.post(
        f"/tasks/{task.number}/result/", {"kind": "rectify", "visited_on": str(TODAY()), "summary": "超限"}
    )
    assert answer.status_code == 400 and "needs a day" in answer.content.decode() and "超限" in answer.content.decode()
    given = {"kind": "rectify", "visited_on": str(TODAY()), "summary": "超限", "rectify_by": str(TODAY())}
    assert client.post(f"/tasks/{task.number}/result/", given).status_code == 302
    assert client.post(f"/tasks/{task.number}/publish/").status_code == 403
    assert desk(staff["head"]).post(f"/tasks/{task.number}/publish/").status_code == 302
    client.logout()
    public = client.get("/public/results/").content.decode()
    assert "超限" in public and task.entity.name in public
    assert "超限" in client.get(f"/public/results/{task.entity.key}/").content.decode()
    visit = client.get(f"/public/visit/{visit_token(task)}/").content.decode()
    assert "已结束" in visit and "Zhou" not in visit


def test_a_task_of_another_district_is_not_there(issued, staff, team, desk):
    other = plan(staff, kind="flight", keys=["E001"])
    services.plan_issue(plan=other, user=staff["planner"])
    number = other.tasks.get().number
    client = desk(team[0])
    assert client.get(f"/tasks/{number}/").status_code == 404
    for act in ("accept", "return", "notify", "enter", "report", "recheck", "close", "result", "correct"):
        assert client.post(f"/tasks/{number}/{act}/", {"reason": "x"}).status_code == 404, act
    own = issued.tasks.first()  # of his district, but nobody sent him
    assert client.get(f"/tasks/{own.number}/").status_code == 200
    assert client.post(f"/tasks/{own.number}/accept/").status_code == 404


def test_the_code_of_a_notice_tells_officers_from_impostors(issued, staff, team, client):
    task = assigned(issued, staff, team)
    assert client.get(f"/public/visit/{visit_token(task)}/").status_code == 404  # nothing was announced
    services.task_notify(task=task, how="电话", user=team[0])
    page = client.get(f"/public/visit/{visit_token(task)}/").content.decode()
    assert client.get(f"/public/visit/{task.number}/").status_code == 404  # a number alone opens nothing
    assert "Zhou" in page and "Z-wu" in page and task.entity.name not in page


def test_no_override_is_counted_where_nothing_was_drawn(issued, staff, team):
    assigned(issued, staff, team)
    assert overrides(issued.tasks.all())["drawn"] == 0
