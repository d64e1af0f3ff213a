"""A job is ordered with what caused it, runs once, says how far it is, and tells its end."""

import pytest
from django.db import transaction

from mingcha.apps.accounts.models import AuditRecord, Unit
from mingcha.apps.jobs import running
from mingcha.apps.jobs.models import Job
from mingcha.apps.jobs.progress import standing
from mingcha.apps.jobs.services import job_start, job_stop
from mingcha.apps.jobs.worker import drain
from mingcha.apps.notices.selectors import notices_of
from mingcha.problems import Problem


def start(kind, user, **params):
    return job_start(kind=kind, params=params, user=user, title="Count the shops", url="/entities/")


def test_it_runs_and_tells_its_end(user):
    job = start("tests.count", user, to=4)
    assert job.state == "queued" and job.division == "98"
    drain()
    job.refresh_from_db()
    assert (job.state, job.done, job.total, job.result) == ("done", 4, 4, {"counted": 4})
    notice = notices_of(user).get()
    assert notice.kind == "ok" and notice.url == job.get_absolute_url() and "Count the shops" in notice.said
    assert AuditRecord.objects.get(action="jobs.job.start").user == user


def test_what_is_rolled_back_was_never_ordered(user):
    with pytest.raises(RuntimeError), transaction.atomic():
        start("tests.count", user)
        raise RuntimeError
    drain()
    assert not Job.objects.exists() and not notices_of(user).exists()


def test_the_same_is_not_started_twice(user):
    first = start("tests.count", user, to=2)
    with pytest.raises(Problem) as refused:
        start("tests.count", user, to=2)
    assert str(first.get_absolute_url()) in refused.value.where
    start("tests.count", user, to=3)  # something else
    drain()
    start("tests.count", user, to=2)  # the first has ended


def test_a_problem_is_told_in_its_own_words_and_nothing_is_left(user):
    job = start("tests.writes", user, name="x", fails=True)
    drain()
    job.refresh_from_db()
    assert job.state == "failed" and job.problem["todo_en"] == "Mend it" and job.problem["zh"] == "不行"
    assert not Unit.objects.filter(code="x").exists()
    assert notices_of(user).get().kind == "bad"


def test_a_fault_of_ours_has_a_number_to_tell(user, caplog):
    job = start("tests.breaks", user)
    drain()
    job.refresh_from_db()
    assert job.state == "failed" and str(job.pk) in job.problem["where"] and "ZeroDivisionError" in job.problem["en"]
    assert "ours" in caplog.text


def test_stopped_before_its_turn_it_never_runs(user):
    job = start("tests.writes", user, name="x")
    job_stop(job=job, user=user)
    drain()
    job.refresh_from_db()
    assert job.state == "stopped" and job.stop_by == user and not Unit.objects.filter(code="x").exists()
    assert AuditRecord.objects.get(action="jobs.job.stop").user == user


def test_the_end_that_another_wrote_stays(user):
    job = start("tests.count", user)
    job_stop(job=job, user=user)
    running.end(job, "done", standing(job))
    job.refresh_from_db()
    assert job.state == "stopped" and notices_of(user).count() == 1


def test_a_kind_that_is_gone_fails_and_says_so(user):
    job = start("tests.count", user)
    Job.objects.update(kind="tests.gone")
    drain()
    job.refresh_from_db()
    assert job.state == "failed" and "KeyError" in job.problem["en"]
