"""How to make this room's objects for tests/web/test_guards.py."""

import itertools

from mingcha.apps.jobs.models import Job

_number = itertools.count(1)


def a_job(division: str, owner=None) -> Job:
    return Job.objects.create(kind="test.nothing.do", key=str(next(_number)), title="t", division=division, user=owner)


OBJECTS = {"jobs:pk": lambda division: {"pk": a_job(division).pk}}
ROWS = {"jobs.Job": a_job}
