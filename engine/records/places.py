"""Places: a point as it was received becomes WGS-84, and finds the grid it lies in."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, isfinite
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from engine.clock import Instant
from engine.database import Transaction
from engine.errors import Malformed, Place
from engine.records.areas import Boundary, area_by_code, chain, redraw_area
from engine.records.asking import marks, wrong
from engine.records.boundaries import DEGREE, covering, shape_of, square_metres
from engine.records.datums import DATUMS, known, to_wgs84

#: Metres; what a phone says beyond this says nothing about where it is.
WORST_ACCURACY = 100_000
#: Square metres; smaller gaps and overlaps come from drawing, not from deciding.
TOLERANCE = 100

#: The fields of a received place.
_RECEIVED = ("lon", "lat", "datum", "accuracy", "accuracy_m", "area")


class BetweenAreas(Malformed):
    """该点在两个区域的分界线上，请选择 / The point lies on the line between areas; choose one"""

    code = "between_areas"


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaHere:
    """An area that a point may belong to."""

    id: int
    code: str
    name: str
    level: str


class Fault(StrEnum):
    """What may be wrong between boundaries."""

    GAP = "gap"  #: a part of the parent that no child covers
    OVERLAP = "overlap"  #: a part that two children claim
    OUTSIDE = "outside"  #: a part of a child beyond its parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Where the boundaries below an area don't fit."""

    fault: Fault
    #: Codes of the areas concerned.
    areas: tuple[str, ...]
    square_metres: int
    #: A point inside the part, degrees × 10⁷.
    lon_e7: int
    lat_e7: int

    @property
    def message(self) -> str:
        """中文 / English, with the size and a point to look at."""
        at = f"{self.lon_e7 / DEGREE:.5f}, {self.lat_e7 / DEGREE:.5f}"
        zh, en = _FAULTS[self.fault]
        return (
            f"{'、'.join(self.areas)}{zh} {self.square_metres:,} 平方米，在（{at}） / "
            f"{', '.join(self.areas)} {en} {self.square_metres:,} m² at ({at})"
        )


_FAULTS = {
    Fault.GAP: ("内无下级覆盖", "leaves uncovered"),
    Fault.OVERLAP: ("互相重叠", "overlap by"),
    Fault.OUTSIDE: ("超出上级", "reaches beyond its parent by"),
}


def received(raw: Mapping[str, Any], *, field: str = "place") -> dict[str, Any]:
    """A point as it comes in, as a stored place.

    `raw` has `lon` and `lat` in degrees (numbers or text), `datum` (see `datums.DATUMS`; it must be said, because a
    wrong guess is half a kilometre off) and, if known, `accuracy` in metres. The answer has `lon_e7` and `lat_e7`
    (WGS-84, degrees × 10⁷), `datum` as received and `accuracy_m` (whole metres, rounded up; None if unknown).
    Errors: `Malformed` naming `field`.
    """
    unknown = next((name for name in raw if name not in _RECEIVED), None)
    if unknown is not None:
        raise wrong(field, f"位置里没有“{unknown}”这一项", f"a place has no '{unknown}'")
    said = raw.get("datum")
    datum = known(said) if isinstance(said, str) else None
    if datum is None:
        raise wrong(
            field,
            f"请说明坐标系：{'、'.join(DATUMS.values())}（收到“{str(said)[:20]}”）",
            f"say in which datum: {', '.join(DATUMS.values())} (got '{str(said)[:20]}')",
        )
    lon, lat = _number(field, raw.get("lon"), "lon"), _number(field, raw.get("lat"), "lat")
    _refuse_off_earth(field, lon, lat)
    lon, lat = to_wgs84((lon, lat), datum)
    return {
        "lon_e7": round(lon * DEGREE),
        "lat_e7": round(lat * DEGREE),
        "datum": datum,
        "accuracy_m": _accuracy(field, raw.get("accuracy", raw.get("accuracy_m"))),
    }


def areas_at(transaction: Transaction, lon_e7: int, lat_e7: int) -> tuple[AreaHere, ...]:
    """The smallest areas that cover a point: none in a gap, several on a line between them. Ordered by code."""
    west, east, south, north = marks(transaction, 4)
    rows = transaction.rows(
        "SELECT id, code, name, level, lineage, boundary FROM area WHERE boundary IS NOT NULL AND valid_to IS NULL "  # noqa: S608
        f"AND west <= {west} AND east >= {east} AND south <= {south} AND north >= {north}",
        (lon_e7, lon_e7, lat_e7, lat_e7),
    )
    inside = covering([row[5] for row in rows], lon_e7, lat_e7)
    covering_rows = [row for row, covered in zip(rows, inside, strict=True) if covered]
    above = {link.id for row in covering_rows for link in chain(row[4])[1:]}
    smallest = [row for row in covering_rows if row[0] not in above]
    return tuple(
        AreaHere(id=row[0], code=row[1], name=row[2], level=row[3])
        for row in sorted(smallest, key=lambda row: str(row[1]))
    )


