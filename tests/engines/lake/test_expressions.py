"""Expressions of a contract: what is let through means the same in SQL, everything else is refused with a reason."""

import duckdb
import pytest

from mingcha.engines.lake.contract import Field
from mingcha.engines.lake.expressions import compile_expression, fields_used
from mingcha.problems import Problem

FIELDS = (
    Field("name", "name", "string"),
    Field("size", "size", "integer"),
    Field("share", "share", "number"),
    Field("day", "day", "date"),
    Field("at", "at", "timestamp"),
    Field("codes", "codes", "array"),
    Field("open", "open", "boolean"),
)
ROW = """(SELECT 'Fail'::VARCHAR AS name, 7::BIGINT AS size, 0.5::DOUBLE AS share, DATE '2014-03-05' AS day,
    TIMESTAMP '2014-03-05 10:30:00' AS at, ['3', '12'] AS codes, TRUE AS open) AS r"""


def value(text):
    return duckdb.execute(f"SELECT {compile_expression(text, FIELDS, prefix='r')} FROM {ROW}").fetchone()[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name = 'Fail'", True),
        ("NAME = 'Fail'", True),
        ("size > 6 AND NOT size > 7", True),
        ("size + 1 = 8 OR share * 2 > 100", True),
        ("name IN ('Pass', 'Fail')", True),
        ("name NOT LIKE 'F%'", False),
        ("size BETWEEN 1 AND 7", True),
        ("day > '2014-03-04' AND day <= at", True),
        ("day >= '2014-03-06'", False),
        ("day IN ('2014-03-05')", True),
        ("at < '2014-03-05 10:30:01'", True),
        ("list_contains(codes, '12') AND NOT list_contains(codes, '1')", True),
        ("len(codes) = 2 AND cardinality(codes) = 2 AND length(name) = 4", True),
        ("CASE WHEN open THEN size ELSE 0 END = 7", True),
        ("CASE name WHEN 'Fail' THEN 1 ELSE 0 END = 1", True),
        ("coalesce(nullif(name, 'Fail'), 'none') = 'none'", True),
        ("date_diff('day', day, at) = 0 AND year(day) = 2014 AND month(at) = 3", True),
        ("lower(name) || upper(name) = 'failFAIL'", True),
        ("starts_with(name, 'F') AND ends_with(name, 'l') AND contains(name, 'ai')", True),
        ("regexp_matches(name, '^F.{2}l$')", True),
        ("abs(0 - size) = 7 AND round(share) = 1", True),
        ("name IS NULL", False),
        ("open", True),
    ],
)
def test_what_is_allowed_means_what_it_says(text, expected):
    assert value(text) is expected


@pytest.mark.parametrize(
    "text",
    [
        "size = '7'",
        "name = 7",
        "day > 7",
        "day > '2014-3-5'",
        "day > name",
        "size",
        "name || 'x'",
        "missing = 1",
        "r.name = 'x'",
        "name = (SELECT 'x')",
        "size IN (SELECT 1)",
        "name = 'x'; DROP TABLE r",
        "name =",
        "",
        "size::VARCHAR = '7'",
        "CAST(size AS VARCHAR) = '7'",
        "read_csv('/etc/passwd') = 1",
        "getenv('HOME') = 'x'",
        "name = current_user",
        "codes[1] = '3'",
        "codes = codes",
        "regexp_matches(name, '(')",
        "regexp_matches(name, name)",
        "lower(size) = 'x'",
        "name = ANY(codes)",
        "EXISTS (SELECT 1)",
        "count(*) > 1",
        "sum(size) OVER () > 1",
        "name COLLATE nocase = 'x'",
        "size = random()",
        "date_diff('day; drop', day, at) = 0",
    ],
)
def test_everything_else_is_refused_with_the_expression_and_what_is_allowed(text):
    with pytest.raises(Problem) as caught:
        compile_expression(text, FIELDS)
    assert caught.value.zh
    assert caught.value.en
    assert "coalesce" in caught.value.todo_en


def test_a_wrong_name_is_told_with_the_nearest_right_one():
    with pytest.raises(Problem, match="is it 'share'"):
        compile_expression("shar > 1", FIELDS)


def test_integers_do_not_overflow():
    row = ROW.replace("7::BIGINT", "9223372036854775807::BIGINT")
    sql = compile_expression("size + size > size AND size * 2 > 0 AND abs(0 - size) > 0", FIELDS, prefix="r")
    assert duckdb.execute(f"SELECT {sql} FROM {row}").fetchone() == (True,)


def test_an_empty_field_makes_it_unknown():
    row = ROW.replace("7::BIGINT", "NULL::BIGINT")
    assert duckdb.execute(f"SELECT {compile_expression('size > 1', FIELDS)} FROM {row}").fetchone() == (None,)


def test_quotes_in_literals_stay_literals():
    assert value("name = 'it''s' OR name = '\"; DROP'") is False


def test_columns_are_quoted_and_qualified():
    assert compile_expression("size > 1", FIELDS, prefix="x") == '"x"."size" > 1'
    assert compile_expression("len(codes) > 1", FIELDS, "spark") == "SIZE(`codes`) > 1"


def test_the_fields_that_an_expression_reads():
    assert fields_used("day < at OR SIZE > 1", FIELDS) == ("size", "day", "at")
