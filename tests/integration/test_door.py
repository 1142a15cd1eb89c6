"""The door on both databases: everything or nothing, once, in order, and for each reader the truth of now."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from sqlite3 import IntegrityError
from typing import Any

import pytest
from psycopg.errors import CheckViolation

from engine.clock import DAY, HOUR, MINUTE, Instant
from engine.database import Database, Transaction
from engine.errors import HuyingError, KeyReused, Malformed, NotAllowedNow, NotFound, NotPermitted, NotSignedIn, Stale
from engine.records import write
from engine.rules.acts import Source
from engine.stages.calls import Call, Caller, Outcome
from tests.support.cases import small
from tests.support.door import BLOCK_CALLS, MULTI_GRID, Told, World
from tests.support.spoiling import everything, mend, spoil


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


@contextmanager
def held(world: World, *tickets: Told) -> Iterator[None]:
    """Meanwhile nobody else can lock these tickets: whoever wants to waits."""
    has, may_end = threading.Event(), threading.Event()

    def hold(transaction: Transaction) -> None:
        if transaction.postgresql:
            transaction.rows("SELECT id FROM ticket WHERE id = ANY(%s) FOR UPDATE", ([told.id for told in tickets],))
        has.set()
        may_end.wait(30)

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(world.database.acting, hold)
        has.wait(30)
        try:
            yield
        finally:
            may_end.set()
            holding.result()


def at_once(*acts: Callable[[], Outcome], world: World, tickets: tuple[Told, ...] = ()) -> list[Outcome | HuyingError]:
    """Acts that all reach the lock of these tickets before any of them gets it; without tickets, all at once."""

    def tried(act: Callable[[], Outcome]) -> Outcome | HuyingError:
        try:
            return act()
        except HuyingError as refusal:
            return refusal

    with ThreadPoolExecutor(len(acts)) as pool:
        if not tickets:
            return [act.result(30) for act in [pool.submit(tried, act) for act in acts]]
        with held(world, *tickets):
            running = [pool.submit(tried, act) for act in acts]
            _until_waiting(world, len(acts))
        return [act.result(30) for act in running]


def _until_waiting(world: World, count: int) -> None:
    """On PostgreSQL wait until so many sessions wait for a lock; on SQLite the one writer lines them up."""
    pause = threading.Event()
    for _ in range(100):
        pause.wait(0.02)
        if world.database.dialect == "sqlite":
            return
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        if world.rows(waiting)[0][0] >= count:
            return


#: Tables that other acts write, whose failures are told where those acts are.
_ELSEWHERE = ("rung", "points_line", "exemption", "admission", "admission_unit", "admission_end")


class TestAnAct:
    def test_both_loops_go_from_the_report_to_the_evaluation(self, world: World) -> None:
        told = world.ticket().closed()
        assert told.state == "published"
        other = world.ticket(MULTI_GRID).called("urban", "water").signed("urban", "water").finished("water", "urban")
        assert other.state == "checking"
        assert world.verdict().sound

    def test_what_was_written_is_what_was_decided(self, world: World) -> None:
        told = world.ticket().called("urban", "water")
        case = told.case
        assert [task.lead for task in case.tasks.values()] == [True, False]
        assert {timer.name for timer in case.timers.values()} >= {"sign", "contact", "handle", "object"}
        seqs = [*case.tasks, *case.timers]
        assert len(set(seqs)) == len(seqs)
        assert max(seqs) <= case.ticket.last_seq

    def test_people_act_on_a_case_number_and_never_on_an_id(self, world: World) -> None:
        outcome = world.ticket().do("wang", "report")
        assert outcome.case_no.startswith("20260302-")
        world.act("shen", "refuse", case_no=outcome.case_no, form={"reason": "不属受理范围"})
        assert world.case(outcome.ticket_id).ticket.state == "refused"

    def test_case_numbers_are_never_given_twice(self, world: World) -> None:
        numbers = [world.ticket().do("wang", "report").case_no for _ in range(5)]
        assert len(set(numbers)) == 5

    def test_a_refusal_leaves_no_trace(self, world: World) -> None:
        told = world.ticket().reported()
        before = everything(world)
        assert isinstance(told.refused("citizen", "accept"), NotPermitted)
        assert isinstance(told.refused("shen", "call"), NotAllowedNow)
        assert isinstance(told.refused("shen", "accept", form={"item": "part-99-99"}), Malformed)
        assert isinstance(told.refused("shen", "accept", expected=99), Stale)
        assert everything(world) == before

    @pytest.mark.parametrize("table", [table for table in write.TABLES if table not in _ELSEWHERE])
    def test_a_write_that_fails_in_the_middle_leaves_nothing_half_written(self, world: World, table: str) -> None:
        act = _writing(world, table)
        before = everything(world)
        spoil(world, table)
        with pytest.raises((IntegrityError, CheckViolation)):
            act()
        assert everything(world) == before
        mend(world, table)
        assert not act().repeated
        assert world.verdict().sound

    def test_a_commit_that_fails_leaves_nothing(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        told = world.ticket().filed()
        before = everything(world)
        written = write.write

        def interrupted(transaction: Transaction, batch: write.Batch) -> None:
            written(transaction, batch)
            raise KeyboardInterrupt

        monkeypatch.setattr(write, "write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            told.do("shen", "call", form={"lead": "urban"})
        monkeypatch.undo()
        assert everything(world) == before

    def test_posts_are_those_of_the_moment(self, world: World) -> None:
        told = world.ticket().reported()
        ends = "UPDATE holding SET valid_to = ? WHERE person_id = ?"
        world.change(ends, world.clock.now() + HOUR, world.people["shen"])
        world.later(MINUTE)
        told.do("shen", "verification")
        world.later(HOUR)
        assert isinstance(told.refused("shen", "accept"), NotPermitted)

    def test_an_account_that_is_not_active_is_not_signed_in(self, world: World) -> None:
        told = world.ticket().reported()
        world.change("UPDATE person SET active = ? WHERE id = ?", False, world.people["shen"])
        assert isinstance(told.refused("shen", "accept"), NotSignedIn)
        with pytest.raises(NotSignedIn):
            world.door.act(Call(caller=Caller(person_id=10**9), action="report", workflow=BLOCK_CALLS))

    def test_what_is_not_there_is_not_found(self, world: World) -> None:
        for options in ({"case_no": "20260302-999999"}, {"ticket_id": 10**9}, {"workflow": "none"}, {}):
            with pytest.raises(NotFound):
                world.act("wang", "report", **options)
        with pytest.raises(NotFound):
            world.act("wang", "no_such_start", workflow=BLOCK_CALLS)

    @pytest.mark.parametrize("text", ["\x00", "a\x00b", "\ud800", "\u202e", "x" * 10_000, "' OR 1=1 --", "%s", "?"])
    def test_no_text_breaks_the_door(self, world: World, text: str) -> None:
        told = world.ticket().filed()
        reports: list[dict[str, Any]] = [
            {"before_photos": [text]}, {"place": {"area": text}}, {"place": [text]}, {"item": text}, {text: "x"},
        ]  # fmt: skip
        calls: list[tuple[str, dict[str, Any]]] = [
            ("call", {"lead": text}), ("call", {"lead": "urban", "co": [text]}), ("join", {"ticket": text}), (text, {}),
        ]  # fmt: skip
        attempts = [partial(world.ticket().do, "wang", "report", form=form) for form in reports]
        attempts += [partial(told.do, "shen", action, form=form) for action, form in calls]
        attempts.append(partial(world.act, "wang", "report", workflow=text))
        attempts.append(partial(world.act, "wang", "accept", case_no=text))
        for attempt in attempts:
            with pytest.raises((Malformed, NotFound, NotAllowedNow)) as refused:
                attempt()
            refused.value.message.encode()
        assert told.state == "filed"

    @pytest.mark.parametrize("key", ["", "\x00", "\ud800", "k" * 129, "k" * 100_000])
    def test_a_key_that_cannot_be_kept_is_refused(self, world: World, key: str) -> None:
        refusal = world.ticket().refused("wang", "report", key=key)
        assert isinstance(refusal, Malformed)
        assert refusal.place.field == "key"

    @pytest.mark.parametrize("channel", ["\x00", "c" * 65])
    def test_a_channel_that_cannot_be_kept_is_refused(self, world: World, channel: str) -> None:
        refusal = world.ticket().refused("wang", "report", channel=channel)
        assert isinstance(refusal, Malformed)
        assert refusal.place.field == "channel"

    def test_a_point_without_a_grid_is_refused_naming_the_field(self, world: World) -> None:
        refusal = world.ticket().refused("wang", "report", form={"place": {"lon": 0, "lat": 0, "datum": "wgs84"}})
        assert isinstance(refusal, Malformed)
        assert refusal.place.field == "place"

    def test_a_passer_by_reports_without_an_account(self, world: World) -> None:
        told = world.ticket().reported("public:passer_by")
        assert told.case.ticket.reporter_id is None
        assert world.rows("SELECT actor, person_id FROM event") == [("public:passer_by", None)]


class TestIdempotency:
    def test_the_same_key_brings_the_same_outcome_and_no_second_ticket(self, world: World) -> None:
        first = world.ticket().do("wang", "report", key="k1")
        second = world.ticket().do("wang", "report", key="k1")
        assert (second.case_no, second.seq, second.repeated) == (first.case_no, first.seq, True)
        assert world.rows("SELECT count(*) FROM ticket") == [(1,)]

    def test_the_same_key_for_something_else_is_refused(self, world: World) -> None:
        world.ticket().do("wang", "report", key="k1")
        refusal = world.ticket().refused("wang", "report", key="k1", form={"description": "另一件事"})
        assert isinstance(refusal, KeyReused)
        assert refusal.status == 422

    @pytest.mark.parametrize("junk", ["\ud800", float("nan"), 10**400, [[["x"]]], {"a": {"b": None}}, True])
    def test_a_used_key_that_comes_back_with_rubbish_is_refused_too(self, world: World, junk: Any) -> None:
        world.ticket().do("wang", "report", key="k1")
        assert isinstance(world.ticket().refused("wang", "report", key="k1", form={"description": junk}), KeyReused)
        assert isinstance(world.ticket().refused("wang", "report", key="k2", form={"description": junk}), Malformed)

    def test_one_persons_key_is_no_other_persons(self, world: World) -> None:
        one = world.ticket().do("wang", "report", key="k1")
        other = world.ticket().do("zhou", "report", key="k1")
        assert one.case_no != other.case_no

    def test_a_refusal_is_not_kept(self, world: World) -> None:
        told = world.ticket().reported()
        assert isinstance(told.refused("shen", "accept", form={"item": "none"}, key="k1"), Malformed)
        told.do("shen", "accept", key="k1")
        assert told.state == "filed"

    def test_a_repeated_act_answers_even_when_it_would_no_longer_be_allowed(self, world: World) -> None:
        told = world.ticket().reported()
        first = told.do("shen", "accept", key="k1", form={"urgency": "normal"})
        again = world.act(
            "shen", "accept", case_no=told.case_no, key="k1", form={"item": "part-01-01", "urgency": "normal"}
        )
        assert (again.seq, again.state, again.repeated) == (first.seq, "filed", True)
        assert told.actions == ["report", "accept"]

    def test_two_at_once_with_the_same_key_report_one_ticket_and_both_get_its_number(self, world: World) -> None:
        options = world.ticket().options("report", {"key": "k1"})
        outcomes = at_once(*[lambda: world.act("wang", "report", **options)] * 4, world=world)
        assert len({outcome.case_no for outcome in outcomes if isinstance(outcome, Outcome)}) == 1
        assert all(isinstance(outcome, Outcome) for outcome in outcomes), outcomes
        assert world.rows("SELECT count(*) FROM ticket") == [(1,)]

    def test_a_double_click_on_a_ticket_acts_once_and_both_get_the_same_answer(self, world: World) -> None:
        """A bug of peers: a double click approving twice."""
        told = world.ticket().reported()
        options = told.options("accept", {"key": "k1"})
        outcomes = at_once(*[lambda: world.act("shen", "accept", **options)] * 3, world=world, tickets=(told,))
        assert all(isinstance(outcome, Outcome) for outcome in outcomes), outcomes
        assert len({outcome.seq for outcome in outcomes if isinstance(outcome, Outcome)}) == 1
        assert told.actions == ["report", "accept"]

    def test_without_a_key_the_second_click_is_refused(self, world: World) -> None:
        told = world.ticket().reported()
        options = told.options("accept", {"expected": told.case.ticket.state_version})
        outcomes = at_once(*[lambda: world.act("shen", "accept", **options)] * 2, world=world, tickets=(told,))
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Outcome", "Stale"]


class TestManyAtOnce:
    def test_three_departments_with_open_forms_all_finish(self, world: World) -> None:
        told = world.ticket().called("urban", "water", "power").signed("urban", "water", "power")
        forms = {
            code: told.options("finish", {"of": code, "expected": told.task_of(code).version})
            for code in ("urban", "water", "power")
        }
        outcomes = at_once(
            lambda: world.act("chen", "finish", **forms["urban"]),
            lambda: world.act("lu", "finish", **forms["water"]),
            lambda: world.act("dong", "finish", **forms["power"]),
            world=world,
            tickets=(told,),
        )
        assert all(isinstance(outcome, Outcome) for outcome in outcomes), outcomes
        assert told.state == "checking"
        assert told.actions.count("checkable") == 1

    def test_two_desks_that_want_different_things_are_lined_up(self, world: World) -> None:
        told = world.ticket().reported()
        seen = told.case.ticket.state_version
        accept = told.options("accept", {"expected": seen})
        refuse = told.options("refuse", {"expected": seen})
        outcomes = at_once(
            lambda: world.act("shen", "accept", **accept),
            lambda: world.act("shen", "refuse", **refuse),
            world=world,
            tickets=(told,),
        )
        assert sum(isinstance(outcome, Outcome) for outcome in outcomes) == 1
        assert len(told.actions) == 2

    def test_a_reader_of_an_old_page_is_told_what_is_true_now(self, world: World) -> None:
        told = world.ticket().called("urban").signed("urban")
        task = told.task_of("urban")
        told.do("chen", "progress", task=task.seq)
        refusal = told.refused("chen", "finish", task=task.seq, expected=task.version)
        assert isinstance(refusal, Stale)
        assert refusal.details["present"] == task.version + 1
        assert refusal.details["state"] == "handling"

    def test_many_reports_at_once_are_as_many_tickets(self, world: World) -> None:
        options = world.ticket().options("report", {})
        outcomes = at_once(*[lambda: world.act("wang", "report", **options)] * 8, world=world)
        assert len({outcome.case_no for outcome in outcomes if isinstance(outcome, Outcome)}) == 8
        assert world.verdict().sound


class TestJoining:
    def test_crossed_joins_never_join_both(self, world: World) -> None:
        """A bug of peers: crossed merges closing both tickets."""
        for _ in range(3):
            one, other = world.ticket().reported(), world.ticket().reported("citizen")
            forms = [
                one.options("join", {"form": {"ticket": other.case_no}}),
                other.options("join", {"form": {"ticket": one.case_no}}),
            ]
            acts = [partial(world.act, "shen", "join", **form) for form in forms]
            outcomes = at_once(*acts, world=world, tickets=(one, other))
            assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NotAllowedNow", "Outcome"], outcomes
            assert sorted([one.state, other.state]) == ["joined", "reported"]

    def test_a_ring_of_three_is_never_closed(self, world: World) -> None:
        ring = [world.ticket().reported() for _ in range(3)]
        forms = [ring[at].options("join", {"form": {"ticket": ring[(at + 1) % 3].case_no}}) for at in range(3)]
        at_once(*[partial(world.act, "shen", "join", **form) for form in forms], world=world, tickets=tuple(ring))
        assert any(told.case.ticket.main_id is None for told in ring)

    def test_joining_a_ticket_that_is_closed_meanwhile_is_refused(self, world: World) -> None:
        main, other = world.ticket().reported(), world.ticket().reported()
        closing = main.options("handle_on_the_spot", {})
        joining = other.options("join", {"form": {"ticket": main.case_no}})
        at_once(
            lambda: world.act("wang", "handle_on_the_spot", **closing),
            lambda: world.act("shen", "join", **joining),
            world=world,
            tickets=(main, other),
        )
        assert main.state == "self_handled"
        commands = world.rows("SELECT kind FROM command")
        assert (other.state, commands) in (("reported", []), ("joined", [("main_moved",)]))

    def test_both_tickets_tell_of_a_join_and_of_a_split(self, world: World) -> None:
        main, other = world.ticket().filed(), world.ticket().reported()
        seen = main.case.ticket.state_version
        other.joined_to(main)
        assert main.actions[-1] == "joined_by"
        assert main.case.ticket.state_version == seen + 1
        assert (main.case.ticket.joined_here, other.case.ticket.main_id) == (1, main.id)
        other.do("shen", "split")
        assert main.actions[-1] == "split_from"
        assert (main.case.ticket.joined_here, other.case.ticket.main_id) == (0, None)
        assert world.verdict().sound

    def test_neither_itself_nor_a_joined_nor_a_settled_nor_an_unknown_ticket_can_be_joined(self, world: World) -> None:
        main, joined, settled = world.ticket().filed(), world.ticket().reported(), world.ticket().reported()
        joined.joined_to(main)
        settled.do("wang", "handle_on_the_spot")
        told = world.ticket().reported()
        for case_no in (told.case_no, joined.case_no, settled.case_no, "20260302-999999"):
            assert told.refused("shen", "join", form={"ticket": case_no}).place.field == "ticket"
        assert told.state == "reported"

    def test_a_main_ticket_may_itself_be_joined_and_its_own_are_carried_along(self, world: World) -> None:
        root, main, leaf = world.ticket().filed(), world.ticket().reported(), world.ticket().reported()
        leaf.joined_to(main)
        main.joined_to(root)
        assert (leaf.case.ticket.main_id, main.case.ticket.main_id) == (main.id, root.id)


def test_a_person_is_named_by_a_name_and_not_by_a_novel(world: World) -> None:
    refusal = world.ticket().refused("shen", "register", form={"contact_name": "张" * 300})
    assert refusal.place.field == "contact_name"
    world.ticket().do("shen", "register", form={"contact_name": "张" * 200, "contact_phone": "1" * 200})


class TestTwoTimes:
    def test_a_phone_that_was_offline_says_when_it_was(self, world: World) -> None:
        now = world.clock.now()
        world.ticket().do("wang", "report", claimed_at=Instant(now - HOUR), source=Source.DEVICE)
        assert world.rows("SELECT at, recorded_at, source FROM event") == [(now - HOUR, now, "device")]

    def test_a_phone_whose_clock_runs_ahead_does_not_take_its_ticket_along(self, world: World) -> None:
        now = world.clock.now()
        told = world.ticket()
        told.do("wang", "report", claimed_at=Instant(now + 400 * DAY), source=Source.DEVICE)
        assert told.case_no.startswith("20260302-")
        world.later(MINUTE)
        told.do("shen", "accept")
        assert world.rows("SELECT at FROM event ORDER BY seq") == [(now,), (now + MINUTE,)]
        assert world.rows("SELECT opened_at FROM ticket") == [(now,)]


class TestOffers:
    def test_what_is_offered_as_possible_is_done_and_what_is_not_is_refused_with_the_same_reason(
        self, world: World
    ) -> None:
        told = world.ticket().called("urban", "water").signed("urban")
        told.do("chen-lead", "return", of="urban")
        for login in ("shen", "chen", "chen-lead", "lu", "zhou", "gu", "he", "citizen"):
            for offer in world.offers(told.id, login):
                if offer.possible:
                    continue
                refusal = told.refused(login, offer.name, task=offer.task, request=offer.request)
                assert (refusal.code, refusal.message) == (offer.code, offer.reason)

    def test_an_offer_says_what_to_send_back_as_seen(self, world: World) -> None:
        told = world.ticket().called("urban", "water").signed("urban")
        (contact,) = [offer for offer in world.offers(told.id, "chen") if offer.name == "contact" and offer.possible]
        told.do("chen", "contact", task=contact.task, expected=contact.expected)
        assert isinstance(told.refused("chen", "progress", task=contact.task, expected=contact.expected), Stale)

    def test_machines_acts_are_offered_to_nobody(self, world: World) -> None:
        told = world.ticket().closed()
        assert "archive" not in {offer.name for offer in world.offers(told.id, "shen")}

    def test_scores_are_asked_for_every_department_that_finished(self, world: World) -> None:
        told = world.ticket().called("urban", "water").signed("urban", "water").finished("urban", "water")
        told.do("zhou", "check")
        (offer,) = [offer for offer in world.offers(told.id, "liu") if offer.name == "pass"]
        assert set(offer.each) == {told.task_of("urban").seq, told.task_of("water").seq}


def test_particulars_that_come_later_are_kept_too(world: World) -> None:
    told = world.ticket().reported("citizen")
    told.do("shen", "ask_back")
    told.do("citizen", "supplement", form={"description": "补充后的描述", "address": "幸福路一号"})
    assert world.rows("SELECT description, address, contact_name FROM particulars") == [
        ("补充后的描述", "幸福路一号", "")
    ]


_VERSIONS = """
roles: {anyone: {title: 上报人 / Reporter, person: reporter}}
starts: {report: {title: 上报 / Report, by: anyone, to: filed, form: [place!]}}
stages:
  triage:
    filed:
      title: 待办 / Filed
      actions:
        ACTION: {title: 办结 / Finish, by: anyone, to: closed}
