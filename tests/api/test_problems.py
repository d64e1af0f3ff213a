"""Refusals say what, where and what to do, in the caller's language; limits hold."""

import json

import pytest
from tests.api.conftest import Caller


def problem(response, status: int, kind: str) -> dict:
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == status and body["type"].endswith(f"#{kind}")
    assert body["instance"] == response.headers["X-Request-Id"]
    return body


def test_a_problem_of_ours_says_what_where_and_what_to_do(town):
    number = town.tasks[0].number
    officer = town.caller("officer", "supervision.*")
    said = problem(officer.post(f"/tasks/{number}/enter"), 422, "refused")
    assert (said["where"] == number and "accepted" in said["detail"]) or said["todo"]


def test_the_language_is_the_caller_s(town):
    path = f"/tasks/{town.tasks[0].number}/close"
    zh = problem(town.caller("officer", "supervision.*", language="zh-CN,zh;q=0.9").post(path), 422, "refused")
    en = problem(town.caller("officer", "supervision.*", language="en-GB").post(path), 422, "refused")
    assert zh["title"] == "不能办理" and "任务现为" in zh["detail"]
    assert en["title"] == "It can't be done" and en["detail"].startswith("The task is")
    none = Caller()
    none.headers = {}
    assert none.get("/tasks").headers["Content-Language"] == "zh-hans"


def test_what_isn_t_filled_in_right_is_named(town):
    said = problem(town.caller("admin", "leads.*").post("/leads", {"source": "nowhere"}), 422, "invalid")
    assert {one["where"] for one in said["errors"]} == {"body.title", "body.source"}


def test_a_time_says_its_zone(town):
    asked = {"entity": "E1", "reason": "x", "basis": "x", "place": "x", "by": ["x"], "at": "2030-01-01T09:00:00"}
    said = problem(town.caller("admin", "credit.*").post("/interviews", asked), 422, "invalid")
    assert [one["where"] for one in said["errors"]] == ["body.at"]


@pytest.mark.parametrize("text", ["{", "", "[1", "\x00"])
def test_a_body_that_can_t_be_read(town, text):
    caller = town.caller("admin", "leads.*")
    headers = caller.headers | {"Idempotency-Key": "key-00000001"}
    said = caller.client.post("/api/v1/leads", text, content_type="application/json", headers=headers)
    assert said.status_code in (400, 422) and said.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
def test_a_text_that_no_database_takes(town, text):
    caller = town.caller("admin", "leads.*")
    headers = caller.headers | {"Idempotency-Key": "key-00000001"}
    said = caller.client.post(
        "/api/v1/leads", json.dumps({"title": text}), content_type="application/json", headers=headers
    )
    assert said.status_code in (400, 422), said.content


def test_a_question_that_no_database_takes(town):
    problem(town.caller("admin").get("/appeals", entity="a\x00"), 400, "malformed")


def test_wrong_addresses_and_methods_are_problems_too(town):
    caller = town.caller("admin")
    problem(caller.get("/nothing/here"), 404, "not-found")
    problem(caller.get("/tasks/%00"), 400, "malformed")
    refused = caller.post("/entities")
    problem(refused, 405, "method")
    assert refused.headers["Allow"] == "GET"


def test_a_body_too_large_isn_t_read(town, settings):
    settings.API_MAX_BODY = 100
    caller = town.caller("admin", "leads.*")
    problem(caller.post("/leads", {"title": "x" * 200}), 413, "too-large")


def test_a_token_has_so_many_requests_a_minute(town, settings):
    settings.API_RATE = 3
    caller, other = town.caller("admin"), town.caller("admin")
    said = [caller.get("/entities") for _ in range(5)]
    assert 429 in {one.status_code for one in said}
    if (last := said[-1]).status_code == 429:  # the minute may have turned
        problem(last, 429, "too-many")
        assert 0 < int(last.headers["Retry-After"]) <= 60
    assert other.get("/entities").status_code == 200


def test_who_guesses_tokens_is_shut_out(town, settings):
    settings.API_FAILURES = 3
    good = town.caller("admin")
    for _ in range(8):
        Caller("mct_guess").get("/entities")
    assert Caller("mct_guess").get("/entities").status_code == 429
    assert good.get("/entities").status_code == 429  # from the same address


def test_the_public_has_its_limit(town, settings):
    settings.API_PUBLIC_RATE = 3
    said = {Caller().get("/public/results").status_code for _ in range(8)}
    assert said == {200, 429}


def test_the_reference_and_the_schema_are_open(client, db):
    made = client.get("/api/v1/openapi.json").json()
    assert made["openapi"].startswith("3.1") and len(made["paths"]) > 60
    page = client.get("/api/v1/docs/").content.decode()
    assert "task_accept" in page and "<script" not in page and "style=" not in page
