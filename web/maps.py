"""Maps: points in the datum that is drawn, grouped by grid so that the same page reads without a map.

Everything is kept in WGS-84. Where the tiles of an installation are GCJ-02 (`HUYING_TILES_DATUM`), points and outlines
are moved to it together, here and nowhere else; without tiles nothing is moved.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engine.definitions.model import Title
from engine.records.boundaries import DEGREE
from engine.records.datums import from_wgs84
from engine.records.grids import LEVEL
from engine.records.outlines import Box
from engine.records.task_rows import TaskRow
from engine.rules.ground import Spot
from engine.settings import Settings
from web.contexts import Listed

#: A box is widened by this much on each side, degrees × 10⁷: some two hundred metres.
_MARGIN = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One point with what its popup says."""

    case_no: str
    words: str
    light: str
    said: Title
    #: Degrees with seven decimals, in the datum that is drawn.
    lon: str
    lat: str
    #: Set apart from the others: what the map is about.
    here: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A map: its pins under the names of their grids, and the box that the outlines are asked for."""

    grids: Mapping[str, tuple[Pin, ...]]
    #: `west,south,east,north` in whole degrees × 10⁷, WGS-84; "" when there is nothing to show.
    box: str
    #: How many of the tickets have no point.
    missing: int = 0

    @property
    def count(self) -> int:
        return sum(len(pins) for pins in self.grids.values())


def of_tasks(rows: Iterable[TaskRow], spots: Mapping[int, Spot], settings: Settings) -> Drawn:
    """Tasks on a map."""
    found: list[tuple[str, Pin]] = []
    missing = 0
    for row in rows:
        spot = spots.get(row.ticket_id)
        if spot is None:
            missing += 1
            continue
        light = row.clock.light if row.clock else ""
        grid = next((name for link, name in row.area if link.level == LEVEL), row.area_name)
        words = row.description or row.address or row.area_name
        found.append((grid, _pin(row.case_no, words, light, row.state_title, spot, settings)))
    return _drawn(found, spots.values(), missing)


def of_tickets(rows: Iterable[tuple[Listed, str]], spots: Mapping[int, Spot], settings: Settings) -> Drawn:
    """Tickets on a map, each with the name of its grid."""
    found = []
    for one, grid in rows:
        row = one.row
        words = row.description or row.address or row.area_name
        light = row.due.light if row.due else ""
        found.append((grid, _pin(row.case_no, words, light, one.state, spots[row.ticket_id], settings)))
    return _drawn(found, spots.values(), 0)


def beside(
    case_no: str, words: str, spot: Spot, others: Iterable[tuple[str, str, Title, Spot]], settings: Settings
) -> Drawn:
    """One ticket in the middle, and others near it with what is said of each, such as the distance."""
    shown = list(others)
    pins = [_pin(case_no, words, "", Title("本案", "this ticket"), spot, settings, here=True)]
    pins += [_pin(number, text, "", said, place, settings) for number, text, said, place in shown]
    return _drawn([("", pin) for pin in pins], [spot, *(place for *_, place in shown)], 0)


def _pin(
    case_no: str, words: str, light: str, said: Title, spot: Spot, settings: Settings, *, here: bool = False
) -> Pin:
    lon, lat = from_wgs84((spot.lon_e7 / DEGREE, spot.lat_e7 / DEGREE), shown_datum(settings))
    return Pin(case_no=case_no, words=words, light=light, said=said, lon=f"{lon:.7f}", lat=f"{lat:.7f}", here=here)


def shown_datum(settings: Settings) -> str:
    """The datum in which points and outlines are drawn."""
    return settings.tiles_datum if settings.tiles else "wgs84"


def _drawn(found: Iterable[tuple[str, Pin]], spots: Iterable[Spot], missing: int) -> Drawn:
    grids: dict[str, list[Pin]] = {}
    for grid, pin in found:
        grids.setdefault(grid, []).append(pin)
    box = _box(spots) if grids else None
    return Drawn(
        grids={grid: tuple(pins) for grid, pins in grids.items()},
        box=",".join(str(edge) for edge in box) if box else "",
        missing=missing,
    )


def _box(spots: Iterable[Spot]) -> Box | None:
    listed = list(spots)
    if not listed:
        return None
    lons, lats = [one.lon_e7 for one in listed], [one.lat_e7 for one in listed]
    return min(lons) - _MARGIN, min(lats) - _MARGIN, max(lons) + _MARGIN, max(lats) + _MARGIN
