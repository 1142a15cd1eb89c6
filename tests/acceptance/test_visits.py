"""四百走访：按名册走访，有需求的志愿者认领，办实事记积分，不实的收回。

Visits by register, told by the standing cast, through the door, on both databases.

汤 居村书记 secretary of the village · 刘 网格长 grid leader · 徐、杨 志愿者 volunteers · 吴阿婆 独居老人 lives alone
"""

import pytest

from engine.clock import DAY
from engine.database import Database
from engine.errors import NotAllowedNow, QuotaReached
from tests.support import registers
from tests.support.door import Told, World

VISITS = "four-hundred-visits"


@pytest.fixture
def world(database: Database) -> World:
    made = World(database)
    registers.in_care(made)
    return made


def _born(world: World) -> Told:
    """The ticket of this month's visit."""
    registers.births(world)
    ((ticket_id, case_no),) = world.rows(
        "SELECT t.id, t.case_no FROM ticket t JOIN birth b ON b.ticket_id = t.id WHERE b.start = 'care'"
    )
    return Told(world, VISITS, ticket_id, case_no)


def _calling(world: World) -> Told:
    """Somebody needs help, and the grid leader asks for it."""
    told = _born(world)
    told.do("tang", "visit", form={"condition": "needs", "note": "灯坏了，老人不敢起夜"})
    told.do("liu", "mobilise", form={"message": "更换吸顶灯一盏"})
    return told


def _points(world: World) -> dict[str, int]:
    rows = world.rows("SELECT p.login, sum(l.points) FROM points_line l JOIN person p ON p.id = l.person_id GROUP BY 1")
    return {login: int(total) for login, total in rows}


def _sound(world: World, told: Told) -> None:
    assert world.verdict().sound
    assert world.differences(told.id) == []


def test_who_is_in_care_is_visited_in_the_month_and_all_is_well(world: World) -> None:
    """按月走访：首个工作日开启，走访平稳，归档。"""
    told = _born(world)
    assert told.state == "due"
    told.do("tang", "visit", form={"condition": "well"})
    assert told.state == "recorded"
    told.do("liu", "file")
    assert told.state == "closed"
    assert _points(world) == {"tang": 2}
    _sound(world, told)


def test_a_need_is_claimed_by_the_first_and_gives_points(world: World) -> None:
    """有需求：发布帮办，先到先得，办成记分，网格长回看。"""
    told = _calling(world)
    told.do("xu", "claim")
    assert isinstance(told.refused("yang", "claim"), NotAllowedNow)
    (task,) = told.case.round_of("help")
    told.do("xu", "helped", task=task.seq, form={"result": "已更换，老人试用无误"})
    told.do("liu", "pass")
    assert told.state == "closed"
    assert _points(world) == {"tang": 2, "xu": 5}
    _sound(world, told)


def test_points_for_what_was_not_done_are_taken_back_by_a_new_line(world: World) -> None:
    """回看不实：积分收回，另记一行，原行不改；再办成再记。"""
    told = _calling(world)
    told.do("xu", "claim")
    (task,) = told.case.round_of("help")
    told.do("xu", "helped", task=task.seq, form={"result": "已更换"})
    told.do("liu", "fail", form={"reason": "灯并未更换"})
    lines = world.rows("SELECT points, reason FROM points_line ORDER BY event_seq, part")
    assert lines == [(2, "visit"), (5, "helped"), (-5, "helped")]
    assert told.state == "calling"
    told.do("yang", "claim")
    (again,) = (one for one in told.case.round_of("help") if one.open)
    told.do("yang", "helped", task=again.seq, form={"result": "已更换并拍照"})
    told.do("liu", "pass")
    assert _points(world) == {"tang": 2, "xu": 0, "yang": 5}
    _sound(world, told)


def test_nobody_claims_more_than_the_quota_and_is_told_it(world: World) -> None:
    """限额：同时未结至多两件，第三件说明限额。"""
    for number in range(2, 4):
        registers.in_care(world, f"fx-00{number}")
    registers.births(world)
    tickets = [
        Told(world, VISITS, ticket_id, case_no)
        for ticket_id, case_no in world.rows(
            "SELECT t.id, t.case_no FROM ticket t JOIN birth b ON b.ticket_id = t.id WHERE b.start = 'care' "
            "ORDER BY t.id"
        )
    ]
    for told in tickets:
        told.do("tang", "visit", form={"condition": "needs"})
        told.do("liu", "mobilise")
    first, second, third = tickets
    first.do("xu", "claim")
    second.do("xu", "claim")
    refusal = third.refused("xu", "claim")
    assert isinstance(refusal, QuotaReached)
    assert "至多认领 2 件" in refusal.zh
    (task,) = first.case.round_of("help")
    first.do("xu", "helped", task=task.seq)
    third.do("xu", "claim")
    assert third.state == "helping"


def test_the_next_month_brings_the_next_visit(world: World) -> None:
    """下月再走访。"""
    assert registers.births(world) == 2
    assert registers.births(world) == 0
    world.later(31 * DAY)
    assert registers.births(world) >= 1
    assert registers.born_for(world, "care") == ["special-care/fx-001"] * 2
