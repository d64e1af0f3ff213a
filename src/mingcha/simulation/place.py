"""Where things are. 云汀市 lies on the open sea at 30.20 N 124.60 E, so that no real place can be meant."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CENTRE = (30.20, 124.60)  # WGS-84
METRES = 111_320.0  # a degree of latitude
_A, _EE = 6378245.0, 0.00669342162296594323  # Krasovsky 1940, on which GCJ-02 is defined

Doubles = NDArray[np.float64]


def stations(rng: np.random.Generator, n: int) -> tuple[Doubles, Doubles]:
    """Latitude and longitude of the middles of `n` station areas, about four kilometres apart."""
    turn, radius = np.arange(n) * 2.399963, 2_300 * np.sqrt(np.arange(n) + 0.5)  # a sunflower: even, without rows
    north = radius * np.cos(turn) + rng.normal(0, 300, n)
    east = radius * np.sin(turn) + rng.normal(0, 300, n)
    return moved(np.full(n, CENTRE[0]), np.full(n, CENTRE[1]), north, east)


def moved(latitude: Doubles, longitude: Doubles, north: Doubles, east: Doubles) -> tuple[Doubles, Doubles]:
    """A point moved by metres; flat, which is good to a metre over a city."""
    return latitude + north / METRES, longitude + east / (METRES * np.cos(np.radians(CENTRE[0])))


def gcj02(latitude: Doubles, longitude: Doubles) -> tuple[Doubles, Doubles]:
    """WGS-84 to GCJ-02, the datum of most Chinese maps (the public approximation, some metres good)."""
    x, y = longitude - 105.0, latitude - 35.0
    wave = 20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)
    d_lat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x))
    d_lat += (wave + 20.0 * np.sin(np.pi * y) + 40.0 * np.sin(np.pi * y / 3.0)) * 2.0 / 3.0
    d_lat += (160.0 * np.sin(np.pi * y / 12.0) + 320.0 * np.sin(np.pi * y / 30.0)) * 2.0 / 3.0
    d_lon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x))
    d_lon += (wave + 20.0 * np.sin(np.pi * x) + 40.0 * np.sin(np.pi * x / 3.0)) * 2.0 / 3.0
    d_lon += (150.0 * np.sin(np.pi * x / 12.0) + 300.0 * np.sin(np.pi * x / 30.0)) * 2.0 / 3.0
    radians = np.radians(latitude)
    magic = 1 - _EE * np.sin(radians) ** 2
    d_lat = d_lat * 180.0 / (_A * (1 - _EE) / (magic * np.sqrt(magic)) * np.pi)
    d_lon = d_lon * 180.0 / (_A / np.sqrt(magic) * np.cos(radians) * np.pi)
    return latitude + d_lat, longitude + d_lon
