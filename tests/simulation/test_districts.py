"""The simulated city's districts: all ten, the same each time, and where the stations are."""

import itertools
import json

import numpy as np
import pytest

from mingcha.desk.regions import area
from mingcha.simulation import place, words
from mingcha.simulation.districts import write_districts


@pytest.mark.parametrize("stations", [12, 40])
def test_each_district_has_its_outline(tmp_path, stations):
    path = write_districts(tmp_path / "a.geojson", stations=stations, seed=1)
    features = json.loads(path.read_text("utf-8"))["features"]
    assert [f["properties"]["name"] for f in features] == list(words.DISTRICTS)
    assert all(f["properties"]["simulated"] for f in features)
    for feature in features:
        for polygon in feature["geometry"]["coordinates"]:
            assert all(ring[0] == ring[-1] and len(ring) > 3 and area(ring) > 0 for ring in polygon)
    again = write_districts(tmp_path / "b.geojson", stations=stations, seed=1)
    assert again.read_bytes() == path.read_bytes()


def test_a_station_lies_in_its_own_district(tmp_path):
    path = write_districts(tmp_path / "a.geojson", stations=12)
    features = json.loads(path.read_text("utf-8"))["features"]
    latitude, longitude = place.stations(np.random.default_rng(5), 12)
    for station, (y, x) in enumerate(zip(latitude, longitude, strict=True)):
        polygons = features[station % len(words.DISTRICTS)]["geometry"]["coordinates"]
        assert any(_within(x, y, polygon[0]) for polygon in polygons), station


def _within(x: float, y: float, ring: list[list[float]]) -> bool:
    inside = False
    for (ax, ay), (bx, by) in itertools.pairwise(ring):
        if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
            inside = not inside
    return inside
