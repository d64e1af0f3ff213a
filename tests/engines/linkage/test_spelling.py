import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mingcha.engines.linkage.divisions import division_name, divisions
from mingcha.engines.linkage.pinyin import initials
from mingcha.engines.linkage.spelling import (
    address_key,
    address_key_sql,
    contains,
    name_key,
    name_key_sql,
    words,
    words_sql,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("佛山市粤鸿（集团）有限公司", "佛山市粤鸿集团有限责任公司"),
        ("ＡＢＣ 食品有限公司", "abc食品股份有限公司"),
        ("Joe's Diner, Inc.", "JOES DINER LLC"),
    ],
)
def test_one_firm_written_twice(one, other):
    assert name_key(one) == name_key(other)


def test_a_branch_is_not_its_firm():
    assert name_key("粤鸿食品有限公司汾宁分店") != name_key("粤鸿食品有限公司")


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("广东省佛山市禅城区锦华路35号二楼（住所申报）", "禅城区锦华路35号"),
        ("佛山市汾左街４８号", "汾左街48号"),
        ("顺德区勒流镇光大工业区", "顺德区勒流镇光大工业区"),
        ("123 N. State St., Apt 4", "123NSTATESTAPT4"),
    ],
)
def test_an_address_down_to_its_door(address, key):
    assert address_key(address) == key


def test_words():
    assert words("粤鸿（餐饮） yhcy") == ["粤鸿", "鸿餐", "餐饮", "饮y", "yhc", "hcy"]
    assert words("粤") == [] and words("ab") == []
    assert contains("佛山市粤鸿（集团）有限公司", "粤鸿集团") and not contains("佛山市粤鸿", "山鸿")


texts = st.text(st.sampled_from("佛山市省区路街号楼禅城镇（）()[]Aa1２Ｂb 　·-之有限公司集团Inc."), max_size=25)


@given(st.lists(texts, min_size=1, max_size=20))
@settings(max_examples=25, deadline=None)
def test_python_and_sql_spell_alike(column):
    with duckdb.connect() as connection:
        connection.register("t", pa.table({"n": range(len(column)), "v": column}))
        sql = f"SELECT {name_key_sql('v')}, {address_key_sql('v')}, {words_sql('v')} FROM t ORDER BY n"
        for text, (name, address, pieces) in zip(column, connection.execute(sql).fetchall(), strict=True):
            assert name == name_key(text)
            assert address == address_key(text)
            assert set(pieces) == set(words(text))


def test_initials():
    assert initials(["佛山市粤鸿餐饮食品有限公司", "重庆银行厦门分行", "Ａ1商行", "", "旅行社\n"]) == [
        "fssyhcyspyxgs",
        "cqyhxmfh",
        "a1sh",
        "",
        "lxs",
    ]
    assert initials([]) == []


@given(st.lists(st.text(max_size=12), max_size=12))
@settings(max_examples=25, deadline=None)
def test_initials_of_anything(names):
    found = initials(names)
    assert len(found) == len(names)
    assert all(text.isascii() and (text.isalnum() or not text) for text in found)


def test_divisions():
    assert division_name("440604") == "禅城区" and division_name("440604100") == "禅城区"
    assert division_name("980102") == "" and len(divisions()) > 3000
