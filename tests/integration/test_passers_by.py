"""Where a passer-by stands, and from which address."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from engine.clock import SetClock
from engine.database import Database
from engine.errors import Malformed
from engine.records.boundaries import boundary
from engine.records.grids import grid
from engine.records.places import set_boundary
from tests.support.town import Town, town
from web import addresses, passers_by
from web.forms import Typed

#: West, east, south, north in degrees; the street holds the grid, the grid the micro-grid.
DRAWN = {
    "xd": (121.40, 121.50, 30.90, 31.00),
    "xd-g": (121.45, 121.49, 30.91, 30.95),
    "xd-m": (121.46, 121.48, 30.92, 30.94),
    "nq-g": (121.49, 121.55, 30.91, 30.95),
}


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        for code, (west, east, south, north) in DRAWN.items():
            ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
            drawn = boundary({"type": "Polygon", "coordinates": [ring]})
            _draw(served, code, drawn)
        yield served


def _draw(served: Town, code: str, drawn: Any) -> None:
    served.database.acting(lambda transaction: set_boundary(transaction, code, drawn, served.clock.now()))


def place(xidu: Town, lon: str, lat: str, accuracy: str) -> dict[str, Any]:
    typed = Typed(values={"place.lon": [lon], "place.lat": [lat], "place.accuracy": [accuracy]})
    with xidu.database.looking() as transaction:
        return passers_by.place(transaction, grid(transaction, "xd-g"), typed, "place")


@pytest.mark.parametrize(
    ("lon", "lat", "accuracy", "area"),
    [
        ("121.47", "30.93", "12", "xd-m"),
        ("121.455", "30.93", "12", "xd-g"),
        ("121.53", "30.93", "12", "nq-g"),
        ("121.53", "30.93", "5000", "xd-g"),
        ("121.53", "30.93", "", "xd-g"),
        ("121.41", "30.93", "12", "xd-g"),
        ("100", "30", "12", "xd-g"),
        ("121.49", "30.93", "12", "xd-g"),
    ],
    ids=["inside", "only the grid", "the next grid", "too vague", "nobody knows how exact", "a street without grids",
         "far away", "on a line"],
)  # fmt: skip
def test_the_grid_is_that_of_an_exact_position_and_else_the_posters(
    xidu: Town, lon: str, lat: str, accuracy: str, area: str
) -> None:
    found = place(xidu, lon, lat, accuracy)
    assert (found["area"], found["lon"]) == (area, lon)


@pytest.mark.parametrize("wrong", [("x", "30", "1"), ("121", "", "1"), ("500", "30", "1"), ("121", "30", "-1")])
def test_a_position_that_cannot_be_is_refused_at_its_field(xidu: Town, wrong: tuple[str, str, str]) -> None:
    with pytest.raises(Malformed) as refused:
        place(xidu, *wrong)
    assert refused.value.place.field == "place"


def _from(host: str) -> str:
    return addresses.address_of(Request({"type": "http", "client": (host, 1), "headers": []}))


def test_one_subscriber_is_one_address() -> None:
    assert _from("2001:db8:1:2::1") == _from("2001:db8:1:2:ffff::9")
    assert _from("2001:db8:1:2::1") != _from("2001:db8:1:3::1")
    assert _from("::ffff:203.0.113.9") == _from("203.0.113.9") != _from("203.0.113.10")
    assert _from("testclient") == _from("testclient")
