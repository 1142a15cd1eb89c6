"""Delivery: each person gets one text at a time, at least once, when they want it, and nobody waits for another's."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from functools import partial
from itertools import pairwise

import pytest

from engine.background import fan_out as fanning
from engine.background.deliver import Deliverer
from engine.background.fan_out import fan_out
from engine.background.senders import NullSender
from engine.clock import DAY, HOUR, MINUTE, SECOND, Instant
from engine.database import Database
from engine.records import deliveries, inbox, wishes
from engine.records.access import viewer_of
from engine.records.messages import MessageKind, NewMessage, backlog, post
from engine.records.people import dismiss
from engine.rules.mailing import MOST_TRIES
from engine.rules.wishes import Digest, quiet_hours
from tests.support.delivering import Gate, Remembering, address, deliverer, reachable, states, told, wish
from tests.support.door import PEOPLE, World


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


@pytest.fixture
def sender() -> Remembering:
    return Remembering()


@pytest.fixture
def hand(world: World, sender: Remembering) -> Iterator[Deliverer]:
    made = deliverer(world, sender)
    yield made
    made.close()


def noon(world: World) -> None:
    """Far from anybody's quiet hours."""
    world.later(3 * HOUR)


class TestOneText:
    def test_a_message_goes_to_its_person_once(self, world: World, sender: Remembering, hand: Deliverer) -> None:
        reachable(world, "shen", "chen")
        told(world, "shen")
        assert hand.deliver() == 1
        assert hand.deliver() == 0
        assert [url for url, _ in sender.sent] == [address("shen")]
        assert states(world, "shen") == [("sent", 1, None)]
        assert world.rows("SELECT sent_at, next_at, claim FROM message") == [(world.clock.now(), None, None)]

    def test_an_act_is_told_by_its_case_number(self, world: World, sender: Remembering, hand: Deliverer) -> None:
        reachable(world, "wang")
        of = world.ticket().filed()
        fan_out(world.database, world.clock)
        assert hand.deliver() == 0, "others may come with it"
        world.later(10 * SECOND)
        assert hand.deliver() == 1
        assert sender.titles == [f"{of.case_no} 立案 → 已立案，待派遣"]

    def test_what_waits_together_is_one_text(self, world: World, sender: Remembering, hand: Deliverer) -> None:
        reachable(world, "shen", "chen")
        for number in range(3):
            told(world, "shen", number)
        told(world, "chen", 1)
        assert hand.deliver() == 2
        assert [text.title for text in sender.to("shen")] == ["呼应：3 条消息 / Huying: 3 messages"]
        assert [text.title for text in sender.to("chen")] == ["清单 1 p：0 件"]

    def test_two_destinations_get_it_both_and_one_that_takes_it_is_enough(
        self, world: World, sender: Remembering, hand: Deliverer
    ) -> None:
        both = [("Mail", "test://mail"), ("Chat", "test://chat")]
        world.database.acting(lambda t: wishes.set_goals(t, world.people["shen"], both, world.clock.now()))
        told(world, "shen", 1)
        hand.deliver()
        assert [url for url, _ in sender.sent] == ["test://mail", "test://chat"]
        sender.broken = {"test://mail"}
        told(world, "shen", 2)
        hand.deliver()
        assert [url for url, _ in sender.sent][2:] == ["test://chat"]
        assert {state for state, _, _ in states(world, "shen")} == {"sent"}
        with world.database.looking() as transaction:
            mail, chat = wishes.kinds(transaction, world.people["shen"])
        assert (mail.failed_at, mail.error) == (world.clock.now(), "Mail：坏了 / broken")
        assert chat.failed_at is None

    def test_what_is_urgent_stands_first(self, world: World, sender: Remembering, hand: Deliverer) -> None:
        reachable(world, "shen")
        told(world, "shen", 1)
        told(world, "shen", 2, urgent=True)
        told(world, "shen", 3)
        hand.deliver()
        assert [line[:4] for line in sender.sent[0][1].body.splitlines()] == ["清单 2", "清单 1", "清单 3"]


