"""What is kept as a moment of the clock must not wait twice when the clock steps back, nor seem fresh."""

import pytest

from engine.background.commands import run_commands
from engine.clock import HOUR, MINUTE, SECOND, Instant
from engine.database import Database
from engine.records.heartbeats import Pulse, health
from engine.stages.sweeping import leave_out
from tests.support.door import World


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def test_a_new_command_is_done_at_once(world: World) -> None:
    main, follower = world.ticket().called("urban"), world.ticket().reported("citizen")
    follower.joined_to(main)
    main.signed("urban").finished("urban").scored()
    world.later(-HOUR)
    run_commands(world.door, world.database, world.clock)
    assert follower.state == "answered"


def test_the_pulse_is_of_the_clock_as_it_is_now(world: World) -> None:
    """Else a scheduler that dies after the step would seem alive for an hour."""
    Pulse(world.database).beat("sweep", world.clock.now(), took=0.1)
    world.later(-HOUR)
    Pulse(world.database).beat("sweep", world.clock.now(), took=0.1)
    with world.database.looking() as transaction:
        assert health(transaction, world.clock.now()).swept_at == world.clock.now()


def fail(world: World, ticket: int, at: Instant) -> None:
    world.database.acting(lambda transaction: leave_out(transaction, ticket, ValueError("poison"), at))


def test_two_that_fail_on_a_ticket_at_once_leave_it_out_once(world: World) -> None:
    told, now = world.ticket().reported(), world.clock.now()
    for later in (0, SECOND, MINUTE):
        fail(world, told.id, Instant(now + later))
    rows = world.rows("SELECT attempts, at, retry_at FROM sweep_failure")
    assert rows == [(2, now + MINUTE, now + 2 * MINUTE)], "the second of three came while it waited"
