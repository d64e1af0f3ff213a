"""Shipped data standards against known numbers and an independent library."""

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.cn import ric, uscc
from tests.engines.lake.deliveries import contract, deliver, write

from mingcha.engines.lake.standards import STANDARDS, cn_id_valid


def verdict(standard, value):
    shipped = STANDARDS[standard]
    if shipped.column:
        return bool(shipped.column(pa.array([value], pa.string()))[0])
    return duckdb.execute(f"SELECT {shipped.sql.format(f='v', now='NOW')} FROM (SELECT ? AS v)", [value]).fetchone()[0]


@pytest.mark.parametrize(
    ("standard", "good", "bad"),
    [
        ("uscc", ["91440606748023528A", "93620825MA733BCT2G"], ["91510823MA6CJ9UAxx", "914205281829140646", "", "0"]),
        ("legacy15", ["110108000000016"], ["110108000000017", "11010800000001", "abc"]),
        (
            "registration_no",
            ["91440606748023528A", "110108000000016", "3209231101873", "企合苏锡总字第0001", "企独粤佛总字第001234号"],
            ["914205281829140646", "110108000000017", "上海市中山路515号", "32092311018"],
        ),
        ("cn_id", ["11010519491231002X", "440524188001010014"], ["11010519491331002X", "110105194912310021", "x"]),
        ("postcode_cn", ["528000"], ["52800", "5280000", "ABCDEF"]),
        (
            "phone_cn",
            ["13800138000", "+86 13800138000", "0757-83388888", "83388888转801", "400-888-8888", "12315"],
            ["123", "12800138000", "0757-", "无"],
        ),
        ("gb_t_2260", ["440600", "110105"], ["990000", "44060", "4406000"]),
        ("readable", ["佛山市"], ["佛\ufffd市"]),
    ],
)
def test_known_numbers(standard, good, bad):
    assert {value: verdict(standard, value) for value in good} == dict.fromkeys(good, True)
    assert {value: verdict(standard, value) for value in bad} == dict.fromkeys(bad, False)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="0123456789ABCDEFGHJKLMNPQRTUWXYxIO", min_size=17, max_size=18))
def test_uscc_agrees_with_python_stdnum(number):
    if len(number) == 17 and set(number) <= set(uscc._alphabet):
        number += uscc.calc_check_digit(number)
    # stdnum wants digits in the first two places; GB 32100 has letters there too: N, Y and A for their departments
    known = len(number) == 18 and set(number) <= set(uscc._alphabet) and number[2:8].isdigit()
    expected = known and uscc.calc_check_digit(number[:17]) == number[17]
    if number[:2].isdigit():  # stdnum reads lower case and separators as meant; GB 32100 has capitals only
        assert expected == (number.upper() == number and uscc.is_valid(number) and number.isalnum())
    assert verdict("uscc", number) == expected


@settings(max_examples=300, deadline=None)
@given(st.from_regex(r"(11|44|82|90)[0-9]{4}(18|19|20)[0-9]{2}[01][0-9][0-3][0-9][0-9]{3}[0-9X]", fullmatch=True))
def test_cn_id_agrees_with_python_stdnum_on_dates_and_check_characters(number):
    def mended(n):
        return n[:17] + ric.calc_check_digit(n[:17])

    for n in (number, mended(number)):
        try:
            ric.get_birth_date(n)
            dated = True
        except Exception:
            dated = False
        good = dated and n[17] == ric.calc_check_digit(n) and n[:2] != "90" and int(n[6:10]) >= 1880
        assert bool(cn_id_valid(pa.array([n]))[0]) == good


def test_empty_values_are_left_to_required():
    for name, shipped in STANDARDS.items():
        if shipped.column:
            assert len(shipped.column(pa.array([None, "x"], pa.string()))) == 2, name


USCC = "91440606748023528A"
WIDE = str.maketrans({chr(i): chr(i + 0xFEE0) for i in range(0x21, 0x7F)})


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (USCC.lower(), "has lower-case letters: in capitals it is right"),
        (USCC.translate(WIDE), "is in full-width characters: in half-width ones it is right"),
        (USCC.lower().translate(WIDE), "full-width and lower-case"),
        (USCC[:-1] + "b", "not a valid unified social credit code"),
        (USCC[:-1], "not a valid unified social credit code"),
    ],
)
def test_a_code_that_is_only_spelt_wrongly_is_told_so_and_kept_as_supplied(tmp_path, value, said):
    quality = [{"type": "custom", "engine": "mingcha", "implementation": "uscc"}]
    things = contract([{"name": "id", "primaryKey": True, "quality": quality}])
    done = deliver(tmp_path / "lake", things, write(tmp_path / "a.csv", f"id\n{value}\n{USCC}\n"))
    assert done.rows("id") == [(USCC,)]
    (held,) = done.held()
    assert held["cells"] == {"id": value} and said in held["faults"][0]["reason_en"]
