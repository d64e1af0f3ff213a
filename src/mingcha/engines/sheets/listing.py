"""A list in a grid: its header found wherever it stands, columns by any of their names, a verdict on each row."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mingcha.problems import Problem

from .grid import Bounds, Grid, read_grids

HEADER_WITHIN = 30  # rows from the top in which the header must stand
_NOTE = re.compile(r"^(注|备注|说明|填表|制表|合计|总计)")


@dataclass(frozen=True)
class Field:
    """A column. `names`: what it may be called; the first is the one that messages use. `down`: an empty cell means
    the same as above, as lists with merged cells have it when they were saved as CSV."""

    name: str
    names: tuple[str, ...]
    needed: bool = False
    down: bool = False


@dataclass(frozen=True)
class Wrong:
    """What is wrong with a row, and what to do. `where`: sheet, row, column as the user sees them."""

    row: int
    where_zh: str
    where_en: str
    zh: str
    en: str
    todo_zh: str = ""
    todo_en: str = ""


@dataclass
class Row:
    """One row: {field: text}, "" where there is nothing. `banner`: the last line that spans the table above it."""

    number: int
    cells: dict[str, str]
    banner: str = ""


@dataclass
class Listed:
    """What was read. `unknown`: heads of columns that no field takes. `skipped`: rows that hold a heading or a note."""

    sheet: str
    columns: dict[str, int]
    rows: list[Row] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)
    fields: tuple[Field, ...] = ()

    def say(self, number: int, name: str, *, zh: str, en: str, todo_zh: str = "", todo_en: str = "") -> None:
        """Note that the cell of field `name` in row `number` is wrong."""
        sheet_zh = f"工作表“{self.sheet}”" if self.sheet else ""
        sheet_en = f"sheet {self.sheet}, " if self.sheet else ""
        head = next((f.names[0] for f in self.fields if f.name == name), name)
        letter = column_letter(self.columns[name]) if name in self.columns else ""
        cell = f"（{letter}{number}）" if letter else ""
        self.wrong.append(
            Wrong(
                number,
                f"{sheet_zh}第 {number} 行“{head}”列{cell}",
                f"{sheet_en}row {number}, column {head}" + (f" ({letter}{number})" if letter else ""),
                zh,
                en,
                todo_zh,
                todo_en,
            )
        )


def read_listing(path: Path, fields: Sequence[Field], bounds: Bounds | None = None) -> Listed:
    """The list of a file: the first visible sheet that has a header with all columns that are needed. A row whose cells
    can't be read is told in `wrong` and left out. Raises Problem where there is no such header."""
    best: tuple[int, list[Field], str] | None = None
    for grid in read_grids(path, bounds):
        heads = [columns_of(row, fields) for row in grid.rows[:HEADER_WITHIN]]
        lacks = [[f for f in fields if f.needed and f.name not in columns] for columns in heads]
        whole = [at for at, missing in enumerate(lacks) if not missing]
        if whole:  # of a header in two lines the one that tells more
            at = max(whole, key=lambda at: (len(heads[at]), -at))
            return _read(grid, at, heads[at], tuple(fields))
        for at, missing in enumerate(lacks):
            if heads[at] and (best is None or len(missing) < len(best[1])):
                best = grid.numbers[at], missing, grid.name
    lacking = best[1] if best else [f for f in fields if f.needed]
    names = "；".join("/".join(f.names[:4]) for f in lacking)
    place = f": {best[2]} {best[0]}" if best else ""
    raise Problem(
        zh=f"找不到表头，缺少列：{'、'.join(f.names[0] for f in lacking)}。",
        en=f"There is no header with all needed columns; missing: {', '.join(f.names[0] for f in lacking)}.",
        where=f"{path}{place}",
        todo_zh=f"表头应在前 {HEADER_WITHIN} 行之内。列名可以是：{names}。",
        todo_en=f"It must stand within the first {HEADER_WITHIN} rows. The columns may be called: {names}.",
    )


def plain(head: str) -> str:
    """A head without blanks, line breaks, brackets and what stands in them."""
    return re.sub(r"[（(【\[].*?[)）】\]]|[\s*＊:：_\-]", "", head).casefold()


def column_letter(column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def columns_of(cells: Sequence[str], fields: Sequence[Field]) -> dict[str, int]:
    """Field -> column of a row, if it were the header. The first column of a name counts."""
    heads = [plain(cell) for cell in cells]
    found = {}
    for one in fields:
        wanted = [plain(name) for name in one.names]
        places = [heads.index(name) for name in wanted if name in heads]
        if places:
            found[one.name] = places[0]
    return found


def _read(grid: Grid, at: int, columns: dict[str, int], fields: tuple[Field, ...]) -> Listed:
    known = {plain(name) for one in fields for name in one.names}
    heads = grid.rows[at]
    unknown = [" ".join(h.split()) for i, h in enumerate(heads) if h and i not in columns.values()]
    listed = Listed(grid.name, columns, unknown=list(dict.fromkeys(unknown)), fields=fields)
    data = [columns[one.name] for one in fields if one.needed]
    above: dict[str, str] = {}
    banner = ""
    for place in range(at + 1, len(grid.rows)):
        row = grid.rows[place]
        filled = [cell for cell in row if cell]
        wrong = [name for name, column in columns.items() if (place, column) in grid.faults]
        if not filled and not wrong:
            continue
        if filled and sum(plain(cell) in known for cell in filled) * 2 > len(filled):
            continue  # a second line of the header, or the header again on the next page
        if _across(row, filled, data) and not wrong:
            if not _NOTE.match(filled[0]) and not filled[0].isdigit():
                banner = filled[0]
            listed.skipped.append(grid.numbers[place])
            continue
        number = grid.numbers[place]
        for name in wrong:
            _say_fault(listed, number, name, grid.faults[place, columns[name]])
        if wrong:
            continue
        cells = {one.name: "" for one in fields}
        cells |= {name: row[column] if column < len(row) else "" for name, column in columns.items()}
        for one in fields:
            if one.down:
                cells[one.name] = above[one.name] = cells[one.name] or above.get(one.name, "")
        listed.rows.append(Row(number, cells, banner))
    return listed


def _across(row: Sequence[str], filled: Sequence[str], data: Collection[int]) -> bool:
    """A line across the table: the heading of a section, or a note below it. `data`: columns without which a row is
    none; whoever filled in one of them alone meant a row."""
    if not filled or len(set(filled)) > 1:
        return False
    return len(filled) > 1 or bool(_NOTE.match(filled[0])) or not any(row[i] for i in data if i < len(row))


def _say_fault(listed: Listed, number: int, name: str, fault: str) -> None:
    if fault == "formula":
        listed.say(
            number,
            name,
            zh="是公式，文件里没有存下计算结果",
            en="it is a formula, and the file holds no result of it",
            todo_zh="用 Excel 打开、重新计算后保存，或把公式粘贴为数值。",
            todo_en="Open it in Excel, let it calculate and save, or paste the value in place of the formula.",
        )
    else:
        listed.say(
            number,
            name,
            zh="单元格是错误值（如 #REF!）",
            en="the cell holds an error (like #REF!)",
            todo_zh="请改正公式，或填入数值。",
            todo_en="Mend the formula, or write the value.",
        )
