"""A list of inspection items as departments write it: its columns by their usual names, each row checked. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mingcha.engines.sheets import Field, Listed, Row, read_listing

from . import cells
from .register_choices import ItemKind, Method

FIELDS = (
    Field("category", ("抽查类别", "检查类别", "类别", "监管领域", "领域", "Category"), down=True),
    Field("code", ("事项编码", "抽查事项编码", "编码", "事项代码", "项目编码", "监管事项编码", "Item code")),
    Field(
        "name",
        (
            "抽查事项",
            "检查事项",
            "随机抽查事项",
            "抽查事项名称",
            "事项名称",
            "检查项目",
            "项目名称",
            "抽查项目",
            "Item",
        ),
        needed=True,
    ),
    Field("kind", ("事项类别", "检查事项类别", "抽查事项类别", "事项类型", "一般重点", "事项性质", "Kind")),
    Field("objects", ("检查对象", "抽查对象", "被检查对象", "监管对象", "检查对象范围", "Objects")),
    Field("method", ("检查方式", "抽查方式", "检查方法", "监管方式", "Methods")),
    Field("level", ("检查主体", "抽查主体", "实施主体", "责任主体", "检查层级", "责任单位", "Who inspects")),
    Field("department", ("牵头部门", "发起部门", "主管部门", "责任部门", "Lead department")),
    Field("joint", ("联合部门", "配合部门", "参与部门", "协同部门", "Joint departments")),
    Field("basis", ("检查依据", "抽查依据", "法律依据", "设定依据", "依据", "Legal basis"), needed=True),
    Field("content", ("检查内容", "抽查内容", "检查要点", "What is checked")),
    Field("ratio", ("抽查比例", "检查比例", "比例", "Ratio")),
    Field("frequency", ("抽查频次", "检查频次", "频次", "抽查频率", "频率", "Frequency")),
    Field("effective_from", ("生效日期", "实施日期", "启用日期", "Effective from")),
    Field("effective_to", ("失效日期", "有效期至", "终止日期", "Effective to")),
    Field("number", ("序号", "No.")),
)
METHODS = (  # what a method is known by
    (Method.ON_SITE, ("现场", "实地", "on_site", "On-site")),
    (Method.DOCUMENTS, ("书面", "资料", "材料", "documents", "Documents")),
    (Method.NETWORK, ("网络", "线上", "在线", "远程", "network", "Network")),
    (Method.SAMPLING, ("抽样", "检验", "检测", "sampling", "Sampling")),
)
LONGEST = {"category": 200, "code": 60, "name": 300, "objects": 500, "level": 300, "department": 100}
LONGEST |= {"ratio": 200, "frequency": 200}


@dataclass
class ItemsRead:
    """`items`: fields of CatalogueItem, in the file's order; `code` is "" where the file gives none."""

    listed: Listed
    items: list[dict[str, Any]] = field(default_factory=list)


def read_items(path: Path) -> ItemsRead:
    """The items of an xlsx or CSV file. Rows that can't be taken are told in `listed.wrong`. Raises Problem."""
    read = ItemsRead(read_listing(path, FIELDS))
    seen: dict[tuple[str, ...], int] = {}
    for row in read.listed.rows:
        before = len(read.listed.wrong)
        item = _item(read.listed, row)
        for key in filter(None, (item["code"] and (item["code"],), sameness(item))):
            if key in seen:
                read.listed.say(
                    row.number,
                    "name",
                    zh=f"与第 {seen[key]} 行重复",
                    en=f"the same item as in row {seen[key]}",
                    todo_zh="请删去一行，或写明不同的事项编码和检查对象。",
                    todo_en="Take one out, or tell them apart by code and objects.",
                )
                break
            seen[key] = row.number
        if len(read.listed.wrong) == before:
            read.items.append(item)
    return read


def sameness(item: dict[str, Any]) -> tuple[str, ...]:
    """What makes an item without a code the same in the next file: category, name, objects and who inspects."""
    return tuple(str(item[name]) for name in ("category", "name", "objects_text", "level"))


