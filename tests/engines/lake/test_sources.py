"""The same rows from CSV, xlsx and Parquet; headers found by name; files refused that don't fit."""

import datetime as dt
import gzip

import duckdb
import pytest
import xlsxwriter
from tests.engines.lake.deliveries import contract, deliver, write

from mingcha.problems import Problem

THINGS = contract(
    [
        {"name": "id", "physicalName": "编号", "primaryKey": True},
        {"name": "size", "physicalName": "数量", "logicalType": "integer"},
        {"name": "share", "physicalName": "比例", "logicalType": "number"},
        {"name": "day", "physicalName": "日期", "logicalType": "date", "logicalTypeOptions": {"format": "yyyy/MM/dd"}},
        {"name": "open", "physicalName": "营业", "logicalType": "boolean"},
        {"name": "codes", "physicalName": "代码", "logicalType": "array", "logicalTypeOptions": {"separator": " "}},
    ]
)
HEAD = ["编号", "数量", "比例", "日期", "营业", "代码"]
ROWS = [
    ("91440606748023528A", 12, 0.5, dt.date(2014, 3, 5), True, ["3", "12"]),
    ("0012", None, 41.0, dt.date(2014, 12, 31), False, ["7"]),
    ('x,"y"', -7, -1.25, None, None, None),
]
FIELDS = "id, size, share, day, open, codes"


def as_csv(path, delimiter=",", rows=ROWS, head=HEAD):
    def cell(value):
        if value is None:
            return ""
        if isinstance(value, list):
            return " ".join(value)
        if isinstance(value, dt.date):
            return value.strftime("%Y/%m/%d")
        text = str(value)
        return '"' + text.replace('"', '""') + '"' if delimiter in text or '"' in text else text

    return write(path, "\n".join(delimiter.join(map(cell, row)) for row in [head, *rows]) + "\n")


def as_xlsx(path, above=()):
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("说明").write(0, 0, "填表说明")
        sheet = book.add_worksheet("数据")
        date = book.add_format({"num_format": "yyyy-mm-dd"})
        for i, line in enumerate([*above, HEAD]):
            sheet.write_row(i, 0, line)
        for i, row in enumerate(ROWS, len(above) + 1):
            for j, value in enumerate(row):
                if isinstance(value, dt.date):
                    sheet.write_datetime(i, j, dt.datetime.combine(value, dt.time()), date)
                elif isinstance(value, bool):
                    sheet.write_boolean(i, j, value)
                elif isinstance(value, (int, float)):
                    sheet.write_number(i, j, value)
                elif value is not None:
                    sheet.write_string(i, j, " ".join(value) if isinstance(value, list) else value)
        sheet.write_blank(len(ROWS) + 30, 0, None, date)  # formatted, but empty
    return path


def as_parquet(path):
    duckdb.execute(
        "CREATE OR REPLACE TEMP TABLE t "
        "(编号 VARCHAR, 数量 INTEGER, 比例 DOUBLE, 日期 DATE, 营业 BOOLEAN, 代码 VARCHAR[])"
    )
    duckdb.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)", ROWS)
    duckdb.execute(f"COPY t TO '{path}' (FORMAT parquet)")
    return path


def zipped(path):
    path.write_bytes(gzip.compress(as_csv(path.with_suffix("")).read_bytes()))
    return path


@pytest.mark.parametrize(
    "make",
    [
        lambda d: as_csv(d / "x.csv"),
        lambda d: as_csv(d / "x.csv", ";"),
        lambda d: as_csv(d / "x.tsv", "\t"),
        lambda d: as_csv(d / "no name at all", "|"),
        lambda d: zipped(d / "x.csv.gz"),
        lambda d: as_xlsx(d / "x.xlsx"),
        lambda d: as_xlsx(d / "x.xlsx", above=(["二〇一四年统计表"], [], ["单位：佛山"])),
        lambda d: as_parquet(d / "x.parquet"),
        lambda d: as_parquet(d / "in truth parquet.csv"),
    ],
    ids=["comma", "semicolon", "tab", "bar", "gzip", "xlsx", "title rows", "parquet", "misnamed"],
)
def test_every_kind_of_file_gives_the_same_rows(tmp_path, make):
    done = deliver(tmp_path / "lake", THINGS, make(tmp_path))
    assert done.held() == []
    assert done.rows(FIELDS) == sorted(ROWS, key=lambda r: r[0])
    assert sorted(done.rows("_row, id")) == [(i, r[0]) for i, r in enumerate(ROWS, 1)]


