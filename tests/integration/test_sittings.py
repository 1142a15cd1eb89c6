"""Sittings of a body on both databases: numbers without gaps, the clock's calls, deputies, and what verify finds."""

import pytest

from engine.clock import DAY, Instant
from engine.database import Database
from engine.errors import Malformed, NotAllowedNow, NotPermitted
from engine.records.deputies import NewDeputy, name_deputy
from engine.rules.sittings import ItemOutcome, Presence, SittingState
from engine.stages.meetings import Said
from tests.support.door import MULTI_GRID, Told, World
from tests.support.sittings import Chamber


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


@pytest.fixture
def body(world: World) -> Chamber:
    return Chamber(world)


def tabled(world: World, code: str) -> Told:
    told = world.ticket(MULTI_GRID).filed(by="citizen")
    told.do("tang", "list", form={"lead_department": "urban", "due": "2026-06-30"})
    told.do("liu", "table", form={"meeting": code})
    return told


def test_numbers_of_a_year_have_no_gaps_whatever_was_cancelled(body: Chamber) -> None:
    first, second, third = (body.called(days=one) for one in (1, 2, 3))
    body.closed(body.opened(first, "tang"))
    body.acts.cancel(body.viewer("liu"), second, "主要负责同志外出")
    body.closed(body.opened(third, "tang"))
    assert [body.sitting(code).nth for code in (first, second, third)] == [1, None, 2]
    assert body.sitting(second).state is SittingState.CANCELLED


def test_the_clock_keeps_one_regular_sitting_called(world: World, body: Chamber) -> None:
    assert body.clock() > 0
    regular = body.regular()
    assert (regular.period, body.clock()) == ("2026-W10", 0)
    world.later(8 * DAY)
    assert body.clock() > 0
    periods = world.rows("SELECT period FROM sitting WHERE area_id = ? ORDER BY planned_at", world.areas["grid"])
    assert periods == [("2026-W10",), ("2026-W11",)]


def test_a_ticket_waits_on_one_agenda_and_a_cancelled_sitting_lets_it_go(world: World, body: Chamber) -> None:
    code = body.called(days=3)
    told = tabled(world, code)
    (item,) = body.items(code)
    assert (item.case_no, item.outcome) == (told.case_no, ItemOutcome.OPEN)
    body.acts.cancel(body.viewer("liu"), code, "改期")
    assert [one.outcome for one in body.items(code)] == [ItemOutcome.REMOVED]
    again = body.called(days=4)
    assert [one.case_no for one in body.items(again)] == [told.case_no]


def test_what_waits_is_drawn_when_the_next_is_called_and_put_in_order(world: World, body: Chamber) -> None:
    early = body.called(days=1)
    first, second = tabled(world, early), tabled(world, early)
    body.acts.first(body.viewer("liu"), early, second.case_no)
    assert [one.case_no for one in body.items(early)] == [second.case_no, first.case_no]
    body.acts.take_off(body.viewer("liu"), early, first.case_no, "材料不全")
    later = body.called(days=2)
    assert [one.case_no for one in body.items(later)] == [first.case_no]


def test_only_the_chair_opens_and_one_sitting_at_a_time(body: Chamber) -> None:
    one, other = body.called(days=1), body.called(days=2)
    with pytest.raises(NotPermitted):
        body.acts.open(body.viewer("tang"), one)
    body.opened(one)
    with pytest.raises(NotAllowedNow, match="请先闭会"):
        body.acts.open(body.viewer("liu"), other)


def test_a_stranger_is_no_member_and_a_deputy_sits_in_a_members_place(world: World, body: Chamber) -> None:
    now = world.clock.now()
    ((holding,),) = world.rows("SELECT id FROM holding WHERE person_id = ?", world.people["tang"])
    deputy = NewDeputy(holding_id=holding, login="shen", since=now, until=Instant(now + 3 * DAY), reason="公出")
    world.database.acting(lambda transaction: name_deputy(transaction, deputy, now))
    code = body.opened(body.called(days=1))
    with pytest.raises(Malformed, match="不是本次会议的成员"):
        body.attended(code, "shen")
    quorum = body.acts.attend(body.viewer("liu"), code, {"tang": Said(presence=Presence.PRESENT, stand_in="shen")})
    assert quorum.reached
    with pytest.raises(Malformed, match="代理人"):
        body.acts.attend(body.viewer("liu"), code, {"tang": Said(presence=Presence.PRESENT, stand_in="wang")})


def decided(world: World, body: Chamber) -> tuple[Told, str]:
    code = body.called(days=1)
    told = tabled(world, code)
    body.opened(code, "tang")
    told.do("liu", "take_care", form={"lead": "gas"})
    body.closed(code)
    body.acts.sign(body.viewer("liu"), code, "按时完成")
    assert world.verdict().sound
    return told, code


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("UPDATE sitting SET minutes = 'x'", "纪要被改动"),
        ("UPDATE sitting_entry SET facts = '{}' WHERE kind = 'closed'", "被改动"),
        ("DELETE FROM sitting_entry WHERE kind = 'signed'", "被删除"),
        ("UPDATE sitting SET state = 'closed'", "状态与记录不符"),
        ("UPDATE sitting SET nth = 7", "编号与记录不符"),
        ("UPDATE sitting_seat SET presence = 'absent'", "到会情况与记录不符"),
        ("UPDATE sitting_item SET action = 'raise'", "决定与记录不符"),
        ("DELETE FROM sitting_item", "决定与记录不符"),
    ],
)
def test_nobody_edits_a_sitting_unseen(world: World, body: Chamber, change: str, why: str) -> None:
    decided(world, body)
    world.change(change)
    verdict = world.verdict()
    assert not verdict.sound
    assert any(why in broken.zh for broken in verdict.broken or ()), verdict.broken
