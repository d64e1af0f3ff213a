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
# why a unit stands outside a frame: what the parties sign, in words
REASONS: dict[str, tuple[str, str]] = {
    "focused": ("重点监管，不经抽取直接检查", "under focused supervision, visited without a draw"),
    "cap": ("已达年度检查上限", "has had the year's visits"),
    "reserved": ("另一已冻结的计划可能用掉其本年度最后一次检查", "another frozen plan may bring the year's last visit"),
    "other_industry": ("其他行业", "of another industry"),
    "not_in_directory": ("不在本计划的对象名录内", "not in the plan's directory"),
    "not_in_operation": ("不在营（注销、吊销等）", "not in operation"),
    "provisional": (
        "尚未对应到登记主体（以免一户有两次机会）",
        "not yet tied to a registered entity: a firm could have two chances",
    ),
    "unknown_status": ("经营状态不明", "not known to be in operation"),
    "unscored": ("没有现行评分", "has no score in force"),
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

    def values(column: Sequence[str], name: str) -> NDArray[np.float64]:
        return _numbers(column, name, table, path)

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
    _check_ids(ids, table, path)
    if cap is not None and columns["visits"] is None:
        raise Problem(
            zh="给了年度检查上限，名录却没有 visits 列",
            en="A yearly cap is given, but the frame has no column visits",
            where=str(path),
            todo_zh="请加入各户本年度已检查次数。",
            todo_en="Add each unit's visits of this year.",
        )
    total = len(ids)
    must, held = (_flags(columns[name], name, table, total, path) for name in ("must_visit", "reserved"))
    visits = None if columns["visits"] is None else values(columns["visits"], "visits")
    capped = np.zeros(total, dtype=bool) if cap is None or visits is None else visits >= cap
    kept = [i for i in sorted(range(total), key=ids.__getitem__) if not (must[i] or capped[i] or held[i])]

    def pick(name: str) -> list[str] | None:
        column = columns[name]
        return None if column is None else [column[i] for i in kept]

    def numbers(name: str) -> NDArray[np.float64] | None:
        column = columns[name]
        return None if column is None else values(column, name)[kept]

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


class Table(dict[str, list[str]]):
    """Columns by name. `lines`: of each record, the line of the file on which it begins; none in a Parquet file."""

    lines: list[int]

    def record(self, i: int) -> str:
        """How a message names the i-th record, from 0: as quarantine counts them, and as an editor shows them."""
        return f"record {i + 1}" + (f" (line {self.lines[i]})" if self.lines else "")


def reasons(counts: Mapping[str, int]) -> tuple[str, str]:
    """How many units stand outside a frame, by reason, in both languages. An unknown reason is given as it is."""
    said = [(*REASONS.get(name, (name, name)), n) for name, n in counts.items()]
    return "，".join(f"{zh} {n:,}" for zh, _, n in said), ", ".join(f"{en} {n:,}" for _, en, n in said)


def read_table(path: Path) -> Table:
    """Columns of text, stripped, of a CSV (UTF-8 or GB18030) or Parquet file. Raises Problem."""
    if not path.is_file():
        raise Problem(
            zh="找不到文件",
            en="There is no such file",
            where=str(path),
            todo_zh=f"请核对路径；当前目录是 {Path.cwd()}。",
            todo_en=f"Check the path; this is {Path.cwd()}.",
        )
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
        rows, lines, begins = [], [], 1
        reader = csv.reader(io.StringIO(content, newline=""), strict=True)
        for row in reader:
            if row:
                rows.append(row)
                lines.append(begins)
            begins = reader.line_num + 1
    except csv.Error as error:
        raise Problem(
            zh=f"名录不是完好的 CSV：{error}",
            en=f"The file is not sound CSV: {error}",
            where=f"{path}, line {begins}",
            todo_zh="含逗号、引号的值要加引号；请另存为 CSV 再试。",
            todo_en="Quote values that hold commas or quotes; save it as CSV again.",
        ) from None
    if not rows:
        raise Problem(
            zh="名录是空文件",
            en="The file is empty",
            where=str(path),
            todo_zh="第一行写列名，至少有 id；以下每行一个对象。",
            todo_en="Its first line names the columns, at least id; each line after it is a unit.",
        )
    head = [name.strip() for name in rows[0]]
    if len(set(head)) < len(head):
        raise Problem(zh="名录的表头有重名的列", en="Two columns have the same name", where=str(path))
    table = Table()
    table.lines = lines[1:]
    short = next((i for i, row in enumerate(rows[1:]) if len(row) != len(head)), None)
    if short is not None:
        raise Problem(
            zh=f"有 {len(rows[short + 1])} 列，表头有 {len(head)} 列",
            en=f"{len(rows[short + 1])} fields, but the head has {len(head)}",
            where=f"{path}, {table.record(short)}",
            todo_zh="含逗号的值要加引号；文件可能被截断。",
            todo_en="Quote values that hold a comma; the file may be cut off.",
        )
    columns = zip(*rows[1:], strict=True) if len(rows) > 1 else ((),) * len(head)
    table.update({name: [value.strip() for value in column] for name, column in zip(head, columns, strict=True)})
    return table


def _parquet(path: Path) -> Table:
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise Problem(
            zh=f"名录不是完好的 Parquet：{error}", en=f"The file is not sound Parquet: {error}", where=str(path)
        ) from None
    out = Table({
        name: ["" if value is None else str(value).strip() for value in table[name].to_pylist()]
        for name in table.column_names
    })  # fmt: skip
    out.lines = []
    return out


def _check_ids(ids: Sequence[str], table: Table, path: Path) -> None:
    if len(set(ids)) == len(ids) and all(ids):
        return
    seen: dict[str, int] = {}
    for i, name in enumerate(ids):
        if not name or name in seen:
            raise Problem(
                zh=f"编号 {name} 重复（首次：{table.record(seen[name])}）" if name else "编号为空",
                en=f"The id {name} stands twice (first in {table.record(seen[name])})" if name else "The id is empty",
                where=f"{path}, {table.record(i)}, id",
                todo_zh="每个对象只能出现一次；请先合并或删除。",
                todo_en="Each unit may stand there once; merge or delete it first.",
            )
        seen[name] = i


def _numbers(column: Sequence[str], name: str, table: Table, path: Path) -> NDArray[np.float64]:
    """Finite numbers of 0 or more."""
    try:
        values = np.array(column, dtype=np.float64)
    except ValueError:
        values = np.array([_number(value) for value in column])
    wrong = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
    if len(wrong):
        rows = ", ".join(f"{table.record(row)}: {column[row] or '—'}" for row in wrong[:5].tolist())
        raise Problem(
            zh=f"{name} 应为不小于 0 的数，{len(wrong)} 处不是",
            en=f"{name} must be a number of 0 or more; {len(wrong)} are not",
            where=f"{path}, {name}, {rows}",
            todo_zh="没有该值的对象，请补上或移出名录；小数用点，不带百分号。",
            todo_en="Fill it in, or take units without it out of the frame; write decimals with a point and no percent "
            "sign.",
        )
    return values


def _number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return float("nan")


def _flags(column: Sequence[str] | None, name: str, table: Table, rows: int, path: Path) -> NDArray[np.bool_]:
    if column is None:
        return np.zeros(rows, dtype=bool)
    said = [value.lower() for value in column]
    strange = next((row for row, value in enumerate(said) if value not in YES | NO), None)
    if strange is not None:
        raise Problem(
            zh=f"{name} 应为是或否，而不是“{column[strange]}”",
            en=f"{name} must be yes or no, not {column[strange]!r}",
            where=f"{path}, {table.record(strange)}, {name}",
            todo_zh="写 1 或 0，是或否；空白即否。",
            todo_en="Write 1 or 0, yes or no; empty means no.",
        )
    return np.array([value in YES for value in said])