class TestStaysInTheInbox:
    def test_whoever_has_no_destination_finds_it_there(self, world: World, hand: Deliverer) -> None:
        told(world, "shen")
        assert hand.deliver() == 0
        assert states(world, "shen") == [("kept", 0, None)]

    def test_by_default_nothing_leaves_the_house(self, world: World) -> None:
        reachable(world, "shen")
        told(world, "shen")
        nobody = deliverer(world, NullSender())
        assert nobody.deliver() == 0
        nobody.close()
        assert states(world, "shen") == [("kept", 0, None)]

    def test_what_was_read_before_it_was_sent(self, world: World, sender: Remembering, hand: Deliverer) -> None:
        reachable(world, "wang")
        world.ticket().filed()
        fan_out(world.database, world.clock)
        world.later()
        with world.database.looking() as transaction:
            viewer = viewer_of(transaction, world.people["wang"], world.clock.now())
        world.database.acting(lambda t: inbox.read_all(t, viewer, world.clock.now(), world.clock.now()))
        hand.deliver()
        assert (sender.sent, states(world, "wang")) == ([], [("kept", 0, None)])

    def test_what_its_person_may_not_see_any_more(self, world: World, sender: Remembering, hand: Deliverer) -> None:
        """Told of a task, and dismissed before the text went out."""
        reachable(world, "chen")
        of = world.ticket().called("urban")
        ((event,),) = world.rows("SELECT max(seq) FROM event WHERE ticket_id = ? AND action = 'call'", of.id)
        one = NewMessage(
            person_id=world.people["chen"], origin=f"n:{of.id}:{event}", kind=MessageKind.NOTICE, ticket_id=of.id,
            event_seq=event, at=world.clock.now(),
        )  # fmt: skip
        world.database.acting(lambda t: post(t, [one]))
        world.database.acting(lambda t: dismiss(t, "chen", "handler", world.clock.now()))
        hand.deliver()
        assert (sender.sent, states(world, "chen")) == ([], [("kept", 0, None)])

    def test_what_is_for_somebody_without_an_account(self, world: World, sender: Remembering, hand: Deliverer) -> None:
        reachable(world, "shen")
        told(world, "shen")
        world.change("UPDATE person SET active = ? WHERE login = 'shen'", False)
        hand.deliver()
        assert (sender.sent, states(world, "shen")) == ([], [("kept", 0, None)])


class TestWishes:
    def test_at_night_it_waits_for_the_morning(self, world: World, sender: Remembering, hand: Deliverer) -> None:
        reachable(world, "shen")
        world.later(14 * HOUR)  # 23:00
        told(world, "shen", 1)
        hand.deliver()
        world.later(2 * HOUR)  # 01:00
        told(world, "shen", 2)
        hand.deliver()
        world.later(6 * HOUR + 30 * MINUTE - SECOND)  # 07:29:59
        hand.deliver()
        assert sender.sent == []
        world.later(SECOND)
        hand.deliver()
        assert sender.titles == ["呼应：2 条消息 / Huying: 2 messages"]

    def test_ones_own_quiet_hours_hold_before_those_of_all(
        self, world: World, sender: Remembering, hand: Deliverer
    ) -> None:
        reachable(world, "shen", "chen")
        wish(world, "shen", quiet=quiet_hours("none"))
        wish(world, "chen", quiet=quiet_hours("12:00-14:00"))
        noon(world)
        told(world, "chen", 1)
        hand.deliver()
        assert sender.to("chen") == []
        world.later(11 * HOUR)  # 23:00
        told(world, "shen", 2)
        hand.deliver()
        assert (len(sender.to("shen")), len(sender.to("chen"))) == (1, 1)

    def test_what_is_urgent_comes_at_night_for_who_allows_it(
        self, world: World, sender: Remembering, hand: Deliverer
    ) -> None:
        reachable(world, "shen", "chen")
        wish(world, "shen", urgent=True)
        world.later(14 * HOUR)
        for login in ("shen", "chen"):
            told(world, login, 1)
            told(world, login, 2, urgent=True)
        hand.deliver()
        assert [(url, text.title) for url, text in sender.sent] == [(address("shen"), "清单 2 p：0 件")]
        world.later(9 * HOUR)
        hand.deliver()
        assert [text.title for text in sender.to("shen")] == ["清单 2 p：0 件", "清单 1 p：0 件"]
        assert [text.title for text in sender.to("chen")] == ["呼应：2 条消息 / Huying: 2 messages"]

    def test_an_hourly_digest_comes_at_the_full_hour(self, world: World, sender: Remembering, hand: Deliverer) -> None:
        reachable(world, "shen")
        wish(world, "shen", digest=Digest.HOURLY)
        for minutes in (5, 20, 34):
            world.later(minutes * MINUTE)
            told(world, "shen", minutes)
            hand.deliver()
        assert sender.sent == []
        world.later(MINUTE)
        hand.deliver()
        assert sender.titles == ["呼应：3 条消息 / Huying: 3 messages"]

    def test_a_daily_digest_comes_once_a_day(self, world: World, sender: Remembering, hand: Deliverer) -> None:
        reachable(world, "shen")
        wish(world, "shen", digest=Digest.DAILY, digest_at=8 * 60 + 30)
        for number in range(48):
            world.later(HOUR)
            told(world, "shen", number)
            hand.deliver()
        world.later(23 * HOUR + 30 * MINUTE)
        hand.deliver()
        assert sender.titles == [f"呼应：{count} 条消息 / Huying: {count} messages" for count in (23, 24)] + [
            "清单 47 p：0 件"
        ]

    def test_a_new_wish_counts_for_what_waits_already(self, world: World, sender: Remembering, hand: Deliverer) -> None:
        reachable(world, "shen")
        wish(world, "shen", digest=Digest.DAILY, digest_at=8 * 60)
        told(world, "shen")
        hand.deliver()
        assert sender.sent == []
        wish(world, "shen")
        hand.deliver()
        assert len(sender.sent) == 1


