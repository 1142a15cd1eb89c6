"""Facts say what the history says: moments, due times and whether they were kept, and folding again changes nothing."""

import pytest

from engine.background.facts import fold_facts, rebuild
from engine.background.relay import relay
from engine.clock import DAY, HOUR, MINUTE
from engine.database import Database
from engine.records import facts
from tests.support.door import Told, World
from tests.support.facts import fact, rows, task_fact


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def _fold(world: World) -> int:
    relay(world.database)
    return fold_facts(world.database, world.versions)


def test_each_milestone_stands_at_its_moment_beside_its_due_time(world: World) -> None:
    told = Told(world).reported()
    reported = world.clock.now()
    filed = world.later(5 * MINUTE).clock.now()
    told.do("shen", "accept", form={"item": "part-01-01"})
    sent = world.later(30 * MINUTE).clock.now()
    told.do("shen", "call", form={"lead": "urban", "co": ["water"]})
    signed = world.later(3 * HOUR).clock.now()
    told.signed("urban")
    _fold(world)
    assert fact(world.database, told.id, "reported_at", "filed_at", "dispatched_at", "called_at") == (
        reported, filed, sent, sent,
    )  # fmt: skip
    (filed_due, dispatched_due) = fact(world.database, told.id, "filed_due", "dispatched_due")
    assert filed_due == reported + 30 * MINUTE, "filed in time"
    assert dispatched_due == filed + 15 * MINUTE, "dispatched too late"
    urban, water = told.task_of("urban").seq, told.task_of("water").seq
    assert task_fact(world.database, told.id, urban, "sent_at", "signed_at", "signed_due", "lead") == (
        sent, signed, sent + 2 * HOUR, 1,
    )  # fmt: skip
    assert task_fact(world.database, told.id, water, "signed_at", "signed_due", "handled_at") == (
        None, sent + 2 * HOUR, None,
    )  # fmt: skip
    assert fact(world.database, told.id, "handled_at", "closed_at", "department_id") == (
        None, None, world.departments["urban"],
    )  # fmt: skip


def test_a_ticket_is_handled_when_all_are_and_no_longer_when_work_is_sent_back(world: World) -> None:
    told = Told(world).called("urban", "water").signed("urban", "water").finished("urban")
    _fold(world)
    assert fact(world.database, told.id, "handled_at") == (None,)
    done = world.later(HOUR).clock.now()
    first = told.task_of("water").seq
    told.finished("water")
    _fold(world)
    assert fact(world.database, told.id, "handled_at") == (done,)
    again = world.later(HOUR).clock.now()
    told.do("zhou", "rework")
    _fold(world)
    assert fact(world.database, told.id, "handled_at", "reworked_at", "reworked_times") == (None, again, 1)
    assert task_fact(world.database, told.id, first, "handled_at", "reworked_at", "again") == (done, again, 0)
    assert task_fact(world.database, told.id, told.task_of("water").seq, "sent_at", "again") == (again, 1)


def test_a_return_counts_when_it_is_asked_and_is_a_wrong_dispatch_when_it_is_let_go(world: World) -> None:
    told = Told(world).called("urban", "water")
    urban, water = told.task_of("urban").seq, told.task_of("water").seq
    asked = world.clock.now()
    told.do("chen-lead", "return", of="urban")
    told.do("lu-lead", "return", of="water")
    ruled = world.later(10 * MINUTE).clock.now()
    asks = {ask.task_seq: ask.seq for ask in told.case.open_asks("return")}
    told.do("shen", "redispatch", request=asks[urban], form={"department": "power"})
    told.do("shen", "uphold", request=asks[water])
    _fold(world)
    names = ("returned_at", "wrong_at", "redispatched_at", "void_at")
    assert task_fact(world.database, told.id, urban, *names) == (asked, ruled, ruled, ruled)
    assert task_fact(world.database, told.id, water, *names) == (asked, None, None, None)


def test_a_closed_ticket_that_is_handled_again_is_closed_no_more_though_it_once_was(world: World) -> None:
    told = Told(world).closed()
    closed = world.clock.now()
    world.later(DAY)
    told.do("wang", "redo", form={"satisfaction": "dissatisfied"})
    _fold(world)
    names = ("closed_at", "first_closed_at", "rehandled_at", "rated_at", "satisfaction")
    assert fact(world.database, told.id, *names) == (
        None, closed, world.clock.now(), world.clock.now(), "dissatisfied",
    )  # fmt: skip


def test_joined_and_void_are_noted_while_they_hold(world: World) -> None:
    main, double = Told(world).filed(), Told(world).filed()
    joined = world.later(MINUTE).clock.now()
    double.joined_to(main)
    refused = Told(world).reported()
    refused.do("shen", "refuse")
    _fold(world)
    assert fact(world.database, double.id, "joined_at", "void_at") == (joined, None)
    assert fact(world.database, refused.id, "joined_at", "void_at") == (None, joined)
    double.do("shen", "split")
    _fold(world)
    assert fact(world.database, double.id, "joined_at") == (None,)


