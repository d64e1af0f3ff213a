"""Each row is checked by all rules at once; what fails is held back with every fault, its file, row and value."""

import gzip

import pytest
from tests.engines.lake.deliveries import contract, deliver, write

RICH = contract(
    [
        {"name": "id", "primaryKey": True, "logicalTypeOptions": {"pattern": "^[A-Z][0-9]+$"}},
        {
            "name": "uscc",
            "physicalName": "统一社会信用代码",
            "quality": [{"type": "custom", "engine": "mingcha", "implementation": "uscc"}],
        },
        {"name": "fine", "logicalType": "number", "logicalTypeOptions": {"minimum": 0}},
        {"name": "kind", "required": True, "logicalTypeOptions": {"maxLength": 4}},
        {"name": "opened", "logicalType": "date"},
        {"name": "closed", "logicalType": "date"},
        {
            "name": "note",
            "quality": [
                {
                    "type": "sql",
                    "name": "short",
                    "query": "length(note) < 5",
                    "severity": "warning",
                    "description": "太长 / too long",
                }
            ],
        },
    ],
    quality=[
        {
            "type": "sql",
            "name": "order",
            "query": "closed >= opened",
            "description": "注销早于成立 / closed before it opened",
        },
        {"type": "sql", "name": "fined", "query": "kind <> '罚款' OR fine IS NOT NULL"},
    ],
    custom={"eventTime": {"field": "opened"}, "missing": ["N/A", "-"]},
)
HEAD = "id,统一社会信用代码,fine,kind,opened,closed,note\n"


def checked(tmp_path, *lines, **options):
    return deliver(tmp_path / "lake", RICH, write(tmp_path / "x.csv", HEAD + "\n".join(lines) + "\n"), **options)


def test_a_row_with_several_faults_tells_all_of_them(tmp_path):
    done = checked(
        tmp_path, "A1,91440606748023528A,5,警告,2014-01-01,,", "b2,914406067480235280,-5,,2014-05-01,2014-01-01,x"
    )
    assert done.rows("id") == [("A1",)]
    assert done.faults() == [
        (2, "kind", "required", None),
        (2, "id", "pattern", "b2"),
        (2, "uscc", "uscc", "914406067480235280"),
        (2, "fine", "minimum", "-5.0"),
        (2, "", "order", "opened=2014-05-01, closed=2014-01-01"),
    ]
    (held,) = done.held()
    assert held["cells"]["统一社会信用代码"] == "914406067480235280"
    assert held["faults"][4]["reason_zh"] == "注销早于成立"
    assert held["faults"][4]["reason_en"] == "closed before it opened"


def test_a_value_of_the_wrong_type_is_one_fault_not_two(tmp_path):
    done = checked(tmp_path, "A1,,many,罚款,2014-01-01,,")
    assert done.faults() == [(1, "fine", "type", "many")]


def test_empty_fields_pass_every_rule_but_required(tmp_path):
    done = checked(tmp_path, "A1,,,警告,,,", "A2,N/A,-,警告,  ,N/A,-")
    assert done.held() == []
    assert done.rows("id, uscc, fine, opened, note") == [("A1", None, None, None, None), ("A2", None, None, None, None)]


def test_blanks_are_cut_and_nothing_else_is_changed(tmp_path):
    done = checked(tmp_path, "  A1 ,,,\u3000警告\u3000,2014-01-01,, a  b ")
    assert done.rows("id, kind, note") == [("A1", "警告", "a  b")]


def test_a_warning_counts_and_keeps_the_row(tmp_path):
    done = checked(tmp_path, "A1,,,警告,,,much too long", "A2,,,警告,,,ok", "a3,,,警告,,,too long, too")
    reasons = {(r.field, r.rule, r.warning): n for r, n in done.staged.reasons.items()}
    assert reasons[("note", "short", True)] == 1
    assert done.rows("id") == [("A1",), ("A2",)]


