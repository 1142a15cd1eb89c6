"""The demo district's ground: invented boundaries that fit without a gap.

Every boundary is a union of the same small quadrilaterals, whose corners are whole ten-millionths of a degree and
shared by all neighbours; so two areas meet on exactly one line, on every level. It comes out the same every time.
"""

from collections.abc import Callable, Collection, Sequence
from heapq import heapify, heappop, heappush
from typing import TypeAlias

import shapely
from shapely import MultiPolygon, Point, Polygon

from engine.records.areas import Boundary
from engine.records.boundaries import DEGREE, of_shape

#: A quadrilateral by its column and row.
Cell: TypeAlias = tuple[int, int]
Cells: TypeAlias = frozenset[Cell]

#: South-west corner of the lattice and the size of a cell, degrees × 10⁷: about 0.9 km.
_WEST, _SOUTH = 1_213_400_000, 307_900_000
_WIDE, _HIGH = 95_000, 82_000
_COLUMNS, _ROWS = 50, 30
#: How far a corner is moved off the lattice at most, in hundredths of a cell, so that no line is straight.
_BENT = 28
#: Metres to the east and to the north that a degree × 10⁷ is here, nearly enough to compare distances.
_EAST_METRES, _NORTH_METRES = 0.00956, 0.01113


def cells_inside(outline: Sequence[tuple[float, float]]) -> Cells:
    """The cells whose centre lies in an outline, as far as they hang together."""
    border = Polygon([(lon * DEGREE, lat * DEGREE) for lon, lat in outline])
    inside = {
        (column, row)
        for column in range(_COLUMNS)
        for row in range(_ROWS)
        if border.contains(Point(_middle((column, row))))
    }
    return _together(inside)


def around(cells: Cells, centres: Sequence[tuple[float, float]]) -> list[Cells]:
    """Divide cells among centres (degrees): each grows over what is nearest to it, and every part hangs together."""
    seeds = []
    for lon, lat in centres:
        middle = (lon * DEGREE, lat * DEGREE)
        free = sorted(cell for cell in cells if cell not in seeds)
        seeds.append(min(free, key=lambda cell: _distance(_middle(cell), middle)))
    return _grow(cells, seeds, lambda part, distance: distance)


def divided(cells: Cells, count: int) -> list[Cells]:
    """Divide cells into so many parts of about the same size, or one per cell; every part hangs together."""
    seeds = [min(cells)]
    while len(seeds) < min(count, len(cells)):
        seeds.append(
            max(sorted(cells), key=lambda cell: min(_distance(_middle(cell), _middle(seed)) for seed in seeds))
        )
    return _grow(cells, seeds, lambda part, distance: len(part))


def outline_of(cells: Collection[Cell]) -> Boundary:
    """The boundary around cells."""
    shape = shapely.coverage_union_all([_quadrilateral(cell) for cell in sorted(cells)])
    if not isinstance(shape, Polygon | MultiPolygon):
        raise TypeError(f"cells make a {shape.geom_type}")
    return of_shape(shape)


def _grow(cells: Cells, seeds: Sequence[Cell], weight: Callable[[set[Cell], float], float]) -> list[Cells]:
    """Grow parts from seeds cell by cell; the part of the least weight goes next."""
    parts: list[set[Cell]] = [set() for _ in seeds]
    free = set(cells)
    waiting = [(0.0, 0.0, index, seed) for index, seed in enumerate(seeds)]
    heapify(waiting)
    while waiting:
        *_, index, cell = heappop(waiting)
        if cell not in free:
            continue
        free.discard(cell)
        parts[index].add(cell)
        for neighbour in _neighbours(cell):
            if neighbour in free:
                away = _distance(_middle(neighbour), _middle(seeds[index]))
                heappush(waiting, (weight(parts[index], away), away, index, neighbour))
    return [frozenset(part) for part in parts]


def _together(cells: Collection[Cell]) -> Cells:
    """The largest part of cells that hangs together."""
    free, best = set(cells), frozenset[Cell]()
    while free:
        part = _grow(frozenset(free), [min(free)], lambda part, distance: distance)[0]
        free -= part
        best = max(best, part, key=len)
    return best


def _neighbours(cell: Cell) -> tuple[Cell, ...]:
    column, row = cell
    return (column + 1, row), (column - 1, row), (column, row + 1), (column, row - 1)


def _corner(column: int, row: int) -> tuple[int, int]:
    """A corner of the lattice, moved a little by its own numbers, always the same way."""
    mixed = (column * 73_856_093) ^ (row * 19_349_663) ^ 0x5BD1
    east = mixed % (2 * _BENT + 1) - _BENT
    north = mixed // 97 % (2 * _BENT + 1) - _BENT
    return (
        _WEST + column * _WIDE + east * _WIDE // 100,
        _SOUTH + row * _HIGH + north * _HIGH // 100,
    )


def _quadrilateral(cell: Cell) -> Polygon:
    column, row = cell
    corners = ((column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1))
    return Polygon([_corner(*corner) for corner in corners])


def _middle(cell: Cell) -> tuple[float, float]:
    column, row = cell
    return _WEST + (column + 0.5) * _WIDE, _SOUTH + (row + 0.5) * _HIGH


def _distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Metres, squared."""
    return ((one[0] - other[0]) * _EAST_METRES) ** 2 + ((one[1] - other[1]) * _NORTH_METRES) ** 2
