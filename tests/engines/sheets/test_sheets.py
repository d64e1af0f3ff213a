"""Lists handed in as xlsx or CSV: merged cells, headers wherever they stand, and what is refused before memory goes."""

import io
import tracemalloc
import zipfile
from datetime import date

import pytest
import xlsxwriter

from mingcha.engines.sheets import Bounds, Field, read_grids, read_listing
from mingcha.problems import Problem

FIELDS = (
    Field("category", ("抽查类别", "类别"), down=True),
    Field("name", ("抽查事项", "事项名称"), needed=True),
    Field("ratio", ("抽查比例", "比例")),
    Field("day", ("生效日期",)),
)


@pytest.fixture
def book(tmp_path):
    """book(fill) -> the path of a workbook that `fill(book, sheet)` wrote."""

    def made(fill, name="清单.xlsx", **options):
        path = tmp_path / name
        with xlsxwriter.Workbook(path, options) as one:
            fill(one, one.add_worksheet("清单"))
        return path

    return made


def cells(listed):
    return [tuple(row.cells.values()) for row in listed.rows]


def test_a_list_as_departments_write_it(book):
    def fill(one, sheet):
        sheet.merge_range("A1:E1", "××市市场监督管理局随机抽查事项清单（2026年版）")
        sheet.merge_range("A3:A4", "序号")
        sheet.merge_range("B3:C3", "抽查项目")
        sheet.write_row("B4", ["抽查\n类别", "抽查 事项"])
        sheet.merge_range("D3:D4", "抽查比例（%）")
        sheet.merge_range("E3:E4", "生效日期")
        sheet.merge_range("B5:B6", "食品经营监督检查")
        sheet.write("C5", "校园食品检查")
        sheet.write("C6", "网络餐饮检查")
        sheet.write("D5", 0.03, one.add_format({"num_format": "0%"}))
        sheet.write("D6", 5)
        sheet.write_datetime("E5", date(2026, 1, 1), one.add_format({"num_format": "yyyy年m月d日"}))
        sheet.write("C7", "没有类别的")
        sheet.merge_range("A9:E9", "二、价格行为")
        sheet.write_row("C10", ["明码标价检查", "2.5%"])
        sheet.write("A12", "注：比例为最低值。")

    listed = read_listing(book(fill), FIELDS)
    assert cells(listed) == [
        ("食品经营监督检查", "校园食品检查", "3%", "2026-01-01"),
        ("食品经营监督检查", "网络餐饮检查", "5", ""),
        ("食品经营监督检查", "没有类别的", "", ""),
        ("食品经营监督检查", "明码标价检查", "2.5%", ""),
    ]
    assert [row.number for row in listed.rows] == [5, 6, 7, 10]
    assert listed.rows[3].banner == "二、价格行为" and listed.skipped == [9, 12]
    assert listed.unknown == ["序号"] and not listed.wrong


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_in_any_usual_form(tmp_path, encoding, delimiter):
    path = tmp_path / "a.csv"
    rows = [["类别", "事项名称"], ["食品", "甲"], ["", "乙"], []]
    path.write_bytes("\r\n".join(delimiter.join(r) for r in rows).encode(encoding))
    assert [c[:2] for c in cells(read_listing(path, FIELDS))] == [("食品", "甲"), ("食品", "乙")]


def test_formulas_give_their_values_or_are_told(book):
    def fill(one, sheet):
        sheet.write_row("A1", ["事项名称", "比例"])
        sheet.write("A2", "甲")
        sheet.write_formula("B2", "=1+1", None, 2)
        sheet.write("A3", "乙")
        sheet.write_formula("B3", "=1+1", None, "")
        sheet.write("A4", "丙")
        sheet.write_formula("B4", "=1/0", None, "#DIV/0!")
        sheet.write("A5", "丁")

    path = book(fill)
    raw = io.BytesIO()  # a program that writes formulas without results leaves <v> out
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(raw, "w") as new:
        for part in old.infolist():
            new.writestr(part, old.read(part).replace(b"<v></v>", b"").replace(b' t="str"', b""))
    path.write_bytes(raw.getvalue())
    listed = read_listing(path, FIELDS)
    assert [(c[1], c[2]) for c in cells(listed)] == [("甲", "2"), ("丁", "")]
    assert [(w.row, w.where_zh) for w in listed.wrong] == [
        (3, "工作表“清单”第 3 行“抽查比例”列（B3）"),
        (4, "工作表“清单”第 4 行“抽查比例”列（B4）"),
    ]
    assert "公式" in listed.wrong[0].zh and listed.wrong[0].todo_zh


