"""A register of inspectors as departments hand it in: its columns by their usual names, each row checked. Pure: what
the instance knows of districts, units, accounts and firms comes in as `Known`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mingcha.engines.sheets import Field, Listed, Row, read_listing

from . import cells

FIELDS = (
    Field("number", ("人员编号", "工号", "编号", "id", "Number")),
    Field("name", ("姓名", "人员姓名", "检查人员", "name"), needed=True),
    Field("department", ("所属部门", "部门", "执法部门", "department"), down=True),
    Field("unit", ("单位", "所在单位", "执法单位", "科室", "所属单位", "unit"), down=True),
    Field("areas", ("辖区", "执法区域", "片区", "负责区域", "区域", "areas")),
    Field("skills", ("执法专业", "专业", "执法领域", "执法类别", "业务专长", "scopes", "skills")),
    Field("certificate", ("执法证号", "执法证件号", "执法证编号", "证件编号", "证件号", "证号", "certificate")),
    Field(
        "certified_to",
        ("证件有效期至", "有效期至", "证件有效期", "有效期限", "到期日期", "到期日", "certified", "certified until"),
        needed=True,
    ),
    Field("load", ("承担户次", "承担户次上限", "户次上限", "任务上限", "load", "visits at most")),
    Field("conflicts", ("回避对象", "应回避对象", "回避企业", "conflicts")),
    Field("account", ("账号", "用户名", "account")),
    Field("active", ("是否在岗", "在岗", "状态", "是否可抽", "can be drawn")),
    Field("note", ("备注", "note")),
    Field("no", ("序号", "No.")),
)
YES = {"", "是", "在岗", "在职", "可抽", "1", "true", "yes"}
NO = {"否", "离岗", "离职", "退休", "不可抽", "0", "false", "no"}
LOAD = 20  # visits a quarter, where a list doesn't say


@dataclass(frozen=True)
class Known:
    """`districts`: names as the entities have them; empty: none are known and any goes. `units`: name or code -> pk.
    `accounts`: user name -> pk. `firms`: key -> pk of the entities that the list names."""

    districts: Collection[str] = ()
    units: Mapping[str, int] = field(default_factory=dict)
    accounts: Mapping[str, int] = field(default_factory=dict)
    firms: Mapping[str, int] = field(default_factory=dict)


@dataclass
class InspectorsRead:
    """`people`: fields of Inspector, with `conflicts` as primary keys of entities."""

    listed: Listed
    people: list[dict[str, Any]] = field(default_factory=list)


def read_rows(path: Path) -> Listed:
    """The rows of an xlsx or CSV file. Raises Problem."""
    return read_listing(path, FIELDS)


def firms_named(listed: Listed) -> set[str]:
    """The keys of all firms that somebody is to stay away from."""
    return {key for row in listed.rows for key in cells.listed(row.cells["conflicts"])}


def check_rows(listed: Listed, known: Known) -> InspectorsRead:
    """The people of `listed`. Rows that can't be taken are told in `listed.wrong`."""
    read = InspectorsRead(listed)
    seen: dict[str, int] = {}
    for row in listed.rows:
        before = len(listed.wrong)
        person = _person(listed, row, known)
        number = person["number"]
        if number in seen:
            listed.say(
                row.number,
                "number" if row.cells["number"] else "certificate",
                zh=f"编号“{number}”与第 {seen[number]} 行重复",
                en=f"the number {number} stands in row {seen[number]} already",
                todo_zh="每人一行，编号不得重复。",
                todo_en="One row a person, each with a number of its own.",
            )
        elif number:
            seen[number] = row.number
        if len(listed.wrong) == before:
            read.people.append(person)
    return read