class TestFailure:
    def test_what_fails_waits_longer_each_time_and_is_given_up_after_eight(
        self, world: World, sender: Remembering, hand: Deliverer
    ) -> None:
        reachable(world, "shen")
        wish(world, "shen", quiet=quiet_hours("none"))
        sender.broken = {address("shen")}
        told(world, "shen")
        waits = []
        for _ in range(MOST_TRIES - 1):
            hand.deliver()
            ((next_at,),) = world.rows("SELECT next_at FROM message")
            waits.append(next_at - world.clock.now())
            world.clock.at = Instant(next_at - 1)
            assert hand.deliver() == 0
            world.clock.at = next_at
        assert all(1.7 * one < other < 5.1 * one for one, other in pairwise(waits))
        hand.deliver()
        assert states(world, "shen") == [("dead", MOST_TRIES, "Test：坏了 / broken")]
        world.later(30 * DAY)
        assert hand.deliver() == 0
        assert self._backlog(world) == (0, 1)

    def test_it_recovers_with_everything_that_came_meanwhile_as_one_text(
        self, world: World, sender: Remembering, hand: Deliverer
    ) -> None:
        reachable(world, "shen")
        sender.broken = {address("shen")}
        for number in range(3):
            told(world, "shen", number)
            hand.deliver()
            world.later(SECOND)
        assert sorted(tries for _, tries, _ in states(world, "shen")) == [0, 0, 1]
        sender.broken = set()
        world.later(2 * MINUTE)
        hand.deliver()
        assert sender.titles == ["呼应：3 条消息 / Huying: 3 messages"]
        assert states(world, "shen") == [("sent", 2, None), ("sent", 1, None), ("sent", 1, None)]

    def test_the_dead_go_after_all_when_somebody_says_so(
        self, world: World, sender: Remembering, hand: Deliverer
    ) -> None:
        reachable(world, "shen", "chen")
        for login in ("shen", "chen"):
            told(world, login)
        world.change("UPDATE message SET delivery = 'dead', next_at = NULL, attempts = 8, error = 'x'")
        with world.database.looking() as transaction:
            assert [(one.login, one.count, one.error) for one in deliveries.dead(transaction)] == [
                ("chen", 1, "x"),
                ("shen", 1, "x"),
            ]
        now = world.clock.now()
        assert world.database.acting(lambda t: deliveries.retry(t, now, world.people["shen"])) == 1
        hand.deliver()
        assert [url for url, _ in sender.sent] == [address("shen")]
        assert world.database.acting(lambda t: deliveries.retry(t, now)) == 1
        hand.deliver()
        assert states(world, "chen") == [("sent", 1, None)]

    def test_one_whose_text_cannot_be_made_does_not_hold_up_the_others(
        self, world: World, sender: Remembering, hand: Deliverer
    ) -> None:
        reachable(world, "shen", "chen")
        told(world, "shen")
        told(world, "chen")
        world.change("UPDATE message SET body = 'no JSON' WHERE person_id = ?", world.people["shen"])
        hand.deliver()
        assert [url for url, _ in sender.sent] == [address("chen")]
        ((state, tries, error),) = states(world, "shen")
        assert (state, tries, error) == ("waiting", 1, "无法成文 / the text could not be made: JSONDecodeError")

    def test_what_a_sender_throws_is_a_failure_like_any_and_its_words_are_not_kept(
        self, world: World, sender: Remembering, hand: Deliverer
    ) -> None:
        reachable(world, "shen")
        told(world, "shen")

        def explode(url: str) -> None:
            raise RuntimeError(f"cannot reach {url}?key=secret")

        sender.before = explode
        hand.deliver()
        assert states(world, "shen") == [("waiting", 1, "Test：发送出错（RuntimeError） / failed: RuntimeError")]

    def _backlog(self, world: World) -> tuple[int, int]:
        with world.database.looking() as transaction:
            left = backlog(transaction, world.clock.now())
        return left.waiting, left.dead


