"""Rounds opened by the clock: one ticket per area and interval, exactly once."""

import threading

import pytest

from engine.background.rounds import open_rounds
from engine.clock import DAY
from engine.database import Database
from engine.definitions.loader import loads
from engine.errors import DefinitionError
from tests.support.door import World

LOOP = """
workflow: monitoring
version: 1
title: 减负监测 / Burden monitoring
calendar: cn-mainland
roles:
  desk: {title: 受理员 / Desk, post: coordinator, area: street}
starts:
  visit: {title: 走访 / Visit, by: clock, to: due, every: 7 days, per: street}
stages:
  report:
    due:
      title: 待走访 / To be visited
      actions:
        done: {title: 已走访 / Visited, by: desk, to: closed}
ends:
  closed: {title: 已办结 / Closed, type: closed}
"""


@pytest.fixture
def world(database: Database) -> World:
    made = World(database)
    made.activate(loads(LOOP))
    return made


def opened(world: World) -> int:
    return open_rounds(world.door, world.database, world.versions, world.clock)


def streets(world: World) -> int:
    return int(world.rows("SELECT count(*) FROM area WHERE level = 'street'")[0][0])


def test_each_street_has_one_ticket_a_round(world: World) -> None:
    assert opened(world) == streets(world) > 1
    assert opened(world) == 0
    world.later(7 * DAY)
    assert opened(world) == streets(world)
    assert world.rows("SELECT DISTINCT state, channel FROM ticket") == [("due", "round")]
    assert world.rows("SELECT DISTINCT actor FROM event") == [("clock",)]
    assert world.verdict().sound


def test_a_round_missed_is_not_made_up_for(world: World) -> None:
    world.later(70 * DAY)
    assert opened(world) == streets(world)


def test_several_hands_open_one_ticket_each(world: World) -> None:
    hands = [threading.Thread(target=opened, args=(world,)) for _ in range(4)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert world.rows("SELECT count(*) FROM ticket") == [(streets(world),)]


@pytest.mark.parametrize(
    ("was", "becomes", "zh"),
    [
        (", every: 7 days, per: street", "", "由时钟发起"),
        (", per: street", "", "由时钟发起"),
        ("by: clock", "by: desk", "不由时钟发起"),
        ("7 days", "2 workdays", "按自然时间计"),
        ("per: street", "per: planet", "planet"),
        ("7 days", "P1W", "P1W"),
    ],
)
def test_a_round_that_cannot_come_is_refused_with_its_line(was: str, becomes: str, zh: str) -> None:
    with pytest.raises(DefinitionError) as refusal:
        loads(LOOP.replace(was, becomes))
    assert zh in refusal.value.zh
    assert refusal.value.place.line
