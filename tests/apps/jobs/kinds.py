"""Jobs of the tests, and a worker that knows them: `python -m tests.apps.jobs.kinds work|start KIND KEY|states`."""

import json
import sys
import time
from pathlib import Path

from mingcha.apps.jobs.registry import job
from mingcha.problems import Problem


@job("tests.count")
def count(job, to=3, note=""):
    for done in range(to):
        job.progress(done, to, said=f"no. {done}")
        if note:
            time.sleep(0.05)
    if note:
        with Path(note).open("a") as file:
            file.write(f"{job.id}\n")
    job.progress(to, to)
    return {"counted": to}


@job("tests.patient", again=True)
def patient(job, note, seconds):
    with Path(note).open("a") as file:
        file.write(f"{job.id}\n")
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        job.progress(1, 2)
        time.sleep(0.05)


job("tests.impatient")(patient)


@job("tests.writes")
def writes(job, name, fails=False, stops=None):
    from django.db import transaction

    from mingcha.apps.accounts.models import Unit

    with transaction.atomic():
        Unit.objects.create(code=name, name=name)
        job.progress(1, 2, said="written")
        if fails:
            raise Problem(zh="不行", en="No", where="here", todo_zh="改", todo_en="Mend it")
        if stops:
            deadline = time.monotonic() + stops
            while time.monotonic() < deadline:
                job.progress(1, 2)
                time.sleep(0.05)


@job("tests.breaks")
def breaks(job):
    raise ZeroDivisionError("ours")


def main(words):
    from mingcha.instance import open_django

    open_django()
    from mingcha.apps.jobs import services, worker
    from mingcha.apps.jobs.models import Job

    if words[0] == "work":
        worker.heed_signals()
        with worker.alone() as ours:
            if ours:
                worker.work()
    elif words[0] == "start":
        made = services.job_start(kind=words[1], params=json.loads(words[2]), user=None, title="t", key=words[3])
        print(made.pk)
    elif words[0] == "stop":
        services.job_stop(job=Job.objects.get(pk=words[1]), user=None)
    else:
        from mingcha.apps.jobs.progress import standing

        rows = [
            {"id": j.pk, "state": j.state, "at": standing(j).done, "attempts": j.attempts, "problem": j.problem}
            for j in Job.objects.filter(kind__startswith="tests.").order_by("pk")  # not what the rounds begin
        ]
        print(json.dumps(rows))


if __name__ == "__main__":
    main(sys.argv[1:])
