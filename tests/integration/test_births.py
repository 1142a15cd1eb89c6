"""Tickets that the clock opens for rows and areas: each once in its period, the same for every process."""

import threading

import pytest

from engine.background.births import lots, period_of
from engine.clock import DAY, Instant
from engine.database import Database
from engine.definitions.loader import loads
from engine.errors import DefinitionError, HuyingError
from tests.support import registers
from tests.support.cases import MONDAY
from tests.support.door import World
from tests.support.spoiling import spoil

LOOP = """
workflow: care
version: 1
title: 关怀 / Care
calendar: cn-mainland
roles:
  desk: {title: 受理员 / Desk, post: coordinator, area: street}
fields:
  who:   {title: 走访对象 / Whom, type: row, register: special-care}
  point: {title: 监测点 / Point, type: row, register: monitoring-points}
starts:
  visit: {title: 走访 / Visit, by: clock, to: due, form: [who], WHEN}
stages:
  report:
    due:
      title: 待走访 / To be visited
      actions:
        done: {title: 已走访 / Visited, by: desk, to: closed}
ends:
  closed: {title: 已办结 / Closed, type: closed}
"""


def loop(when: str) -> str:
    form = "[point]" if "monitoring" in when else "[who]"
    return LOOP.replace("WHEN", when).replace("[who]", form)


@pytest.fixture
def world(database: Database) -> World:
    made = World(database)
    # The shipped loop has births of its own.
    made.change("UPDATE workflow_version SET activated_at = NULL WHERE key = 'four-hundred-visits'")
    return made


def test_each_row_has_one_ticket_in_a_period_which_names_the_row(world: World) -> None:
    world.activate(loads(loop("rows: special-care, every: 30 days")))
    registers.in_care(world)
    registers.in_care(world, "fx-002", "孙阿公")
    assert registers.births(world) == 2
    assert registers.births(world) == 0
    facts = [row[0] for row in world.rows("SELECT facts FROM event ORDER BY ticket_id")]
    assert [code in text for code, text in zip(("fx-001", "fx-002"), facts, strict=True)] == [True, True]
    assert world.rows("SELECT DISTINCT state, channel, area_id FROM ticket") == [
        ("due", "birth", world.areas["village"])
    ]
    world.later(30 * DAY)
    assert registers.births(world) == 2
    assert world.verdict().sound


def test_every_row_keeps_an_interval_of_its_own(world: World) -> None:
    world.activate(loads(loop("rows: monitoring-points, every: field interval")))
    registers.point(world, "jd-001", interval=10)
    registers.point(world, "jd-002", interval=3650)
    for _ in range(4):
        registers.births(world)
        world.later(10 * DAY)
    assert registers.born_for(world, "visit") == ["monitoring-points/jd-001"] * 4 + ["monitoring-points/jd-002"]


def test_what_was_missed_in_an_outage_is_not_made_up_for(world: World) -> None:
    world.activate(loads(loop("rows: special-care, on: month first workday")))
    registers.in_care(world)
    assert registers.births(world) == 1
    world.later(120 * DAY)
    assert registers.births(world) == 1
    assert [row[0] for row in world.rows("SELECT period FROM birth ORDER BY period")] == ["2026-03", "2026-06"]


