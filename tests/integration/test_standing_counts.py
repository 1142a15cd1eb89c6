"""What stands now, counted beforehand, is what the rows of open tickets say at that moment."""

import random

import pytest

from engine.background.rollups import refresh
from engine.clock import DAY, HOUR, Instant
from engine.database import Database
from engine.definitions.indicator_file import discover
from engine.records import standing, standing_counts
from engine.records.areas import area_by_code
from engine.records.departments import department_by_code
from engine.records.standing import Scope
from tests.support.door import Told, World

INDICATORS = list(discover().values())
LOOP = "block-calls-line-responds"


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def _scopes(world: World) -> list[Scope]:
    with world.database.looking() as transaction:
        areas = [None, *(area_by_code(transaction, code).id for code in world.areas)]
        units = {code: department_by_code(transaction, code).id or 0 for code in ("bureau", "urban", "water")}
        below = {number: standing.below(transaction, number) for number in units.values()}
    return [
        Scope(
            units=None,
            area=area,
            departments=below.get(number),
            department=number or None,
            workflow=workflow,
            channel=channel,
        )
        for area in areas
        for number in (0, *below)
        for workflow, channel in (("", ""), (LOOP, ""), ("multi-grid", ""), ("", "grid"), ("", "hotline"))
    ]


def _round(world: World) -> None:
    refresh(world.database, world.clock, world.versions, INDICATORS)


def _same(world: World, scopes: list[Scope]) -> int:
    """Every scope is counted alike beforehand and now; how many tickets, deadlines and cards that were."""
    now, known = world.clock.now(), 0
    until = standing.tomorrow(world.versions, now)
    with world.database.looking() as transaction:
        skip = standing.passed_windows(transaction, world.versions)
        for scope in scopes:
            tally = standing_counts.tally(transaction, scope, now, until)
            assert tally == standing.tally(transaction, scope, skip, now, until), scope
            states = standing_counts.states(transaction, scope, now)
            assert states == standing.states(transaction, scope, skip, now), scope
            assert tally is not None
            known += bool(tally.open) + bool(tally.overdue) + bool(tally.tomorrow) + bool(tally.cards)
    return known


def test_every_scope_is_counted_alike_while_histories_grow_and_due_times_pass(world: World) -> None:
    dice = random.Random(5)
    scopes, known = _scopes(world), 0
    for _ in range(3):
        for _ in range(4):
            told = Told(world).reported()
            if dice.random() < 0.8:
                told.do("shen", "accept", form={"item": "part-01-01"})
            if dice.random() < 0.7 and told.case.state == "filed":
                units = dice.choice((("urban",), ("urban", "water")))
                told.do("shen", "call", form={"lead": units[0], "co": list(units[1:])})
                if dice.random() < 0.5:
                    told.signed(*units).finished(*units[:1])
            world.later(dice.randrange(30) * HOUR)
        _round(world)
        known += _same(world, scopes)
        world.later(9 * DAY)
        _round(world)
        known += _same(world, scopes)
    assert known > 100


def test_what_it_is_not_cut_by_and_another_moment_are_left_to_the_rows(world: World) -> None:
    Told(world).called("urban")
    _round(world)
    now = world.clock.now()
    until = standing.tomorrow(world.versions, now)
    with world.database.looking() as transaction:
        assert standing_counts.tally(transaction, Scope(units=None), now, until) is not None
        for scope in (
            Scope(units=("a1",)),
            Scope(units=None, items=("part-01-01",)),
            Scope(units=None, departments=(1,)),
        ):
            assert standing_counts.tally(transaction, scope, now, until) is None, scope
        assert standing_counts.tally(transaction, Scope(units=None), Instant(now + 1), until) is None
        assert standing_counts.tally(transaction, Scope(units=None), now, Instant(until + DAY)) is None
        assert standing_counts.states(transaction, Scope(units=None), Instant(now + 1)) is None


def test_a_ticket_with_tasks_of_two_offices_of_a_bureau_counts_once(world: World) -> None:
    Told(world).called("urban", "water")
    _round(world)
    now = world.clock.now()
    with world.database.looking() as transaction:
        for scope in _scopes(world):
            found = standing_counts.states(transaction, scope, now)
            assert found is not None
            assert sum(one.tickets for one in found.values()) <= 1
