"""How to make this room's objects for tests/web/test_guards.py."""

import datetime
import itertools

from mingcha.apps.law.models import Clock, Rule

_number = itertools.count(1)


def a_clock(division: str, owner=None) -> Clock:
    day = datetime.date(2026, 1, 1)
    rule, _ = Rule.objects.get_or_create(
        key="test.rule",
        defaults={"title_zh": "t", "title_en": "t", "unit": "working_day", "effective_from": day, "mark": "S"},
    )
    return Clock.objects.create(
        rule=rule,
        key="test.rule",
        subject_type="test.thing",
        subject_id=str(next(_number)),
        title="t",
        url="/",
        division=division,
        assignee=owner,
        started_on=day,
        due_on=day,
        warn_on=day,
    )


ROWS = {"law.Clock": a_clock}

OBJECTS = {"law:pk": lambda division: {"pk": a_clock(division).pk}}
WHOLE = {
    "law:on": "the law is everybody's",
    "law:key": "the law is everybody's",
    "law:year": "the calendar is the whole instance's",
    "law:day": "the calendar is the whole instance's",
}
