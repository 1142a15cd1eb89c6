"""A point finds the smallest area that covers it; on a line it asks, in a gap it says so."""

import pytest

from engine.clock import DAY, Instant, SetClock
from engine.database import Database, Transaction
from engine.definitions.words import shipped
from engine.records.areas import Boundary, NewArea, create_areas, end_area, set_levels
from engine.records.boundaries import boundary
from engine.records.organisation import area_at
from engine.records.places import BetweenAreas, Fault, Finding, areas_at, check_tiling, find_area, set_boundary

E7 = 10_000_000


def box(west: float, south: float, east: float, north: float) -> Boundary:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return boundary({"type": "Polygon", "coordinates": [ring]})


#: A street of 0.04° × 0.02°: village v1 with two micro-grids in the west, village v2 without any in the east.
STREET = [
    NewArea(code="s", level="street", name="街道", boundary=box(121.40, 30.90, 121.44, 30.92)),
    NewArea(code="v1", level="village", name="西村", parent="s", boundary=box(121.40, 30.90, 121.42, 30.92)),
    NewArea(code="v2", level="village", name="东村", parent="s", boundary=box(121.42, 30.90, 121.44, 30.92)),
    NewArea(code="w1", level="micro_grid", name="北片", parent="v1", boundary=box(121.40, 30.91, 121.42, 30.92)),
    NewArea(code="w2", level="micro_grid", name="南片", parent="v1", boundary=box(121.40, 30.90, 121.42, 30.91)),
    NewArea(code="v3", level="village", name="无界村", parent="s"),
]


@pytest.fixture
def street(database: Database, clock: SetClock) -> dict[str, int]:
    def work(transaction: Transaction) -> dict[str, int]:
        set_levels(transaction, shipped().levels)
        return create_areas(transaction, STREET, clock.now())

    return database.acting(work)


def found(database: Database, lon: float, lat: float) -> str | None:
    with database.looking() as transaction:
        return find_area(transaction, round(lon * E7), round(lat * E7))


def draw(database: Database, code: str, new: Boundary | None, now: Instant) -> list[Finding]:
    return database.acting(lambda transaction: set_boundary(transaction, code, new, now))


def test_a_point_finds_the_smallest_area_around_it(database: Database, street: dict[str, int]) -> None:
    assert found(database, 121.41, 30.915) == "w1"
    assert found(database, 121.41, 30.905) == "w2"
    assert found(database, 121.43, 30.915) == "v2"


def test_a_point_in_no_area_is_a_gap(database: Database, street: dict[str, int]) -> None:
    assert found(database, 121.45, 30.915) is None


def test_a_point_on_the_outer_line_belongs_to_the_only_area_there(database: Database, street: dict[str, int]) -> None:
    assert found(database, 121.40, 30.915) == "w1"


def test_a_point_on_the_line_between_two_areas_asks_which(database: Database, street: dict[str, int]) -> None:
    with pytest.raises(BetweenAreas) as asked:
        found(database, 121.41, 30.91)
    assert [area.code for area in asked.value.details["candidates"]] == ["w1", "w2"]  # type: ignore[attr-defined]
    assert "北片" in asked.value.zh


def test_a_point_between_a_micro_grid_and_a_village_without_any_asks_too(
    database: Database, street: dict[str, int]
) -> None:
    with database.looking() as transaction:
        here = areas_at(transaction, round(121.42 * E7), round(30.915 * E7))
    assert [area.code for area in here] == ["v2", "w1"]


def test_an_ended_area_is_not_found_any_more(database: Database, street: dict[str, int], clock: SetClock) -> None:
    database.acting(lambda transaction: end_area(transaction, "w1", clock.now()))
    assert found(database, 121.41, 30.915) == "v1"


def test_a_redrawn_boundary_counts_at_once_and_the_old_one_is_kept(
    database: Database, street: dict[str, int], clock: SetClock
) -> None:
    before, later = clock.now(), clock.advance(DAY)
    draw(database, "w1", box(121.40, 30.905, 121.42, 30.92), later)
    draw(database, "w2", box(121.40, 30.90, 121.42, 30.905), later)
    assert found(database, 121.41, 30.907) == "w1"
    with database.looking() as transaction:
        old = area_at(transaction, street["w1"], before)
    assert old.boundary == box(121.40, 30.91, 121.42, 30.92).geojson


def test_a_boundary_that_fits_brings_no_finding(database: Database, street: dict[str, int], clock: SetClock) -> None:
    assert draw(database, "w1", box(121.40, 30.91, 121.42, 30.92), clock.now()) == []
    with database.looking() as transaction:
        assert check_tiling(transaction, "s") == []


def test_gaps_overlaps_and_overhangs_are_named_with_their_size(
    database: Database, street: dict[str, int], clock: SetClock
) -> None:
    later = clock.advance(DAY)
    (gap,) = draw(database, "w1", box(121.40, 30.915, 121.42, 30.92), later)
    assert (gap.fault, gap.areas) == (Fault.GAP, ("v1",))
    assert gap.square_metres == pytest.approx(1_063_000, rel=0.02)
    assert 30.91 * E7 < gap.lat_e7 < 30.915 * E7

    outside, overlap = draw(database, "w1", box(121.40, 30.905, 121.43, 30.92), later)
    assert (overlap.fault, overlap.areas) == (Fault.OVERLAP, ("w1", "w2"))
    assert (outside.fault, outside.areas) == (Fault.OUTSIDE, ("w1",))
    assert "超出上级" in outside.message