class TestHanging:
    def test_one_that_hangs_holds_up_nobody_else(self, world: World, sender: Remembering) -> None:
        reachable(world, *world.people)
        sender.before = gate = Gate(address("shen"))
        for login in world.people:
            told(world, login)
        hand = deliverer(world, sender, slots=2, patience=0.4)
        started = time.monotonic()
        hand.deliver()
        assert time.monotonic() - started < 20
        assert {url for url, _ in sender.sent} == {address(login) for login in world.people} - {address("shen")}
        assert states(world, "shen") == [("waiting", 1, "Test：0.4 秒内无回应 / no answer within 0.4 seconds")]
        gate.opened.set()
        hand.close()

    def test_while_its_last_try_hangs_no_second_one_is_begun(self, world: World, sender: Remembering) -> None:
        reachable(world, "shen")
        sender.before = gate = Gate()
        told(world, "shen")
        hand = deliverer(world, sender, patience=0.1)
        for _ in range(3):
            hand.deliver()
            world.later(20 * MINUTE)
        assert len(gate.begun) == 1
        assert states(world, "shen")[0][2] == "Test：上次发送仍无回应 / the last try still hangs"
        gate.opened.set()
        hand.close()

    def test_those_who_failed_before_get_half_of_the_slots(self, world: World, sender: Remembering) -> None:
        logins = list(world.people)[:8]
        reachable(world, *logins)
        for login in logins:
            told(world, login)
        world.change("UPDATE message SET attempts = 3")
        sender.before = gate = Gate()
        hand = deliverer(world, sender, slots=4, patience=30)
        assert hand.begin() == 2
        fresh = list(world.people)[8]
        reachable(world, fresh)
        told(world, fresh)
        assert hand.begin() == 1
        gate.opened.set()
        hand.deliver()
        hand.close()
        assert len(gate.begun) == 9

    def test_a_round_fills_the_slots_as_they_come_free_and_ends_in_time(
        self, world: World, sender: Remembering
    ) -> None:
        logins = list(world.people)
        reachable(world, *logins)
        for login in logins:
            told(world, login)
        sender.before = gate = Gate(address("wang"))
        hand = deliverer(world, sender, slots=2, patience=30)
        assert hand.round(20) == len(logins)
        gate.urls = ()
        for login in logins:
            told(world, login, 2)
        started = time.monotonic()
        hand.round(0.3)
        assert time.monotonic() - started < 5
        gate.opened.set()
        hand.deliver()
        hand.close()
        assert len(sender.sent) == 2 * len(logins)

    def test_a_mark_that_fails_is_seen_and_the_text_goes_again(
        self, world: World, sender: Remembering, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        reachable(world, "shen")
        told(world, "shen")
        hand = deliverer(world, sender)

        def broken(*_: object) -> int:
            raise OSError("disk")

        with monkeypatch.context() as patched:
            patched.setattr(deliveries, "sent", broken)
            with pytest.raises(OSError, match="disk"):
                hand.deliver()
        assert hand.deliver() == 0
        world.later(deliveries.LEASE)
        assert hand.deliver() == 1
        hand.close()
        assert len(sender.sent) == 2
        assert states(world, "shen") == [("sent", 2, None)]

    def test_the_next_round_does_not_wait_for_it(self, world: World, sender: Remembering) -> None:
        reachable(world, "shen", "chen")
        sender.before = gate = Gate(address("shen"))
        hand = deliverer(world, sender, patience=20)
        told(world, "shen")
        assert hand.begin() == 1
        told(world, "chen")
        assert hand.begin() == 1
        until = time.monotonic() + 10
        while not sender.sent and time.monotonic() < until:
            time.sleep(0.01)
        assert [url for url, _ in sender.sent] == [address("chen")]
        gate.opened.set()
        hand.deliver()
        hand.close()


def test_several_processes_never_send_one_claim_twice(world: World, sender: Remembering) -> None:
    reachable(world, *world.people)
    for login in world.people:
        for number in range(3):
            told(world, login, number)
    url = world.database.url.render_as_string(hide_password=False)
    with ExitStack() as stack:
        databases = [world.database, *(stack.enter_context(closing(Database(url))) for _ in range(2))]
        hands = [
            Deliverer(
                database=database, versions=world.versions, clock=world.clock, sender=sender,
                quiet=quiet_hours("none"), slots=4,
            )
            for database in databases
        ]  # fmt: skip
        with ThreadPoolExecutor(3) as pool:
            done = list(pool.map(lambda hand: hand.deliver(), hands))
        for hand in hands:
            hand.close()
    assert sum(done) == len(world.people)
    assert sorted(url for url, _ in sender.sent) == sorted(address(login) for login in world.people)
    assert set(sender.titles) == {"呼应：3 条消息 / Huying: 3 messages"}


def test_after_a_week_of_downtime_everybody_gets_one_digest(world: World, sender: Remembering) -> None:
    """5,000 messages for 20 people, of every hour of the week, and three hands that wake up at once."""
    logins = [row[0] for row in PEOPLE][:20]
    reachable(world, *logins)
    wish(world, logins[0], digest=Digest.HOURLY)
    wish(world, logins[1], digest=Digest.DAILY)
    began = world.clock.now()
    news = [
        NewMessage(
            person_id=world.people[logins[number % 20]], origin=f"r:week:{number}", kind=MessageKind.LIST,
            at=Instant(began + number * 7 * DAY // 5_000), urgent=number % 17 == 0,
            body='{"count":0,"period":"p","tickets":[],"title":{"en":"L","zh":"清单"}}',
        )
        for number in range(5_000)
    ]  # fmt: skip
    world.database.acting(lambda t: post(t, news))
    world.later(7 * DAY)
    hands = [deliverer(world, sender) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(lambda hand: hand.deliver(), hands)) == 20
    for hand in hands:
        hand.close()
    assert len(sender.sent) == 20
    assert set(sender.titles) == {"呼应：250 条消息 / Huying: 250 messages"}
    assert world.rows("SELECT DISTINCT delivery FROM message") == [("sent",)]


def test_however_slowly_the_fan_out_catches_up_everybody_gets_one_digest(
    world: World, sender: Remembering, hand: Deliverer, monkeypatch: pytest.MonkeyPatch
) -> None:
    reachable(world, "wang")
    for _ in range(6):
        world.ticket().filed()
    world.later(7 * DAY)
    monkeypatch.setattr(fanning, "AT_ONCE", 1)
    for _ in range(6):
        world.database.acting(partial(fanning._fan_some, now=world.clock.now()))
        hand.deliver()
        world.later(4 * SECOND)
    assert sender.sent == []
    world.later(10 * SECOND)
    hand.deliver()
    assert sender.titles == ["呼应：6 条消息 / Huying: 6 messages"]


def test_whoever_is_told_all_the_time_is_told_every_minute(world: World, sender: Remembering, hand: Deliverer) -> None:
    reachable(world, "wang")
    for _ in range(30):
        world.ticket().filed()
        fan_out(world.database, world.clock)
        hand.deliver()
        world.later(4 * SECOND)
    assert 1 <= len(sender.sent) <= 2
