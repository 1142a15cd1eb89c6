"""Many hands at once: whatever they do to the same few tickets, nothing is lost, doubled, impossible, or stuck."""

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from engine.background.commands import run_commands
from engine.background.relay import relay
from engine.database import Database
from engine.errors import HuyingError, NotFound
from engine.rules.case import Case
from engine.vocabulary import SETTLED, StateType
from tests.support.door import HANDLERS, Told, World

HANDS = 5
ACTS = 30


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


class Hand:
    """One of many people, doing one thing after another without looking."""

    def __init__(self, world: World, tickets: list[Told], number: int) -> None:
        self.world, self.tickets, self.chance = world, tickets, random.Random(number)
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def work(self) -> None:
        for _ in range(ACTS):
            told, other = self.chance.sample(self.tickets, 2)
            name, login, options = self._something(other)
            try:
                told.do(login, name, **options)
            except HuyingError as refusal:
                self.refused[refusal.code] += 1
            else:
                self.done[name] += 1

    def _something(self, other: Told) -> tuple[str, str, dict[str, Any]]:
        code = self.chance.choice(list(HANDLERS))
        possible: list[tuple[str, str, dict[str, Any]]] = [
            ("join", "shen", {"form": {"ticket": other.case_no}}),
            ("join", "shen", {"form": {"ticket": other.case_no}}),
            ("split", "shen", {}),
            ("accept", "shen", {}),
            ("call", "shen", {"form": {"lead": code, "co": [c for c in HANDLERS if c != code][:2]}}),
            ("answer", "shen", {}),
            ("not_accepted", "citizen", {}),
            ("annul", "shen", {}),
            ("sign", HANDLERS[code], {"task": self.chance.randint(4, 40)}),
            ("finish", HANDLERS[code], {"task": self.chance.randint(4, 40)}),
            ("consult", "shen", {}),
            ("agree", "shen", {"form": {"lead": code}}),
        ]
        return self.chance.choice(possible)


def _drained(world: World) -> None:
    while run_commands(world.door, world.database, world.clock):
        pass


def _cases(world: World, tickets: list[Told]) -> dict[int, Case]:
    return {told.id: world.case(told.id) for told in tickets}


def test_many_hands_on_the_same_tickets_leave_them_as_one_hand_would(world: World) -> None:
    tickets = [world.ticket().reported("citizen") for _ in range(4)]
    hands = [Hand(world, tickets, number) for number in range(HANDS)]
    ends = threading.Event()

    def background() -> None:
        while not ends.is_set():
            run_commands(world.door, world.database, world.clock)
            relay(world.database)

    with ThreadPoolExecutor(HANDS + 2) as pool:
        behind = [pool.submit(background) for _ in range(2)]
        working = [pool.submit(hand.work) for hand in hands]
        try:
            for one in working:
                one.result(120)
        finally:
            ends.set()
        for one in behind:
            one.result(120)
    _drained(world)
    relay(world.database)

    assert world.verdict().sound
    refused: Counter[str] = sum((hand.refused for hand in hands), Counter())
    assert refused.keys() <= {"not_permitted", "not_allowed_now", "malformed"}, refused
    done: Counter[str] = sum((hand.done for hand in hands), Counter())
    assert done["join"]
    for name, count in done.items():
        assert world.rows("SELECT count(*) FROM event WHERE action = ?", name) == [(count,)], name
    cases = _cases(world, tickets)
    for case in cases.values():
        ticket = case.ticket
        assert world.rows("SELECT count(*) FROM feed WHERE ticket_id = ?", ticket.id) == [(ticket.version,)]
        assert (ticket.main_id is not None) or case.state_type is not StateType.JOINED
        if case.state_type is StateType.JOINED:
            assert cases[ticket.main_id or 0].state_type not in SETTLED, "its main ticket is settled and it waits on"
        way, at = [ticket.id], ticket.main_id if case.state_type is StateType.JOINED else None
        while at is not None:
            assert at not in way, f"joined in a ring: {way}"
            way.append(at)
            at = cases[at].ticket.main_id if cases[at].state_type is StateType.JOINED else None
    positions = [row[0] for row in world.rows("SELECT position FROM feed ORDER BY position")]
    assert positions == list(range(1, len(positions) + 1))


def test_a_hand_that_finds_nothing_is_told_so_while_others_work(world: World) -> None:
    told = world.ticket().reported()
    with ThreadPoolExecutor(2) as pool:
        lost = pool.submit(world.act, "shen", "accept", case_no="20260302-999999")
        told.do("shen", "accept")
        with pytest.raises(NotFound):
            lost.result(30)
