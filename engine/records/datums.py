"""Datums: Chinese maps show points shifted on purpose; this brings them to WGS-84 and back.

GCJ-02 (maps of the mainland) shifts a point by some hundred metres, by formulae that are published though never
officially; BD-09 (one map maker) turns a GCJ-02 point once more. Neither has a closed inverse: both are undone by
iteration. CGCS2000 lies within centimetres of WGS-84 and is taken as the same [R].
"""

from collections.abc import Callable
from math import atan2, cos, pi, sin, sqrt
from typing import TypeAlias

#: Degrees of longitude and latitude.
Point: TypeAlias = tuple[float, float]

#: The datums a place may come in, with what officials call them.
DATUMS = {"wgs84": "WGS-84", "cgcs2000": "CGCS2000", "gcj02": "GCJ-02", "bd09": "BD-09"}

#: The ellipsoid of the shift (Krasovsky 1940): half its long axis in metres, and its first eccentricity squared.
_AXIS = 6378245.0
_ECCENTRICITY = 0.00669342162296594323
#: Outside this box no map is shifted: west, south, east, north.
_SHIFTED = (72.004, 0.8293, 137.8347, 55.8271)
#: Where the shift is zero.
_ORIGIN = (105.0, 35.0)
_BD_WAVE = pi * 3000.0 / 180.0
_BD_MOVED = (0.0065, 0.006)
#: Degrees; a hundredth of a millimetre.
_CLOSE = 1e-10
_MOST_ROUNDS = 30


def known(datum: str) -> str | None:
    """The datum's word for a spelling like `GCJ-02`, or None for an unknown one."""
    word = "".join(sign for sign in datum.lower() if sign.isalnum())
    return word if word in DATUMS else None


def to_wgs84(point: Point, datum: str) -> Point:
    """A point as WGS-84. Errors: `KeyError` for a datum that `known` doesn't answer."""
    return _TO[datum](point)


def from_wgs84(point: Point, datum: str) -> Point:
    """A WGS-84 point as a map of that datum shows it. Errors: `KeyError`, as `to_wgs84`."""
    return _FROM[datum](point)


def _same(point: Point) -> Point:
    return point


def _gcj(point: Point) -> Point:
    lon, lat = point
    west, south, east, north = _SHIFTED
    if not (west <= lon <= east and south <= lat <= north):
        return point
    x, y = lon - _ORIGIN[0], lat - _ORIGIN[1]
    metres_east, metres_north = _metres(x, y)
    slope = lat / 180.0 * pi
    bulge = 1 - _ECCENTRICITY * sin(slope) ** 2
    return (
        lon + metres_east * 180.0 / (_AXIS / sqrt(bulge) * cos(slope) * pi),
        lat + metres_north * 180.0 / (_AXIS * (1 - _ECCENTRICITY) / (bulge * sqrt(bulge)) * pi),
    )


def _metres(x: float, y: float) -> tuple[float, float]:
    """How far the shift moves a point `x`, `y` degrees from the origin: metres to the east and to the north."""
    ripple = 20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + ripple * 2.0 / 3.0
    east += (20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    east += (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + ripple * 2.0 / 3.0
    north += (20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    north += (160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0)) * 2.0 / 3.0
    return east, north


def _bd_of_gcj(point: Point) -> Point:
    x, y = point
    radius = sqrt(x * x + y * y) + 0.00002 * sin(y * _BD_WAVE)
    angle = atan2(y, x) + 0.000003 * cos(x * _BD_WAVE)
    return radius * cos(angle) + _BD_MOVED[0], radius * sin(angle) + _BD_MOVED[1]


def _bd(point: Point) -> Point:
    return _bd_of_gcj(_gcj(point))


def _undone(shift: Callable[[Point], Point]) -> Callable[[Point], Point]:
    """The inverse of a shift that hardly changes from a point to its neighbour: move the guess by what it misses."""

    def undo(shown: Point) -> Point:
        lon, lat = shown
        for _ in range(_MOST_ROUNDS):
            guess = shift((lon, lat))
            miss_lon, miss_lat = guess[0] - shown[0], guess[1] - shown[1]
            lon, lat = lon - miss_lon, lat - miss_lat
            if abs(miss_lon) < _CLOSE and abs(miss_lat) < _CLOSE:
                break
        return lon, lat

    return undo


_FROM: dict[str, Callable[[Point], Point]] = {"wgs84": _same, "cgcs2000": _same, "gcj02": _gcj, "bd09": _bd}
_TO: dict[str, Callable[[Point], Point]] = {
    "wgs84": _same,
    "cgcs2000": _same,
    "gcj02": _undone(_gcj),
    "bd09": _undone(_bd),
}
