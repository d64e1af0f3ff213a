"""Coordinates of GCJ-02 (most Chinese maps) and BD-09 (Baidu) to and from WGS-84, whole columns at a time.

GCJ-02 shifts WGS-84 by a published series in longitude and latitude, within a box around China only; BD-09 turns and
shifts GCJ-02. Neither authority publishes an inverse: it is found by iteration, to 1e-9 degrees (0.1 mm). CGCS2000
differs from WGS-84 by centimetres and is taken as it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Degrees = npt.NDArray[np.float64]
Points = tuple[Degrees, Degrees]

DATUMS = ("WGS-84", "CGCS2000", "GCJ-02", "BD-09")
_AXIS = 6378245.0  # Krasovsky 1940, metres
_ECCENTRICITY2 = 0.00669342162296594323
_BD_TURN = np.pi * 3000 / 180


def to_wgs84(latitude: npt.ArrayLike, longitude: npt.ArrayLike, datum: str) -> Points:
    """Latitudes and longitudes in degrees from `datum`; NaN stays NaN. ValueError for a datum not in DATUMS."""
    point = np.asarray(latitude, dtype=np.float64), np.asarray(longitude, dtype=np.float64)
    if datum in ("WGS-84", "CGCS2000"):
        return point
    if datum == "GCJ-02":
        return _inverse(gcj02, point)
    if datum == "BD-09":
        return _inverse(gcj02, _inverse(_bd09_of_gcj02, point))
    raise ValueError(f"unknown datum {datum!r}: one of {', '.join(DATUMS)}")


def gcj02(latitude: Degrees, longitude: Degrees) -> Points:
    """GCJ-02 of WGS-84."""
    x, y = longitude - 105.0, latitude - 35.0
    root = np.sqrt(np.abs(x))
    waves = (20 * np.sin(6 * x * np.pi) + 20 * np.sin(2 * x * np.pi)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + waves
    north += (20 * np.sin(y * np.pi) + 40 * np.sin(y / 3 * np.pi)) * 2 / 3
    north += (160 * np.sin(y / 12 * np.pi) + 320 * np.sin(y * np.pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + waves
    east += (20 * np.sin(x * np.pi) + 40 * np.sin(x / 3 * np.pi)) * 2 / 3
    east += (150 * np.sin(x / 12 * np.pi) + 300 * np.sin(x / 30 * np.pi)) * 2 / 3
    radians = np.radians(latitude)
    w = 1 - _ECCENTRICITY2 * np.sin(radians) ** 2
    north_degrees = np.degrees(north / (_AXIS * (1 - _ECCENTRICITY2) / (w * np.sqrt(w))))
    east_degrees = np.degrees(east / (_AXIS / np.sqrt(w) * np.cos(radians)))
    inside = (longitude >= 72.004) & (longitude <= 137.8347) & (latitude >= 0.8293) & (latitude <= 55.8271)
    return np.where(inside, latitude + north_degrees, latitude), np.where(inside, longitude + east_degrees, longitude)


def bd09(latitude: Degrees, longitude: Degrees) -> Points:
    """BD-09 of WGS-84."""
    return _bd09_of_gcj02(*gcj02(latitude, longitude))


def _bd09_of_gcj02(latitude: Degrees, longitude: Degrees) -> Points:
    radius = np.hypot(longitude, latitude) + 0.00002 * np.sin(latitude * _BD_TURN)
    angle = np.arctan2(latitude, longitude) + 0.000003 * np.cos(longitude * _BD_TURN)
    return radius * np.sin(angle) + 0.006, radius * np.cos(angle) + 0.0065


def _inverse(forward: Callable[[Degrees, Degrees], Points], point: Points) -> Points:
    """Where `forward` comes from: the shift is small and smooth, so a few steps of its own error suffice."""
    latitude, longitude = point
    for _ in range(12):
        north, east = forward(latitude, longitude)
        latitude, longitude = latitude + point[0] - north, longitude + point[1] - east
    return latitude, longitude