def test_a_million_rows_are_refused_within_bounded_memory(book):
    def fill(one, sheet):
        sheet.write_row("A1", ["类别", "事项名称"])
        for row in range(1, 200_000):
            sheet.write_number(row, 1, row)

    path = book(fill, constant_memory=True)
    tracemalloc.start()
    with pytest.raises(Problem) as refused:
        read_grids(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "20,000" in refused.value.zh and refused.value.todo_zh
    assert peak < 60 * 2**20


def zipped(path, parts):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in parts.items():
            book.writestr(name, content)
    return path


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = zipped(tmp_path / "b.xlsx", {"xl/workbook.xml": "<a/>", "xl/worksheets/sheet1.xml": b"0" * (200 * 2**20)})
    tracemalloc.start()
    with pytest.raises(Problem, match="beyond bounds"):
        read_grids(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * 2**20


def test_declared_sizes_that_lie_are_noticed(tmp_path):
    path = zipped(tmp_path / "c.xlsx", {"xl/workbook.xml": b"<a>" + b" " * 1_000_000 + b"</a>"})
    raw = path.read_bytes()
    size = (1_000_007).to_bytes(4, "little")
    assert raw.count(size) == 2
    path.write_bytes(raw.replace(size, (7).to_bytes(4, "little")))
    with pytest.raises(Problem, match="damaged"):
        read_grids(path)


def test_entities_are_not_expanded(tmp_path):
    text = '<!DOCTYPE a [<!ENTITY b "cccc">]><workbook>&b;</workbook>'
    with pytest.raises(Problem, match="damaged"):
        read_grids(zipped(tmp_path / "d.xlsx", {"xl/workbook.xml": text}))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 100, "old xls"),
        (b"%PDF-1.7", "PDF"),
        (b"<html><table>", "web page"),
        (b"\x89PNG\r\n", "picture"),
        (b"PK\x03\x04" + b"x" * 50, "damaged"),
        (b"\xff\xff\xff\x80,\x80", "neither UTF-8"),
    ],
)
def test_other_files_are_refused_with_what_they_are(tmp_path, content, said):
    path = tmp_path / "e.xlsx"
    path.write_bytes(content)
    with pytest.raises(Problem, match=said) as refused:
        read_grids(path)
    assert refused.value.todo_zh


def test_macros_and_other_archives_are_refused(tmp_path):
    with pytest.raises(Problem, match="macros"):
        read_grids(zipped(tmp_path / "f.xlsm", {"xl/workbook.xml": "<a/>", "xl/vbaProject.bin": "x"}))
    with pytest.raises(Problem, match="no xlsx workbook"):
        read_grids(zipped(tmp_path / "g.zip", {"a.txt": "x"}))


def test_bounds_on_columns_and_characters(book):
    with pytest.raises(Problem, match="81 列"):
        read_grids(book(lambda one, sheet: sheet.write(0, 80, "x")))
    with pytest.raises(Problem, match="characters"):
        read_grids(book(lambda one, sheet: sheet.write(0, 0, "x" * 99)), Bounds(characters=50))


def test_without_a_header_it_says_which_columns_are_missing(book):
    with pytest.raises(Problem) as refused:
        read_listing(book(lambda one, sheet: sheet.write_row("A1", ["抽查类别", "别的"])), FIELDS)
    assert "抽查事项" in refused.value.zh and "事项名称" in refused.value.todo_zh


def test_hidden_sheets_are_not_read(book):
    def fill(one, sheet):
        sheet.write("A1", "说明")
        two = one.add_worksheet("旧")
        two.write("A1", "事项名称")
        two.hide()

    assert [grid.name for grid in read_grids(book(fill))] == ["清单"]
