"""The size of firms, for fairness, out of what sources write."""

import math

import pytest

from mingcha.apps.risk.selectors import capital_of, quarters


@pytest.mark.parametrize(
    ("text", "yuan"),
    [
        ("500万元", 5e6),
        ("0.5 亿元人民币", 5e7),
        ("1,200,000", 1.2e6),
        ("1，200，000.50元", 1200000.5),
        ("人民币 30 万", 3e5),
        ("", math.nan),
        ("不详", math.nan),
    ],
)
def test_a_capital_as_sources_write_it(text, yuan):
    assert capital_of(text) == pytest.approx(yuan, nan_ok=True)


def test_quarters_are_of_those_that_are_known():
    assert quarters([4, 3, math.nan, 2, 1]) == ["4/4", "3/4", "", "2/4", "1/4"]
    assert quarters([math.nan] * 2) == ["", ""]
    assert set(quarters([7, 7, 7])) == {"1/4"}
