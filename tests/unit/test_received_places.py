"""A point as a phone, a map or an old system sends it becomes a stored place, or is refused in words."""

from typing import Any

import pytest

from engine.errors import Malformed
from engine.records.places import received

HERE = {"lon": 121.4653, "lat": 30.9241, "datum": "wgs84"}


def test_a_place_is_whole_numbers_and_keeps_the_datum_it_came_in() -> None:
    assert received({**HERE, "accuracy": 12.3}) == {
        "lon_e7": 1_214_653_000, "lat_e7": 309_241_000, "datum": "wgs84", "accuracy_m": 13,
    }  # fmt: skip


def test_a_place_from_a_form_may_be_text() -> None:
    assert received({"lon": "121.4653", "lat": " 30.9241", "datum": "WGS-84", "accuracy": ""}) == received(HERE)


def test_a_point_of_a_shifted_map_is_stored_where_it_really_is_and_says_so() -> None:
    place = received({**HERE, "datum": "GCJ-02"})
    assert place["datum"] == "gcj02"
    assert 30_000 < 1_214_653_000 - place["lon_e7"] < 60_000


def test_without_a_datum_nothing_is_guessed() -> None:
    with pytest.raises(Malformed, match="坐标系"):
        received({"lon": 121.4653, "lat": 30.9241})


def test_a_swapped_point_is_refused_with_a_hint() -> None:
    with pytest.raises(Malformed, match="写反") as refused:
        received({"lon": 30.9241, "lat": 121.4653, "datum": "wgs84"}, field="where")
    assert refused.value.place.field == "where"


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"lon": float("nan")}, "经度应为数字"),
        ({"lat": float("inf")}, "纬度应为数字"),
        ({"lat": True}, "纬度应为数字"),
        ({"lon": None}, "经度应为数字"),
        ({"lon": "east"}, "经度应为数字"),
        ({"lon": 10**400}, "经度应为数字"),
        ({"lon": 181}, "不在地球上"),
        ({"lon": 200, "lat": -95}, "不在地球上"),
        ({"datum": "local"}, "坐标系"),
        ({"datum": 4326}, "坐标系"),
        ({"accuracy": -1}, "定位精度"),
        ({"accuracy": "good"}, "定位精度"),
        ({"accuracy": 10**9}, "定位精度"),
        ({"height": 3}, "height"),
    ],
)
def test_a_point_that_cannot_be_is_refused(change: dict[str, Any], word: str) -> None:
    with pytest.raises(Malformed, match=word):
        received({**HERE, **change})
