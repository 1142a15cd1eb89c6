"""Distances and cells: the same in either order, and no neighbour is lost at a border."""

from math import cos, radians

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.rules.ground import DEGREE, SIDE, Spot, cell, cells_around, metres, reach

LATITUDES = st.integers(-80 * DEGREE, 80 * DEGREE)
SPOTS = st.builds(Spot, lon_e7=st.integers(-180 * DEGREE, 180 * DEGREE), lat_e7=LATITUDES, accuracy_m=st.none())


@given(SPOTS, SPOTS)
def test_a_distance_is_the_same_in_either_order(a: Spot, b: Spot) -> None:
    assert metres(a, b) == metres(b, a)
    assert metres(a, a) == 0


def test_known_distances_are_right() -> None:
    crossing = Spot(lon_e7=1_214_567_000, lat_e7=309_000_000)
    north = Spot(lon_e7=1_214_567_000, lat_e7=309_000_000 + DEGREE)
    assert metres(crossing, north) == pytest.approx(111_195, abs=1)
    east = Spot(lon_e7=1_214_567_000 + DEGREE, lat_e7=309_000_000)
    assert metres(crossing, east) == pytest.approx(111_195 * cos(radians(30.9)), rel=1e-4)


@given(SPOTS, st.integers(0, 1_000), st.integers(0, 1_000))
def test_the_further_north_the_further_away(a: Spot, one: int, other: int) -> None:
    near, far = sorted((one, other))
    spots = [Spot(lon_e7=a.lon_e7, lat_e7=a.lat_e7 + step) for step in (near, far)]
    assert metres(a, spots[0]) <= metres(a, spots[1]) + 1e-6


@given(SPOTS, st.integers(-400_000, 400_000), st.integers(-30_000, 30_000), st.integers(0, 600))
def test_whatever_lies_within_the_metres_lies_in_the_cells_around(a: Spot, east: int, north: int, within: int) -> None:
    b = Spot(lon_e7=a.lon_e7 + east, lat_e7=a.lat_e7 + north)
    if metres(a, b) <= within:
        assert cell(b.lon_e7, b.lat_e7) in set(cells_around(a, within))


@pytest.mark.parametrize(("lon", "lat"), [(121 * DEGREE, 31 * DEGREE), (180 * DEGREE, 0), (0, 0), (-SIDE, -SIDE)])
def test_a_point_at_a_border_finds_its_neighbours_on_every_side(lon: int, lat: int) -> None:
    here = Spot(lon_e7=lon, lat_e7=lat)
    for east in (-9, 0, 9):
        for north in (-9, 0, 9):
            assert cell(lon + east, lat + north) in set(cells_around(here, 1))


def test_both_sides_of_the_date_line_are_one_neighbourhood() -> None:
    west = Spot(lon_e7=180 * DEGREE - 50, lat_e7=0)
    assert metres(west, Spot(lon_e7=-180 * DEGREE + 50, lat_e7=0)) < 2
    assert cell(-180 * DEGREE + 50, 0) in set(cells_around(west, 5))


def test_few_cells_are_asked_where_people_live() -> None:
    assert len(list(cells_around(Spot(lon_e7=1_214_567_000, lat_e7=309_000_000), 250))) <= 20
    assert len(list(cells_around(Spot(lon_e7=1_265_000_000, lat_e7=535_000_000), 250))) <= 30


def test_an_accuracy_widens_the_reach_up_to_its_bound() -> None:
    exact, rough = Spot(lon_e7=0, lat_e7=0), Spot(lon_e7=0, lat_e7=0, accuracy_m=5_000)
    assert reach(exact, exact, 50, 100) == 50
    assert reach(exact, rough, 50, 100) == reach(rough, exact, 50, 100) == 150
    assert reach(rough, rough, 50, 100) == 250
