"""Known numbers, python-stdnum as the oracle, and one spelling whichever way a number is typed."""

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_10

from mingcha.engines.linkage.identifiers import (
    is_legacy15,
    is_orgcode,
    is_uscc,
    key_of,
    key_sql,
    legacy15_valid,
    register,
    uscc_valid,
)

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def test_known_numbers():
    assert is_uscc("91110000600037341L")  # python-stdnum's own example
    assert is_uscc("91350100M000100Y43")  # the example of GB 32100-2015
    assert not is_uscc("91350100M000100Y44")
    assert is_legacy15("110108000000016")  # the example of GS 15-2006
    assert not is_legacy15("110108000000017")
    assert is_orgcode("D2143569X")  # the example of GB 11714-1997
    assert not is_orgcode("D21435691")


@given(st.integers(0, 99999999), st.text(ALPHABET, min_size=9, max_size=9), st.sampled_from(ALPHABET))
def test_uscc_agrees_with_stdnum(digits, rest, last):
    code = f"{digits:08d}{rest}"
    right = code + uscc.calc_check_digit(code)
    assert is_uscc(right) and uscc.is_valid(right)
    assert is_uscc(code + last) == uscc.is_valid(code + last)


@given(st.text("0123456789", min_size=14, max_size=15))
def test_legacy15_agrees_with_stdnum(text):
    assert is_legacy15(text) == (len(text) == 15 and mod_11_10.is_valid(text))
    if len(text) == 14:
        assert is_legacy15(text + mod_11_10.calc_check_digit(text))


def test_columns_with_gaps():
    column = pa.array(["91110000600037341L", None, "", "９", "91110000600037341l", "91110000600037341L"])
    assert uscc_valid(column).tolist() == [True, False, False, False, False, True]
    assert uscc_valid(column[1:]).tolist() == [False, False, False, False, True]
    assert uscc_valid(pa.chunked_array([column, column[:1]])).sum() == 3
    assert legacy15_valid(pa.array([], pa.string())).tolist() == []


@pytest.mark.parametrize(
    ("scheme", "typed", "key"),
    [
        ("uscc", " ９１１１００００６０００３７３４１l ", "uscc:91110000600037341L"),
        ("uscc", "9111 0000-6000-3734-1L", "uscc:91110000600037341L"),
        ("uscc", "110108000000016", "legacy15:110108000000016"),
        ("orgcode", "D2143569-X", "orgcode:D2143569X"),
        ("licence:food", "jy１４４０６ 0412", "licence:food:JY144060412"),
        ("licence:chicago-bacp", 30790, "licence:chicago-bacp:30790"),
        ("licence:food", "粤〔2020〕第12号", "licence:food:粤〔2020〕第12号"),
        ("uscc", "无", None),
        ("uscc", "00000000", None),
        ("licence:food", "N/A", None),
        ("licence:food", "——", None),
        ("licence:food", "", None),
        ("licence:food", None, None),
    ],
)
def test_one_spelling(scheme, typed, key):
    assert key_of(scheme, typed) == key
    assert _in_sql(scheme, [typed]) == [key]


@given(st.lists(st.text(st.sampled_from("09aAzZ 　－-/无（)１Ａ中\t"), max_size=8), min_size=1, max_size=20))
@settings(max_examples=25, deadline=None)
def test_python_and_sql_spell_alike(texts):
    for scheme in ("uscc", "licence:x"):
        assert _in_sql(scheme, texts) == [key_of(scheme, text) for text in texts]


def _in_sql(scheme, values):
    with duckdb.connect() as connection:
        register(connection)
        connection.register("typed", pa.table({"n": range(len(values)), "v": pa.array(values)}))
        return [k for (k,) in connection.execute(f"SELECT {key_sql(scheme, 'v')} FROM typed ORDER BY n").fetchall()]
