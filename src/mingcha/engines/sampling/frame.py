"""The frame that is drawn from, read from a CSV or Parquet file: who may be drawn, who stands outside and why."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mingcha.engines.sampling.allocation import Allocation, allocate, given
from mingcha.problems import Problem

# what a column may be called; the first name is the one that the documentation uses
COLUMNS: dict[str, tuple[str, ...]] = {
    "id": ("id", "entity", "uscc", "统一社会信用代码", "对象编号"),
    "stratum": ("stratum", "层", "分层"),
    "score": ("score", "probability", "风险分"),
    "class": ("class", "risk_class", "信用风险类别", "类别"),
    "pi": ("pi", "入样概率"),
    "visits": ("visits", "已检查次数"),
    "must_visit": ("must_visit", "重点监管"),
    "reserved": ("reserved", "待另案抽取"),
    "area": ("area", "辖区"),
    "skills": ("skills", "专业"),
}
YES, NO = {"1", "true", "yes", "y", "是"}, {"", "0", "false", "no", "n", "否"}


@dataclass(frozen=True)
class Frame:
    """Eligible units in order of id; columns that the source lacks are None.

    `focused`: ids that must be visited, listed apart from the draw. `capped`: ids at their yearly cap, outside
    the frame, so that the estimates speak of the eligible frame only. `reserved`: outside too, since another frozen
    frame may bring their year's last visit.
    """

    ids: list[str]
    strata: list[str]
    scores: NDArray[np.float64] | None = None
    classes: list[str] | None = None
    pi: NDArray[np.float64] | None = None
    areas: list[str] | None = None
    skills: list[str] | None = None
    focused: list[str] = field(default_factory=list)
    capped: list[str] = field(default_factory=list)
    reserved: list[str] = field(default_factory=list)


def read_frame(path: Path, cap: int | None = None) -> Frame:
    """The frame in `path`. Columns: COLUMNS, of which only id is needed; without a stratum all are one stratum.

    `cap`: visits a year at which a unit leaves the frame (column visits). Raises Problem, naming file and row.
    """
    table = read_table(path)
    columns = {
        name: next((table[alias] for alias in aliases if alias in table), None) for name, aliases in COLUMNS.items()
    }
    ids = columns["id"]
    if ids is None:
        raise Problem(
            zh="名录缺少 id 列",
            en="The frame has no column id",
            where=str(path),
            todo_zh=f"可用列名：{'、'.join(COLUMNS['id'])}",
            todo_en=f"Its name may be any of {', '.join(COLUMNS['id'])}",
        )
    _check_ids(ids, path)
    if cap is not None and columns["visits"] is None:
        raise Problem(
            zh="给了年度检查上限，名录却没有 visits 列",
            en="A yearly cap is given, but the frame has no column visits",
            where=str(path),
            todo_zh="请加入各户本年度已检查次数。",
            todo_en="Add each unit's visits of this year.",
        )
    total = len(ids)
    must, held = (_flags(columns[name], name, total, path) for name in ("must_visit", "reserved"))
    visits = None if columns["visits"] is None else _numbers(columns["visits"], "visits", path)
    capped = np.zeros(total, dtype=bool) if cap is None or visits is None else visits >= cap
    kept = [i for i in sorted(range(total), key=ids.__getitem__) if not (must[i] or capped[i] or held[i])]

    def pick(name: str) -> list[str] | None:
        column = columns[name]
        return None if column is None else [column[i] for i in kept]

    def numbers(name: str) -> NDArray[np.float64] | None:
        column = columns[name]
        return None if column is None else _numbers(column, name, path)[kept]

    strata = pick("stratum")
    if strata is not None and not all(strata):
        blank = ids[kept[strata.index("")]]
        raise Problem(
            zh=f"对象 {blank} 没有层",
            en=f"Unit {blank} has no stratum",
            where=f"{path}, stratum",
            todo_zh="每个对象都要属于一层；不分层时删去该列。",
            todo_en="Each unit needs a stratum; without strata, leave the column out.",
        )
    return Frame(
        ids=[ids[i] for i in kept],
        strata=["all"] * len(kept) if strata is None else strata,
        scores=numbers("score"),
        classes=pick("class"),
        pi=numbers("pi"),
        areas=pick("area"),
        skills=pick("skills"),
        focused=sorted(ids[i] for i in np.flatnonzero(must)),
        capped=sorted(ids[i] for i in np.flatnonzero(capped & ~must)),
        reserved=sorted(ids[i] for i in np.flatnonzero(held & ~capped & ~must)),
    )


def probabilities(frame: Frame, take: int | Mapping[str, int] | None, **options: Any) -> Allocation:
    """The frame's own pi where it has them (then no `take`), else `allocate` by score and class."""
    if frame.pi is None:
        if take is None:
            raise Problem(
                zh="没有给出户次",
                en="The number of visits is not given",
                todo_zh="请用 --take 给出总户次，或各层户次。",
                todo_en="Give --take: visits in all, or by stratum.",
            )
        return allocate(frame.strata, take, scores=frame.scores, classes=frame.classes, **options)
    allocation = given(frame.strata, frame.pi, frame.ids, options["ceiling"])
    if take is not None and take != sum(sizes["n"] for sizes in allocation.strata.values()):
        raise Problem(
            zh=f"名录自带的入样概率之和不是 {take} 户次",
            en=f"The frame brings its own pi, and they don't sum to {take} visits",
            todo_zh="请去掉 --take，或去掉 pi 列。",
            todo_en="Leave out --take, or the column pi.",
        )
    return allocation


