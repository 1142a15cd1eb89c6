"""多格合一·难题联处：自治、共治、条线、清单、联席会议、提级、销号，由人物讲述。

Many grids in one: told by the standing cast, through the door, on both databases.

王 网格员 grid worker · 汤 居村书记 secretary of the village · 刘 网格长 grid leader, chair of the joint meeting ·
沈 街镇受理员 the street's desk · 顾 区受理员 the district's · 徐、杨 党员志愿者 Party members ·
陈 城管 urban management · 陆 水务 water · 戚 燃气 gas
"""

import hashlib
import json

import pytest

from engine.background.commands import run_commands
from engine.background.relay import relay
from engine.clock import DAY
from engine.database import Database
from tests.support.door import MULTI_GRID, Told, World
from tests.support.sittings import Chamber


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def _sound(world: World) -> None:
    relay(world.database)
    assert world.verdict().sound
    assert world.rows("SELECT count(*) FROM outbox") == [(0,)]


def _tabled(world: World) -> tuple[Told, str]:
    """A hard problem on the agenda of next Monday's joint meeting, and the code of that sitting."""
    code = Chamber(world).called("liu", days=7)
    told = world.ticket(MULTI_GRID).filed(by="citizen")
    told.do(
        "tang",
        "list",
        form={
            "raised_by": "village",
            "cross": "department",
            "lead_department": "urban",
            "measures": "雨污分流改造",
            "due": "2026-06-30",
        },
    )
    told.do("liu", "table", form={"meeting": code})
    return told, code


def test_the_micro_grid_solves_it_on_the_spot(world: World) -> None:
    """自治：微网格就地解决，他人核查，群众评价。"""
    told = world.ticket(MULTI_GRID).reported("citizen")
    told.do("wang", "solve")
    assert "check" not in told.sees("wang")
    told.do("zhou", "check")
    told.do("tang", "pass")
    told.do("citizen", "rate", form={"stars": 5})
    assert (told.state, told.case.ticket.settled_at) == ("rating", world.clock.now())
    _sound(world)


def test_the_grids_own_strength_does_what_no_department_has_to(world: World) -> None:
    """共治：网格长发动，党员认领，办成的办成，放弃的放弃。"""
    told = world.ticket(MULTI_GRID).filed(by="citizen")
    told.do("liu", "mobilise", form={"message": "独居老人家中需清运大件"})
    assert "mobilise" in told.told_to(world.unit("grid"))
    told.do("xu", "claim")
    told.do("yang", "claim")
    first, second = told.case.round_of("help")
    assert "solved" not in told.sees("liu")
    told.do("xu", "helped", task=first.seq)
    told.do("yang", "give_up", task=second.seq)
    told.do("liu", "solved")
    assert told.state == "checking"
    _sound(world)


def test_what_the_grid_cannot_do_the_streets_departments_do_side_by_side(world: World) -> None:
    """街镇派遣：三家并行，先后不论；一家中途更换，一家退单改派，全部反馈才核查。"""
    told = world.ticket(MULTI_GRID).filed(by="citizen")
    told.do("liu", "mobilise")
    world.later(10 * DAY)
    told.do("clock", "hand_up")
    told.do("shen", "dispatch", form={"lead": "urban", "co": ["water"]})
    told.signed("urban", "water")
    told.do("shen", "replace", of="water", form={"department": "gas"})
    told.finished("urban")
    assert told.state == "working"
    told.do("qi-lead", "return", of="gas")
    told.do("shen", "redispatch", request=told.ask("return").seq, form={"department": "power"})
    assert told.state == "working"
    told.signed("power").finished("power")
    assert told.state == "checking"
    _sound(world)


