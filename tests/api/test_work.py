"""A visit through the API, from acceptance to publication, by two systems in two people's names."""

import datetime as dt

from mingcha.apps.accounts.models import AuditRecord


def test_a_visit_from_acceptance_to_publication(town):
    number = town.tasks[0].number
    officer, head = town.caller("officer", "supervision.*"), town.caller("head", "supervision.*")
    assert officer.post(f"/tasks/{number}/accept").json()["state"] == "accepted"
    assert officer.post(f"/tasks/{number}/enter", {"place": {"latitude": 23.1, "longitude": 113.2}}).status_code == 200
    body = {"kind": "none", "visited_on": dt.date.today().isoformat(), "summary": ""}
    from mingcha.apps.supervision.rules import result_kinds

    body["kind"] = next(code for code, kind in result_kinds().items() if kind.compliant and not kind.rectify)
    made = officer.post(f"/tasks/{number}/result", body)
    assert made.status_code == 201, made.content
    assert officer.post(f"/tasks/{number}/publish").status_code == 403  # the matrix: not his to publish
    done = head.post(f"/tasks/{number}/publish")
    assert done.status_code == 200, done.content
    assert done.json()["published_at"]
    public = officer.client.get("/api/v1/public/results").json()["items"]
    assert [one["task"] for one in public] == [number]
    detail = head.get(f"/tasks/{number}").json()
    assert [one["kind"] for one in detail["events"]] == ["issue", "accept", "enter", "record", "publish"]
    assert (
        AuditRecord.objects.filter(actor__startswith="token:officer").filter(action__startswith="supervision.").count()
        == 3
    )
    withdrawn = head.post(f"/tasks/{number}/withdraw", {"reason": "wrong firm"})
    assert withdrawn.json()["withdrawn_at"]
    assert officer.client.get("/api/v1/public/results").json()["items"] == []


def test_a_plan_from_draft_to_its_tasks(town):
    planner, head = town.caller("planner", "supervision.*", "jobs.*"), town.caller("head", "supervision.*")
    made = planner.post("/plans", {"title": "有因检查", "kind": "for_cause", "keys": ["E000", "E001"], "cause": "TS-1"})
    assert made.status_code == 201, made.content
    number = made.json()["number"]
    assert planner.post(f"/plans/{number}/approve").status_code == 403
    assert head.post(f"/plans/{number}/approve").json()["state"] == "approved"
    issued = planner.post(f"/plans/{number}/issue", {})
    assert issued.json()["tasks"] == 2 and issued.json()["plan"]["state"] == "issued"
    assert len(planner.get("/tasks", plan=number).json()["items"]) == 2
    assert planner.get(f"/plans/{number}").json()["progress"]["all"] == 2


def test_a_plan_names_only_what_its_token_sees(town):
    planner = town.caller("planner", "supervision.*", division="980103")
    body = {"title": "t", "kind": "for_cause", "keys": ["E001"], "cause": "x"}
    assert planner.post("/plans", body).status_code == 422  # the firm lies elsewhere
    assert planner.post("/plans", body | {"division": "98"}).status_code == 422
    assert planner.post("/plans", body | {"directory": 999}).json()["where"] == "body.directory"


def test_classes_are_for_those_who_may_see_them(town):
    task = town.tasks[0]
    task.risk_class = "D"
    task.save()
    narrow = town.caller("admin", "supervision.*").get(f"/tasks/{task.number}").json()
    wide = town.caller("admin").get(f"/tasks/{task.number}").json()
    assert (narrow["task"]["risk_class"], wide["task"]["risk_class"]) == ("", "D")


def test_an_entity_s_file_hides_who_stands_behind_it(town):
    said = town.caller("admin").get("/entities/E000").json()
    assert said["entity"]["representative"] != "张三丰" and said["records"] == 0
    assert town.caller("admin").get("/entities/E000/records").json() == {"items": [], "next": None}
