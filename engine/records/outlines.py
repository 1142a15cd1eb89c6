"""Outlines of grids to be drawn on a map: those in a box, simplified to what a screen shows."""

from typing import Any

from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from engine.database import Transaction
from engine.records.asking import marks
from engine.records.boundaries import DEGREE, shape_of
from engine.records.datums import from_wgs84
from engine.records.grids import LEVEL

#: Outlines of one map.
MOST = 120
MOST_BELOW = 400
#: A line is drawn to so many parts of the box's longer side: finer than a screen.
_FINE = 2_000
_COARSE = 1_000

#: West, south, east, north; WGS-84, degrees × 10⁷.
Box = tuple[int, int, int, int]


def outlines(transaction: Transaction, box: Box, datum: str = "wgs84") -> dict[str, Any]:
    """The grids that are there now and lie in a box, as a GeoJSON FeatureCollection in that datum.

    Errors: `KeyError` for an unknown datum.
    """
    west, south, east, north = box
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT code, name, boundary FROM area WHERE west <= {mark} AND east >= {mark} AND south <= {mark} "  # noqa: S608
        f"AND north >= {mark} AND level = {mark} AND boundary IS NOT NULL AND valid_to IS NULL "
        f"ORDER BY code LIMIT {MOST}",
        (east, west, north, south, LEVEL),
    )
    tolerance = max(east - west, north - south) / _FINE
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "name": name},
            "geometry": _geometry(shape_of(geojson).simplify(tolerance), datum),
        }
        for code, name, geojson in rows
    ]
    return {"type": "FeatureCollection", "features": features}


def below(transaction: Transaction, area: int | None, level: str, datum: str = "wgs84") -> dict[str, Any]:
    """The areas of a level that lie within another one now, or its children where no level is said; as `outlines`."""
    mark, *_ = marks(transaction, 1)
    parts: list[tuple[str, Any]] = []
    if level:
        parts.append((f"level = {mark}", level))
        if area is not None:
            # The way up is written `[[id,"level"],…]`.
            parts.append((f"lineage LIKE {mark}", f"%[{area},%"))
    else:
        parts.append((f"parent_id = {mark}", area))
    rows = transaction.rows(
        "SELECT code, name, boundary, west, south, east, north FROM area "  # noqa: S608 (constant words and marks)
        f"WHERE boundary IS NOT NULL AND valid_to IS NULL AND {' AND '.join(part for part, _ in parts)} "
        f"ORDER BY code LIMIT {MOST_BELOW}",
        [value for _, value in parts],
    )
    sides = [max(row[5] for row in rows) - min(row[3] for row in rows) if rows else 0]
    sides.append(max(row[6] for row in rows) - min(row[4] for row in rows) if rows else 0)
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "name": name},
            "geometry": _geometry(shape_of(geojson).simplify(max(sides) / _COARSE), datum),
        }
        for code, name, geojson, *_ in rows
    ]
    return {"type": "FeatureCollection", "features": features}


def _geometry(shape: BaseGeometry, datum: str) -> dict[str, Any]:
    found = mapping(shape)
    return {"type": found["type"], "coordinates": _shown(found["coordinates"], datum)}


def _shown(node: Any, datum: str) -> Any:
    """Coordinates of a geometry, however deep, as degrees of that datum."""
    if isinstance(node[0], int | float):
        return from_wgs84((node[0] / DEGREE, node[1] / DEGREE), datum)
    return [_shown(inner, datum) for inner in node]