def read_table(path: Path) -> dict[str, list[str]]:
    """Columns of text, stripped, of a CSV (UTF-8 or GB18030) or Parquet file. Raises Problem."""
    if not path.is_file():
        raise Problem(zh="找不到名录文件", en="There is no such file", where=str(path))
    if path.suffix == ".parquet":
        return _parquet(path)
    raw = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            content = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Problem(
            zh="名录的编码既不是 UTF-8 也不是 GB18030",
            en="The file is neither UTF-8 nor GB18030",
            where=str(path),
            todo_zh="请另存为 UTF-8 的 CSV。",
            todo_en="Save it as CSV in UTF-8.",
        )
    try:
        rows = [row for row in csv.reader(io.StringIO(content, newline=""), strict=True) if row]
    except csv.Error as error:
        raise Problem(
            zh=f"名录不是完好的 CSV：{error}", en=f"The file is not sound CSV: {error}", where=str(path)
        ) from None
    if not rows:
        raise Problem(zh="名录是空文件", en="The file is empty", where=str(path))
    head = [name.strip() for name in rows[0]]
    if len(set(head)) < len(head):
        raise Problem(zh="名录的表头有重名的列", en="Two columns have the same name", where=str(path))
    short = next((number for number, row in enumerate(rows[1:], 2) if len(row) != len(head)), None)
    if short:
        raise Problem(
            zh=f"第 {short} 行有 {len(rows[short - 1])} 列，表头有 {len(head)} 列",
            en=f"Row {short} has {len(rows[short - 1])} fields, the head has {len(head)}",
            where=str(path),
            todo_zh="含逗号的值要加引号；文件可能被截断。",
            todo_en="Quote values that hold a comma; the file may be cut off.",
        )
    columns = zip(*rows[1:], strict=True) if len(rows) > 1 else ((),) * len(head)
    return {name: [value.strip() for value in column] for name, column in zip(head, columns, strict=True)}


def _parquet(path: Path) -> dict[str, list[str]]:
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise Problem(
            zh=f"名录不是完好的 Parquet：{error}", en=f"The file is not sound Parquet: {error}", where=str(path)
        ) from None
    return {
        name: ["" if value is None else str(value).strip() for value in table[name].to_pylist()]
        for name in table.column_names
    }


def _check_ids(ids: Sequence[str], path: Path) -> None:
    if len(set(ids)) == len(ids) and all(ids):
        return
    seen: dict[str, int] = {}
    for row, name in enumerate(ids, 2):
        if not name or name in seen:
            raise Problem(
                zh=f"编号 {name} 重复（首次在第 {seen[name]} 行）" if name else "编号为空",
                en=f"The id {name} stands twice (first in row {seen[name]})" if name else "The id is empty",
                where=f"{path}, row {row}, id",
                todo_zh="每个对象只能出现一次；请先合并或删除。",
                todo_en="Each unit may stand there once; merge or delete it first.",
            )
        seen[name] = row


def _numbers(column: Sequence[str], name: str, path: Path) -> NDArray[np.float64]:
    """Finite numbers of 0 or more."""
    try:
        values = np.array(column, dtype=np.float64)
    except ValueError:
        values = np.array([_number(value) for value in column])
    wrong = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
    if len(wrong):
        rows = ", ".join(f"{row + 2} ({column[row] or '—'})" for row in wrong[:5])
        raise Problem(
            zh=f"{name} 应为不小于 0 的数，{len(wrong)} 行不是",
            en=f"{name} must be a number of 0 or more; {len(wrong)} rows are not",
            where=f"{path}, {name}, row {rows}",
        )
    return values


def _number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return float("nan")


def _flags(column: Sequence[str] | None, name: str, rows: int, path: Path) -> NDArray[np.bool_]:
    if column is None:
        return np.zeros(rows, dtype=bool)
    said = [value.lower() for value in column]
    strange = next((row for row, value in enumerate(said) if value not in YES | NO), None)
    if strange is not None:
        raise Problem(
            zh=f"{name} 应为是或否，而不是“{column[strange]}”",
            en=f"{name} must be yes or no, not {column[strange]!r}",
            where=f"{path}, row {strange + 2}, {name}",
        )
    return np.array([value in YES for value in said])