def _item(listed: Listed, row: Row) -> dict[str, Any]:
    said = row.cells
    for name, zh, en in (
        ("name", "没有事项名称", "the item has no name"),
        ("basis", "没有检查依据：没有法律依据的事项不得检查", "no legal basis: nothing may be inspected without one"),
        ("objects", "没有写明检查对象", "it doesn't say what is inspected"),
    ):
        if not said[name] and (name != "objects" or "objects" in listed.columns):
            listed.say(row.number, name, zh=zh, en=en, todo_zh="请填写。", todo_en="Fill it in.")
    for name, most in LONGEST.items():
        if len(said[name]) > most:
            listed.say(
                row.number,
                name,
                zh=f"有 {len(said[name])} 个字，最多 {most}",
                en=f"it has {len(said[name])} characters, {most} at most",
                todo_zh="请缩短，详情写入“检查内容”。",
                todo_en="Shorten it; details belong into what is checked.",
            )
    first, last = (_day(listed, row, name) for name in ("effective_from", "effective_to"))
    if first and last and last < first:
        listed.say(row.number, "effective_to", zh="失效日期早于生效日期", en="it ends before it begins")
    return {
        "category": said["category"] or row.banner[:200],
        "code": said["code"],
        "name": said["name"],
        "kind": _kind(listed, row),
        "objects_text": said["objects"],
        "methods": _methods(listed, row),
        "content": said["content"],
        "basis": said["basis"],
        "articles": cells.articles(said["basis"]),
        "level": said["level"],
        "department": said["department"],
        "joint_departments": cells.listed(said["joint"]),
        "ratio": _ratio(listed, row),
        "ratio_text": said["ratio"],
        "times_a_year": cells.times_a_year(said["frequency"]),
        "frequency_text": said["frequency"],
        "effective_from": first,
        "effective_to": last,
    }


def _kind(listed: Listed, row: Row) -> str:
    said = row.cells["kind"]
    if "重点" in said or said.lower().startswith("key"):
        return ItemKind.KEY.value
    if not said or "一般" in said or said.lower().startswith("general"):
        return ItemKind.GENERAL.value
    listed.say(
        row.number,
        "kind",
        zh=f"事项类别“{said}”看不懂",
        en=f"the kind {said!r} isn't understood",
        todo_zh="请写“一般检查事项”或“重点检查事项”。",
        todo_en="Write 一般检查事项 (general) or 重点检查事项 (key).",
    )
    return ""


def _methods(listed: Listed, row: Row) -> list[str]:
    said = row.cells["method"]
    found = [method.value for method, words in METHODS if any(word in said for word in words)]
    if said and not found:
        listed.say(
            row.number,
            "method",
            zh=f"检查方式“{said}”看不懂",
            en=f"the method {said!r} isn't understood",
            todo_zh="可写：现场检查、书面检查、网络监测、抽样检测。",
            todo_en="It may be 现场检查 (on site), 书面检查 (documents), 网络监测 (network), 抽样检测 (sampling).",
        )
    return found


def _ratio(listed: Listed, row: Row) -> Any:
    try:
        return cells.percent(row.cells["ratio"])
    except ValueError as error:
        listed.say(
            row.number,
            "ratio",
            zh=f"抽查比例“{error}”不明确或超过 100%",
            en=f"the ratio {error} is not clear, or above 100%",
            todo_zh="请带百分号填写，如 3%。",
            todo_en="Write it with its sign, like 3%.",
        )
        return None


def _day(listed: Listed, row: Row, name: str) -> Any:
    try:
        return cells.day(row.cells[name])
    except ValueError:
        listed.say(
            row.number,
            name,
            zh=f"日期“{row.cells[name]}”看不懂",
            en=f"{row.cells[name]!r} is no date",
            todo_zh="请写成 2026-01-31 或 2026年1月31日。",
            todo_en="Write it like 2026-01-31.",
        )
        return None
