"""The map's figures: of one's own jurisdiction, by right, added up to the districts that the map has."""

from __future__ import annotations

import pytest

from mingcha.apps.accounts.models import User
from mingcha.apps.entities.models import Entity
from mingcha.desk.models import Region
from mingcha.web.maps import breaks


@pytest.fixture
def districts(town):
    for code, name in (("980102", "临江区"), ("980103", "鹿鸣区")):
        square = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}
        Region.objects.create(division=code, name=name, geometry=square, longitude=0.5, latitude=0.5)


def test_a_layer_s_figures(signed_in, districts):
    Entity.objects.filter(division="980102").update(division="980102001")  # finer than the map
    said = signed_in("planner").get("/map/layers/risk.high.json").json()
    rows = {row["division"]: row for row in said["rows"]}
    assert rows["980102"]["name"] == "临江区" and "980102001" not in rows
    assert rows["980104"]["name"] == "980104"  # a district that the map lacks stands in the table all the same
    assert 0 <= rows["980103"]["value"] <= 1 and rows["980103"]["text"].endswith("%")
    assert said["at"] and not said["counting"] and len(said["legend"]) in (0, *range(2, 6))


def test_only_one_s_own_jurisdiction(signed_in, districts):
    rows = signed_in("deer").get("/map/layers/risk.high.json").json()["rows"]
    assert {row["division"] for row in rows} == {"980103"}


def test_a_layer_needs_its_right(signed_in, districts):
    assert signed_in("clerk").get("/map/layers/risk.high.json").status_code == 404
    assert signed_in("clerk").get("/map/layers/complaints.json").status_code == 200
    assert signed_in("clerk").get("/map/layers/nothing.json").status_code == 404


def test_every_link_of_a_layer_may_be_followed(signed_in, districts):
    client = signed_in("planner")
    for name in ("risk.high", "complaints", "supervision.coverage"):
        for row in client.get(f"/map/layers/{name}.json").json()["rows"]:
            assert client.get(row["url"]).status_code == 200, row


def test_outlines_are_asked_for_once(signed_in, districts):
    client = signed_in("planner")
    first = client.get("/map/regions.json")
    assert len(first.json()["features"]) == 2 and first["Content-Type"] == "application/geo+json"
    assert client.get("/map/regions.json", headers={"If-None-Match": first["ETag"]}).status_code == 304


def test_no_page_asks_another_host_without_tiles(signed_in, districts):
    response = signed_in("planner").get("/map/")
    policy = response["Content-Security-Policy"]
    assert "http" not in policy and "unsafe" not in policy and "blob" not in policy
    assert b"data-tiles" not in response.content


def test_tiles_are_the_instance_s(signed_in, districts, settings):
    settings.MAP_TILES = {"url": "https://t.example/{z}/{x}/{y}", "attribution": "天地图", "approval": "GS(2024)0568号"}
    settings.MAP_TILES["datum"] = "WGS-84"
    page = signed_in("planner").get("/map/").content.decode()
    assert 'data-tiles="https://t.example/{z}/{x}/{y}"' in page and "GS(2024)0568号" in page


@pytest.mark.parametrize(
    ("values", "share"),
    [
        ([], True),
        ([0.1], True),
        ([0.1, 0.1], True),
        ([0.0, 1.0], True),
        ([0.081, 0.084, 0.09], True),
        ([3, 4000], False),
    ],
)
def test_breaks_lie_within_the_values(values, share):
    cuts = breaks(values, share=share)
    assert cuts == sorted(set(cuts)) and len(cuts) <= 4
    assert all(min(values) < cut <= max(values) for cut in cuts)


def test_who_has_no_unit_sees_no_figures(signed_in, districts):
    assert signed_in("planner").get("/map/layers/risk.high.json").json()["rows"]
    User.objects.filter(username="officer").update(unit=None)
    client = signed_in("officer")
    for name in ("risk.high", "risk.expected", "complaints", "supervision.coverage"):
        said = client.get(f"/map/layers/{name}.json").json()
        assert said["rows"] == [] and not said["counting"]
    assert client.get("/map/").status_code == 200
