"""Places on the ground: how far apart, and in which cell of a coarse grid that an index can find."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import asin, ceil, cos, floor, radians, sin, sqrt

#: Degrees × 10⁷ per degree.
DEGREE = 10_000_000
#: Degrees × 10⁷ of a cell's side: some 220 metres from south to north.
SIDE = 20_000
#: Cells around the earth.
_AROUND = 360 * DEGREE // SIDE
#: Metres; the mean radius of the earth.
_RADIUS = 6_371_008.8
_METRES_PER_DEGREE = _RADIUS * radians(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A point, WGS-84 in degrees × 10⁷, with its accuracy in metres if it is known."""

    lon_e7: int
    lat_e7: int
    accuracy_m: int | None = None


def metres(a: Spot, b: Spot) -> float:
    """How far two points are apart on the sphere; the same in either order."""
    lat_a, lat_b = sorted((radians(a.lat_e7 / DEGREE), radians(b.lat_e7 / DEGREE)))
    half_lat = sin((lat_b - lat_a) / 2)
    half_lon = sin(radians(abs(a.lon_e7 - b.lon_e7) / DEGREE) / 2)
    return 2 * _RADIUS * asin(min(1.0, sqrt(half_lat**2 + cos(lat_a) * cos(lat_b) * half_lon**2)))


def reach(a: Spot, b: Spot, apart: int, most: int) -> int:
    """Metres within which two points may be one place: `apart`, and of each accuracy at most `most`."""
    return apart + min(a.accuracy_m or 0, most) + min(b.accuracy_m or 0, most)


def cell(lon_e7: int, lat_e7: int) -> int:
    """The cell a point lies in; neighbours to the east have the next number, round the earth."""
    return _cell(lon_e7 // SIDE, lat_e7 // SIDE)


def _cell(column: int, row: int) -> int:
    return row * _AROUND + column % _AROUND


def cells_around(spot: Spot, within: float) -> Iterator[int]:
    """Every cell that a point within so many metres may lie in; a few, up to the latitudes where people live."""
    high = ceil(within / _METRES_PER_DEGREE * DEGREE)
    # Nearer a pole a degree is shorter: the box is as wide as its edge nearest the pole needs.
    furthest = min(abs(spot.lat_e7) + high, 89 * DEGREE)
    wide = ceil(high / cos(radians(furthest / DEGREE)))
    rows = range(floor((spot.lat_e7 - high) / SIDE), floor((spot.lat_e7 + high) / SIDE) + 1)
    west, east = (spot.lon_e7 - wide) // SIDE, (spot.lon_e7 + wide) // SIDE
    columns = range(west, min(east, west + _AROUND - 1) + 1)
    for row in rows:
        for column in columns:
            yield _cell(column, row)