def test_columns_go_by_name_in_any_order_and_others_are_not_taken(tmp_path):
    rows = [("secret", *reversed(row)) for row in ROWS]
    path = as_csv(tmp_path / "x.csv", rows=rows, head=["身份证号", *reversed(HEAD)])
    done = deliver(tmp_path / "lake", THINGS, path)
    assert done.rows(FIELDS) == sorted(ROWS, key=lambda r: r[0])
    assert done.staged.files[0].not_taken == ["身份证号"]


def test_headers_fit_whatever_their_case_width_and_blanks(tmp_path):
    said = contract([{"name": "id", "physicalName": "ID No", "primaryKey": True}, {"name": "name"}])
    path = write(tmp_path / "x.csv", "ＩＤ　Ｎｏ , NAME\n1,a\n")
    assert deliver(tmp_path / "lake", said, path).rows("id, name") == [("1", "a")]


def refused(tmp_path, path) -> Problem:
    with pytest.raises(Problem) as caught:
        deliver(tmp_path / "lake", THINGS, path)
    assert caught.value.zh
    assert caught.value.todo_zh
    assert str(path) in caught.value.where
    return caught.value


def test_a_missing_column_is_named_with_what_the_file_has(tmp_path):
    path = as_csv(tmp_path / "x.csv", head=["编号", "数量", "比率", "日期", "营业", "代码"])
    problem = refused(tmp_path, path)
    assert "1 columns are missing: 比例" in problem.en
    assert "比率" in problem.todo_en


def test_two_columns_of_one_name_are_refused(tmp_path):
    path = as_csv(tmp_path / "x.csv", head=[*HEAD, "编号"], rows=[(*row, "9") for row in ROWS])
    assert "same name" in refused(tmp_path, path).en


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("x.csv", b"", "it is empty"),
        ("x.csv", b"\n\n", "it is empty"),
        ("x.xls", b"<html><table><tr><td>x</td></tr></table>", "web page"),
        ("x.pdf", b"%PDF-1.7\n", "a PDF"),
        ("x.json", b'[{"a": 1}]', "JSON"),
        ("x.zip", b"PK\x03\x04\x14\x00\x00\x00\x08\x00data.csv", "unpack"),
        ("x.parquet", b"PAR1\x15\x04\x15\x10 and no more", "truncated or damaged"),
        ("x.xlsx", b"PK\x03\x04[Content_Types].xml and no more", "truncated or damaged"),
        ("x.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and no more", "truncated or damaged"),
        ("x.bin", bytes(range(256)) * 4, "no text file"),
        ("x.csv", b"just some words\nof text\n", "columns are missing"),
    ],
)
def test_files_that_are_something_else_are_refused(tmp_path, name, data, words):
    path = tmp_path / name
    path.write_bytes(data)
    assert words in refused(tmp_path, path).en


def test_a_truncated_parquet_or_xlsx_is_refused(tmp_path):
    for path in (as_parquet(tmp_path / "x.parquet"), as_xlsx(tmp_path / "x.xlsx")):
        path.write_bytes(path.read_bytes()[:-200])
        assert "truncated or damaged" in refused(tmp_path, path).en


def test_a_missing_file_is_refused(tmp_path):
    assert "No such file" in refused(tmp_path, tmp_path / "nothing.csv").en


def test_a_header_without_rows_is_an_empty_delivery(tmp_path):
    done = deliver(tmp_path / "lake", THINGS, as_csv(tmp_path / "x.csv", rows=[]))
    assert (done.staged.rows_read, done.rows()) == (0, [])


def test_a_header_that_is_garbled_by_its_declaration_is_never_quoted(tmp_path):
    short = contract(
        [{"name": "id", "physicalName": "编号", "primaryKey": True}], servers=[{"server": "x", "encoding": "gb18030"}]
    )
    with pytest.raises(Problem) as caught:
        deliver(tmp_path / "lake", short, write(tmp_path / "a.csv", "编号,数量\n1,2\n"))
    assert "looks like UTF-8" in caught.value.en and "columns" not in caught.value.todo_en
