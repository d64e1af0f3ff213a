"""The outlines of 云汀市's districts: whoever's station area is nearest, with crooked borders and a crooked coast."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import place, words

SEA = -1
ACROSS = 46  # cells from coast to coast: the grain of the borders
Doubles = NDArray[np.float64]


def write_districts(path: Path, *, stations: int, seed: int = 1) -> Path:
    """A GeoJSON file (WGS-84) of the ten districts. The same arguments give the same bytes."""
    features = [
        {
            "type": "Feature",
            "properties": {"division": division, "name": name, "simulated": True},
            "geometry": {"type": "MultiPolygon", "coordinates": polygons},
        }
        for division, name, polygons in zip(
            words.DIVISIONS, words.DISTRICTS, outlines(np.random.default_rng([seed, 9]), stations), strict=True
        )
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False), "utf-8")
    return path


def outlines(rng: np.random.Generator, stations: int) -> list[Any]:
    """Each district's polygons. Small cells (Voronoi) belong to the nearest station's district, or to the sea."""
    from scipy.spatial import Voronoi, cKDTree

    turn, radius = np.arange(stations) * 2.399963, 2_300 * np.sqrt(np.arange(stations) + 0.5)  # as place.stations
    middles = np.column_stack([radius * np.sin(turn), radius * np.cos(turn)])
    reach = float(radius.max()) + 2_600
    step = 2 * reach / ACROSS
    grid = np.arange(-reach * 1.3, reach * 1.3, step)
    points = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    points = points + rng.normal(0, 0.33 * step, points.shape)
    angle = np.arctan2(points[:, 1], points[:, 0])
    coast = reach * (
        1 + sum(rng.normal(0, 0.055 / k**0.7) * np.cos(k * angle + rng.uniform(0, 6.3)) for k in range(2, 9))
    )
    owner = cKDTree(middles).query(points)[1] % len(words.DISTRICTS)
    owner[np.hypot(*points.T) > coast] = SEA
    cells = Voronoi(points)
    borders: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for (one, other), ridge in zip(cells.ridge_points, cells.ridge_vertices, strict=True):
        if owner[one] == owner[other] or -1 in ridge:
            continue
        for mine, theirs in ((one, other), (other, one)):
            if owner[mine] != SEA:
                borders[owner[mine]].append(_around(cells.vertices, ridge, points[mine], points[theirs]))
    return [_polygons(cells.vertices, borders[number]) for number in range(len(words.DISTRICTS))]


def _around(vertices: Doubles, ridge: list[int], inside: Doubles, outside: Doubles) -> tuple[int, int]:
    """The ridge in the direction that leaves the inside on its left."""
    (ax, ay), (bx, by) = vertices[ridge[0]], vertices[ridge[1]]
    x, y = inside - outside
    return (ridge[0], ridge[1]) if (bx - ax) * y - (by - ay) * x > 0 else (ridge[1], ridge[0])


def _polygons(vertices: Doubles, edges: list[tuple[int, int]]) -> list[list[list[list[float]]]]:
    """Edges chained to rings; each hole with the outer ring that it lies in."""
    follows: dict[int, list[int]] = defaultdict(list)
    for start, end in edges:
        follows[start].append(end)
    outer, holes = [], []
    while follows:
        start = at = next(iter(follows))
        ring = [start]
        while True:
            ends = follows[at]
            at_next = ends.pop()
            if not ends:
                del follows[at]
            at = at_next
            ring.append(at)
            if at == start:
                break
        places = vertices[ring]
        (outer if _signed(places) > 0 else holes).append(places)
    return [[_degrees(ring), *(_degrees(h) for h in holes if _within(h[0], ring))] for ring in outer]


def _signed(ring: Doubles) -> float:
    x, y = ring.T
    return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))


def _within(point: Doubles, ring: Doubles) -> bool:
    x, y = ring.T
    cut = (y[:-1] > point[1]) != (y[1:] > point[1])
    crossing = x[:-1][cut] + (point[1] - y[:-1][cut]) / (y[1:][cut] - y[:-1][cut]) * (x[1:][cut] - x[:-1][cut])
    return bool(np.sum(crossing > point[0]) % 2)


def _degrees(ring: Doubles) -> list[list[float]]:
    """Metres east and north of the city's middle as longitude and latitude."""
    middle = np.full(len(ring), place.CENTRE[0]), np.full(len(ring), place.CENTRE[1])
    latitude, longitude = place.moved(*middle, ring[:, 1], ring[:, 0])
    return np.column_stack([longitude, latitude]).round(6).tolist()