def test_the_future_is_refused_by_default_in_the_datasets_own_zone(tmp_path):
    done = checked(tmp_path, "A1,,,警告,2026-05-01,,", "A2,,,警告,2026-05-02,,")  # it is noon of May 1st in Shanghai
    assert done.faults() == [(2, "opened", "not_future", "2026-05-02")]


def test_malformed_records_are_held_with_their_text_and_number(tmp_path):
    done = checked(
        tmp_path,
        "A1,,,警告,,,",
        "A2,,,",
        'A3,"x,,警告,,,',
        "A4,,,警告,,,,,",
        "A5,,,警告,,,x",
        'A6,,,警告,,,"two\nlines"',
        "a7,,,警告,,,",
    )
    assert done.rows("_row, id") == [(1, "A1"), (5, "A5"), (6, "A6")]
    held = done.held()
    assert [(h["row"], h["raw"], h["faults"][0]["rule"]) for h in held[:3]] == [
        (2, "A2,,,", "columns"),
        (3, 'A3,"x,,警告,,,', "quotes"),
        (4, "A4,,,警告,,,,,", "columns"),
    ]
    assert (held[3]["row"], held[3]["cells"]["id"]) == (7, "a7")
    assert "有 4 列，应为 7 列" in held[0]["faults"][0]["reason_zh"]


def test_bytes_that_are_no_text_hold_back_their_row_only(tmp_path):
    path = tmp_path / "x.csv"
    good = "A{},,,警告,2014-01-01,,佛山\n"
    path.write_bytes(HEAD.encode() + good.format(1).encode() + b"A2,,,\xe9\xff,,,\n" + good.format(3).encode())
    done = deliver(tmp_path / "lake", RICH, path)
    assert done.rows("_row, id") == [(1, "A1"), (3, "A3")]
    assert [(h["row"], h["faults"][0]["rule"]) for h in done.held()] == [(2, "encoding")]


def test_a_file_cut_off_in_the_middle_of_a_line_holds_back_that_line(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes((HEAD + "A1,,,警告,,,\nA2,,,警告,,,\nA3,,,警").encode()[:-1])
    done = deliver(tmp_path / "lake", RICH, path)
    assert done.rows("id") == [("A1",), ("A2",)]
    assert len(done.held()) == 1


@pytest.mark.parametrize("chunk", [64, 257, 5000])
def test_rows_and_numbers_do_not_depend_on_how_a_file_is_read(tmp_path, monkeypatch, chunk):
    lines = []
    for i in range(1, 400):
        lines.append(
            {
                0: f"A{i},,,警告,2014-01-01,,ok",
                1: f'A{i},,,警告,2014-01-01,,"a\nb"',
                2: f"a{i},,x,警告,2014-01-01,,",
                3: f"A{i},,",
                4: f'A{i},"x,,警告,,,',
                5: "",
                6: ",,,,,,",
            }[i % 7]
        )
    data = (HEAD + "\r\n".join(lines)).encode()
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress(data))
    whole = deliver(tmp_path / "whole", RICH, tmp_path / "x.csv.gz")
    from mingcha.engines.lake import text

    real = text.TextFile.__init__
    monkeypatch.setattr(
        text.TextFile, "__init__", lambda self, path, encoding="": real(self, path, encoding=encoding, chunk=chunk)
    )
    pieces = deliver(tmp_path / "pieces", RICH, tmp_path / "x.csv.gz")
    assert pieces.rows("* EXCLUDE (_received_at)") == whole.rows("* EXCLUDE (_received_at)")
    assert pieces.held() == whole.held()
    assert whole.staged.rows_read == sum(1 for i in range(1, 400) if i % 7 < 5)


def test_a_selection_takes_only_the_rows_that_satisfy_it(tmp_path):
    done = checked(
        tmp_path,
        "A1,,5,警告,,,",
        "A2,,1,罚款,,,",
        "A3,,x,警告,,,",
        "A4,,,,,,",
        "A5,,-1,警告,,,",
        "A6",
        where="kind = '警告'",
    )
    assert done.rows("id") == [("A1",)]
    assert [h["row"] for h in done.held()] == [3, 5, 6]  # what can't be read can't be left out either
    assert done.staged.rows_left_out == 2