def find_area(transaction: Transaction, lon_e7: int, lat_e7: int) -> str | None:
    """The code of the smallest area that covers a point; None in a gap, where the caller names the point.

    Errors: `BetweenAreas` on a line, with the areas to choose from in ``details["candidates"]``.
    """
    found = areas_at(transaction, lon_e7, lat_e7)
    if len(found) > 1:
        raise BetweenAreas(
            f"该点在{'与'.join(f'“{area.name}”' for area in found)}的分界线上，请选择其一",
            f"the point lies on the line between {' and '.join(area.name for area in found)}; choose one",
            place=Place(field="area"),
            candidates=found,
        )
    return found[0].code if found else None


def set_boundary(transaction: Transaction, code: str, new: Boundary | None, now: Instant) -> list[Finding]:
    """Draw an area's boundary; the old one is kept in the history. Answers what doesn't fit
    then, below it and among its neighbours.

    `new` comes from `boundaries.boundary`, which refuses a wrong shape. Errors: `NotFound`.
    """
    redraw_area(transaction, code, new, now)
    area = area_by_code(transaction, code)
    inside = check_tiling(transaction, code)
    if area.parent_id is None:
        return inside
    mark, *_ = marks(transaction, 1)
    parent = transaction.rows(f"SELECT code FROM area WHERE id = {mark}", (area.parent_id,))[0][0]  # noqa: S608
    return [*check_tiling(transaction, parent), *inside]


def check_tiling(transaction: Transaction, code: str) -> list[Finding]:
    """Gaps, overlaps and overhangs of the areas directly below one, the largest first; none if none has a boundary."""
    parent = area_by_code(transaction, code)
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT code, boundary FROM area WHERE parent_id = {mark} AND boundary IS NOT NULL AND valid_to IS NULL "  # noqa: S608
        "ORDER BY code",
        (parent.id,),
    )
    codes, shapes = [row[0] for row in rows], [shape_of(row[1]) for row in rows]
    findings = []
    tree = shapely.STRtree(shapes)
    for one, shape in enumerate(shapes):
        for other in sorted(int(index) for index in tree.query(shape)):
            if other > one:
                shared = shape.intersection(shapes[other])
                findings.append(_finding(Fault.OVERLAP, (codes[one], codes[other]), shared))
    if shapes and parent.boundary is not None:
        whole = shape_of(parent.boundary)
        findings.append(_finding(Fault.GAP, (code,), whole.difference(shapely.union_all(shapes))))
        findings += [
            _finding(Fault.OUTSIDE, (codes[one],), shape.difference(whole)) for one, shape in enumerate(shapes)
        ]
    return sorted(
        (finding for finding in findings if finding is not None),
        key=lambda finding: (-finding.square_metres, finding.areas),
    )


def _finding(fault: Fault, areas: tuple[str, ...], part: BaseGeometry) -> Finding | None:
    size = square_metres(part)
    if size < TOLERANCE:
        return None
    point = part.representative_point()
    return Finding(fault=fault, areas=areas, square_metres=size, lon_e7=round(point.x), lat_e7=round(point.y))


def _number(field: str, value: object, name: str) -> float:
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
    except (ValueError, OverflowError):
        number = None
    if number is None or not isfinite(number):
        zh, en = ("经度", "longitude") if name == "lon" else ("纬度", "latitude")
        raise wrong(field, f"{zh}应为数字，不是“{str(value)[:20]}”", f"the {en} is no number: '{str(value)[:20]}'")
    return number


def _refuse_off_earth(field: str, lon: float, lat: float) -> None:
    if -180 <= lon <= 180 and -90 <= lat <= 90:
        return
    if -90 <= lon <= 90 and -180 <= lat <= 180:
        raise wrong(
            field,
            f"（{lon}, {lat}）的经度、纬度可能写反了",
            f"longitude and latitude of ({lon}, {lat}) seem to be swapped",
        )
    raise wrong(field, f"（{lon}, {lat}）不在地球上", f"({lon}, {lat}) is not on the earth")


def _accuracy(field: str, value: object) -> int | None:
    if value is None or value == "":
        return None
    try:
        metres = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else -1.0
    except (ValueError, OverflowError):
        metres = -1.0
    if not 0 <= metres <= WORST_ACCURACY:
        raise wrong(
            field,
            f"定位精度应为 0 至 {WORST_ACCURACY:,} 米，不是“{str(value)[:20]}”",
            f"the accuracy lies between 0 and {WORST_ACCURACY:,} metres, not '{str(value)[:20]}'",
        )
    return ceil(metres)
