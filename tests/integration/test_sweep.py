"""The sweep on both databases: each rung exactly once, many tickets in one transaction, none holding up another."""

import threading
from typing import Any

import pytest

from engine.background import sweep as sweeping
from engine.background.sweep import candidates, sweep, sweep_some
from engine.clock import DAY, HOUR, MINUTE
from engine.database import Database
from engine.records import lists
from engine.records import sheet as sheets
from engine.records.access import viewer_of
from engine.records.heartbeats import health
from engine.rules import escalate
from engine.stages import sweeping as together
from engine.stages.sweeping import Swept
from tests.support.door import World
from tests.support.spoiling import everything, mend, spoil


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def rungs(world: World) -> list[tuple[Any, ...]]:
    return world.rows("SELECT ticket_id, deadline_seq, generation, rung FROM rung ORDER BY 1, 2, 3, 4")


def run(world: World) -> Swept:
    return sweep(world.door, world.database, world.clock)


class TestOneTicket:
    def test_a_rung_is_written_with_its_event_its_notices_and_its_place_in_the_chain(self, world: World) -> None:
        told = world.ticket().reported()
        world.later(21 * MINUTE)
        assert run(world).rungs == 1
        assert told.actions == ["report", "rung"]
        assert len(rungs(world)) == 1
        assert told.told_to(world.unit("street")) == {"rung"}
        assert world.verdict().sound

    def test_a_second_sweep_finds_nothing(self, world: World) -> None:
        world.ticket().reported()
        world.later(21 * MINUTE)
        run(world)
        assert run(world).tickets == 0

    def test_what_time_brings_is_in_the_feed_of_acts(self, world: World) -> None:
        world.ticket().reported()
        world.later(21 * MINUTE)
        run(world)
        assert len(world.rows("SELECT ticket_id FROM outbox")) == 2

    def test_a_ticket_that_sits_in_somebodys_form_can_still_be_acted_on(self, world: World) -> None:
        """A rung moves nothing that the reader of a form has to know of."""
        told = world.ticket().reported()
        seen = told.case.ticket.state_version
        world.later(21 * MINUTE)
        run(world)
        told.do("shen", "accept", expected=seen)
        assert told.state == "filed"

    def test_a_forced_action_moves_the_ticket(self, world: World) -> None:
        told = world.ticket().called("urban").signed("urban").finished("urban")
        told.do("zhou", "check")
        world.later(10 * DAY)
        run(world)
        assert told.state == "published"

    def test_a_week_away_is_one_act_and_one_notice_for_each_who_is_told(self, world: World) -> None:
        told = world.ticket().called("urban", item="event-02-03")
        before = len(world.rows("SELECT seq FROM notice WHERE ticket_id = ?", told.id))
        world.later(60 * DAY)
        assert run(world).tickets == 1
        since = world.rows("SELECT unit, posts FROM notice WHERE ticket_id = ? ORDER BY seq", told.id)[before:]
        assert len(since) == len(set(since))
        assert len(world.rows("SELECT seq FROM outbox WHERE ticket_id = ?", told.id)) == 4

    def test_a_clock_that_steps_back_an_hour_doubles_nothing(self, world: World) -> None:
        world.ticket().reported()
        world.later(21 * MINUTE)
        run(world)
        once = rungs(world)
        world.later(-HOUR)
        assert run(world).tickets == 0
        world.later(HOUR)
        assert run(world).tickets == 0
        assert rungs(world) == once
        world.later(9 * MINUTE)
        assert run(world).rungs == 1


