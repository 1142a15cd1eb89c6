"""Boundaries: GeoJSON in, checked and put on whole ten-millionths of a degree, so that "on the line" is exact."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from math import cos, isfinite, radians
from typing import Any

import shapely
from shapely import MultiPolygon, Polygon
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity

from engine.errors import Malformed, Place
from engine.records.areas import Boundary
from engine.records.datums import known, to_wgs84

#: Stored degrees are whole numbers of this fraction.
DEGREE = 10_000_000
#: Vertices of one boundary; a district drawn to the metre has some ten thousand.
MOST_VERTICES = 200_000

_METRES_PER_DEGREE = 111_320


class BadBoundary(Malformed):
    """边界有误 / The boundary is wrong"""

    code = "boundary"


def boundary(source: str | Mapping[str, Any], *, datum: str = "wgs84") -> Boundary:
    """Read a boundary: GeoJSON of a Polygon or MultiPolygon, bare or as a Feature, in longitude, latitude.

    Errors: `BadBoundary` for anything else, open or self-intersecting rings, points off the earth, an unknown datum.
    """
    word = known(datum)
    if word is None:
        raise BadBoundary(f"不认识坐标系“{datum[:20]}”", f"unknown datum '{datum[:20]}'")
    geometry = _geometry(source)
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    if not _is_list(polygons) or not polygons:
        raise BadBoundary("边界没有坐标", "the boundary has no coordinates")
    if _vertices(polygons) > MOST_VERTICES:
        raise BadBoundary(
            f"边界的顶点超过 {MOST_VERTICES:,} 个", f"the boundary has more than {MOST_VERTICES:,} vertices"
        )
    return of_shape(_checked([_polygon(rings, word) for rings in polygons]))


def of_shape(shape: Polygon | MultiPolygon) -> Boundary:
    """The boundary of a shape whose coordinates are whole degrees × 10⁷."""
    west, south, east, north = (round(edge) for edge in shape.bounds)
    return Boundary(geojson=_canonical(shape), west=west, south=south, east=east, north=north)


@lru_cache(maxsize=8192)
def shape_of(geojson: str) -> Polygon | MultiPolygon:
    """The shape of a stored boundary in degrees × 10⁷, made ready for many questions."""
    shape = shapely.transform(shapely.from_geojson(geojson), lambda points: (points * DEGREE).round())
    if not isinstance(shape, Polygon | MultiPolygon):
        raise BadBoundary(f"存储的边界是“{shape.geom_type}”", f"a stored boundary is a {shape.geom_type}")
    shapely.prepare(shape)
    return shape


def covering(boundaries: Sequence[str], lon_e7: int, lat_e7: int) -> list[bool]:
    """Of each stored boundary, whether a point lies in it or on its line."""
    found: list[bool] = shapely.intersects_xy([shape_of(one) for one in boundaries], lon_e7, lat_e7).tolist()
    return found


def square_metres(shape: BaseGeometry) -> int:
    """The area of a shape in degrees × 10⁷; good to a percent within one city."""
    if shape.is_empty:
        return 0
    _, south, _, north = shape.bounds
    narrowing = cos(radians((south + north) / 2 / DEGREE))
    return round(shape.area * (_METRES_PER_DEGREE / DEGREE) ** 2 * narrowing)


def _geometry(source: str | Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        found = json.loads(source) if isinstance(source, str) else source
    except ValueError as error:
        raise BadBoundary("不是 GeoJSON（JSON 格式有误）", f"is no GeoJSON, for it is no JSON: {error}") from error
    if isinstance(found, Mapping) and found.get("type") == "Feature":
        found = found.get("geometry")
    if isinstance(found, Mapping) and found.get("type") in ("Polygon", "MultiPolygon"):
        return {"type": found["type"], "coordinates": found.get("coordinates")}
    kind = str(found.get("type"))[:40] if isinstance(found, Mapping) else type(found).__name__
    raise BadBoundary(
        f"边界应为 Polygon 或 MultiPolygon，不是“{kind}”",
        f"a boundary is a Polygon or MultiPolygon, not '{kind}'",
    )


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _vertices(polygons: Sequence[Any]) -> int:
    return sum(len(ring) for rings in polygons if _is_list(rings) for ring in rings if _is_list(ring))


def _polygon(rings: Any, datum: str) -> Polygon:
    if not _is_list(rings) or not rings:
        raise BadBoundary("有一块边界没有坐标", "a part of the boundary has no coordinates")
    shell, *holes = [_ring(ring, datum) for ring in rings]
    return Polygon(shell, holes)


def _ring(ring: Any, datum: str) -> list[tuple[int, int]]:
    if not _is_list(ring) or len(ring) < 4:
        raise BadBoundary("每一圈至少要有四个点", "a ring has four points at least")
    points = [_vertex(point, datum) for point in ring]
    if points[0] != points[-1]:
        raise BadBoundary("有一圈没有闭合：首尾两点不同", "a ring isn't closed: its first and last points differ")
    return points


def _vertex(point: Any, datum: str) -> tuple[int, int]:
    if not _is_list(point) or len(point) < 2 or not all(_is_number(degrees) for degrees in point[:2]):
        raise BadBoundary(
            f"“{str(point)[:40]}”不是经度、纬度两个数字", f"'{str(point)[:40]}' is no longitude and latitude"
        )
    lon, lat = float(point[0]), float(point[1])
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        swapped = -180 <= lat <= 180 and -90 <= lon <= 90
        raise BadBoundary(
            f"坐标（{lon}, {lat}）不在地球上" + ("，经度、纬度可能写反了" if swapped else ""),
            f"({lon}, {lat}) is not on the earth" + ("; longitude and latitude may be swapped" if swapped else ""),
        )
    lon, lat = to_wgs84((lon, lat), datum)
    return round(lon * DEGREE), round(lat * DEGREE)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _checked(polygons: list[Polygon]) -> Polygon | MultiPolygon:
    shape = polygons[0] if len(polygons) == 1 else MultiPolygon(polygons)
    if shape.is_valid and not shape.is_empty:
        return shape
    reason = explain_validity(shape)
    word, _, where = reason.partition("[")
    at = _degrees(where.rstrip("]"))
    zh = _REASONS.get(word.strip(), "边界的形状不合法")
    raise BadBoundary(
        f"{zh}{f'，在（{at}）附近' if at else ''}",
        f"the boundary is not valid: {word.strip().lower()}{f' near ({at})' if at else ''}",
        place=Place(field="boundary"),
    )


_REASONS = {
    "Self-intersection": "边界线自相交",
    "Ring Self-intersection": "边界线自相交",
    "Hole lies outside shell": "挖空的部分在边界之外",
    "Holes are nested": "挖空的部分互相嵌套",
    "Nested shells": "几块边界互相重叠",
    "Interior is disconnected": "边界被挖空切断",
    "Duplicate Rings": "同一圈写了两次",
    "Too few points in geometry component": "有一圈的不同点太少",
}


def _degrees(where: str) -> str:
    """The place that a reason names, in degrees."""
    try:
        return ", ".join(f"{float(part) / DEGREE:.5f}" for part in where.split())
    except ValueError:
        return ""


def _canonical(shape: Polygon | MultiPolygon) -> str:
    """GeoJSON with seven decimals; the same shape drawn from another first point is the same text."""
    found = mapping(shapely.normalize(shape))
    return json.dumps(
        {"type": found["type"], "coordinates": _walk(found["coordinates"], lambda e7: round(e7) / DEGREE)},
        separators=(",", ":"),
    )


def _walk(node: Any, change: Callable[[float], float]) -> Any:
    return [_walk(inner, change) for inner in node] if isinstance(node, list | tuple) else change(node)