def test_a_problem_goes_to_the_joint_meeting_and_is_cleared_by_who_listed_it(world: World) -> None:
    """难题清单：居村列单，联席会议交办，周周有进展，牵头单位申请销号，列单者确认。"""
    told, code = _tabled(world)
    body = Chamber(world)
    decisions = {"assign", "take_care", "raise", "shelve", "more_facts"}
    assert "on_list" in told.case.ticket.memory.marks
    assert told.sees("liu").isdisjoint(decisions)  # 会还没有开 / not before the body sits

    world.later(7 * DAY)
    body.opened(code)
    assert "不足法定的" in told.refused("liu", "assign").zh  # 只有召集人到会 / the chair alone is no quorum
    body.attended(code, "tang")
    assert told.sees("liu") >= decisions
    assert told.sees("shen").isdisjoint(decisions)
    told.do(
        "liu",
        "assign",
        form={
            "lead": "urban", "co": ["water"], "due": "2026-06-30", "ruling": "城管牵头，水务配合，六月底前完成",
            "attended": ["urban", "water", "power"],
        },
    )  # fmt: skip
    assert told.state == "tackling"
    body.closed(code)
    digest = body.acts.sign(body.viewer("liu"), code)
    held = body.sitting(code)
    assert (held.nth, hashlib.sha256(held.minutes.encode()).hexdigest()) == (1, digest)
    assert told.case_no in held.minutes
    assert "城管牵头，水务配合" in held.minutes
    assert "return" not in told.sees("chen-lead") | told.sees("lu-lead")

    # 周进展 / Every week a word of progress starts the next week.
    for _ in range(3):
        world.later(6 * DAY)
        told.do("chen", "progress", of="urban")
        told.do("lu", "progress", of="water")

    # 第一次不予销号，第二次确认 / Not cleared at first, then confirmed with a score for each unit.
    for verdict in ("not_clear", "confirm"):
        told.do("lu", "finish", of="water")
        assert "propose" not in told.sees("chen-lead")
        told.do("chen", "finish", of="urban")
        told.do("chen-lead", "propose")
        told.do("tang", verdict)
    assert told.state == "rating"
    assert told.case.ticket.memory.marks == frozenset()

    # 回潮即重新列入 / It comes back, so it is listed again.
    told.do("tang", "relapse")
    assert (told.state, told.case.ticket.settled_at) == ("listed", None)
    ((facts,),) = world.rows("SELECT facts FROM event WHERE ticket_id = ? AND action = 'assign'", told.id)
    said = json.loads(facts)
    assert (said["form"]["attended"], said["sitting"]) == (["urban", "water", "power"], [code, 1])
    _sound(world)


def test_nobody_owns_it_so_a_caretaker_is_named(world: World) -> None:
    """托底：无主难题，会议指定一家先兜住。"""
    told, code = _tabled(world)
    Chamber(world).opened(code, "tang")
    told.do("liu", "take_care", form={"lead": "gas"})
    assert "caretaker" in told.case.ticket.memory.marks
    told.do("qi", "finish", of="gas")
    told.do("qi-lead", "propose")
    told.do("tang", "confirm")
    assert told.state == "rating"
    _sound(world)


def test_what_is_not_decided_is_carried_over_then_shelved_and_at_last_raised(world: World) -> None:
    """议而未决：结转下次、搁置后自行恢复、提级到区，区里指定。"""
    told, code = _tabled(world)
    body = Chamber(world)
    body.closed(body.opened(code, "tang"))
    assert body.clock() > 0  # 下一次例会已通知，本案结转 / the next regular sitting is called, the ticket carried over
    assert told.state == "tabled"
    assert told.actions[-1] == "carried_over"
    following = body.regular().code
    assert [(item.case_no, item.carried) for item in body.items(following)] == [(told.case_no, 1)]
    assert body.clock() == 0  # 只此一次 / once only

    body.opened(following, "tang")
    told.do("liu", "shelve", form={"resume": "2026-05-01"})
    body.closed(following)
    assert told.case.state_type == "suspended"
    world.later(70 * DAY)
    told.do("clock", "take_up")
    again = body.called(days=3)
    told.do("shen", "table", form={"meeting": again})
    body.opened(again, "tang")
    told.do("liu", "raise")
    assert told.state == "district_list"
    assert "raise" in told.told_to(world.unit("district"))
    told.do("gu", "designate", form={"lead": "water", "due": "2026-09-30"})
    assert told.state == "tackling"
    assert "designate" in told.told_to(world.unit("water"))
    _sound(world)


def test_many_reports_are_one_ticket_and_each_reporter_rates(world: World) -> None:
    """多报一案：三人报同一处，一案办理，人人得知、人人可评；主案作废则各自恢复。"""
    main = world.ticket(MULTI_GRID).filed()
    others = [world.ticket(MULTI_GRID).reported(login) for login in ("citizen", "xu", "yang")]
    for other in others[:2]:
        other.joined_to(main)
    main.do("shen", "dispatch", form={"lead": "water"})
    main.signed("water").finished("water")
    main.do("zhou", "check")
    main.do("liu", "pass")
    run_commands(world.door, world.database, world.clock)
    assert [other.state for other in others] == ["answered", "answered", "reported"]
    for other, login in zip(others[:2], ("citizen", "xu"), strict=True):
        assert "follow" in other.told_to(world.unit(login))
        other.do(login, "rate", form={"stars": 3})

    void = world.ticket(MULTI_GRID).filed()
    others[2].joined_to(void)
    void.do("shen", "annul")
    run_commands(world.door, world.database, world.clock)
    assert others[2].state == "filed"
    _sound(world)
