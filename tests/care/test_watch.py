"""Health, figures and logs of a running server."""

import json
import logging

import pytest
from django.test import RequestFactory, override_settings

from mingcha.care.logs import JsonFormatter, TextFormatter
from mingcha.care.proxy import FORWARDED

pytestmark = pytest.mark.django_db


def test_alive_and_ready(client):
    assert client.get("/healthz").content == b"ok\n"
    assert client.get("/readyz").json() == {"database": True, "migrations": True}
    assert client.post("/healthz").status_code == 405


def test_not_ready_while_a_migration_is_pending(client, monkeypatch):
    from mingcha.care import views

    monkeypatch.setattr(views, "_migrated", lambda: False)
    answer = client.get("/readyz")
    assert answer.status_code == 503 and answer.json() == {"database": True, "migrations": False}


@pytest.mark.parametrize(
    ("token", "about", "status"),
    [
        ("", {}, 200),  # from this machine
        ("", {"REMOTE_ADDR": "203.0.113.9"}, 404),
        ("", {FORWARDED: True}, 404),  # through a proxy that nobody trusts
        ("secret-token", {}, 404),
        ("secret-token", {"HTTP_AUTHORIZATION": "Bearer secret-token", "REMOTE_ADDR": "203.0.113.9"}, 200),
        ("secret-token", {"HTTP_AUTHORIZATION": "Bearer secret-tokem", "REMOTE_ADDR": "203.0.113.9"}, 404),
    ],
)
def test_who_may_have_the_figures(client, token, about, status):
    with override_settings(METRICS_TOKEN=token):
        assert client.get("/metrics", **about).status_code == status


def test_figures_of_requests_sign_ins_and_the_lake(client):
    client.post("/account/sign-in/", {"username": "nobody", "password": "wrong"})
    text = client.get("/metrics").content.decode()
    assert 'mingcha_requests_total{method="POST",status="200",view="accounts:login"}' in text
    assert 'mingcha_sign_in_failures_total{kind="password"}' in text
    for name in ("jobs", "imports", "draws", "lake_bytes", "database_bytes", "request_seconds_bucket"):
        assert f"mingcha_{name}" in text


def test_a_request_s_line_names_no_one(client, caplog):
    with caplog.at_level(logging.INFO, "mingcha.request"):
        client.get("/entities/?q=张三")
    line = json.loads(JsonFormatter().format(caplog.records[-1]))
    assert {"at", "level", "request", "view", "status", "ms", "user", "queries"} <= line.keys()
    assert line["view"] == "entities:list" and "张三" not in json.dumps(line, ensure_ascii=False)
    assert "view=entities:list" in TextFormatter().format(caplog.records[-1])


def test_a_fault_has_its_trace_and_the_request_s_id(caplog):
    from mingcha.apps.accounts.middleware import request_id

    request = RequestFactory().get("/entities/?q=张三")
    token = request_id.set("f" * 32)
    try:
        try:
            raise ValueError("broken")
        except ValueError:
            logging.getLogger("django.request").error(
                "%s: %s", "Internal Server Error", "/entities/张三", exc_info=True, extra={"request": request}
            )
        line = json.loads(JsonFormatter().format(caplog.records[-1]))
    finally:
        request_id.reset(token)
    assert line["request"] == "f" * 32 and line["error"] == "ValueError" and "broken" in line["trace"]
    assert "张三" not in line["message"]


@override_settings(MAX_BODY=1000)
def test_too_large_a_body_is_refused_in_the_user_s_words(client):
    said = client.post("/account/sign-in/", {"username": "x" * 2000})
    assert said.status_code == 413 and "最多" in said.content.decode()
    client.cookies["django_language"] = "en"
    assert "at most" in client.post("/account/sign-in/", {"username": "x" * 2000}).content.decode()
    part = client.post("/account/sign-in/", {"username": "x" * 2000}, headers={"HX-Request": "true"})
    assert part.status_code == 413 and part.headers["X-Problem"] == "1" and b"<html" not in part.content


@override_settings(MAX_BODY=1000)
def test_another_system_is_told_in_its_own_form(client):
    body = {"title": "x" * 2000}
    headers = {"Accept-Language": "en", "Idempotency-Key": "large-000001"}
    said = client.post("/api/v1/leads", body, content_type="application/json", headers=headers)
    assert said.status_code == 413 and said.headers["Content-Type"] == "application/problem+json"
    assert said.json()["type"].endswith("#too-large") and said.headers["Connection"] == "close"
    assert said.headers["Content-Language"] == "en"
