"""Writes: the shipped rules into the database, and amendments."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from mingcha.apps.accounts.models import User
from mingcha.apps.accounts.permissions import whole_bureau
from mingcha.apps.accounts.services import audit_record
from mingcha.problems import Problem

from .. import shipped
from ..choices import PERIODS, Mark, RestDay, Unit
from ..models import Rule
from ..rules import Calendar, due

# What a clock follows: never changed in a row by which one has run.
GOVERNING = ("value", "unit", "terms", "before", "rest_day", "pauses", "extensions", "effective_to")
_DEFAULTS: dict[str, Any] = {
    "value": None,
    "terms": {},
    "starts": {},
    "note": {},
    "before": False,
    "rest_day": RestDay.NEXT,
    "pauses": [],
    "extensions": [],
    "article": "",
    "effective_to": None,
}


@transaction.atomic
def rules_load() -> tuple[int, int]:
    """Bring the shipped rules in: how many were added and how many changed. Idempotent. An administrator's own rows
    stay as they are; of a shipped row by which a clock has run only the words change."""
    there = {(r.key, r.division, r.effective_from): r for r in Rule.objects.all()}
    used = set(Rule.objects.filter(clocks__isnull=False).values_list("pk", flat=True).distinct())
    new, changed = [], []
    for entry in shipped.rows():
        row = there.get((entry["key"], entry.get("division", ""), entry["effective_from"]))
        if row is None:
            new.append(Rule(shipped=True, **entry))
        elif row.shipped:
            wanted = _DEFAULTS | entry
            names = [n for n, v in wanted.items() if getattr(row, n) != v and not (row.pk in used and n in GOVERNING)]
            for name in names:
                setattr(row, name, wanted[name])
            if names:
                changed.append(row)
    Rule.objects.bulk_create(new)
    for row in changed:
        row.save()
    return len(new), len(changed)


@transaction.atomic
def rule_amend(
    *,
    rule: Rule,
    effective_from: dt.date,
    user: User | None,
    reason: str,
    value: Decimal | int | None = None,
    unit: str = "",
    division: str | None = None,
    effective_to: dt.date | None = None,
    law: str = "",
    article: str = "",
    mark: str = Mark.SECONDARY,
    rest_day: str = "",
    terms: dict | None = None,
) -> Rule:
    """A new version of `rule` from a day on, for its division or one below. What isn't given stays. The old row is
    left as it is, for the records that it governs.

    Problem: no reason, a day on which a version begins already, an end before the beginning, a value that is none,
    terms that lack something, a place outside the jurisdiction of `user`.
    """
    unit, division = unit or rule.unit, rule.division if division is None else division.strip()
    value = rule.value if value is None else Decimal(value)
    if not reason.strip():
        raise Problem(
            zh="没有写明修订的理由。",
            en="The reason of the amendment is missing.",
            where=rule.key,
            todo_zh="请写明依据的文件或决定。",
            todo_en="Name the document or decision that it follows.",
        )
    if effective_to and effective_to < effective_from:
        raise Problem(
            zh=f"失效日 {effective_to} 早于生效日 {effective_from}。",
            en=f"It would end on {effective_to}, before it begins on {effective_from}.",
            where=rule.key,
        )
    if division and not division.isdigit():
        raise Problem(
            zh=f"“{division}”不是区划代码。",
            en=f"{division!r} is no division code.",
            where=rule.key,
            todo_zh="请填写数字区划代码；全部适用的留空。",
            todo_en="Give its digits, or leave it empty for everywhere.",
        )
    _check_say(rule.key, user, division)
    if unit not in Unit.values or mark not in Mark.values or (rest_day and rest_day not in RestDay.values):
        raise Problem(
            zh="单位、来源标记或末日规则不在可选之列。",
            en="The unit, mark or rest-day rule is unknown.",
            where=rule.key,
        )
    _check_value(rule.key, value, unit)
    if terms is not None:
        _check_terms(rule, terms)
    copied = ("key", "title_zh", "title_en", "starts", "before", "pauses", "extensions", "note")
    row = Rule(
        **{name: getattr(rule, name) for name in copied},
        value=value,
        unit=unit,
        terms=rule.terms if terms is None else terms,
        rest_day=rest_day or rule.rest_day,
        law=law or rule.law,
        article=article or ("" if law and law != rule.law else rule.article),
        mark=mark,
        effective_from=effective_from,
        effective_to=effective_to,
        division=division,
        reason=reason.strip(),
        made_by=user,
    )
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise Problem(
            zh=f"这条规则自 {effective_from} 起已有一个版本。",
            en=f"This rule has a version that begins on {effective_from} already.",
            where=rule.key,
            todo_zh="请另选生效日。",
            todo_en="Choose another day.",
        ) from None
    audit_record(
        user=user,
        action="law.rule.amend",
        obj=row,
        before={"rule": rule.pk, "value": _plain(rule.value), "unit": rule.unit, "terms": rule.terms},
        after={
            "key": row.key,
            "value": _plain(value),
            "unit": unit,
            "terms": row.terms,
            "from": effective_from.isoformat(),
            "to": effective_to and effective_to.isoformat(),
            "division": division,
            "reason": row.reason,
        },
    )
    return row


def _check_say(key: str, user: User | None, division: str) -> None:
    """The bureau itself may amend for anywhere, a unit below it for where it is in charge."""
    if user is None or whole_bureau(user):
        return
    own = user.unit.division if user.unit else ""
    if not own or not division.startswith(own):
        raise Problem(
            zh=f"“{division or '全部'}”不在您的辖区之内，不能修订那里适用的规则。",
            en=f"{division or 'Everywhere'} isn't within your jurisdiction: you can't amend what holds there.",
            where=key,
            todo_zh=f"请填写以 {own} 开头的区划代码，或报上级单位办理。" if own else "请报上级单位办理。",
            todo_en=f"Give a division that begins with {own}, or ask the bureau." if own else "Ask the bureau.",
        )


def _check_terms(rule: Rule, terms: dict) -> None:
    """Whoever reads the terms finds in a new version what the old one had, and of the same kind."""
    missing = [name for name in rule.terms if name not in terms]
    other = [name for name, old in rule.terms.items() if name in terms and _kind(terms[name]) != _kind(old)]
    if missing or other:
        raise Problem(
            zh="；".join(
                filter(None, (missing and f"缺少 {'、'.join(missing)}", other and f"{'、'.join(other)} 的类型不对"))
            )
            + "。",
            en="; ".join(
                filter(
                    None, (missing and f"Missing: {', '.join(missing)}", other and f"Wrong kind: {', '.join(other)}")
                )
            )
            + ".",
            where=rule.key,
            todo_zh="请在原条款的基础上修改，保留全部项目。",
            todo_en="Change the terms as they stand, and leave every entry in.",
        )


def _kind(value: Any) -> type:
    """Of a value of JSON: yes or no, number, text, list, object; whole numbers and others are of one kind."""
    return float if type(value) is int else type(value)


def _check_value(key: str, value: Decimal | None, unit: str) -> None:
    if unit in (Unit.FLAG, Unit.TERMS):
        return
    wrong = value is None or value < 0
    if not wrong and unit in PERIODS:
        wrong = value != value.to_integral_value()
        if not wrong:
            try:
                wrong = value > 40_000 or due(dt.date(2026, 1, 1), [(int(value), unit)], Calendar()).on.year > 2200
            except (OverflowError, ValueError):
                wrong = True
    if wrong:
        raise Problem(
            zh=f"“{value}”不是可用的数值。",
            en=f"{value} is no value that this rule can have.",
            where=key,
            todo_zh="期限请填非负整数，其他请填非负数。",
            todo_en="A period is a whole number, not negative; other values aren't negative.",
        )


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.normalize():f}"
