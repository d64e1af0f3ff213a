"""Districts for the map: read from a GeoJSON file that the instance's owner has, kept in WGS-84."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from django.db import transaction

from mingcha.engines.geo.datum import DATUMS, gcj02, to_wgs84
from mingcha.problems import Problem

from .models import Region

BYTES = 64 * 2**20  # of a file; districts of a province drawn to the metre have fewer
PLACES = 6  # decimals of a degree: 0.1 m
_CODE = re.compile(r"[0-9]{2,12}")


@transaction.atomic
def regions_import(
    path: Path,
    *,
    division_field: str = "division",
    name_field: str = "name",
    datum: str = "WGS-84",
    source: str = "",
    simulated: bool = False,
) -> list[Region]:
    """Replace the map's districts by the polygons of a GeoJSON file; Problem, and nothing changed, where one is wrong.

    `division_field`, `name_field`: the properties that hold a polygon's division code (the beginning of the codes of
    what lies in it) and its name. `datum`: one of engines.geo.datum.DATUMS. `source`: where the map comes from, with
    its approval number where it has one.
    """
    if datum not in DATUMS:
        raise _wrong(path, f"不认识坐标系“{datum}”", f"the datum {datum!r} is unknown", "、".join(DATUMS))
    regions = [
        _region(path, place, feature, division_field, name_field, datum)
        for place, feature in enumerate(_features(path), 1)
    ]
    codes = [region.division for region in regions]
    if twice := next((code for code in codes if codes.count(code) > 1), None):
        raise _wrong(path, f"区划代码 {twice} 出现多次", f"the division code {twice} stands there more than once")
    for region in regions:
        region.source, region.simulated = source[:200], simulated
    Region.objects.all().delete()
    return Region.objects.bulk_create(regions)


def regions_collection(datum: str = "WGS-84") -> tuple[bytes, str]:
    """All districts as a GeoJSON FeatureCollection, and its digest. Properties: division, name, at (where the name
    stands: longitude, latitude). `datum`: of the tiles below them, WGS-84 or GCJ-02."""
    features = []
    for number, region in enumerate(Region.objects.iterator(), 1):
        geometry, at = region.geometry, [region.longitude, region.latitude]
        if datum == "GCJ-02":
            geometry, at = _shifted(geometry), _shift([at])[0]
        properties = {"division": region.division, "name": region.name, "at": at}
        features.append({"type": "Feature", "id": number, "properties": properties, "geometry": geometry})
    body = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, separators=(",", ":"))
    encoded = body.encode()
    return encoded, hashlib.sha256(encoded).hexdigest()[:16]


def _shifted(geometry: dict[str, Any]) -> dict[str, Any]:
    parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    moved = [[_shift(ring) for ring in polygon] for polygon in parts]
    return {"type": geometry["type"], "coordinates": moved if geometry["type"] == "MultiPolygon" else moved[0]}


def _shift(points: list[list[float]]) -> list[list[float]]:
    """WGS-84 to GCJ-02."""
    there = np.asarray(points)
    latitude, longitude = gcj02(there[:, 1], there[:, 0])
    return np.column_stack([longitude, latitude]).round(PLACES).tolist()


def regions_all() -> list[Region]:
    return list(Region.objects.defer("geometry"))


def region_names() -> dict[str, str]:
    """Division code -> name, of all districts."""
    return dict(Region.objects.values_list("division", "name"))


def _features(path: Path) -> list[Any]:
    if not path.is_file():
        raise _wrong(path, "没有这个文件", "there is no such file")
    if path.stat().st_size > BYTES:
        raise _wrong(
            path, "文件超过 64 MB", "the file is larger than 64 MB", "请先简化边界", "simplify the outlines first"
        )
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, UnicodeDecodeError, RecursionError):
        raise _wrong(path, "不是 JSON 文件", "it isn't JSON") from None
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list) or not features:
        raise _wrong(path, "不是有要素的 FeatureCollection", "it is no FeatureCollection with features")
    return features


def _region(path: Path, place: int, feature: Any, division_field: str, name_field: str, datum: str) -> Region:
    """One district; `place` counts features from 1, for the message."""
    where = f"{path}: feature {place}"
    properties = (feature.get("properties") or {}) if isinstance(feature, dict) else {}
    code, name = str(properties.get(division_field, "")).strip(), str(properties.get(name_field, "")).strip()
    if not _CODE.fullmatch(code):
        zh, en = f"属性“{division_field}”不是区划代码：{code!r}", f"{division_field!r} is no division code: {code!r}"
        raise _wrong(where, zh, en, "请用 --division-field 指明属性", "name the property with --division-field")
    if not name:
        zh, en = f"没有名称属性“{name_field}”", f"it has no name in {name_field!r}"
        raise _wrong(where, zh, en, "请用 --name-field 指明属性", "name the property with --name-field")
    geometry = feature.get("geometry") or {}
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        raise _wrong(where, f"不是多边形：{kind}", f"it is no polygon: {kind}")
    try:
        parts = geometry["coordinates"] if kind == "MultiPolygon" else [geometry["coordinates"]]
        converted = [[_ring(ring, datum) for ring in polygon] for polygon in parts]
        if not converted or not all(converted):
            raise ValueError
    except (KeyError, TypeError, ValueError, IndexError):
        zh = "坐标不完整、不闭合或超出经纬度范围"
        raise _wrong(where, zh, "its coordinates are incomplete, not closed or no degrees") from None
    coordinates = converted if kind == "MultiPolygon" else converted[0]
    longitude, latitude = middle(max((polygon[0] for polygon in converted), key=area))
    return Region(
        division=code,
        name=name[:100],
        geometry={"type": kind, "coordinates": coordinates},
        longitude=longitude,
        latitude=latitude,
    )


def _ring(ring: Any, datum: str) -> list[list[float]]:
    """A closed ring in WGS-84, rounded. ValueError for anything else."""
    points = np.array([point[:2] for point in ring], dtype=np.float64)
    if points.ndim != 2 or points.shape[0] < 4 or not np.isfinite(points).all():
        raise ValueError
    if (np.abs(points[:, 0]) > 180).any() or (np.abs(points[:, 1]) > 90).any() or (points[0] != points[-1]).any():
        raise ValueError
    latitude, longitude = to_wgs84(points[:, 1], points[:, 0], datum)
    return np.column_stack([longitude, latitude]).round(PLACES).tolist()


def area(ring: list[list[float]]) -> float:
    """In square degrees, without sign: for comparing rings of one place."""
    points = np.asarray(ring)
    x, y = points[:, 0], points[:, 1]
    return abs(float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))) / 2


def middle(ring: list[list[float]]) -> tuple[float, float]:
    """A point well inside the ring, for its name: half-way through the widest stretch of a few lines across it."""
    points = np.asarray(ring)
    x, y = points[:, 0], points[:, 1]
    best = (-1.0, float(x.mean()), float(y.mean()))
    for height in np.linspace(y.min(), y.max(), 13)[3:-3]:
        cut = (y[:-1] > height) != (y[1:] > height)
        crossing = x[:-1][cut] + (height - y[:-1][cut]) / (y[1:][cut] - y[:-1][cut]) * (x[1:][cut] - x[:-1][cut])
        crossing.sort()
        for left, right in zip(crossing[::2], crossing[1::2], strict=False):
            best = max(best, (float(right - left), float(left + right) / 2, float(height)))
    return round(best[1], PLACES), round(best[2], PLACES)


def _wrong(where: Path | str, zh: str, en: str, todo_zh: str = "", todo_en: str = "") -> Problem:
    return Problem(
        zh=f"不能导入区划边界：{zh}。",
        en=f"The districts can't be imported: {en}.",
        where=str(where),
        todo_zh=f"{todo_zh or '请更正文件后重新导入；原有边界没有改变'}。",
        todo_en=f"{(todo_en or todo_zh or 'mend the file and import it again; nothing has changed')}.",
    )
