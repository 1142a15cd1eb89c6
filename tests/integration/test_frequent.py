"""High frequency: what comes more often than it used to at the same place, told to whoever may see it."""

from typing import Any

import pytest

from engine.clock import DAY, HOUR
from engine.database import Database
from engine.definitions import thresholds
from engine.records.frequent import Busy, busy, roots
from tests.support.door import Told, World

RULES = thresholds.shipped().frequent
PLACE = {"lon": 121.4567, "lat": 30.9, "datum": "WGS-84", "accuracy": 5, "area": "micro"}


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def filed(world: World, place: dict[str, Any] | None = None, item: str = "event-02-03") -> Told:
    told = world.ticket()
    told.do("wang", "report", form={"place": place or PLACE})
    told.do("shen", "accept", form={"item": item})
    return told


def found(world: World, *units: str) -> list[Busy]:
    with world.database.looking() as transaction:
        chosen = [world.unit(unit) for unit in units] or roots(transaction)
        return busy(transaction, chosen, world.clock.now(), RULES)


def a_quiet_year(world: World) -> None:
    filed(world)
    world.clock.advance(300 * DAY)


def test_a_corner_where_it_suddenly_comes_every_week_stands_out(world: World) -> None:
    a_quiet_year(world)
    recent = []
    for _ in range(5):
        recent.append(filed(world).case_no)
        world.clock.advance(3 * DAY)
    (only,) = found(world)
    assert (only.item, only.area, only.cell is not None) == ("event-02-03", "micro", True)
    assert (only.standout.counted.recent, only.standout.counted.past) == (5, 1)
    assert list(only.tickets) == recent[::-1]


def test_an_area_stands_out_when_no_single_place_does(world: World) -> None:
    a_quiet_year(world)
    for step in range(6):
        filed(world, {**PLACE, "lat": 30.91 + step * 0.01})
        world.clock.advance(HOUR)
    (only,) = found(world)
    assert only.cell is None
    assert only.standout.counted.recent == 6


def test_what_comes_as_often_as_ever_does_not_stand_out(world: World) -> None:
    for _ in range(20):
        filed(world)
        world.clock.advance(6 * DAY)
    assert found(world) == []


def test_joined_and_void_tickets_are_not_counted(world: World) -> None:
    a_quiet_year(world)
    main = filed(world)
    for _ in range(4):
        filed(world).joined_to(main)
    for _ in range(4):
        filed(world).do("shen", "annul")
    assert found(world) == []


def test_a_grid_leader_sees_the_own_grid_only(world: World) -> None:
    a_quiet_year(world)
    for _ in range(6):
        filed(world)
    assert len(found(world, "grid")) == 1
    assert found(world, "grid-2") == []
    assert found(world, "street-2") == []


def test_an_empty_house_has_nothing_to_tell(world: World) -> None:
    assert found(world) == []
