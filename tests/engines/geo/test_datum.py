"""Known points of the published formulae, and round trips over all of China."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingcha.engines.geo.datum import _bd09_of_gcj02, bd09, gcj02, to_wgs84


def test_known_points():
    # 39.915 N 116.404 E, as the widely used open implementations give it
    assert gcj02(np.array(39.915), np.array(116.404)) == pytest.approx(
        (39.91640428150164, 116.41024449916938), abs=1e-11
    )
    assert _bd09_of_gcj02(np.array(39.915), np.array(116.404)) == pytest.approx(
        (39.92133699351021, 116.41036949371029), abs=1e-11
    )


@given(st.floats(18, 53), st.floats(74, 134))
def test_there_and_back(latitude, longitude):
    point = np.array([latitude]), np.array([longitude])
    for forward, datum in ((gcj02, "GCJ-02"), (bd09, "BD-09")):
        back = to_wgs84(*forward(*point), datum)
        assert np.abs(np.subtract(back, point)).max() < 1e-9


def test_outside_china_nothing_moves():
    chicago = np.array([41.88]), np.array([-87.63])
    assert to_wgs84(*chicago, "GCJ-02") == chicago


def test_missing_stays_missing_and_an_unknown_datum_is_refused():
    latitude, longitude = to_wgs84([np.nan, 23.0], [113.1, 113.1], "GCJ-02")
    assert np.isnan(latitude[0]) and not np.isnan([latitude[1], longitude[1]]).any()
    assert to_wgs84([23.0], [113.0], "CGCS2000")[0].tolist() == [23.0]
    with pytest.raises(ValueError, match="GCJ-02"):
        to_wgs84([1.0], [1.0], "Xian80")
