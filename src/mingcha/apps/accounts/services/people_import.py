"""People and their certificates from a table: good rows are kept, and each bad cell is told by its row and column."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction

from mingcha.engines.sheets import Field, Wrong, read_listing
from mingcha.problems import Problem

from ..choices import Role
from ..models import Unit, User
from .certificates import certificate_save
from .users import user_change, user_enlist

FIELDS = (
    Field("username", ("用户名", "账号", "username"), needed=True),
    Field("name", ("姓名", "name")),
    Field("role", ("角色", "role"), needed=True),
    Field("unit", ("单位代码", "unit"), needed=True),
    Field("password", ("初始密码", "password")),
    Field("certificate", ("执法证号", "证件号", "certificate")),
    Field("scopes", ("执法范围", "scopes")),
    Field("issuer", ("发证机关", "issuer")),
    Field("valid_from", ("有效期自", "发证日期", "valid from")),
    Field("valid_to", ("有效期至", "valid to")),
)


@dataclass
class PeopleImport:
    """How many people were added and changed, how many certificates entered, and what was left out."""

    added: int = 0
    changed: int = 0
    certificates: int = 0
    faults: list[Wrong] = field(default_factory=list)


class _Cell(Exception):
    def __init__(self, column: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.column, self.zh, self.en = column, zh, en


def people_import(*, path: Path, user: User | None = None) -> PeopleImport:
    """Add or change the people of a table, and enter their certificates; each row whole or not at all. Problem where
    the file is no such table."""
    listed = read_listing(path, FIELDS)
    report, seen = PeopleImport(), {}
    units = {unit.code: unit for unit in Unit.objects.select_related("parent")}
    for row in listed.rows:
        given = row.cells
        try:
            if first := seen.get(given["username"]):
                raise _Cell("username", f"与第 {first} 行重复", f"the same as in row {first}")
            with transaction.atomic():
                _row(given, units, report, user)
            seen[given["username"]] = row.number
        except _Cell as fault:
            listed.say(row.number, fault.column, zh=fault.zh, en=fault.en)
        except Problem as problem:
            column = "certificate" if "证号" in problem.zh or "执法证" in problem.zh else "username"
            zh, en = (" ".join(filter(None, (said, problem.where))) for said in (problem.zh, problem.en))
            said = {"zh": zh, "en": en, "todo_zh": problem.todo_zh, "todo_en": problem.todo_en}
            listed.say(row.number, column, **said)
    report.faults = sorted(listed.wrong, key=lambda wrong: wrong.row)
    return report


def _row(given: dict[str, str], units: dict[str, Unit], report: PeopleImport, user: User | None) -> None:
    if not given["username"]:
        raise _Cell("username", "未填写", "it is empty")
    role = _role(given["role"])
    unit = units.get(given["unit"])
    if unit is None:
        raise _Cell("unit", f"没有代码为“{given['unit']}”的单位", f"there is no unit with the code {given['unit']!r}")
    account = User.objects.select_related("unit").filter(username=given["username"]).first()
    certificate = _certificate(given)
    if account is None:
        account = user_enlist(
            username=given["username"],
            password=given.get("password", ""),
            role=role,
            unit=unit,
            name=given.get("name", ""),
            user=user,
        )
        added, changed = 1, 0
    else:
        before = (account.name, account.role, account.unit_id)
        user_change(account=account, name=given.get("name") or account.name, role=role, unit=unit, user=user)
        added, changed = 0, int(before != (account.name, account.role, account.unit_id))
    if certificate:
        certificate_save(account=account, user=user, **certificate)
    report.added += added
    report.changed += changed
    report.certificates += bool(certificate)


def _role(text: str) -> str:
    from django.utils import translation

    for role in Role:
        names = {role.value}
        for language in ("zh-hans", "en"):
            with translation.override(language):
                names.add(str(role.label))
        if text in names:
            return role.value
    raise _Cell("role", f"没有“{text}”这个角色", f"there is no role {text!r}")


def _certificate(given: dict[str, str]) -> dict | None:
    number = given.get("certificate", "")
    if not number:
        return None
    dates = {}
    for column in ("valid_from", "valid_to"):
        text = given.get(column, "")
        dates[column] = _date(text)
        if dates[column] is None:
            raise _Cell(column, f"“{text}”不是日期（如 2026-01-31）", f"{text!r} is no date (such as 2026-01-31)")
    if dates["valid_to"] < dates["valid_from"]:
        raise _Cell("valid_to", "早于有效期起日", "it is before the day from which it is valid")
    scopes = given.get("scopes", "").replace("；", ";").replace("、", ";").replace("，", ";").split(";")
    return {"number": number, "scopes": scopes, "issuer": given.get("issuer", ""), **dates}


def _date(text: str) -> datetime.date | None:
    for pattern in ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日"):
        try:
            return datetime.datetime.strptime(text, pattern).date()  # noqa: DTZ007 a day has no zone
        except ValueError:
            continue
    return None