def test_the_score_is_the_newest_and_belongs_to_the_department(world: World) -> None:
    told = Told(world).called("urban").signed("urban").finished("urban")
    told.do("zhou", "check")
    seq = told.task_of("urban").seq
    told.do("liu", "pass", each={seq: {"stars": 2, "resolved": "unsolved", "reason": "又复原"}})
    _fold(world)
    assert task_fact(world.database, told.id, seq, "score", "resolved") == (2, "unsolved")
    told.do("chen-lead", "appeal")
    (ask,) = told.case.open_asks("appeal")
    told.do("gu", "reassess", request=ask.seq, form={"stars": 4})
    _fold(world)
    assert task_fact(world.database, told.id, seq, "score", "resolved") == (4, "unsolved")


def test_only_what_something_happened_to_is_folded_again_and_a_rebuild_makes_the_same_rows(world: World) -> None:
    first, second = Told(world).closed(), Told(world).called("urban", "water")
    assert _fold(world) == 2
    assert _fold(world) == 0
    world.later(HOUR)
    second.signed("water")
    assert _fold(world) == 1
    kept = rows(world.database)
    assert {row[0] for row in kept["ticket_fact"]} == {first.id, second.id}
    world.change("UPDATE ticket_fact SET closed_at = 1, item = 'x'")
    assert rebuild(world.database, world.versions) == 2
    assert rows(world.database) == kept
    with world.database.looking() as transaction:
        state = facts.state(transaction)
    assert (state.tickets, state.without, state.behind_since) == (2, 0, None)


def test_a_history_that_cannot_be_told_stops_no_other(world: World) -> None:
    bad, good = Told(world).filed(), Told(world).filed()
    world.change("UPDATE event SET action = 'finish' WHERE ticket_id = ? AND action = 'accept'", bad.id)
    _fold(world)
    assert [row[0] for row in rows(world.database)["ticket_fact"]] == [good.id]
    with world.database.looking() as transaction:
        assert facts.state(transaction).without == 1


def test_the_area_is_that_of_the_time_of_filing(world: World) -> None:
    told = Told(world).filed()
    _fold(world)
    (before,) = fact(world.database, told.id, "area_path")
    area = told.case.ticket.area
    assert before == "/" + "/".join(str(link.id) for link in reversed(area)) + "/"
    world.later(DAY)
    world.change(
        "INSERT INTO former_area (area_id, valid_to, valid_from, name, parent_id, lineage) "
        "SELECT id, ?, valid_from, name, parent_id, lineage FROM area WHERE id = ?",
        world.clock.now(),
        area[0].id,
    )
    world.change("UPDATE area SET lineage = ? WHERE id = ?", f'[[{area[0].id},"micro_grid"]]', area[0].id)
    rebuild(world.database, world.versions)
    assert fact(world.database, told.id, "area_path") == (before,)


def test_a_field_of_the_form_makes_a_milestone_and_the_reporters_own_word_is_a_fact(world: World) -> None:
    missed, seen = Told(world).reported(), Told(world).reported()
    missed.do("shen", "accept", form={"item": "part-01-01", "missed": True})
    seen.do("shen", "accept", form={"item": "part-01-01", "missed": False})
    _fold(world)
    assert fact(world.database, missed.id, "missed_at", "missed_by", "filed_by") == (
        world.clock.now(), *_people(world, "shen", "shen"),
    )  # fmt: skip
    assert fact(world.database, seen.id, "missed_at", "missed_by") == (None, None)


def test_who_reached_a_milestone_stands_beside_it_and_the_engines_own_acts_are_nobodys(world: World) -> None:
    told = Told(world).called("urban").signed("urban")
    _fold(world)
    (sent, signed) = _people(world, "shen", "chen")
    seq = told.task_of("urban").seq
    assert task_fact(world.database, told.id, seq, "sent_by", "signed_by", "handled_by") == (sent, signed, None)
    assert fact(world.database, told.id, "dispatched_by", "called_by") == (sent, sent)
    closed = Told(world).closed()
    _fold(world)
    assert fact(world.database, closed.id, "first_closed_by") != (sent,), "it was not the desk that closed it"


def test_time_belongs_to_a_stage_and_a_holder_and_a_return_that_is_let_go_to_the_desk(world: World) -> None:
    told = Told(world).called("urban", "water")
    began = world.clock.now()
    told.do("chen-lead", "return", of="urban")
    told.do("lu-lead", "return", of="water")
    asks = {ask.task_seq: ask.seq for ask in told.case.open_asks("return")}
    urban, water = (told.task_of(code).seq for code in ("urban", "water"))
    ruled = world.later(HOUR).clock.now()
    told.do("shen", "redispatch", request=asks[urban], form={"department": "power"})
    told.do("shen", "uphold", request=asks[water])
    signed = world.later(HOUR).clock.now()
    told.signed("power")
    _fold(world)
    units = {number: code for code, number in world.departments.items()}
    spans = world.rows(
        "SELECT stage, department_id, since_at, until_at FROM stage_span WHERE ticket_id = ? ORDER BY seq", told.id
    )
    assert sorted((stage, units.get(unit, ""), since, until or 0) for stage, unit, since, until in spans) == [
        ("dispatch", "", began, ruled),
        ("dispatch", "power", ruled, signed),
        ("dispatch", "water", began, signed),
        ("resolve", "power", signed, 0),
        ("resolve", "water", signed, 0),
    ]


def _people(world: World, *logins: str) -> tuple[int, ...]:
    return tuple(world.rows("SELECT id FROM person WHERE login = ?", login)[0][0] for login in logins)
