"""Training, scoring and backtests ordered from the desk: who may, once at a time, and what the jobs do."""

import datetime as dt

import pytest

from mingcha.apps.jobs.models import Job
from mingcha.apps.jobs.worker import drain
from mingcha.apps.risk import tasks
from mingcha.apps.risk.models import Backtest
from mingcha.apps.risk.services import backtests

POINT = "spot_inspections|violation"
ORDERS = [
    ("/risk/models/train/", {"point": POINT, "until": "2026-01-01"}, "risk.model.train"),
    ("/risk/models/M-1/score/", {"as_of": "2026-01-01"}, "risk.scores.refresh"),
    ("/risk/backtests/run/", {"point": POINT, "window": "2"}, "risk.backtest.run"),
]


@pytest.mark.parametrize(("address", "said", "kind"), ORDERS)
def test_a_planner_of_the_bureau_orders_it_once_at_a_time(city, desk, address, said, kind):
    client = desk(city.user("planner"))
    first = client.post(address, said)
    job = Job.objects.get()
    assert first.status_code == 302 and first.url == job.get_absolute_url()
    assert (job.kind, job.user) == (kind, city.user("planner"))
    assert client.post(address, said).status_code == 400 and Job.objects.count() == 1  # a double click
    assert client.get(address).status_code == 405


@pytest.mark.parametrize(("address", "said", "kind"), ORDERS)
def test_who_may_not_order_it(city, desk, address, said, kind):
    for role in ("officer", "clerk", "auditor", "head", "community"):
        assert desk(city.user(role)).post(address, said).status_code == 403, role
    assert desk(city.user("planner", city.river)).post(address, said).status_code == 403  # a district's
    assert not Job.objects.exists()


def test_bad_input_is_told(city, desk):
    client = desk(city.user("planner"))
    for address, said in (
        ("/risk/models/train/", {"point": "nothing|x"}),
        ("/risk/models/train/", {"point": POINT, "until": "yesterday"}),
        ("/risk/backtests/run/", {"point": POINT, "window": "0"}),
        ("/risk/models/M-1/score/", {"as_of": "2026-13-01"}),
    ):
        assert client.post(address, said).status_code == 400, said
    assert client.post("/risk/models/M-9/score/", {}).status_code == 404
    assert not Job.objects.exists()


def test_the_buttons_are_offered_to_who_may(city, desk):
    page = desk(city.user("planner")).get("/risk/models/").content.decode()
    assert "/risk/models/train/" in page and "/risk/backtests/run/" in page
    assert "/risk/models/M-1/score/" in desk(city.user("planner")).get("/risk/models/M-1/").content.decode()
    for user in (city.user("auditor"), city.user("planner", city.river)):
        page = desk(user).get("/risk/models/").content.decode()
        assert "/risk/models/train/" not in page and "/risk/backtests/run/" not in page


def test_the_jobs_call_the_services_with_who_ordered_them(city, desk, monkeypatch):
    asked = {}

    def trained(*, report, **given):
        asked["train"] = given
        report("一", "one")
        return city.model

    def scored(*, model, progress, **given):
        asked["score"] = given | {"model": model.number}
        progress(1, 2)
        return {"scored": 3, "classes": {}, "as_of": "2026-01-01", "in_force": True, "file": "x"}

    monkeypatch.setattr(tasks, "model_train", trained)
    monkeypatch.setattr(tasks, "scores_refresh", scored)
    client = desk(city.user("planner"))
    for address, said, _ in ORDERS[:2]:
        client.post(address, said)
    drain()
    assert [job.state for job in Job.objects.all()] == ["done", "done"]
    user, day = city.user("planner"), dt.date(2026, 1, 1)
    assert asked["train"] == {"dataset": "spot_inspections", "risk_point": "violation", "until": day, "user": user}
    assert asked["score"] == {"model": "M-1", "as_of": day, "user": user}


def test_a_backtest_is_kept_and_shown(city, desk, monkeypatch):
    figures = {"auc": 0.71, "auc_ci95": [0.6, 0.8], "days_earlier": 2.5}
    row = {"from": "2025-01-01", "to": "2025-02-28", "trained_on": 9, "test_rows": 90, "positives": 12,
           "retained": {"factors": ["a"], "with_stringency_removed": figures, "with_inspector": figures},
           "baselines": {"logistic": {"auc": 0.65}, "rule": {"auc": 0.6}, "random": {"auc": float("nan")}}}  # fmt: skip
    monkeypatch.setattr(backtests, "rolling_report", lambda *a, **k: {"retained": ["a"], "rolling": [row]})
    client = desk(city.user("planner"))
    client.post(*ORDERS[2][:2])
    drain()
    kept = Backtest.objects.get()
    page = client.get(f"/risk/backtests/{kept.pk}/").content.decode()
    assert "0.710" in page and "0.650" in page and "+2.5" in page
    assert f"/risk/backtests/{kept.pk}/" in client.get("/risk/models/M-1/").content.decode()
    assert f"/risk/backtests/{kept.pk}/" in client.get("/risk/backtests/").content.decode()
    assert desk(city.user("officer")).get(f"/risk/backtests/{kept.pk}/").status_code == 403
