"""The clock of an appeal's answer. Its length is a rule of law (`risk.appeal.answer`), never a number in code."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone

from mingcha.apps.accounts.models import User
from mingcha.apps.law.choices import Unit
from mingcha.apps.law.models import Clock
from mingcha.apps.law.selectors import clocks_of, rule_in_force
from mingcha.apps.law.services import clock_meet, clock_start
from mingcha.problems import Problem

from .models import Appeal

RULE = "risk.appeal.answer"
ROLE = "head"  # whose it is: answers bind, and no one person is named


def answer_start(appeal: Appeal, user: User | None) -> None:
    """Start it when the appeal is written down."""
    clock_start(
        rule=RULE,
        subject=appeal,
        title=f"{appeal.number} {appeal.entity}",
        url=reverse("risk:appeal", args=[appeal.number]),
        division=appeal.entity.division,
        started=timezone.localtime(appeal.filed_at),
        user=user,
        role=ROLE,
    )


def answer_meet(appeal: Appeal, user: User | None) -> None:
    """Meet it when the appeal is answered."""
    clock_meet(subject=appeal, rule=RULE, user=user)


def answer_clock(appeal: Appeal) -> Clock | None:
    """The appeal's clock; None for one of a time before clocks."""
    return clocks_of(appeal).filter(key=RULE).first()


def answer_days(division: str = "") -> int | None:
    """Working days that the answer may take, where a rule says so in that unit."""
    try:
        rule = rule_in_force(RULE, division=division)
    except Problem:
        return None
    return int(rule.value) if rule.value is not None and rule.unit == Unit.WORKING_DAY else None
