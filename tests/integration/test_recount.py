"""A calendar has a new version: running deadlines are counted again, each move a line of history, nothing forgotten."""

import json
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from engine.background.recount import recount, waiting
from engine.background.sweep import sweep
from engine.clock import CIVIL_ZONE, DAY, HOUR, Instant, instant, moment
from engine.database import Database
from engine.errors import DefinitionError
from engine.exchange.calendar_apply import apply_calendar
from engine.exchange.calendar_decree import read_decree
from engine.exchange.calendar_order import Order
from engine.rules.calendar_file import read_calendar
from engine.rules.case import Run
from engine.stages.sweeping import Swept
from tests.support.calendars import DECREE_2027, written
from tests.support.cases import small
from tests.support.door import Told, World

OFFICE = """title: 区机关 / District offices
zone: Asia/Shanghai
daily: ["09:00-11:30", "13:30-17:30"]
weekly: {monday-friday: daily}
statutory: none
of: cn-mainland
areas: [district]
"""


def _at(text: str) -> Instant:
    return instant(datetime.fromisoformat(text).replace(tzinfo=CIVIL_ZONE))


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def apply(world: World, key: str = "cn-mainland", *, text: str = "", decree: Path | None = None, **more: Any) -> None:
    file = read_calendar(text, key=key, file=f"{key}.yaml") if text else None
    apply_calendar(
        world.database,
        Order(
            key=key, file=file, decree=read_decree(decree) if decree else None, now=world.clock.now(), by="gu", **more
        ),
    )
    world.versions.book.look_again()


def again(world: World) -> Swept:
    return recount(world.door, world.database, world.clock)


def due(told: Told, name: str, department: str = "urban") -> str:
    seq = told.task_of(department).seq
    (timer,) = (one for one in told.case.timers.values() if (one.name, one.task_seq) == (name, seq))
    return f"{moment(timer.due_at):%m-%d %H:%M}{'?' if timer.provisional else ''}"


def lines(world: World, told: Told) -> list[dict[str, Any]]:
    rows = world.rows("SELECT facts FROM event WHERE ticket_id = ? AND action = 'recounted' ORDER BY seq", told.id)
    return [json.loads(facts) for (facts,) in rows]


def test_the_decree_makes_a_provisional_due_time_definite_with_a_line_of_history(world: World) -> None:
    world.clock.at = _at("2026-09-28 09:00")
    told = world.ticket().called("urban", item="event-02-03")
    assert due(told, "handle") == "10-02 17:30?"
    apply(world)
    assert waiting(world.door, world.database) == 1
    assert again(world).moved == 1
    # 1 to 7 October are off, Saturday the 10th is worked.
    assert due(told, "handle") == "10-09 17:30"
    (line,) = lines(world, told)
    moved = {one["deadline"]: (one["was"] < one["due"], one["provisional"]) for one in line["deadlines"]}
    assert moved["handle"] == (True, False)
    assert line["calendars"] == {"cn-mainland": "cn-mainland@2"}
    assert waiting(world.door, world.database) == 0
    assert again(world).tickets == 0


def test_a_due_time_that_stays_is_only_marked_definite_and_one_that_knew_no_doubt_gets_no_line(
    world: World, tmp_path: Path
) -> None:
    told = world.ticket().called("urban", item="event-02-03")
    apply(world)
    again(world)
    (line,) = lines(world, told)
    assert {one["was"] == one["due"] for one in line["deadlines"]} == {True}
    world.clock.at = _at("2026-03-02 10:00")
    apply(world, "cn-mainland", decree=written(tmp_path, "2027.yaml", DECREE_2027))
    again(world)
    assert len(lines(world, told)) == 1, "2027 is no business of a deadline of March 2026"
    assert world.rows("SELECT DISTINCT calendar FROM deadline WHERE ended_at IS NULL") == [("cn-mainland@3",)]


def test_what_was_counted_again_is_told_again_from_the_history_alone(world: World) -> None:
    world.clock.at = _at("2026-09-28 09:00")
    told = world.ticket().called("urban", item="event-02-03").signed("urban")
    told.do("chen-lead", "suspension", of="urban", form={"resume_on": "2026-10-09"})
    told.do("he", "grant_suspension", request=told.ask("suspension").seq)
    apply(world)
    again(world)
    world.later(30 * DAY)
    sweep(world.door, world.database, world.clock)
    assert world.differences(told.id) == []
    assert world.verdict().sound


def test_a_rung_that_comes_before_the_recount_is_counted_again_first(world: World) -> None:
    """A sweep that finds a stale deadline does not fire by the old calendar."""
    world.clock.at = _at("2026-09-28 09:00")
    told = world.ticket().called("urban", item="event-02-03").signed("urban")
    apply(world)
    world.clock.at = _at("2026-10-01 16:00")  # 70 % of five workdays by the old count; a holiday by the new one
    sweep(world.door, world.database, world.clock)
    assert due(told, "handle") == "10-09 17:30"
    fired = world.rows("SELECT facts FROM event WHERE ticket_id = ? AND action = 'rung'", told.id)
    assert not any(json.loads(facts)["deadline"] == "handle" for (facts,) in fired)


