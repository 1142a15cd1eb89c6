"""Deadlines, tasks, cards and states come out the same when every ticket is told again from its history alone.

Random lives: whatever an actor's page offers is done, days pass, the clock sweeps, people ask for extensions,
suspensions and returns. Then the history is told again and held against the rows.
"""

import random
from collections.abc import Iterator

import pytest

from engine.background.commands import run_commands
from engine.background.sweep import sweep
from engine.clock import DAY, HOUR, MINUTE
from engine.database import Database
from engine.definitions.model import FieldType
from engine.errors import HuyingError
from engine.rules.case import Run
from tests.support.door import BLOCK_CALLS, MULTI_GRID, PEOPLE, Told, World

_DEPARTMENTS = ("urban", "water", "power", "gas")
_JUMPS = (MINUTE, 20 * MINUTE, HOUR, 5 * HOUR, DAY, 3 * DAY, 12 * DAY)


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


class _Life:
    """One ticket that lives as chance has it."""

    def __init__(self, world: World, workflow: str, seed: int) -> None:
        self.world, self.chance = world, random.Random(seed)
        self.told = world.ticket(workflow).reported()

    def live(self, acts: int) -> Told:
        for _ in range(acts):
            if self.chance.random() < 0.35:
                self._pass()
            else:
                self._act()
        return self.told

    def _pass(self) -> None:
        self.world.later(self.chance.choice(_JUMPS))
        swept = sweep(self.world.door, self.world.database, self.world.clock)
        assert not swept.failures, swept.failures
        run_commands(self.world.door, self.world.database, self.world.clock)

    def _act(self) -> None:
        login = self.chance.choice(PEOPLE)[0]
        offers = [
            offer
            for offer in self.world.offers(self.told.id, login)
            if offer.possible and not any(item.field.type is FieldType.TICKET for item in offer.form)
        ]
        if not offers:
            return
        offer = self.chance.choice(offers)
        form = {}
        for item in offer.form:
            if item.field.type is FieldType.DEPARTMENT and (item.required or self.chance.random() < 0.5):
                code = self.chance.choice(_DEPARTMENTS)
                form[item.name] = [code] if item.many else code
        try:
            self.told.do(login, offer.name, task=offer.task, request=offer.request, form=form)
        except HuyingError:
            # A department twice in one round, a person of another department: the door says no, and nothing is written.
            return


def _rows(world: World, told: Told) -> Iterator[str]:
    for table in ("deadline", "task", "request", "card"):
        yield from (f"{table} {row}" for row in world.rows(f"SELECT * FROM {table} WHERE ticket_id = ?", told.id))


@pytest.mark.parametrize("workflow", [BLOCK_CALLS, MULTI_GRID])
@pytest.mark.parametrize("seed", range(12))
def test_a_random_life_is_the_same_when_told_again(world: World, workflow: str, seed: int) -> None:
    told = _Life(world, workflow, seed).live(60)
    assert world.differences(told.id) == [], told.actions
    assert world.verdict().sound


def test_what_is_compared_holds_pauses_extensions_rungs_and_cards(world: World) -> None:
    """The random lives would prove little if they never came by these."""
    told = world.ticket().called("urban", item="event-02-03").signed("urban")
    told.do("chen-lead", "extension", of="urban")
    told.do("shen", "grant_extension", request=told.ask("extension").seq)
    told.do("chen-lead", "suspension", of="urban", form={"resume_on": "2026-03-20"})
    told.do("he", "grant_suspension", request=told.ask("suspension").seq)
    assert Run.PAUSED in {timer.run for timer in told.case.timers.values()}
    world.later(40 * DAY)
    sweep(world.door, world.database, world.clock)
    assert world.rows("SELECT card FROM card WHERE ticket_id = ?", told.id)
    assert {"resumed", "rung"} <= {*told.actions}
    assert world.differences(told.id) == []


@pytest.mark.parametrize(
    ("sql", "row"),
    [
        ("UPDATE deadline SET due_at = due_at + 1 WHERE ticket_id = ? AND name = 'handle'", "due_at"),
        ("UPDATE deadline SET handled = 0 WHERE ticket_id = ? AND handled > 0", "handled"),
        ("UPDATE deadline SET extensions = 2 WHERE ticket_id = ? AND name = 'handle'", "extensions"),
        ("UPDATE task SET settled_at = 1 WHERE ticket_id = ?", "settled_at"),
        ("UPDATE card SET card = 'yellow' WHERE ticket_id = ? AND card = 'red'", "card"),
        ("DELETE FROM card WHERE ticket_id = ?", "card"),
        ("UPDATE ticket SET state = 'handling' WHERE id = ?", "state"),
        ("UPDATE ticket SET level = 'city' WHERE id = ?", "level"),
    ],
)
def test_a_row_changed_behind_the_doors_back_is_named(world: World, sql: str, row: str) -> None:
    told = world.ticket().called("urban", item="event-02-03").signed("urban")
    world.later(30 * DAY)
    sweep(world.door, world.database, world.clock)
    assert world.differences(told.id) == []
    world.change(sql, told.id)
    found = world.differences(told.id)
    assert found
    assert all(told.case_no in one for one in found)
    assert any(row in one for one in found)
