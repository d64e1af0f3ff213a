import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingcha.engines.sampling.encoding import canonical, digest, framed


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [2, {"z": 0}], "": "x"}, '{"":"x","a":[2,{"z":0}],"b":1}'),
        # RFC 8785 section 3.2.2.2: short escapes, lower-case \u00xx, nothing else is escaped
        ('\u20ac$\u000f\nA\'B"\\\\"/\x7f', '"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/\x7f"'),
        # its section 3.2.3: names in order of UTF-16 units, so an emoji stands before U+FF21
        (
            {"\u20ac": 1, "\r": 2, "\uff21": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7},
            '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\U0001f600":5,"\uff21":3}',
        ),
        ("e\u0301", '"\u00e9"'),  # NFC
        ({"餐饮": -1}, '{"餐饮":-1}'),
    ],
)
def test_canonical(value, text):
    assert canonical(value).decode() == text


@pytest.mark.parametrize("value", [1.0, True, None, {"a": 0.5}, (1,), 2**53, {"e\u0301": 1, "\u00e9": 2}, "\ud800"])
def test_what_parameters_may_not_hold(value):
    with pytest.raises((TypeError, ValueError)):
        canonical(value)


@given(st.lists(st.binary(max_size=8)), st.lists(st.binary(max_size=8)))
def test_no_two_lists_of_fields_have_the_same_bytes(one, other):
    assert (framed("x", *one) == framed("x", *other)) == (one == other)


def test_a_hash_depends_on_its_purpose_and_takes_text_in_nfc():
    assert digest("unit", "a") != digest("nonce", "a")
    assert digest("unit", "e\u0301") == digest("unit", "\u00e9")
    assert digest("unit", 12) == digest("unit", b"12")
    with pytest.raises(ValueError):
        digest("unit", -1)
