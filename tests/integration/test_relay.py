"""The relay: whoever reads the feed by position sees every act exactly once, however many write and relay."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from time import sleep

import pytest

from engine.background import relay as relaying
from engine.background.relay import relay
from engine.clock import HOUR, Instant
from engine.database import Database, Transaction
from engine.records import write
from tests.support.door import Told, World


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def _feed(world: World) -> list[tuple[int, int, int]]:
    return world.rows("SELECT position, ticket_id, seq FROM feed ORDER BY position")


def _acts(world: World) -> list[tuple[int, int]]:
    """Every act that has happened, by its first event; an act's other events were not begun by anybody."""
    return world.rows("SELECT ticket_id, seq FROM outbox UNION SELECT ticket_id, seq FROM feed")


class Reader(threading.Thread):
    """Pages through the feed as it grows, by the last position it has seen."""

    def __init__(self, world: World, ends: threading.Event) -> None:
        super().__init__()
        self.world, self.ends = world, ends
        self.seen: list[tuple[int, int, int]] = []

    def run(self) -> None:
        while True:
            last = self.ends.is_set()
            after = self.seen[-1][0] if self.seen else 0
            page = self.world.rows(
                "SELECT position, ticket_id, seq FROM feed WHERE position > ? ORDER BY position LIMIT 7", after
            )
            self.seen += page
            if last and not page:
                return
            sleep(0.001)


def test_every_act_gets_one_position_without_gaps(world: World) -> None:
    world.ticket().closed()
    acts = sorted(_acts(world))
    assert relay(world.database) == len(acts)
    feed = _feed(world)
    assert [position for position, _, _ in feed] == list(range(1, len(acts) + 1))
    assert sorted((ticket, seq) for _, ticket, seq in feed) == acts
    assert world.rows("SELECT count(*) FROM outbox") == [(0,)]
    assert relay(world.database) == 0


def test_an_acts_line_spans_all_events_it_brought_about(world: World) -> None:
    told = world.ticket().called("urban").signed("urban")
    relay(world.database)
    spans = world.rows("SELECT seq, last_seq FROM feed ORDER BY position")
    events = [row[0] for row in world.rows("SELECT seq FROM event WHERE ticket_id = ? ORDER BY seq", told.id)]
    covered = [seq for seq in events if any(first <= seq <= last for first, last in spans)]
    assert covered == events
    assert len(spans) == len(events) - 1, "the sign and the rule that it set off are one act"


def test_positions_go_on_where_they_were(world: World) -> None:
    for number in (1, 2, 3):
        world.ticket().reported()
        assert relay(world.database) == 1
        assert _feed(world)[-1][0] == number


def test_more_lines_than_one_transaction_carries_are_moved_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        world.ticket().reported()
    monkeypatch.setattr(relaying, "AT_ONCE", 2)
    assert relay(world.database) == 5
    assert [position for position, _, _ in _feed(world)] == [1, 2, 3, 4, 5]


def test_an_act_that_is_committed_late_is_numbered_late_and_missed_by_nobody(postgresql_database: Database) -> None:
    """Its time and its id are older than those that were numbered before it. SQLite's one writer commits in order."""
    world = World(postgresql_database)
    early, late = world.ticket().reported(), world.ticket().reported()
    relay(world.database)
    options = early.options("accept", {})
    decided, may_commit = threading.Event(), threading.Event()
    written = write.write

    def slowly(transaction: Transaction, batch: write.Batch) -> None:
        written(transaction, batch)
        if threading.current_thread().name.startswith("slow"):
            transaction.flush()
            decided.set()
            may_commit.wait(20)

    with pytest.MonkeyPatch.context() as patched, ThreadPoolExecutor(1, thread_name_prefix="slow") as pool:
        patched.setattr(write, "write", slowly)
        slow = pool.submit(world.act, "shen", "accept", **options)
        decided.wait(20)
        world.later()
        late.do("shen", "accept")
        assert relay(world.database) == 1
        seen = _feed(world)[-1]
        may_commit.set()
        slow.result()
    assert relay(world.database) == 1
    after = world.rows("SELECT position, ticket_id FROM feed WHERE position > ?", seen[0])
    assert after == [(seen[0] + 1, early.id)]


def test_readers_miss_nothing_and_see_nothing_twice_while_many_write_and_several_relay(world: World) -> None:
    written, all_told = threading.Event(), threading.Event()
    readers = [Reader(world, all_told) for _ in range(2)]
    for reader in readers:
        reader.start()

    def write_some(number: int) -> None:
        chance = random.Random(number)
        for _ in range(4):
            told = world.ticket().reported()
            sleep(chance.random() / 200)
            told.do("shen", "accept")

    def relay_some(_: int) -> None:
        while not written.is_set():
            relay(world.database)

    with ThreadPoolExecutor(6) as pool:
        relays = [pool.submit(relay_some, number) for number in range(3)]
        writers = [pool.submit(write_some, number) for number in range(3)]
        try:
            for one in writers:
                one.result()
        finally:
            written.set()
            for one in relays:
                one.result()
            relay(world.database)
            all_told.set()
            for reader in readers:
                reader.join()
    feed = _feed(world)
    assert [position for position, _, _ in feed] == list(range(1, 3 * 4 * 2 + 1))
    assert len({(ticket, seq) for _, ticket, seq in feed}) == len(feed)
    assert all(reader.seen == feed for reader in readers)


def test_a_relay_that_dies_in_the_middle_leaves_the_outbox_as_it_was(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.ticket().filed()
    waiting = world.rows("SELECT count(*) FROM outbox")
    run_many = Transaction.run_many

    def dies(transaction: Transaction, sql: str, rows: list[tuple[object, ...]]) -> None:
        if sql.startswith("DELETE"):
            raise KeyboardInterrupt
        run_many(transaction, sql, rows)

    with monkeypatch.context() as patched:
        patched.setattr(Transaction, "run_many", dies)
        with pytest.raises(KeyboardInterrupt):
            relay(world.database)
    assert world.rows("SELECT count(*) FROM outbox") == waiting
    assert _feed(world) == []
    assert relay(world.database) == 2


def test_what_was_claimed_earlier_is_not_put_in_between(world: World) -> None:
    world.ticket().reported()
    relay(world.database)
    told: Told = world.ticket()
    told.do("wang", "report", claimed_at=Instant(world.clock.now() - HOUR))
    relay(world.database)
    assert [ticket for _, ticket, _ in _feed(world)][-1] == told.id
