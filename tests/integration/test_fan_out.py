"""The fan-out: whoever holds a post when a notice is looked at is told, once, and nobody else."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from engine.background import fan_out as fanning
from engine.background.fan_out import fan_out
from engine.clock import DAY, HOUR, Instant
from engine.database import Database
from engine.records import fan_out as notices
from engine.records.messages import backlog
from engine.records.people import Appointment, appoint, dismiss
from tests.support.door import Told, World

SECONDS_FOR_TEN_THOUSAND = 8


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def fan(world: World) -> int:
    return fan_out(world.database, world.clock)


def told(world: World) -> set[tuple[str, str]]:
    """Who was told of what."""
    rows = world.rows(
        "SELECT p.login, e.action FROM message m JOIN person p ON p.id = m.person_id "
        "JOIN event e ON e.ticket_id = m.ticket_id AND e.seq = m.event_seq"
    )
    return {(login, action) for login, action in rows}


def messages(world: World) -> int:
    return int(world.rows("SELECT count(*) FROM message")[0][0])


def noticed(world: World, of: Told, *units: str, posts: str = "", role: str = "extra", action: str = "report") -> None:
    """Further notices of one of a ticket's events."""
    ((event,),) = world.rows("SELECT seq FROM event WHERE ticket_id = ? AND action = ?", of.id, action)
    ((last,),) = world.rows("SELECT coalesce(max(seq), 10000) FROM notice")
    for number, unit in enumerate(units, start=max(last, 10_000) + 1):
        world.change(
            "INSERT INTO notice (ticket_id, seq, event_seq, role, unit, posts, duty, at) "
            "VALUES (?, ?, ?, ?, ?, ?, FALSE, ?)",
            of.id, number, event, role, world.unit(unit), posts, world.clock.now(),
        )  # fmt: skip


def test_the_reporter_hears_of_each_act_that_tells_the_reporter(world: World) -> None:
    world.ticket().called("urban")
    assert fan(world) == 2
    assert told(world) == {("wang", "accept"), ("wang", "call")}
    assert fan(world) == 0
    assert messages(world) == 2


def test_whoever_holds_one_of_the_posts_there_is_told_and_nobody_elsewhere(world: World) -> None:
    of = world.ticket().reported("citizen")
    noticed(world, of, "street", posts="coordinator supervisor")
    noticed(world, of, "urban", posts="handler lead")
    fan(world)
    assert told(world) == {("shen", "report"), ("chen", "report"), ("chen-lead", "report")}


def test_a_post_is_a_whole_word_of_the_notice(world: World) -> None:
    of = world.ticket().reported("citizen")
    noticed(world, of, "micro", posts="grid_worker_2 sub-grid_worker gridXworker")
    fan(world)
    assert told(world) == set()


def test_two_roles_of_one_person_in_one_act_are_one_message(world: World) -> None:
    of = world.ticket().reported("citizen")
    noticed(world, of, "street", posts="coordinator", role="desk")
    noticed(world, of, "shen", role="person")
    assert fan(world) == 2
    assert messages(world) == 1


def test_nobody_is_told_of_their_own_act(world: World) -> None:
    of = world.ticket().reported("wang")
    noticed(world, of, "wang", "citizen")
    noticed(world, of, "micro", posts="grid_worker")
    fan(world)
    assert told(world) == {("citizen", "report"), ("zhou", "report")}
    assert world.rows("SELECT DISTINCT reached FROM notice ORDER BY reached") == [(1,), (2,)]


def test_nobody_is_told_of_what_their_own_act_set_off(world: World) -> None:
    """The last department feeds back, and a rule moves the ticket on: that is the same act."""
    of = world.ticket().called("urban").signed("urban")
    world.later()
    of.finished("urban")
    assert "checkable" in of.actions
    noticed(world, of, "chen", "chen-lead", action="checkable")
    fan(world)
    assert ("chen", "checkable") not in told(world)
    assert ("chen-lead", "checkable") in told(world)


def test_a_rule_that_followed_on_another_ticket_tells_whoever_acted_here_before(world: World) -> None:
    main, follower = world.ticket().filed(), world.ticket().reported("citizen")
    follower.joined_to(main)
    world.later()
    main.do("shen", "answer")
    world.later()
    world.door.reconsider(follower.id)
    assert follower.actions[-1] == "follow"
    noticed(world, follower, "shen", action="follow")
    fan(world)
    assert {("shen", "follow"), ("citizen", "follow")} <= told(world)


def test_who_lost_the_post_before_is_not_told(world: World) -> None:
    of = world.ticket().reported("citizen")
    noticed(world, of, "urban", posts="handler lead")
    world.database.acting(lambda t: dismiss(t, "chen", "handler", world.clock.now()))
    fan(world)
    assert told(world) == {("chen-lead", "report")}


def test_who_holds_it_by_then_is_told_and_who_holds_it_later_is_not(world: World) -> None:
    of = world.ticket().reported("citizen")
    noticed(world, of, "urban", posts="handler")
    now, soon = world.later().clock.now(), Instant(world.clock.now() + DAY)
    new = [Appointment(login="xu", post="handler", department="urban", since=now)]
    later = [Appointment(login="yang", post="handler", department="urban", since=soon)]
    world.database.acting(lambda t: appoint(t, [*new, *later]))
    fan(world)
    assert told(world) == {("chen", "report"), ("xu", "report")}


