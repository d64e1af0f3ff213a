"""Districts out of a file: every fault is named, nothing is half imported, and all end up in WGS-84."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mingcha.desk.models import Region
from mingcha.desk.regions import middle, regions_collection, regions_import
from mingcha.engines.geo.datum import gcj02
from mingcha.problems import Problem

SQUARE = [[120.0, 30.0], [120.1, 30.0], [120.1, 30.1], [120.0, 30.1], [120.0, 30.0]]


def _file(tmp_path, *features):
    path = tmp_path / "districts.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)}), "utf-8")
    return path


def _feature(code="980102", name="临江区", ring=SQUARE, kind="Polygon", **more):
    coordinates = [ring] if kind == "Polygon" else [[ring]]
    properties = {"division": code, "name": name} | more
    return {"type": "Feature", "properties": properties, "geometry": {"type": kind, "coordinates": coordinates}}


def test_districts_come_in_and_go_out(db, tmp_path):
    Region.objects.create(division="1", name="old", geometry={}, longitude=0, latitude=0)
    regions_import(_file(tmp_path, _feature(), _feature("980103", "鹿鸣区", kind="MultiPolygon")), simulated=True)
    assert list(Region.objects.values_list("division", flat=True)) == ["980102", "980103"]
    body, digest = regions_collection()
    feature = json.loads(body)["features"][0]
    assert feature["properties"]["name"] == "临江区" and feature["geometry"]["coordinates"] == [SQUARE]
    assert regions_collection()[1] == digest


def test_other_names_of_properties(db, tmp_path):
    path = _file(tmp_path, _feature(adcode=440600, title="佛山市"))
    assert regions_import(path, division_field="adcode", name_field="title")[0].division == "440600"


@pytest.mark.parametrize("datum", ["GCJ-02", "BD-09"])
def test_other_datums_are_converted(db, tmp_path, datum):
    regions_import(_file(tmp_path, _feature()), datum=datum)
    moved = np.array(Region.objects.get().geometry["coordinates"][0])
    off = np.abs(moved - np.array(SQUARE)).max()
    assert 0.001 < off < 0.02  # some hundred metres


def test_over_tiles_of_gcj_02_the_outlines_are_shifted(db, tmp_path):
    regions_import(_file(tmp_path, _feature()))
    shown = json.loads(regions_collection("GCJ-02")[0])["features"][0]["geometry"]["coordinates"][0][0]
    latitude, longitude = gcj02(np.array([30.0]), np.array([120.0]))
    assert shown == [round(float(longitude[0]), 6), round(float(latitude[0]), 6)]


OPEN = SQUARE[:-1]
FAR = [[500.0, 30.0], *SQUARE[1:-1], [500.0, 30.0]]


@pytest.mark.parametrize(
    ("feature", "said"),
    [
        (_feature(code="临江"), "no division code"),
        (_feature(name=" "), "no name"),
        (_feature(ring=OPEN), "not closed"),
        (_feature(ring=FAR), "no degrees"),
        (_feature(ring=[[1, 2]]), "not closed"),
        (_feature(ring=[["a", "b"]] * 4), "not closed"),
        (_feature() | {"geometry": None}, "no polygon"),
        (_feature() | {"geometry": {"type": "Point", "coordinates": [1, 2]}}, "no polygon"),
        (_feature() | {"geometry": {"type": "Polygon", "coordinates": []}}, "not closed"),
        ("not a feature", "no division code"),
    ],
)
def test_a_wrong_one_is_named_and_nothing_changes(db, tmp_path, feature, said):
    Region.objects.create(division="1", name="old", geometry={}, longitude=0, latitude=0)
    with pytest.raises(Problem) as refused:
        regions_import(_file(tmp_path, _feature("980103"), feature))
    assert said in refused.value.en and "feature 2" in str(refused.value.where)
    assert Region.objects.get().division == "1"


@pytest.mark.parametrize("content", ["", "[", "[]", "{}", '{"features": []}', '{"features": 7}', "[" * 100_000, "\x00"])
def test_a_file_that_is_none(db, tmp_path, content):
    path = tmp_path / "x.geojson"
    path.write_text(content)
    with pytest.raises(Problem):
        regions_import(path)


def test_twice_the_same_code_or_an_unknown_datum(db, tmp_path):
    with pytest.raises(Problem, match="more than once"):
        regions_import(_file(tmp_path, _feature(), _feature()))
    with pytest.raises(Problem, match="unknown"):
        regions_import(_file(tmp_path, _feature()), datum="Mars")


def test_a_name_stands_inside_a_crooked_district():
    horseshoe = [[0, 0], [9, 0], [9, 9], [6, 9], [6, 2], [3, 2], [3, 9], [0, 9], [0, 0]]
    x, y = middle([[float(a), float(b)] for a, b in horseshoe])
    assert 0 < x < 9 and 0 < y < 9 and not (3 <= x <= 6 and y >= 2)