def test_several_hands_open_one_ticket_each(world: World) -> None:
    world.activate(loads(loop("rows: special-care, every: 30 days")))
    for number in range(5):
        registers.in_care(world, f"fx-{number}")
    hands = [threading.Thread(target=registers.births, args=(world,)) for _ in range(4)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert world.rows("SELECT count(*) FROM ticket") == [(5,)]
    assert world.rows("SELECT count(*) FROM birth") == [(5,)]


def test_a_campaign_comes_once_to_each_area_within_its_days(world: World) -> None:
    world.activate(loads(loop("per: street, since: '2026-03-03', until: '2026-03-20'")))
    assert registers.births(world) == 0
    world.later(DAY)
    assert registers.births(world) == 2
    world.later(10 * DAY)
    assert registers.births(world) == 0
    world.later(10 * DAY)
    assert registers.births(world) == 0
    assert registers.born_for(world, "visit") == ["street", "street-2"]


def test_a_draw_takes_the_share_it_says_and_can_be_repeated(world: World) -> None:
    definition = loads(loop("rows: special-care, on: month first workday, draw: 30%"))
    world.activate(definition)
    for number in range(10):
        registers.in_care(world, f"fx-{number}")
    assert registers.births(world) == 3
    drawn = registers.born_for(world, "visit")
    # Somebody who comes in later, or leaves, changes nothing about the draw of this month.
    registers.in_care(world, "fx-new", at=Instant(MONDAY + DAY))
    world.later(2 * DAY)
    assert registers.births(world) == 0
    start = definition.starts["visit"]
    assert start.birth is not None
    period = period_of(start.birth, definition, world.versions, world.clock.now())
    assert period is not None
    with world.database.looking() as transaction:
        again = lots(transaction, definition, start, period)
    assert sorted(f"special-care/{lot.code}" for lot in again if lot.drawn) == drawn
    assert len(again) == 10


def test_a_row_that_is_no_longer_there_has_no_ticket(world: World) -> None:
    world.activate(loads(loop("rows: special-care, every: 30 days")))
    registers.in_care(world)
    world.change("UPDATE register_row SET valid_to = ?", MONDAY - DAY)
    assert registers.births(world) == 0


def test_a_register_that_is_not_there_is_named_with_the_line(world: World) -> None:
    text = loop("rows: special-care, every: 30 days").replace("special-care", "nobody")
    with pytest.raises(DefinitionError) as refusal:
        world.activate(loads(text))
    assert "nobody" in refusal.value.zh
    assert refusal.value.place.line


@pytest.mark.parametrize("field", ["nothing", "name"])
def test_an_interval_that_no_row_has_is_named_with_the_line(world: World, field: str) -> None:
    with pytest.raises(DefinitionError) as refusal:
        world.activate(loads(loop(f"rows: monitoring-points, every: field {field}")))
    assert field in refusal.value.zh
    assert refusal.value.place.line


def test_a_row_whose_area_is_no_more_keeps_nobody_else_from_theirs(world: World) -> None:
    world.activate(loads(loop("rows: special-care, every: 30 days")))
    registers.put(world, "fx-001", {"name": "吴阿婆", "area": "micro-2", "kind": "alone"})
    registers.in_care(world, "fx-002", "孙阿公")
    world.change("UPDATE area SET valid_to = ? WHERE code = 'micro-2'", MONDAY - DAY)
    for _ in range(2):
        with pytest.raises(HuyingError):
            registers.births(world)
    assert registers.born_for(world, "visit") == ["special-care/fx-002"]


def test_a_birth_that_cannot_be_remembered_leaves_no_ticket(world: World) -> None:
    world.activate(loads(loop("rows: special-care, every: 30 days")))
    registers.in_care(world)
    spoil(world, "birth")
    with pytest.raises(Exception, match=r"spoiled"):
        registers.births(world)
    assert world.rows("SELECT count(*) FROM ticket") == [(0,)]


@pytest.mark.parametrize(
    ("when", "zh"),
    [
        ("rows: special-care", "没有写明何时"),
        ("rows: special-care, per: street, every: 30 days", "之一"),
        ("rows: special-care, every: 30 days, on: month first workday", "只写一个"),
        ("rows: special-care, every: 5 workdays", "按自然时间计"),
        ("rows: special-care, every: 5 hours", "自然日"),
        ("rows: special-care, on: month", "其中一天"),
        ("rows: special-care, on: fortnight monday", "周期"),
        ("rows: special-care, on: month first workday, draw: 0%", "抽取"),
        ("rows: special-care, on: month first workday, draw: lots", "抽取"),
        ("per: street, since: '2026-03-01'", "起止"),
        ("per: street, since: '2026-03-09', until: '2026-03-01'", "早于"),
        ("per: street, since: '2026-13-01', until: '2026-03-01'", "应为带引号的日期"),
        ("per: street, since: 2026-03-01, until: '2026-03-09'", "应为带引号的日期"),
        ("per: street, every: 30 days, draw: 3", "逐行"),
        ("rows: monitoring-points, every: field interval, draw: 3", "无从抽取"),
        ("rows: elsewhere, every: 30 days", "row 字段"),
    ],
)
def test_a_birth_that_cannot_come_is_refused_with_its_line(when: str, zh: str) -> None:
    with pytest.raises(DefinitionError) as refusal:
        loads(loop(when))
    assert zh in str(refusal.value.details["all"])
    assert refusal.value.place.line


def test_chinese_spellings_mean_the_same() -> None:
    english = loads(loop("rows: special-care, on: month last workday, draw: 10%")).starts["visit"].birth
    chinese = loads(loop("逐行: special-care, 逢: 每月 最后一个工作日, 抽取: 10%")).starts["visit"].birth
    assert english == chinese
    assert english is not None
