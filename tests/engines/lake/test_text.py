"""Encodings declared and detected, lines that are no text, zipped and damaged files."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mingcha.engines.lake.text import TextFile, detect_encoding, to_utf8
from mingcha.problems import Problem

CHINESE = "编号,名称,住所\n1,佛山市花木公司,佛山市中山路12号\n2,顺德电器厂,顺德区容桂街道\n"
FRENCH = "id,name\n1,LAGUNA CAFÉ\n2,CRÈME BRÛLÉE TO GO\n3,KIÊN THANH\n4,T-28 BAKERY & CAFÉ\n"


def read(path, **options) -> tuple[str, str]:
    file = TextFile(path, **options)
    return b"".join(t.data for t in file).decode(), file.encoding


@pytest.mark.parametrize(
    ("text", "written", "found"),
    [
        (CHINESE, "utf-8", "utf-8"),
        (CHINESE, "utf-8-sig", "utf-8"),
        (CHINESE, "gb18030", "gb18030"),
        (CHINESE + "3,㐀䶵\U00020000,\n", "gb18030", "gb18030"),
        (FRENCH, "latin-1", "latin-1"),
        (FRENCH, "utf-8", "utf-8"),
        ("id,name\n1,a “smart” dash – €\n", "cp1252", "latin-1"),
        ("id,name\n1,plain\n", "ascii", ""),
    ],
)
@pytest.mark.parametrize("chunk", [40, 1 << 20])  # a line must not be much longer than a chunk
@pytest.mark.parametrize("zipped", [False, True])
def test_the_text_comes_out_whatever_it_was_written_in(tmp_path, text, written, found, chunk, zipped):
    data = text.encode(written)
    path = tmp_path / "x.csv"
    path.write_bytes(gzip.compress(data) if zipped else data)
    assert read(path, chunk=chunk) == (text, found)
    if found:
        assert read(path, encoding=found) == (text, found)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=4), st.integers(0, 3))
def test_chinese_is_never_taken_for_western(text, ascii_words):
    line = " ".join([text, *["ABC LTD"] * ascii_words])
    assert detect_encoding(line.encode()) == "utf-8"


def test_common_chinese_in_gb18030_is_detected():
    assert detect_encoding(CHINESE.encode("gb18030")) == "gb18030"
    assert detect_encoding(("X CO LTD," * 50 + "佛山市\n").encode("gb18030")) == "gb18030"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(min_size=0, max_size=12).map(lambda b: b.replace(b"\n", b"")), min_size=1, max_size=8))
def test_lines_that_are_no_text_are_told_and_the_others_kept(lines):
    data, wrong = to_utf8(b"\n".join(lines), "utf-8")
    out = data.decode().split("\n")
    assert len(out) == len(lines)
    for number, (line, text) in enumerate(zip(lines, out, strict=True)):
        try:
            assert line.decode() == text
            assert number not in wrong
        except UnicodeDecodeError:
            assert number in wrong
            assert "\\x" in text


def test_a_declaration_that_most_lines_contradict_is_refused(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(CHINESE.encode("gb18030"))
    with pytest.raises(Problem) as caught:
        read(path, encoding="utf-8")
    assert "GB18030" in caught.value.en
    assert "gb18030" in caught.value.todo_en


def test_a_declaration_that_a_few_lines_contradict_stands(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes((CHINESE * 5).encode() + b"3,caf\xe9,x\n")
    text, encoding = read(path, encoding="utf-8")
    assert encoding == "utf-8"
    assert "caf\\xe9" in text


@pytest.mark.parametrize(("text", "declared"), [(CHINESE, "gb18030"), (CHINESE, "latin-1"), (FRENCH, "latin-1")])
@pytest.mark.parametrize("chunk", [40, 1 << 20])
def test_utf8_declared_as_something_else_is_refused_though_it_makes_some_text(tmp_path, text, declared, chunk):
    path = tmp_path / "x.csv"
    path.write_bytes(text.encode())
    with pytest.raises(Problem) as caught:
        read(path, encoding=declared, chunk=chunk)
    assert "looks like UTF-8" in caught.value.en and "utf-8" in caught.value.todo_en
    path.write_bytes((text * 60).encode() + b"9,caf\xe9,x\n")  # one damaged line makes it no other encoding
    with pytest.raises(Problem, match="looks like UTF-8"):
        read(path, encoding=declared)


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("id,sex,kind\n1,女,食品\n" + "2,女,药品\n" * 50, "gb18030"),
        ("id,name\n" + "1,NESCAFÉ®\n" * 50, "latin-1"),
    ],
)
def test_a_short_text_that_is_utf8_by_chance_is_what_was_declared(tmp_path, text, declared):
    path = tmp_path / "x.csv"
    path.write_bytes(text.encode("gb18030" if declared == "gb18030" else "latin-1"))
    assert path.read_bytes().decode()
    assert read(path, encoding=declared) == (text, declared)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="佛山市顺德区餐饮管理有限公司食品药业女男一二三四五号路中心", min_size=20, max_size=60))
def test_chinese_declared_as_it_is_stands(text):
    file = TextFile(Path("x.csv"), encoding="gb18030")
    assert file._decode(text.encode("gb18030"))[0].decode() == text


def test_truncated_and_damaged_archives_are_refused(tmp_path):
    whole = gzip.compress((CHINESE * 500).encode())
    for name, data in {
        "truncated": whole[: len(whole) // 2],
        "without its end": whole[:-6],
        "damaged": whole[:60] + b"\xff" * 20 + whole[80:],
    }.items():
        path = tmp_path / "x.csv.gz"
        path.write_bytes(data)
        with pytest.raises(Problem, match="truncated or damaged"):
            read(path)
        assert name


@pytest.mark.parametrize("data", ["a,b\n1,2\n".encode("utf-16"), b"a,b\n1,\x00\x00\n", b"a,b\r1,2\r"])
def test_what_is_no_text_file_is_refused(tmp_path, data):
    path = tmp_path / "x.csv"
    path.write_bytes(data)
    with pytest.raises(Problem, match="no text file"):
        read(path)


def test_a_bare_carriage_return_does_not_end_a_record(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(b"a,b\r\n1,x\ry\r\n")
    assert read(path)[0] == "a,b\r\n1,x y\r\n"
