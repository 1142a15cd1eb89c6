"""Chinese maps show points shifted; the engine brings them back."""

from math import cos, hypot, radians

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.records.datums import Point, from_wgs84, known, to_wgs84

#: Shanghai, Beijing, Guangzhou, Ürümqi, Harbin, Haikou.
CITIES = [(121.47, 30.92), (116.40, 39.91), (113.26, 23.13), (87.62, 43.82), (126.64, 45.75), (110.33, 20.03)]


def metres(one: Point, other: Point) -> float:
    east = (one[0] - other[0]) * 111_320 * cos(radians(one[1]))
    return hypot(east, (one[1] - other[1]) * 111_320)


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
@given(lon=st.floats(73.5, 134.5), lat=st.floats(3.5, 53.5))
def test_a_point_shown_on_a_shifted_map_comes_back_within_a_millimetre(datum: str, lon: float, lat: float) -> None:
    assert metres(to_wgs84(from_wgs84((lon, lat), datum), datum), (lon, lat)) < 0.001


@pytest.mark.parametrize("city", CITIES)
def test_a_guess_of_the_datum_would_be_hundreds_of_metres_off(city: Point) -> None:
    assert 100 < metres(from_wgs84(city, "gcj02"), city) < 1000
    assert 700 < metres(from_wgs84(city, "bd09"), from_wgs84(city, "gcj02")) < 1500


def test_the_shift_is_the_published_one() -> None:
    """The worked example that goes round with the formulae: one point of Beijing in each datum."""
    beijing = (116.404, 39.915)
    assert from_wgs84(beijing, "gcj02") == pytest.approx((116.41024449916938, 39.91640428150164), abs=1e-9)
    assert to_wgs84((116.41024449916938, 39.91640428150164), "gcj02") == pytest.approx(beijing, abs=1e-9)
    shown = from_wgs84(to_wgs84(beijing, "gcj02"), "bd09")
    assert shown == pytest.approx((116.41036949371029, 39.92133699351021), abs=1e-9)


@pytest.mark.parametrize("abroad", [(-118.24, 34.05), (2.35, 48.85), (151.21, -33.87)])
def test_maps_abroad_are_not_shifted(abroad: Point) -> None:
    assert from_wgs84(abroad, "gcj02") == abroad
    assert to_wgs84(abroad, "gcj02") == abroad


def test_cgcs2000_is_taken_as_wgs84() -> None:
    assert to_wgs84((121.47, 30.92), "cgcs2000") == (121.47, 30.92)


@pytest.mark.parametrize(
    ("said", "word"),
    [("GCJ-02", "gcj02"), ("gcj02", "gcj02"), ("WGS 84", "wgs84"), ("BD-09", "bd09"), ("CGCS2000", "cgcs2000")],
)
def test_a_datum_is_known_by_every_usual_spelling(said: str, word: str) -> None:
    assert known(said) == word


@pytest.mark.parametrize("said", ["", "shanghai2000", "wgs", "EPSG:4326"])
def test_a_datum_nobody_can_convert_is_unknown(said: str) -> None:
    assert known(said) is None
