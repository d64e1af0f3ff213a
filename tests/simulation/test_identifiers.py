import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc as stdnum_uscc
from stdnum.iso7064 import mod_11_10

from mingcha.simulation import identifiers

NUMBERS = st.lists(st.integers(0, 2_000_000), min_size=1, max_size=30, unique=True)


@given(NUMBERS)
def test_credit_codes_are_valid_and_distinct(numbers):
    codes = identifiers.uscc(["91"] * len(numbers), ["980102"] * len(numbers), np.array(numbers))
    assert all(map(stdnum_uscc.is_valid, codes))
    assert len(set(codes)) == len(numbers)


@given(NUMBERS)
def test_legacy_numbers_are_valid_and_distinct(numbers):
    codes = identifiers.legacy15(["980121"] * len(numbers), np.array(numbers))
    assert all(len(code) == 15 and mod_11_10.is_valid(code) for code in codes)
    assert len(set(codes)) == len(numbers)


def test_organisation_part_has_its_own_check_character():
    """GB 11714's published example: D2143569 has the check character X."""
    code = identifiers._bytes(["D2143569"], 8)
    check = 11 - identifiers._ORG_VALUE[code] @ identifiers._ORG_WEIGHTS % 11
    assert check[0] == 10


def test_serial_numbers():
    assert identifiers.serial("TS", np.array([0, 7, 12345]), 5).tolist() == ["TS00000", "TS00007", "TS12345"]