def _person(listed: Listed, row: Row, known: Known) -> dict[str, Any]:
    said = row.cells
    number = said["number"] or said["certificate"]
    if not said["name"]:
        listed.say(
            row.number, "name", zh="没有姓名", en="the name is missing", todo_zh="请填写。", todo_en="Fill it in."
        )
    if not number:
        listed.say(
            row.number,
            "number",
            zh="没有人员编号，也没有执法证号",
            en="there is neither a number nor a certificate",
            todo_zh="至少填写一项，用来认出同一个人。",
            todo_en="Give one of them: the same person is known by it.",
        )
    for name, most in (("number", 40), ("certificate", 60), ("name", 60), ("department", 100), ("note", 300)):
        if len(said[name]) > most:
            zh, en = f"有 {len(said[name])} 个字，最多 {most}", f"it has {len(said[name])} characters, {most} at most"
            listed.say(row.number, name, zh=zh, en=en)
    areas = cells.listed(said["areas"])
    if strange := [area for area in areas if known.districts and area not in known.districts]:
        some = "、".join(sorted(known.districts)[:12])
        listed.say(
            row.number,
            "areas",
            zh=f"没有这个辖区：{'、'.join(strange)}",
            en=f"no entity lies in {', '.join(strange)}",
            todo_zh=f"须与主体所在区划的名称一致：{some}。",
            todo_en=f"Name districts as the entities have them: {some}.",
        )
    return {
        "number": number,
        "name": said["name"],
        "department": said["department"] or ("" if said["unit"] in known.units else said["unit"][:100]),
        "unit_id": known.units.get(said["unit"]),
        "areas": areas,
        "skills": cells.listed(said["skills"]),
        "certificate": said["certificate"],
        "certified_to": _certified(listed, row),
        "load": _load(listed, row),
        "active": _active(listed, row),
        "account_id": _account(listed, row, known),
        "note": said["note"],
        "conflicts": _conflicts(listed, row, known),
    }


def _certified(listed: Listed, row: Row) -> Any:
    said = row.cells["certified_to"]
    try:
        day = cells.day(said)
    except ValueError:
        day = None
    if day is None:
        listed.say(
            row.number,
            "certified_to",
            zh=f"证件有效期“{said}”不是日期" if said else "没有证件有效期：无证不得派出检查",
            en=f"{said!r} is no date" if said else "the certificate's last day is missing: nobody inspects without one",
            todo_zh="请写成 2027-06-30 或 2027年6月30日。",
            todo_en="Write it like 2027-06-30.",
        )
    return day


def _load(listed: Listed, row: Row) -> int:
    said = row.cells["load"]
    if not said:
        return LOAD
    if said.isdigit() and int(said) <= 9_999:
        return int(said)
    listed.say(
        row.number,
        "load",
        zh=f"承担户次“{said}”应为 0 至 9999 的整数",
        en=f"{said!r} is no whole number from 0 to 9999",
        todo_zh=f"不填按每季度 {LOAD} 户次。",
        todo_en=f"Empty means {LOAD} a quarter.",
    )
    return LOAD


def _active(listed: Listed, row: Row) -> bool:
    said = row.cells["active"].lower()
    if said not in YES | NO:
        listed.say(
            row.number,
            "active",
            zh=f"“{said}”看不懂",
            en=f"{said!r} isn't understood",
            todo_zh="请写“是”或“否”。",
            todo_en="Write 是 (yes) or 否 (no).",
        )
    return said in YES


def _account(listed: Listed, row: Row, known: Known) -> int | None:
    said = row.cells["account"]
    if said and said not in known.accounts:
        listed.say(
            row.number,
            "account",
            zh=f"没有账号“{said}”，或不在您的辖区",
            en=f"there is no account {said!r} in your jurisdiction",
            todo_zh="外单位人员没有账号，请留空。",
            todo_en="People of other departments have none: leave it empty.",
        )
    return known.accounts.get(said)


def _conflicts(listed: Listed, row: Row, known: Known) -> list[int]:
    keys = cells.listed(row.cells["conflicts"])
    if strange := [key for key in keys if key not in known.firms]:
        listed.say(
            row.number,
            "conflicts",
            zh=f"没有这些主体：{'、'.join(strange[:5])}",
            en=f"there are no such entities: {', '.join(strange[:5])}",
            todo_zh="请填写统一社会信用代码，用“；”隔开。",
            todo_en="Give unified social credit codes, separated by ;",
        )
    return [known.firms[key] for key in keys if key in known.firms]