def test_who_has_no_account_any_more_is_not_told(world: World) -> None:
    of = world.ticket().reported("wang")
    noticed(world, of, "citizen")
    noticed(world, of, "urban", posts="handler")
    world.change("UPDATE person SET active = ? WHERE login IN ('citizen', 'chen')", False)
    fan(world)
    assert told(world) == set()
    assert world.rows("SELECT count(*) FROM notice WHERE reached = 0") == [(2,)]


class TestVacantPosts:
    def test_a_notice_that_meets_nobody_is_done_and_counted(self, world: World) -> None:
        of = world.ticket().reported("citizen")
        noticed(world, of, "district", posts="petition_officer")
        assert fan(world) == 1
        assert self._nobody(world) == 1
        assert fan(world) == 0

    def test_a_role_that_somebody_holds_in_another_area_is_not_vacant(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Such a role has a notice for each area; whichever are looked at first, they count each other's people."""
        of = world.ticket().reported("citizen")
        noticed(world, of, "city", "district", "street", "grid", "village", "micro", posts="grid_leader")
        monkeypatch.setattr(fanning, "AT_ONCE", 2)
        assert fan(world) == 6
        assert told(world) == {("liu", "report")}
        assert self._nobody(world) == 0

    def test_after_a_day_it_is_nobodys_news(self, world: World) -> None:
        noticed(world, world.ticket().reported("citizen"), "district", posts="petition_officer")
        fan(world)
        world.later(25 * HOUR)
        assert self._nobody(world) == 0

    def _nobody(self, world: World) -> int:
        with world.database.looking() as transaction:
            return backlog(transaction, world.clock.now()).nobody


class TestUrgency:
    @pytest.mark.parametrize(
        ("facts", "urgent"), [('{"card":"red","light":"red"}', True), ('{"light":"red"}', False), ("{}", False)]
    )
    def test_an_event_with_a_card_is_urgent(self, world: World, facts: str, urgent: bool) -> None:
        of = world.ticket().filed()
        world.change("UPDATE event SET facts = ? WHERE ticket_id = ?", facts, of.id)
        fan(world)
        assert world.rows("SELECT DISTINCT urgent FROM message") == [(urgent,)]

    def test_everything_about_an_emergency_is_urgent(self, world: World) -> None:
        world.ticket().reported().do("shen", "accept", form={"urgency": "emergency"})
        fan(world)
        assert world.rows("SELECT urgent FROM message") == [(True,)]


def _crowd(world: World, tickets: int) -> int:
    """Notices for whole units, of many acts; how many messages they must become."""
    for _ in range(tickets):
        of = world.ticket().reported("citizen")
        noticed(world, of, "urban", "water", "power", "gas", posts="handler lead", role="line")
        noticed(world, of, "street", "district", "city", posts="coordinator", role="desk")
        noticed(world, of, "shen", "chen", role="twice")
    return tickets * (8 + 3)


def test_many_hands_at_once_tell_everybody_exactly_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = _crowd(world, 12)
    monkeypatch.setattr(fanning, "AT_ONCE", 7)
    with ThreadPoolExecutor(6) as pool:
        done = sum(pool.map(lambda _: fan(world), range(6)))
    assert done + fan(world) == 12 * 9
    assert messages(world) == expected
    assert world.rows("SELECT count(*) FROM notice WHERE fanned_at IS NULL OR reached = 0") == [(0,)]


def test_a_hand_that_dies_in_the_middle_has_told_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = _crowd(world, 2)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(notices, "mark", dies)
        with pytest.raises(KeyboardInterrupt):
            fan(world)
    assert messages(world) == 0
    assert fan(world) == 18
    assert messages(world) == expected


@pytest.fixture
def other(world: World) -> Iterator[Database]:
    """The same database as another process sees it."""
    with closing(Database(world.database.url.render_as_string(hide_password=False))) as database:
        yield database


def test_two_processes_share_the_work(world: World, other: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = _crowd(world, 8)
    monkeypatch.setattr(fanning, "AT_ONCE", 5)
    with ThreadPoolExecutor(2) as pool:
        hands = [pool.submit(fan_out, database, world.clock) for database in (world.database, other)]
        done = [hand.result() for hand in hands]
    assert sum(done) + fan(world) == 8 * 9
    assert messages(world) == expected


@pytest.mark.slow
def test_ten_thousand_notices_take_a_few_seconds(world: World) -> None:
    of = world.ticket().reported("citizen")
    event = ", ".join(
        "at recorded_at source action scope actor post state_from state_to stage facts personal_digest algorithm "
        "hash".split()
    )
    world.change(
        f"WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 10000) "
        f"INSERT INTO event (ticket_id, seq, {event}) SELECT ticket_id, 100000 + x, {event} FROM event, n "
        "WHERE ticket_id = ?",
        of.id,
    )
    for rest, unit in enumerate(("urban", "water", "power", "gas")):
        world.change(
            "INSERT INTO notice (ticket_id, seq, event_seq, role, unit, posts, duty, at) "
            "SELECT ticket_id, 100000 + seq, seq, 'line', CAST(? AS varchar(64)), 'handler lead', FALSE, at FROM event "
            "WHERE seq > 100000 AND seq % 4 = ?".replace("%", "%%" if world.database.dialect == "postgresql" else "%"),
            world.unit(unit), rest,
        )  # fmt: skip
    started = time.monotonic()
    assert fan(world) == 10_000
    assert time.monotonic() - started < SECONDS_FOR_TEN_THOUSAND
    assert messages(world) == 20_000