ends: {closed: {title: 办结 / Closed, type: closed}}
"""


def test_an_action_that_a_later_version_deletes_stays_in_the_old_tickets_and_their_history(world: World) -> None:
    """A bug of peers: a deleted action crashed the history."""
    world.activate(small(_VERSIONS.replace("ACTION", "finish")))
    old, older = world.ticket("small"), world.ticket("small")
    for told in (old, older):
        told.do("citizen", "report")
    older.do("citizen", "finish")
    world.later()
    world.activate(small(_VERSIONS.replace("ACTION", "settle"), version=2))
    new = world.ticket("small")
    new.do("citizen", "report")
    assert {offer.name for offer in world.offers(old.id, "citizen")} == {"finish"}
    assert {offer.name for offer in world.offers(new.id, "citizen")} == {"settle"}
    assert isinstance(new.refused("citizen", "finish"), NotAllowedNow)
    old.do("citizen", "finish")
    new.do("citizen", "settle")
    assert [told.state for told in (old, older, new)] == ["closed"] * 3
    assert world.verdict().sound


def test_several_acts_in_one_transaction_are_all_done_or_none(world: World) -> None:
    one, other = world.ticket().reported(), world.ticket().reported()
    calls = [Call(caller=world.caller("shen"), action="refuse", **told.options("refuse", {})) for told in (one, other)]
    bad = Call(caller=world.caller("citizen"), action="accept", case_no=one.case_no)

    def together(calls: list[Call]) -> list[Outcome]:
        return world.database.acting(lambda transaction: world.door.act_together(calls, transaction, world.clock.now()))

    with pytest.raises(HuyingError):
        together([*calls, bad])
    assert (one.state, other.state) == ("reported", "reported")
    assert [outcome.state for outcome in together(calls)] == ["refused", "refused"]


def test_a_join_among_several_acts_writes_both_tickets(world: World) -> None:
    main, other = world.ticket().filed(), world.ticket().reported()
    joining = other.options("join", {"form": {"ticket": main.case_no}})
    calls = [
        Call(caller=world.caller("shen"), action="join", **joining),
        Call(caller=world.caller("shen"), action="split", case_no=other.case_no, form={"reason": "并错了"}),
    ]
    world.database.acting(lambda transaction: world.door.act_together(calls, transaction, world.clock.now()))
    assert main.actions[-2:] == ["joined_by", "split_from"]
    assert other.actions[-2:] == ["join", "split"]
    assert world.verdict().sound


def test_several_acts_on_one_ticket_follow_one_another_in_one_transaction(world: World) -> None:
    told = world.ticket().reported()
    calls = [
        Call(caller=world.caller("shen"), action="accept", **told.options("accept", {})),
        Call(caller=world.caller("shen"), action="annul", case_no=told.case_no, form={"reason": "误立案"}),
    ]
    world.database.acting(lambda transaction: world.door.act_together(calls, transaction, world.clock.now()))
    assert told.actions == ["report", "accept", "annul"]
    assert world.verdict().sound


def _writing(world: World, table: str) -> Callable[[], Outcome]:
    """An act that writes the table, with a key that is kept only if the act is."""
    if table in ("ticket", "task", "notice"):
        filed = world.ticket().filed()
        return lambda: filed.do("shen", "call", form={"lead": "urban"}, key="k1")
    if table == "request":
        called = world.ticket().called("urban")
        return lambda: called.do("chen-lead", "return", of="urban", key="k1")
    if table == "card":
        warned = world.ticket().called("urban").signed("urban")
        return lambda: warned.do("he", "warn", of="urban", key="k1")
    if table == "letter":
        left = world.ticket().called("urban")
        return lambda: left.do("he", "supervise", of="urban", form={"message": "请三日内办结"}, key="k1")
    if table == "command":
        main = world.ticket().reported()
        world.ticket().reported().joined_to(main)
        return lambda: main.do("wang", "handle_on_the_spot", key="k1")
    place = {"lon": 121.45, "lat": 31.02, "datum": "WGS-84", "area": "micro"}
    if table == "receipt":
        return lambda: world.ticket().do("public:passer_by#secret", "report", key="k1", form={"place": place})
    return lambda: world.ticket().do("wang", "report", key="k1", form={"place": place})