class TestMany:
    def test_hundreds_are_swept_and_every_chain_is_sound(self, world: World) -> None:
        for _ in range(230):
            world.ticket().reported()
        world.later(21 * MINUTE)
        done = run(world)
        assert (done.tickets, done.rungs) == (230, 230)
        assert len(rungs(world)) == 230
        assert world.verdict().sound

    def test_sweepers_at_once_double_nothing_and_miss_nothing(self, world: World) -> None:
        for _ in range(60):
            world.ticket().reported()
        world.later(40 * MINUTE)
        done: list[int] = []
        hands = [threading.Thread(target=lambda: done.append(run(world).rungs)) for _ in range(4)]
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join()
        run(world)
        assert len(rungs(world)) == 120
        assert sum(1 for row in world.rows("SELECT action FROM event WHERE action = 'rung'")) == 120
        assert world.verdict().sound

    def test_people_and_sweepers_act_on_the_same_tickets_at_once(self, world: World) -> None:
        told = [world.ticket().reported() for _ in range(30)]
        world.later(21 * MINUTE)
        failures: list[BaseException] = []

        def people() -> None:
            try:
                for one in told:
                    one.do("shen", "accept")
            except BaseException as failure:
                failures.append(failure)

        hands = [threading.Thread(target=people), *(threading.Thread(target=run, args=(world,)) for _ in range(2))]
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join()
        assert not failures
        assert {one.state for one in told} == {"filed"}
        assert world.verdict().sound

    def test_a_poisoned_ticket_is_left_out_with_its_error_and_holds_up_nobody(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told = [world.ticket().reported() for _ in range(5)]
        poisoned = told[2].id
        world.later(21 * MINUTE)
        honest = escalate.escalate

        def hurt(case: Any, *rest: Any) -> Any:
            if case.ticket.id == poisoned:
                raise ZeroDivisionError("poison")
            return honest(case, *rest)

        monkeypatch.setattr(together, "escalate", hurt)
        done = run(world)
        assert (done.tickets, [*done.failures]) == (4, [poisoned])
        ((ticket_id, attempts, error),) = world.rows("SELECT ticket_id, attempts, error FROM sweep_failure")
        assert (ticket_id, attempts, error) == (poisoned, 1, "ZeroDivisionError: poison")
        assert run(world).failures == {}, "it waits"
        world.later(MINUTE)
        assert [*run(world).failures] == [poisoned]
        monkeypatch.setattr(together, "escalate", honest)
        world.later(HOUR)
        assert run(world).tickets >= 1
        assert world.rows("SELECT ticket_id FROM sweep_failure") == []

    def test_one_that_the_database_refuses_is_found_among_many_and_left_out(self, world: World) -> None:
        """A rung that stands in the table already: some hand wrote it behind the door's back."""
        told = [world.ticket().reported() for _ in range(9)]
        hurt = told[4]
        (seq,) = (timer.seq for timer in hurt.case.timers.values())
        world.change(
            "INSERT INTO rung (ticket_id, deadline_seq, generation, rung, at, event_seq) VALUES (?, ?, 1, 0, 1, 1)",
            hurt.id,
            seq,
        )
        world.later(21 * MINUTE)
        done = run(world)
        assert (done.tickets, [*done.failures]) == (8, [hurt.id])
        assert hurt.actions == ["report"]
        assert world.verdict().sound

    @pytest.mark.parametrize("table", ["ticket", "deadline", "rung", "card", "event", "notice", "outbox"])
    def test_a_write_that_fails_in_the_middle_leaves_nothing_half_written(self, world: World, table: str) -> None:
        told = [world.ticket().called("urban").signed("urban") for _ in range(3)]
        world.later(5 * DAY)
        before = everything(world)
        spoil(world, table)
        assert {*run(world).failures} == {one.id for one in told}
        assert everything(world) == before
        mend(world, table)
        world.later(HOUR)
        assert run(world).tickets == 3
        assert world.rows("SELECT ticket_id FROM sweep_failure") == []
        assert world.verdict().sound
        assert [world.differences(one.id) for one in told] == [[], [], []]

    def test_a_stop_ends_after_the_transaction_it_is_in(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sweeping, "AT_ONCE", {"sqlite": 2, "postgresql": 2})
        for _ in range(6):
            world.ticket().reported()
        world.later(21 * MINUTE)
        asked: list[bool] = []

        def stopping() -> bool:
            asked.append(True)
            return len(asked) > 2

        assert sweep(world.door, world.database, world.clock, stopping=stopping).tickets == 4
        assert run(world).tickets == 2


def test_the_longest_waiting_come_first(world: World) -> None:
    first = world.ticket().reported()
    world.later(5 * MINUTE)
    second = world.ticket().reported()
    world.later(60 * MINUTE)
    assert candidates(world.database, world.clock.now(), 10)[:2] == [first.id, second.id]


def test_a_ticket_that_somebody_else_has_in_hand_is_left_to_them(world: World) -> None:
    if world.database.dialect != "postgresql":
        pytest.skip("SQLite has one writer: nobody else has anything in hand")
    told = world.ticket().reported()
    world.later(21 * MINUTE)
    held, go = threading.Event(), threading.Event()

    def hold() -> None:
        def work(transaction: Any) -> None:
            transaction.rows("SELECT id FROM ticket WHERE id = %s FOR UPDATE", (told.id,))
            held.set()
            go.wait(10)

        world.database.acting(work)

    hand = threading.Thread(target=hold)
    hand.start()
    held.wait(10)
    assert sweep_some(world.door, world.database, [told.id], world.clock.now()).tickets == 0
    go.set()
    hand.join()
    assert run(world).tickets == 1


def test_health_tells_the_oldest_rung_that_nobody_has_swept(world: World) -> None:
    world.ticket().reported()
    with world.database.looking() as transaction:
        assert health(transaction, world.clock.now()).oldest_unswept is None
    since = world.clock.now() + 21 * MINUTE
    world.later(HOUR)
    with world.database.looking() as transaction:
        assert health(transaction, world.clock.now()).oldest_unswept == since
    run(world)
    with world.database.looking() as transaction:
        assert health(transaction, world.clock.now()).oldest_unswept is None


def test_cards_are_rows_and_the_highest_level_stands_on_the_ticket(world: World) -> None:
    told = world.ticket().called("urban").signed("urban")
    world.later(20 * DAY)
    run(world)
    cards = world.rows("SELECT card, ended_by FROM card WHERE ticket_id = ? ORDER BY seq", told.id)
    assert ("yellow", "raised") in cards
    assert ("red", None) in cards


def test_a_window_that_has_passed_is_nobodys_lag_in_lists_and_on_the_page(world: World) -> None:
    """Until when a return may be asked: four hours on it is over, and nobody is late because of it."""
    told = world.ticket().called("urban", item="event-02-03").signed("urban")
    told.do("chen", "contact", of="urban")
    world.later(DAY)
    with world.database.looking() as transaction:
        viewer = viewer_of(transaction, world.people["shen"], world.clock.now())
        found = lists.page(transaction, world.versions, viewer, lists.Wanted(), now=world.clock.now(), limit=10)
        sheet = sheets.sheet(
            transaction, world.versions, viewer, sheets.sight(transaction, viewer, told.case_no), told.case,
            world.clock.now(),
        )  # fmt: skip
    assert [(row.due.name, row.due.light) for row in found.rows if row.due] == [("handle", "")]
    assert [clock.title.en for clock in sheet.clocks] == ["Handling"]