def test_a_correction_of_past_days_counts_what_had_run_again(world: World) -> None:
    """A day that turns out to have been off gives back what had been counted of it, paused or not."""
    apply(world)
    again(world)
    told = world.ticket().called("urban", item="event-02-03").signed("urban")
    before = due(told, "handle")
    assert before == "03-06 17:30"
    world.clock.at = _at("2026-03-04 09:00")
    told.do("chen-lead", "suspension", of="urban", form={"resume_on": "2026-03-10"})
    told.do("he", "grant_suspension", request=told.ask("suspension").seq)
    world.clock.at = _at("2026-03-11 08:00")
    sweep(world.door, world.database, world.clock)
    assert due(told, "handle") == "03-13 17:30"
    storm = _calendar(world).replace("days: {}", "days: {2026-03-03: off}")
    apply(world, text=storm, correct=True, reason="台风停工")
    again(world)
    assert due(told, "handle") == "03-16 17:30", "Tuesday the 3rd is given back"
    assert world.differences(told.id) == []


def test_a_district_with_hours_of_its_own_counts_by_them_from_when_they_are_applied(world: World) -> None:
    told = world.ticket().called("urban", item="event-02-03")
    assert {timer.calendar for timer in told.case.timers.values()} == {"cn-mainland@1"}
    apply(world, "office", text=OFFICE)
    assert again(world).moved == 1
    assert {timer.calendar for timer in told.case.timers.values()} == {"office@1"}
    assert due(told, "handle") == "03-06 17:30", "it keeps no holidays, so nothing is provisional"
    new = world.ticket().called("urban", item="event-02-03")
    assert {timer.calendar for timer in new.case.timers.values()} == {"office@1"}
    assert world.differences(told.id) == []


def test_several_hands_count_again_at_once_and_write_one_line(world: World) -> None:
    told = [world.ticket().called("urban", item="event-02-03") for _ in range(20)]
    apply(world)
    hands = [threading.Thread(target=again, args=(world,)) for _ in range(3)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    again(world)
    assert [len(lines(world, one)) for one in told] == [1] * 20
    assert world.verdict().sound


def test_a_paused_deadline_is_counted_again_and_stays_paused(world: World) -> None:
    world.clock.at = _at("2026-09-28 09:00")
    told = world.ticket().called("urban", item="event-02-03").signed("urban")
    told.do("chen-lead", "suspension", of="urban", form={"resume_on": "2026-11-30"})
    told.do("he", "grant_suspension", request=told.ask("suspension").seq)
    apply(world)
    again(world)
    timers = [timer for timer in told.case.timers.values() if timer.name == "handle"]
    assert [timer.run for timer in timers] == [Run.PAUSED]
    assert [f"{moment(timer.next_at or Instant(0)):%m-%d}" for timer in timers] == ["12-01"]


def test_a_workflow_that_names_a_calendar_nobody_applied_is_not_activated(world: World) -> None:
    body = """roles: {anyone: {title: 上报人 / Reporter, person: reporter}}
deadlines:
  work: {title: 办理 / Work, within: 2 hours, calendar: nowhere}
starts: {report: {title: 上报 / Report, by: anyone, to: one, form: [place!]}}
stages: {triage: {one: {title: 一 / One, deadlines: [work], actions: {end: {title: 结 / End, by: anyone, to: closed}}}}}
ends: {closed: {title: 办结 / Closed, type: closed}}
"""
    with pytest.raises(DefinitionError) as refusal:
        world.activate(small(body))
    assert (refusal.value.place.line, "nowhere" in refusal.value.message) == (7, True)


def test_a_deadline_may_count_by_a_calendar_of_its_own(world: World) -> None:
    """A night desk accepts round the clock while the street office is closed."""
    body = """roles: {anyone: {title: 上报人 / Reporter, person: reporter}}
deadlines:
  night: {title: 值班受理 / Night, within: 2 working hours, calendar: duty-desk}
  day:   {title: 受理 / Day, within: 2 working hours}
starts: {report: {title: 上报 / Report, by: anyone, to: one, form: [place!]}}
stages:
  triage:
    one: {title: 一 / One, deadlines: [night, day], actions: {end: {title: 结 / End, by: anyone, to: closed}}}
ends: {closed: {title: 办结 / Closed, type: closed}}
"""
    world.activate(small(body))
    world.clock.at = _at("2026-03-02 21:00")
    told = world.ticket("small")
    told.do("citizen", "report")
    by_name = {timer.name: timer.due_at for timer in told.case.timers.values()}
    assert by_name["night"] == world.clock.at + 2 * HOUR
    assert by_name["day"] == _at("2026-03-03 11:00")
    assert world.differences(told.id) == []


def _calendar(world: World) -> str:
    ((source,),) = world.rows("SELECT source FROM calendar_version WHERE key = 'cn-mainland' AND version = 1")
    return str(source)
