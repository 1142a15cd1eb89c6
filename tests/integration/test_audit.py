"""The audit of a drill finds what is missing, doubled or out of place: else a drill would prove nothing."""

import pytest

from engine.background.commands import run_commands
from engine.background.relay import relay
from engine.background.sweep import sweep
from engine.clock import HOUR, MINUTE
from engine.database import Database
from tests.support.audit import audit
from tests.support.door import World
from tests.support.drill_loops import BESIDE, DRILL, LOOP


@pytest.fixture
def world(sqlite_database: Database) -> World:
    """Four tickets, of which one was put aside and one is of a shipped loop, six hours later."""
    world = World(sqlite_database)
    for loop in (LOOP, BESIDE):
        world.activate(loop)
    told = [world.ticket(DRILL).reported("citizen") for _ in range(3)]
    told[2].do("shen", "away")
    world.ticket().called("urban", "water")
    for leap in (35 * MINUTE, HOUR, HOUR, 3 * HOUR + 25 * MINUTE):
        world.later(leap)
        settle(world)
    return world


def settle(world: World) -> None:
    sweep(world.door, world.database, world.clock)
    run_commands(world.door, world.database, world.clock)
    relay(world.database)


def found(world: World) -> list[str]:
    return audit(world, world.clock.now(), world.clock.now())


def test_nothing_is_wrong_with_what_the_sweep_has_done(world: World) -> None:
    assert found(world) == []
    assert len(world.rows("SELECT rung FROM rung")) > 20


def test_what_nobody_has_swept_is_missing(world: World) -> None:
    world.later(24 * HOUR)
    assert any("is missing" in complaint for complaint in found(world))
    settle(world)
    assert found(world) == []


_ONE = "ticket_id = 1 AND deadline_seq = 2"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (f"DELETE FROM rung WHERE {_ONE} AND rung = 1", "rung 1 is missing"),
        (f"DELETE FROM rung WHERE {_ONE} AND rung = 1", "events without their rung"),
        (f"UPDATE rung SET at = at + 1 WHERE {_ONE} AND rung = 1", "is not at"),
        (f"UPDATE rung SET generation = 2 WHERE {_ONE} AND rung = 1", "is not at"),
        ("INSERT INTO rung VALUES (1, 3, 1, 2, 1, 1)", "rung 2 must not have come"),
        (f"UPDATE rung SET event_seq = 1 WHERE {_ONE} AND rung = 1", "says that its event is another"),
        ("DELETE FROM event WHERE ticket_id = 1 AND action = 'late'", "brought"),
        ("DELETE FROM event WHERE ticket_id = 1 AND action = 'raise'", "raised 0 times, with 1 commands"),
        ("UPDATE event SET at = at + 1 WHERE ticket_id = 1 AND action = 'late'", "20260302-000001"),
        ("UPDATE event SET recorded_at = 0 WHERE ticket_id = 1 AND action = 'late'", "happened at"),
        ("UPDATE event SET actor = 'somebody' WHERE ticket_id = 1 AND action = 'late'", "by somebody"),
        ("DELETE FROM notice WHERE ticket_id = 1 AND unit = 'a3'", "told"),
        (
            (
                "INSERT INTO notice (ticket_id, seq, event_seq, role, unit, posts, duty, at) "
                "SELECT ticket_id, seq + 90, event_seq, role, unit, posts, duty, at FROM notice"
            ),
            "2 times",
        ),
        ("UPDATE notice SET event_seq = 99 WHERE ticket_id = 1", "hangs on event 99"),
        ("DELETE FROM feed WHERE ticket_id = 1 AND seq > 2", "is in 0 acts"),
        ("DELETE FROM feed WHERE position = 3", "the feed has gaps"),
        ("INSERT INTO outbox SELECT ticket_id, seq, last_seq, at FROM feed WHERE ticket_id = 1", "is in 2 acts"),
        ("INSERT INTO outbox VALUES (1, 98, 99, 1)", "act (98, 99) without its events"),
        ("UPDATE deadline SET next_at = 1 WHERE ticket_id = 1 AND next_at IS NOT NULL", "next at 1, not"),
        ("UPDATE deadline SET due_at = due_at + 1 WHERE ticket_id = 1 AND seq = 2", "ends at"),
        ("UPDATE deadline SET handled = 0 WHERE ticket_id = 1 AND seq = 2", "handled 0"),
        ("UPDATE card SET ended_at = NULL WHERE ticket_id = 1", "2 cards stand"),
        ("UPDATE ticket SET parent_id = NULL WHERE parent_id = 1", "and bore 0"),
        ("UPDATE ticket SET parent_id = 2 WHERE parent_id = 1", "and bore 2"),
        ("UPDATE ticket SET last_seq = 3 WHERE id = 1", "the counter says 3"),
    ],
)
def test_what_is_out_of_place_is_found(world: World, change: str, complaint: str) -> None:
    world.change(change)
    assert [said for said in found(world) if complaint in said], found(world)
